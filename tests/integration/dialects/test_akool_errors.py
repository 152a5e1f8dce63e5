"""AKOOL's refusals: who calls, what is asked, what may be had. HTTP 200 with {code, msg}, and no credit taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from photoplay.accounts import Credentials, Tokens
from photoplay.clock import FixedClock
from photoplay.settings import Settings
from support import akool_samples as samples
from support.inside import Inside, served

BASE = "/api/open/v4/image2Video"
QUOTA = "/api/open/v3/faceswap/quota/info"
PLAIN: dict[str, Any] = {
    "image_url": "https://images.example.com/photo.jpg",
    "prompt": "zoom in",
    "negative_prompt": "",
    "resolution": "720p",
    "audio_type": 3,
    "video_length": 5,
}


def post(inside: Inside, api_key: str, body: Any, **headers: str) -> dict[str, Any]:
    answer = inside.client.post(f"{BASE}/createBySourcePrompt", json=body, headers={"x-api-key": api_key} | headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def token_of(inside: Inside, key: Credentials) -> str:
    pair = {"clientId": key.client_id, "clientSecret": key.client_secret}
    return inside.client.post("/api/open/v3/getToken", json=pair).json()["token"]


# Who calls --------------------------------------------------------------------------------


def quota(inside: Inside, **headers: str) -> dict[str, Any]:
    answer = inside.client.get(QUOTA, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert answer.status_code == 200
    return answer.json()


def test_no_credentials_are_1102(inside: Inside) -> None:
    assert quota(inside)["code"] == 1102
    assert quota(inside, authorization="", x_api_key="")["code"] == 1102


def test_an_unknown_api_key_is_1109(inside: Inside, key: Credentials) -> None:
    assert quota(inside, x_api_key="x" * 24)["code"] == 1109
    assert quota(inside, x_api_key=key.api_key)["code"] == 1000


@pytest.mark.parametrize(
    "value", ["Bearer nonsense", "Bearer a.b.c", "Bearer", "Basic dTpw", "Bearer ..", "Bearer \u00e9"]
)
def test_a_bad_bearer_is_1101(inside: Inside, value: str) -> None:
    answer = inside.client.get(QUOTA, headers={"authorization": value.encode()})
    assert (answer.status_code, answer.json()["code"]) == (200, 1101)


def test_authorization_wins_over_the_api_key(inside: Inside, key: Credentials) -> None:
    other = inside.runtime.accounts.create("other", "free", 7)
    token = token_of(inside, other)
    assert quota(inside, authorization=f"Bearer {token}", x_api_key=key.api_key)["data"]["credit"] == 7
    assert quota(inside, authorization="Bearer nonsense", x_api_key=key.api_key)["code"] == 1101
    assert quota(inside, authorization=f"Bearer {token}", x_api_key="wrong")["code"] == 1000


def test_an_api_key_works_as_bearer(inside: Inside, key: Credentials) -> None:
    assert quota(inside, authorization=f"Bearer {key.api_key}")["code"] == 1000


def test_a_tampered_token_is_1101(inside: Inside, key: Credentials) -> None:
    token = token_of(inside, key)
    head, payload, signature = token.split(".")
    for bad in (f"{head}.{payload}.{signature[::-1]}", f"{head}.{payload}x.{signature}", f"{head}.{payload}."):
        assert quota(inside, authorization=f"Bearer {bad}")["code"] == 1101


def test_an_expired_token_is_1101(inside: Inside, key: Credentials) -> None:
    long_ago = FixedClock(inside.runtime.clock.now_ms() - 3 * 365 * 86_400_000)
    tokens = Tokens(inside.runtime.accounts, inside.runtime.secret, long_ago)
    token = tokens.issue_token(key.client_id, key.client_secret)
    assert quota(inside, authorization=f"Bearer {token}")["code"] == 1101


def test_a_revoked_key_ends_its_tokens(inside: Inside, key: Credentials) -> None:
    token = token_of(inside, key)
    inside.runtime.accounts.revoke(key.key_id)
    assert quota(inside, authorization=f"Bearer {token}")["code"] == 1101
    assert quota(inside, x_api_key=key.api_key)["code"] == 1109


def test_a_blocked_account_is_1200(inside: Inside, key: Credentials) -> None:
    token = token_of(inside, key)
    inside.runtime.accounts.set_blocked(key.account_id, True)
    assert quota(inside, authorization=f"Bearer {token}")["code"] == 1200
    assert quota(inside, x_api_key=key.api_key)["code"] == 1200
    pair = {"clientId": key.client_id, "clientSecret": key.client_secret}
    assert inside.client.post("/api/open/v3/getToken", json=pair).json()["code"] == 1200


def test_a_wrong_pair_gets_no_token(inside: Inside, key: Credentials) -> None:
    for pair in (
        {"clientId": key.client_id, "clientSecret": "x" * 24},
        {"clientId": "x" * 16, "clientSecret": key.client_secret},
    ):
        assert inside.client.post("/api/open/v3/getToken", json=pair).json()["code"] == 1101
    assert inside.client.post("/api/open/v3/getToken", json={"clientId": key.client_id}).json()["code"] == 1003


def test_who_calls_is_asked_before_what(inside: Inside) -> None:
    answer = inside.client.post(f"{BASE}/createBySourcePrompt", json={"nothing": "right"})
    assert answer.json()["code"] == 1102


# What is asked --------------------------------------------------------------------------------


@pytest.mark.parametrize("field", sorted(PLAIN))
def test_a_missing_field_is_1003_and_named(inside: Inside, key: Credentials, field: str) -> None:
    body = {name: value for name, value in PLAIN.items() if name != field}
    answer = post(inside, key.api_key, body)
    assert answer["code"] == 1003
    assert field in answer["msg"]
    assert set(answer) == {"code", "msg"}
    assert inside.credit(key.account_id) == (1000, 0)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"video_length": 7}, "video_length"),
        ({"video_length": 0}, "video_length"),
        ({"video_length": -5}, "video_length"),
        ({"video_length": "five"}, "video_length"),
        ({"video_length": 1e308}, "video_length"),
        ({"video_length": None}, "video_length"),
        ({"resolution": "480p"}, "resolution"),
        ({"resolution": "9000p"}, "resolution"),
        ({"resolution": "1280x720"}, "resolution"),
        ({"resolution": ""}, "resolution"),
        ({"resolution": ["720p"]}, "resolution"),
        ({"audio_type": 0}, "audio_type"),
        ({"audio_type": 4}, "audio_type"),
        ({"audio_type": 2}, "audio_url"),
        ({"audio_type": 2, "audio_url": ""}, "audio_url"),
        ({"audio_type": 2, "audio_url": "no url"}, "audio_url"),
        ({"image_url": ""}, "image_url"),
        ({"image_url": "no url"}, "image_url"),
        ({"image_url": "file:///etc/passwd"}, "image_url"),
        ({"image_url": "http://["}, "image_url"),
        ({"image_url": "https://" + "a" * 5000}, "image_url"),
        ({"image_url": {"url": "x"}}, "image_url"),
        ({"webhookurl": "no url"}, "webhookurl"),
        ({"webhookurl": "ftp://example.com/"}, "webhookurl"),
        ({"effect_code": "nothing_1"}, "effect"),
        ({"model_name": "nothing"}, "model"),
        ({"prompt": "x" * 5001}, "prompt"),
        ({"extend_prompt": "perhaps"}, "extend_prompt"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_value_is_1003_and_named(inside: Inside, key: Credentials, change: dict[str, Any], named: str) -> None:
    answer = post(inside, key.api_key, PLAIN | change)
    assert answer["code"] == 1003, answer
    assert named in answer["msg"].lower(), answer
    assert inside.credit(key.account_id) == (1000, 0)


@pytest.mark.parametrize("body", [[], "text", 7, None, [PLAIN]], ids=str)
def test_a_body_that_is_no_object_is_1003(inside: Inside, key: Credentials, body: Any) -> None:
    assert post(inside, key.api_key, body)["code"] == 1003


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"a":' * 5000, b"image_url=x"])
def test_a_body_that_is_no_json_is_1003(inside: Inside, key: Credentials, content: bytes) -> None:
    answer = inside.client.post(
        f"{BASE}/createBySourcePrompt",
        content=content,
        headers={"x-api-key": key.api_key, "content-type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (200, 1003)


def test_too_large_a_body_is_1003(inside: Inside, key: Credentials) -> None:
    huge = PLAIN | {"prompt": "x" * 1_000_000}
    assert post(inside, key.api_key, huge)["code"] == 1003


def test_null_characters_do_no_harm(inside: Inside, key: Credentials) -> None:
    assert post(inside, key.api_key, PLAIN | {"prompt": "a\x00b", "effect_code": "\x00"})["code"] == 1003
    # A header with a control character is no HTTP (RFC 9110, 5.5): it is refused before any dialect sees it.
    refused = inside.client.post(f"{BASE}/createBySourcePrompt", json=PLAIN, headers={"x-api-key": "\x01"})
    assert refused.status_code == 400


# What may be had --------------------------------------------------------------------------------


def test_too_few_credits_are_1104(inside: Inside) -> None:
    poor = inside.runtime.accounts.create("poor", "business", 19)
    assert post(inside, poor.api_key, PLAIN)["code"] == 1104
    assert inside.credit(poor.account_id) == (19, 0)


@pytest.mark.parametrize("plan", ["free", "starter"])
@pytest.mark.parametrize("change", [{"video_length": 10}, {"is_premium_model": True}], ids=str)
def test_what_needs_a_pro_plan_is_1213_below_it(inside: Inside, plan: str, change: dict[str, Any]) -> None:
    small = inside.runtime.accounts.create("small", plan, 1000)
    assert post(inside, small.api_key, PLAIN | change)["code"] == 1213
    assert inside.credit(small.account_id) == (1000, 0)
    large = inside.runtime.accounts.create("large", "pro", 1000)
    assert post(inside, large.api_key, PLAIN | change)["code"] == 1000


def test_more_jobs_than_the_plan_queues_are_1005(inside: Inside) -> None:
    small = inside.runtime.accounts.create("small", "free", 1000)
    codes = [post(inside, small.api_key, PLAIN)["code"] for _ in range(6)]
    assert codes == [1000] * 5 + [1005]
    assert inside.credit(small.account_id) == (900, 100)


def test_too_many_requests_are_1005_and_say_when(inside: Inside) -> None:
    small = inside.runtime.accounts.create("small", "free", 0)
    head = {"x-api-key": small.api_key}
    allowed = inside.runtime.catalog.plan("free").requests_per_minute
    assert allowed is not None
    answers = [inside.client.get(QUOTA, headers=head) for _ in range(allowed + 1)]
    assert [answer.json()["code"] for answer in answers] == [1000] * allowed + [1005]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60


def test_an_operator_can_lift_limits_and_change_codes(tmp_path: Path) -> None:
    changed = Settings(
        data_dir=tmp_path, limits=False, akool_codes={"insufficient_credits": 1006, "job_not_found": 1014}
    )
    with served(changed) as inside:
        free = inside.runtime.accounts.create("free", "free", 45)
        assert post(inside, free.api_key, PLAIN | {"video_length": 10})["code"] == 1000
        assert post(inside, free.api_key, PLAIN)["code"] == 1006
        answer = inside.client.post(
            f"{BASE}/resultsByIds", json={"_ids": "0" * 24}, headers={"x-api-key": free.api_key}
        )
        assert answer.json()["code"] == 1014


# The server itself --------------------------------------------------------------------------------


def test_an_unknown_path_is_a_404_in_the_same_shape(inside: Inside) -> None:
    answer = inside.client.post("/api/open/v4/image2video/create", json={})
    assert answer.status_code == 404
    assert set(answer.json()) == {"code", "msg"}


def test_the_wrong_method_is_a_405_in_the_same_shape(inside: Inside) -> None:
    answer = inside.client.get(f"{BASE}/createBySourcePrompt")
    assert answer.status_code == 405
    assert set(answer.json()) == {"code", "msg"}
    assert answer.headers["allow"] == "POST"


def test_an_unexpected_fault_is_a_500_that_tells_nothing(
    inside: Inside, key: Credentials, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(inside.runtime.service, "submit", broken)
    answer = inside.client.post(
        f"{BASE}/createBySourcePrompt",
        json=samples.CREATE_BODY,
        headers={"x-api-key": key.api_key, "x-request-id": "abc-1"},
    )
    assert answer.status_code == 500
    assert answer.json()["code"] == 1015
    assert set(answer.json()) == {"code", "msg"}
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"] == "abc-1"
    assert "a secret detail" in caplog.text  # for the operator
