"""Every example of a request body on the OpenAPI page works: it is posted as it stands to an app with an account.

What an example cannot know is put in its place: the ids of jobs that exist, the credentials of an account that does.
Photos behind its URLs are served here. A new route is tested as soon as it is on the page, and must have an example.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from photoplay.accounts import Credentials
from photoplay.jobs.job import Job, JobRequest, MediaRef
from photoplay.jobs.runtime import Runtime
from photoplay.server import create_app
from photoplay.settings import Settings
from support.afar import photos_from_afar
from support.faces import as_caller
from support.files import jpeg
from support.inside import Inside

JSON, FORM, URL_FORM, BYTES = (
    "application/json", "multipart/form-data", "application/x-www-form-urlencoded", "application/octet-stream"
)  # fmt: skip
GOOD_CODES = (None, 0, 1000)
LIVE = ("cancel",)  # what is asked of jobs that have not ended; everything else of those that have
_IDS = (
    (re.compile(r"\b[0-9a-f]{32}\b"), "id"),
    (re.compile(r"\b[0-9a-f]{24}\b"), "object_id"),
    (re.compile(r"\b[0-9]{18}\b"), "number"),
)


@dataclass(frozen=True)
class Example:
    """One request of the page. ``files`` are the fields of a form that are files."""

    path: str
    kind: str
    number: int
    body: Any
    files: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.path} {self.kind.partition('/')[2]} {self.number}"


def document(folder: Path) -> dict[str, Any]:
    settings = Settings(data_dir=folder)
    with Runtime.open(settings) as runtime:
        found: dict[str, Any] = create_app(runtime, settings).openapi()
    return found


def resolved(described: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = described["components"]["schemas"][name] if name else schema
    return found


def examples_in(described: dict[str, Any], media: dict[str, Any]) -> list[Any]:
    """What stands under a media type, wherever OpenAPI lets examples stand."""
    schema = resolved(described, media.get("schema", {}))
    found = [example["value"] for example in media.get("examples", {}).values()]
    found += [media["example"]] if "example" in media else []
    found += [schema["example"]] if "example" in schema else []
    return found + list(schema.get("examples", ()))


def binary_fields(schema: dict[str, Any]) -> tuple[str, ...]:
    def binary(field: dict[str, Any]) -> bool:
        return "binary" in (field.get("format"), field.get("items", {}).get("format"))

    return tuple(name for name, field in schema.get("properties", {}).items() if binary(field))


def collect(described: dict[str, Any]) -> tuple[list[Example], list[str]]:
    """Every example, and the routes that have none although they take a body."""
    found: list[Example] = []
    silent = []
    for path, operations in described["paths"].items():
        if "post" not in operations:
            continue
        content = operations["post"].get("requestBody", {}).get("content", {})
        bodies = examples_in(described, content[JSON]) if JSON in content else []
        if JSON in content and not bodies:
            silent.append(path)
        found += [Example(path, JSON, number, body) for number, body in enumerate(bodies, start=1)]
        for kind in (FORM, URL_FORM):
            if kind not in content:
                continue
            files = binary_fields(resolved(described, content[kind]["schema"]))
            forms = examples_in(described, content[kind]) or bodies or [{}]
            found += [Example(path, kind, number, body, files) for number, body in enumerate(forms, start=1)]
        if BYTES in content:
            found.append(Example(path, BYTES, 1, None))
        if not content:
            found.append(Example(path, "no/body", 1, None))
        silent += [path for kind in content if kind not in (JSON, FORM, URL_FORM, BYTES)]
    return found, silent


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return document(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def owner(inside: Inside) -> Credentials:
    return inside.runtime.accounts.create("examples", "enterprise", 1_000_000)


@pytest.fixture(scope="module")
def caller(inside: Inside, owner: Credentials) -> Iterator[httpx.Client]:
    with as_caller(inside.client, owner) as client:
        yield client


@pytest.fixture(autouse=True)
def afar(monkeypatch: pytest.MonkeyPatch) -> None:
    photos_from_afar(monkeypatch)


class Actual:
    """Puts what exists in the place of what an example made up."""

    def __init__(self, inside: Inside, owner: Credentials) -> None:
        self.inside = inside
        self.owner = owner

    def job(self, *, ended: bool) -> Job:
        account = self.inside.runtime.accounts.get(self.owner.account_id)
        photo = MediaRef(url="https://example.com/photo.jpg")
        job = self.inside.runtime.service.submit(account, JobRequest(images=(photo,), prompt="zoom"))
        return self.inside.finish(job.id) if ended else job

    def path(self, path: str) -> str:
        live = path.rpartition("/")[2] in LIVE
        return re.sub(r"\{\w+\}", lambda _: self.job(ended=not live).id, path)

    def body(self, body: Any) -> Any:
        text = json.dumps(body)
        for pattern, name in _IDS:
            text = pattern.sub(lambda _, name=name: getattr(self.job(ended=True), name), text)  # type: ignore[misc]  # a default binds the loop's name
        found = json.loads(text)
        secrets = {"clientId": self.owner.client_id, "clientSecret": self.owner.client_secret}
        if isinstance(found, dict):
            found |= {name: value for name, value in secrets.items() if name in found}
        return found


def post(caller: httpx.Client, path: str, example: Example, body: Any) -> httpx.Response:
    if example.kind == JSON:
        return caller.post(path, json=body)
    if example.kind == BYTES:
        return caller.post(path, content=jpeg(640, 480), headers={"content-type": BYTES})
    if example.kind == URL_FORM:
        return caller.post(path, data=body)
    if example.kind == FORM:
        texts = {name: value for name, value in body.items() if name not in example.files}
        wanted = [name for name in example.files if name in body or not body]
        parts = [
            (name, (None, value if isinstance(value, str) else json.dumps(value))) for name, value in texts.items()
        ]
        return caller.post(path, files=[*parts, *((name, ("photo.jpg", jpeg(640, 480))) for name in wanted)])
    return caller.post(path)


def test_every_post_that_takes_json_has_an_example(described: dict[str, Any]) -> None:
    examples, silent = collect(described)
    assert silent == []
    tags = {tag for operations in described["paths"].values() for tag in operations.get("post", {}).get("tags", ())}
    assert tags == {"photoplay", "AKOOL", "Keevx", "Kling", "OpenAI Videos"}
    assert len(examples) > 20


def test_every_example_works(
    described: dict[str, Any], inside: Inside, owner: Credentials, caller: httpx.Client
) -> None:
    actual = Actual(inside, owner)
    broken = []
    for example in collect(described)[0]:
        answer = post(caller, actual.path(example.path), example, actual.body(example.body))
        told = answer.json() if answer.headers.get("content-type", "").startswith("application/json") else {}
        if not answer.is_success or told.get("code") not in GOOD_CODES:
            broken.append(f"{example}: {answer.status_code} {answer.text[:300]}")
    assert broken == []


def test_an_example_that_is_wrong_would_be_found(
    described: dict[str, Any], inside: Inside, owner: Credentials, caller: httpx.Client
) -> None:
    """Each JSON example with one needed field taken out is refused: the check above sees more than a status of 200."""
    actual = Actual(inside, owner)
    passed = []
    for example in collect(described)[0]:
        if example.kind != JSON or example.path.startswith("/v1/jobs"):
            continue
        schema = resolved(described, described["paths"][example.path]["post"]["requestBody"]["content"][JSON]["schema"])
        needed = schema.get("required")
        if not needed:
            continue
        body = {name: value for name, value in actual.body(example.body).items() if name != needed[0]}
        answer = post(caller, actual.path(example.path), example, body)
        if answer.is_success and answer.json().get("code") in GOOD_CODES:
            passed.append(f"{example} without {needed[0]}: {answer.text[:200]}")
    assert passed == []
