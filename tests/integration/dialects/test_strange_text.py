"""Text that databases or encoders choke on is refused or taken, in every dialect, and never a fault of the server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from photoplay.accounts import Credentials
from support.inside import Inside

STRANGE = [
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud800",
    "\u202e",
    "\ufeff",
    "🦝" * 50,
    "\x1b[2J",
    "'; DROP TABLE jobs; --",
    "%s%n",
]
REFUSED = ["\x00", "a\x00b", "\ud800", "\udfff\ud800"]


def bodies(text: str) -> dict[str, dict[str, Any]]:
    akool = {
        "image_url": "https://e.com/a.jpg", "prompt": "x", "negative_prompt": "", "resolution": "720p",
        "audio_type": 3, "video_length": 5,
    }  # fmt: skip
    native = {"images": ["https://e.com/a.jpg"]}
    create = "/api/open/v4/image2Video/createBySourcePrompt"
    return {
        "akool prompt": {"url": create, "body": akool | {"prompt": text}},
        "akool image": {"url": create, "body": akool | {"image_url": f"https://e.com/{text}.jpg"}},
        "akool ids": {"url": "/api/open/v4/image2Video/resultsByIds", "body": {"_ids": text}},
        "akool pair": {"url": "/api/open/v3/getToken", "body": {"clientId": text, "clientSecret": text}},
        "native prompt": {"url": "/v1/jobs", "body": native | {"prompt": text}},
        "native external id": {"url": "/v1/jobs", "body": native | {"external_id": text}},
        "native model": {"url": "/v1/jobs", "body": native | {"model": text}},
        "native callback": {"url": "/v1/jobs", "body": native | {"callback_url": f"https://e.com/{text}"}},
    }


@pytest.mark.parametrize("text", STRANGE, ids=ascii)
@pytest.mark.parametrize("place", bodies(""))
def test_strange_text_is_never_a_fault(inside: Inside, key: Credentials, place: str, text: str) -> None:
    asked = bodies(text)[place]
    answer = inside.client.post(
        asked["url"],
        content=json.dumps(asked["body"]).encode(),
        headers={"x-api-key": key.api_key, "content-type": "application/json"},
    )
    assert answer.status_code < 500, answer.text
    if text in REFUSED and "ids" not in place and "pair" not in place:
        assert answer.status_code == 422 or answer.json()["code"] == 1003
        assert inside.credit(key.account_id) == (1000, 0)


@pytest.mark.parametrize("header", ["x-api-key", "authorization", "idempotency-key", "x-request-id", "if-none-match"])
@pytest.mark.parametrize("value", [b"\xff\xfe", b"\xc3\xa9", b"a" * 8000, b"Bearer \xf0\x9f\xa6\x9d"])
def test_strange_headers_are_never_a_fault(inside: Inside, key: Credentials, header: str, value: bytes) -> None:
    headers = {"x-api-key": key.api_key.encode(), "content-type": b"application/json"} | {header: value}
    for path in ("/v1/jobs", "/api/open/v4/image2Video/createBySourcePrompt"):
        answer = inside.client.post(path, content=b'{"images": ["https://e.com/a.jpg"]}', headers=headers)
        assert answer.status_code < 500, answer.text


@pytest.mark.parametrize(
    "query", ["state=%00", "cursor=%ff", "external_id=%00", "limit=9" + "9" * 400, "dialect=%ed%a0%80"]
)
def test_strange_queries_are_never_a_fault(inside: Inside, key: Credentials, query: str) -> None:
    answer = inside.client.get(f"/v1/jobs?{query}", headers={"x-api-key": key.api_key})
    assert answer.status_code < 500, answer.text
