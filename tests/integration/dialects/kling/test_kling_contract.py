"""The vendor's samples field by field, over HTTP: names, types, presence; and every refusal with its code."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import time
from typing import Any

import httpx
import jwt
import pytest

from photoplay.accounts import Credentials
from support import kling_samples as samples
from support.files import jpeg
from support.inside import Inside

MULTI = "/v1/videos/multi-image2video"
IMAGE = "/v1/videos/image2video"
COSTS = "/account/costs"
WINDOW = {"start_time": 0, "end_time": 4_000_000_000_000}
BODY = {"image": "https://example.com/a.jpg"}
PIXELS = base64.b64encode(jpeg(400, 300)).decode()


def token(key: Credentials, secret: str | None = None, **claims: Any) -> str:
    now_s = int(time.time())
    payload = {"iss": key.access_key, "exp": now_s + 1800, "nbf": now_s - 5} | claims
    payload = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(payload, secret or key.secret_key, headers={"alg": "HS256", "typ": "JWT"})


def head(key: Credentials) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(key)}"}


def post(inside: Inside, key: Credentials, path: str = IMAGE, **body: Any) -> httpx.Response:
    return inside.client.post(path, json=body, headers=head(key))


def made(inside: Inside, key: Credentials, path: str = IMAGE, **body: Any) -> dict[str, Any]:
    answer = post(inside, key, path, **(body or BODY))
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def refused(answer: httpx.Response, status: int, code: int, words: str = "") -> None:
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert samples.shape(told) == samples.shape(samples.ERROR)
    assert list(told) == ["code", "message", "request_id"]
    assert told["code"] == code, told
    assert words in told["message"]
    assert told["request_id"] == answer.headers["x-request-id"]


# Samples ---------------------------------------------------------------------------------------------------------


def test_the_whole_way_in_the_vendors_shapes(inside: Inside, key: Credentials) -> None:
    answer = post(inside, key, MULTI, **samples.MULTI_IMAGE_BODY, **samples.STRAY_KEYS)
    assert answer.status_code == 200, answer.text
    assert samples.shape(answer.json()) == samples.shape(samples.CREATE_ANSWER)
    data = answer.json()["data"]
    assert len(data["task_id"]) == 18
    assert data["task_id"].isdecimal()
    assert (data["task_status"], data["task_info"]) == ("submitted", {"external_task_id": "my-task-1"})
    assert abs(data["created_at"] - time.time() * 1000) < 60_000
    job = inside.finish(data["task_id"], duration_s=5.1)
    marked = job.artifacts[0].model_copy(update={"kind": "watermarked", "key": f"jobs/{job.id}/watermarked.mp4"})
    with inside.runtime.engine.begin() as connection:
        inside.runtime.store.add_artifact(connection, job.id, marked)
    for ref in (data["task_id"], "my-task-1"):
        told = inside.client.get(f"{MULTI}/{ref}", headers=head(key)).json()
        assert samples.shape(told) == samples.shape(samples.TASK_ANSWER)
    assert (told["data"]["task_status"], told["data"]["watermark_info"]) == ("succeed", {"enabled": True})
    (video,) = told["data"]["task_result"]["videos"]
    assert video["duration"] == "5.1"
    assert inside.client.get(video["url"]).content == b"a video, really"
    listed = inside.client.get(MULTI, params={"pageNum": 1, "pageSize": 30}, headers=head(key)).json()
    assert samples.shape(listed) == samples.shape(samples.LIST_ANSWER)


def test_the_vendors_brush_sample_is_taken(inside: Inside, key: Credentials) -> None:
    job = inside.job(made(inside, key, **samples.IMAGE_BODY)["task_id"])
    assert [len(brush.trajectory) for brush in job.request.brushes] == [0, 2]


def test_costs(inside: Inside, key: Credentials) -> None:
    made(inside, key)
    told = inside.client.get(COSTS, params=WINDOW, headers=head(key)).json()
    assert samples.shape(told) == samples.shape(samples.COSTS_ANSWER)
    (pack,) = told["data"]["resource_pack_subscribe_infos"]
    assert (pack["total_quantity"], pack["remaining_quantity"], pack["status"]) == (1000, 970, "online")
    named = WINDOW | {"resource_pack_name": pack["resource_pack_name"]}
    assert inside.client.get(COSTS, params=named, headers=head(key)).json()["data"] == told["data"]
    for nothing in (WINDOW | {"resource_pack_name": "other"}, {"start_time": 0, "end_time": 1000}):
        data = inside.client.get(COSTS, params=nothing, headers=head(key)).json()["data"]
        assert data["resource_pack_subscribe_infos"] == []
    refused(inside.client.get(COSTS, headers=head(key)), 400, 1201, "start_time")
    refused(inside.client.get(COSTS, params={"start_time": 2, "end_time": 1}, headers=head(key)), 400, 1201, "end_time")


def test_an_empty_account_is_run_out(inside: Inside) -> None:
    poor = inside.runtime.accounts.create("poor", "business", 0)
    (pack,) = inside.client.get(COSTS, params=WINDOW, headers=head(poor)).json()["data"][
        "resource_pack_subscribe_infos"
    ]
    assert (pack["status"], pack["remaining_quantity"]) == ("runOut", 0)
    refused(post(inside, poor, **BODY), 429, 1102, "Account balance not enough")


# Who calls -------------------------------------------------------------------------------------------------------


def test_ways_to_say_who_calls(inside: Inside, key: Credentials) -> None:
    now_s = int(time.time())
    for good in (
        token(key),
        token(key, iat=now_s),
        token(key, nbf=None),
        token(key, exp=now_s - 20),
        token(key, nbf=now_s + 20),
        key.api_key,
    ):
        for scheme in ("Bearer", "bearer"):
            answer = inside.client.get(IMAGE, headers={"Authorization": f"{scheme} {good}"})
            assert answer.status_code == 200, answer.text


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # of a token made to be refused
def test_ways_to_get_it_wrong(inside: Inside, key: Credentials) -> None:
    now_s = int(time.time())
    other = jwt.encode({"iss": key.access_key, "exp": now_s + 99}, key.secret_key, algorithm="HS384")
    unsigned = jwt.encode({"iss": key.access_key, "exp": now_s + 99}, "", algorithm="none")
    cases = (
        ("", 1001),
        (token(key), 1002),
        ("Bearer", 1002),
        ("Basic abc", 1002),
        ("Bearer not-a-key", 1002),
        ("Bearer a.b.c", 1002),
        (f"Bearer {token(key, iss='nobody' * 5)}", 1002),
        (f"Bearer {token(key, iss=None)}", 1002),
        (f"Bearer {token(key, exp=None)}", 1002),
        (f"Bearer {other}", 1002),
        (f"Bearer {unsigned}", 1002),
        (f"Bearer {token(key, secret='z' * 32)}", 1000),
        (f"Bearer {token(key, nbf=now_s + 100)}", 1003),
        (f"Bearer {token(key, exp=now_s - 100)}", 1004),
    )
    for authorization, code in cases:
        headers = {"Authorization": authorization} if authorization else {}
        for path in (IMAGE, f"{MULTI}/1", COSTS, "/kling/v1/videos/image2video"):
            refused(inside.client.get(path, headers=headers), 401, code)
    refused(inside.client.post(IMAGE, json=BODY), 401, 1001)


def test_a_revoked_key_and_a_blocked_account(inside: Inside, key: Credentials) -> None:
    second = inside.runtime.accounts.create_key(key.account_id)
    inside.runtime.accounts.revoke(second.key_id)
    refused(inside.client.get(IMAGE, headers=head(second)), 401, 1002)
    refused(inside.client.get(IMAGE, headers={"Authorization": f"Bearer {second.api_key}"}), 401, 1002)
    inside.runtime.accounts.set_blocked(key.account_id, True)
    refused(inside.client.get(IMAGE, headers=head(key)), 429, 1100)
    refused(inside.client.get(IMAGE, headers={"Authorization": f"Bearer {token(key, secret='z' * 32)}"}), 401, 1000)


# Refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image": "data:image/png;base64," + PIXELS}, "File is not in a valid base64 format"),
        ({"image": "%%%"}, "File is not in a valid base64 format"),
        ({"image": base64.b64encode(b"GIF89a" + bytes(99)).decode()}, "supported format"),
        ({"image": base64.b64encode(b"RIFF1234WEBPVP8 " + bytes(99)).decode()}, "supported format"),
        ({"image": base64.b64encode(jpeg() + bytes(10 * 1024 * 1024)).decode()}, "larger than 10485760"),
        ({"image_tail": "data:image/png;base64," + PIXELS, "mode": "pro"}, "File is not in a valid base64 format"),
        ({"static_mask": "x!"}, "File is not in a valid base64 format"),
        ({"image": "http://"}, "image"),
        ({"image": ""}, "image is required"),
        ({"prompt": "x" * 2501}, "prompt has 2501 characters"),
        ({"negative_prompt": "x" * 2501}, "negative_prompt has 2501 characters"),
        ({"mode": "fast"}, "mode"),
        ({"duration": "7"}, "duration '7' is not offered; it can be 5, 10"),
        ({"duration": "long"}, "duration"),
        ({"callback_url": "ftp://example.com"}, "callback_url"),
        ({"camera_control": {"type": "simple", "config": {"pan": 1, "zoom": 1}}}, "camera_control.config"),
        ({"element_list": [1]}, "element_list"),
        ({"model_name": "kling-v1-6", "image_tail": PIXELS}, "image"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_wrong_values(inside: Inside, key: Credentials, change: dict[str, Any], words: str) -> None:
    refused(post(inside, key, **(BODY | change)), 400, 1201, words)
    assert inside.credit(key.account_id) == (1000, 0)
    assert inside.runtime.service.list(key.account_id).jobs == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image_list": [{"image": PIXELS}] * 5}, "image_list"),
        ({"image_list": []}, "image_list"),
        ({"image_list": [{"image": "data:," + PIXELS}]}, "File is not in a valid base64 format"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": "x" * 2501}, "prompt"),
        ({"aspect_ratio": "4:3"}, "aspect_ratio"),
        ({"mode": "4k"}, "mode"),
        ({"duration": "3"}, "duration"),
        ({"model_name": "kling-v1"}, "model_name"),
        ({"external_task_id": "x" * 201}, "external_task_id"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_wrong_values_of_several_images(inside: Inside, key: Credentials, change: dict[str, Any], words: str) -> None:
    refused(post(inside, key, MULTI, **(samples.MULTI_IMAGE_BODY | change)), 400, 1201, words)


def test_bodies_that_are_none(inside: Inside, key: Credentials) -> None:
    for content in (b"{", b"", b"[]", b"null", b'"x"', b"\xff"):
        refused(inside.client.post(IMAGE, content=content, headers=head(key)), 400, 1200)


def test_a_body_that_is_too_large(inside: Inside, key: Credentials) -> None:
    url = inside.client.base_url
    connection = http.client.HTTPConnection(url.host, url.port, timeout=30)
    with contextlib.closing(connection):
        connection.putrequest("POST", IMAGE)
        connection.putheader("Content-Length", str(65 * 1024 * 1024))  # refused before any of it is sent
        connection.endheaders()
        answer = connection.getresponse()
        told = json.loads(answer.read())
    assert (answer.status, told["code"]) == (400, 1201)
    assert "larger" in told["message"]


def test_what_does_not_exist(inside: Inside, key: Credentials) -> None:
    refused(post(inside, key, **BODY, model_name="kling-v99"), 404, 1203)
    for ref in ("866168216002236456", "nothing", "a" * 24, "%2e%2e", "a/b"):
        refused(inside.client.get(f"{IMAGE}/{ref}", headers=head(key)), 404, 1203)
    for call in ("text2video", "lip-sync", "multi-elements/init-selection", "effects/1"):
        refused(inside.client.post(f"/v1/videos/{call}", json={}, headers=head(key)), 404, 1203, "animates images")
    for path in ("/kling/v1/nothing", "/proxy/kling/x", "/account/nothing"):
        refused(inside.client.get(path, headers=head(key)), 404, 1203)


def test_wrong_methods(inside: Inside, key: Credentials) -> None:
    for method, path in (
        ("PUT", IMAGE),
        ("DELETE", MULTI),
        ("POST", f"{IMAGE}/1"),
        ("DELETE", f"{MULTI}/1"),
        ("POST", COSTS),
        ("PATCH", "/kling/v1/videos/image2video"),
    ):
        refused(inside.client.request(method, path, headers=head(key)), 404, 1202)


def test_plans_that_do_not_include_it(inside: Inside) -> None:
    free = inside.runtime.accounts.create("free", "free", 1000)
    refused(post(inside, free, **BODY, model_name="kling-v3", duration="15"), 403, 1103)


def test_the_parallel_limit(inside: Inside) -> None:
    free = inside.runtime.accounts.create("free", "free", 1000)
    plan = inside.runtime.catalog.plan("free")
    assert plan.concurrent_jobs is not None
    assert plan.queued_jobs is not None
    tasks = [made(inside, free)["task_id"] for _ in range(plan.concurrent_jobs + plan.queued_jobs)]
    refused(post(inside, free, **BODY), 429, 1303, "parallel task over resource pack limit")
    inside.finish(tasks[0])
    made(inside, free)
    refused(post(inside, free, **BODY), 429, 1303)


def test_too_many_requests(inside: Inside) -> None:
    free = inside.runtime.accounts.create("free", "free", 1000)
    limit = inside.runtime.catalog.plan("free").requests_per_minute
    assert limit is not None
    for _ in range(limit):
        inside.runtime.limiter.check(free.account_id, limit)
    answer = inside.client.get(IMAGE, headers=head(free))
    refused(answer, 429, 1302)
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("text", ["\x00", "\ud800", "a\x00b"], ids=ascii)
def test_text_that_is_none(inside: Inside, key: Credentials, text: str) -> None:
    for name in ("prompt", "negative_prompt", "external_task_id", "callback_url", "image", "model_name"):
        body = json.dumps(
            BODY | {name: f"https://e.com/{text}" if name in ("callback_url", "image") else text}
        ).encode()
        answer = inside.client.post(IMAGE, content=body, headers=head(key))
        assert answer.status_code in (400, 404), (name, answer.text)
        assert answer.json()["code"] in (1201, 1203)
    assert inside.credit(key.account_id) == (1000, 0)
