"""Writes docs/reference/http.md from the server's own description; with --check, says whether it is up to date."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from photoplay.dialects.akool import errors as akool
from photoplay.dialects.native import errors as native
from photoplay.errors import PhotoplayError
from photoplay.jobs.runtime import Runtime
from photoplay.server import create_app
from photoplay.settings import Settings

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "http.md"

HEAD = """\
# HTTP

<!-- Written by scripts/docs_http.py: change the texts in src/photoplay/dialects/ and run it again. -->

A running server shows the same with every field, and lets you try it, at `/docs`; the OpenAPI document is
`/openapi.json`. A job made through one API can be read through any other with the same account.

## Who calls

| API | how |
|---|---|
| photoplay | `Authorization: Bearer <api_key>`, or `x-api-key: <api_key>` |
| AKOOL | `x-api-key: <api_key>`, or `Authorization: Bearer <token>` with a token from `getToken`. With both, \
`Authorization` decides. |
| Keevx | `Authorization: Bearer <api_key>`; for the upload also `token: <api_key>` |
| Kling | `Authorization: Bearer <JWT>`, signed with HS256 by `secret_key`, with `iss` = `access_key`, `exp` and \
`nbf`; or `Authorization: Bearer <api_key>` |
| OpenAI Videos | `Authorization: Bearer <api_key>` |

`photoplay key create` prints the key in the form that each API asks for. Health, docs, `getToken` and signed links need
no key.

## What holds everywhere

- A job is stored before it is answered.
- `Idempotency-Key` (up to 255 printable characters) on a create makes it safe to repeat: the same request is answered
  as the first time and charged once, for as long as `PHOTOPLAY_IDEMPOTENCY_TTL_S` says; another request under the same
  key is refused. Keys are the account's own. A request that was refused leaves its key free.
- `X-Request-ID` is answered on every request: the one that was sent, or a new one. It is in the server's log.
- A link to a file is signed and ends; read the job again for a fresh one. Links answer `GET` and `HEAD`, byte ranges,
  `ETag` and `If-None-Match`.
- The `url` of an upload can be named wherever a request takes the URL of an image or a sound.
- A URL that a request names is fetched by the server: `http` and `https` only, never from a private, loopback or
  otherwise reserved address (`PHOTOPLAY_ALLOWED_NETWORKS` lists exceptions), also after a redirect.
- Too many requests are refused with `Retry-After`.

## Webhooks

A create can name a URL that is told of the job. Besides, an account can have endpoints of its own, which are told of
the end of all its jobs, whichever API they came through: `photoplay webhooks endpoints add URL` makes one and prints
its signing secret. A webhook is sent again, with growing pauses, ten times over a little more than a day, until the
receiver answers with a status of 200 to 299 (410 ends it). Each try bears the same id. What is told of one job comes in
order; receivers do not wait for each other, and no job waits for a receiver. A private address is not told unless
`PHOTOPLAY_ALLOWED_NETWORKS` lists it. `photoplay webhooks list` shows what was told, `photoplay webhooks replay` tells
it again.

| API | field | body | signature |
|---|---|---|---|
| photoplay | `callback_url` | `{"type": "job.succeeded", "timestamp": …, "data": {"id", "external_id", "state", \
"progress", "width", "height", "duration_s", "video_url", "error"}}` | \
[Standard Webhooks](https://www.standardwebhooks.com): `webhook-id` (the same on every try), `webhook-timestamp`, \
`webhook-signature`, by the key's `webhook_secret` |
| AKOOL | `webhookurl` | `{"signature", "dataEncrypt", "timestamp", "nonce"}`; decrypted (AES-CBC, key \
`client_secret`, IV `client_id`): `{"_id", "status": 2, 3 or 4, "type", "url"}` | `signature` is the SHA-1 of client \
id, timestamp, nonce and dataEncrypt, sorted and joined |
| Keevx | `callback_url` | `{"code": 0, "msg": "ok", "task_type": "image_to_video", "data": {"task_id", "status", \
"video_url", "thumbnail_url", "error_message"}}`; only of the end | Standard Webhooks headers, by the key's \
`webhook_secret`; the vendor has none |
| Kling | `callback_url` | the task without an envelope: `{"task_id", "task_status", "task_status_msg", "task_info", \
"task_result", "final_unit_deduction", …}`; of every change: submitted, processing, succeed, failed | \
Standard Webhooks, by the key's `webhook_secret` |
| OpenAI Videos | `callback_url` (not the vendor's: it has webhooks by account) | `{"id": "evt_…", "object": "event", \
"created_at", "type": "video.completed" or "video.failed", "data": {"id"}}`; only of the end | Standard Webhooks, by \
the key's `webhook_secret` |
| endpoints of accounts | – | as OpenAI Videos | Standard Webhooks, by the endpoint's own secret |
"""

TAGS = {
    "photoplay": "photoplay's own API. Errors are problem details (`application/problem+json`) with a stable `code`.",
    "AKOOL": "AKOOL's image2Video API (v4). Errors are HTTP 200 with `{code, msg}`. See [what is supported](akool.md).",
    "Keevx": "Keevx's image-to-video API. Errors are `{code, msg}` with the codes 100001 to 100007. "
    "See [what is supported](keevx.md).",
    "Kling": "Kling's image-to-video API. Errors are `{code, message, request_id}`. "
    "See [what is supported](kling.md); every path is also found under `/kling` and `/proxy/kling`.",
    "OpenAI Videos": "OpenAI's Videos API. Errors are `{error: {message, type, param, code}}`. "
    "See [what is supported](openai.md); every path is also found under `/proxy/openai`.",
    "files": "Files by signed link.",
    "health": "Health.",
}


def document() -> dict[str, Any]:
    """The server's own description."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        with Runtime.open(settings) as runtime:
            found: dict[str, Any] = create_app(runtime, settings).openapi()
            return found


def routes(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of every route."""
    return [
        (method.upper(), path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


def sections(described: dict[str, Any]) -> dict[str, str]:
    """What the page says of every tag there is."""
    return TAGS | {tag: tag for _, _, operation in routes(described) for tag in operation["tags"] if tag not in TAGS}


def _fields(operation: dict[str, Any], described: dict[str, Any]) -> list[str]:
    """Rows for what a request takes: in the path, the query, the headers, the body."""
    rows = [_row(p["name"], p["in"], p.get("required", False), p) for p in operation.get("parameters", [])]
    content = operation.get("requestBody", {}).get("content", {})
    schema = _resolved(next(iter(content.values()), {}).get("schema", {}), described)
    needed = schema.get("required", [])
    return rows + [_row(name, "body", name in needed, field) for name, field in schema.get("properties", {}).items()]


def _resolved(schema: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = described["components"]["schemas"][name] if name else schema
    return found


def _row(name: str, where: str, required: bool, field: dict[str, Any]) -> str:
    meaning = (field.get("description") or "").replace("|", "\\|")
    return f"| `{name}` | {where} | {'yes' if required else 'no'} | {meaning} |"


def _leaves(kind: type[PhotoplayError]) -> list[type[PhotoplayError]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in _leaves(child))]


def _errors() -> list[str]:
    lines = ["## Errors", "", "| code | meaning | photoplay: HTTP status | AKOOL: code |", "|---|---|---|---|"]
    for kind in _leaves(PhotoplayError):
        if not kind.__module__.startswith("photoplay."):
            continue
        meaning = (kind.__doc__ or "").strip().splitlines()[0]
        lines.append(f"| `{kind.code}` | {meaning} | {native.status_for(kind)} | {akool.code_for(kind, {})} |")
    return [*lines, "", "`PHOTOPLAY_AKOOL_CODES` changes the last column."]


def page() -> str:
    """The whole page."""
    described = document()
    lines = [HEAD]
    for tag, words in sections(described).items():
        lines += [f"## {words.split('.')[0]}", "", *([words.partition(". ")[2], ""] if ". " in words else [])]
        for method, path, operation in routes(described):
            if operation["tags"] != [tag]:
                continue
            lines += [f"### {method} {path}", "", operation["summary"] + ".", ""]
            if operation.get("description"):
                lines += [operation["description"], ""]
            if rows := _fields(operation, described):
                lines += ["| field | in | required | meaning |", "|---|---|---|---|", *rows, ""]
    return "\n".join([*lines, *_errors()]) + "\n"


def main(arguments: list[str]) -> int:
    """Writes the page, or checks it."""
    if arguments == ["--check"]:
        return 0 if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page() else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
