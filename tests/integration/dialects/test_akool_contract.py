"""AKOOL's answers, field by field against the vendor's samples: names, types, presence, order."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from photoplay.accounts import Credentials
from support import akool_samples as samples
from support.inside import Inside

BASE = "/api/open/v4/image2Video"


def shape(value: Any) -> Any:
    """Names in order, and types; an array has the shapes of its items."""
    if isinstance(value, dict):
        return [(name, shape(item)) for name, item in value.items()]
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__


def head(key: Credentials) -> dict[str, str]:
    return {"x-api-key": key.api_key}


def create(inside: Inside, key: Credentials, **changes: Any) -> httpx.Response:
    body = {name: value for name, value in (samples.CREATE_BODY | changes).items() if value is not ...}
    return inside.client.post(f"{BASE}/createBySourcePrompt", json=body, headers=head(key))


def results(inside: Inside, key: Credentials, ids: str) -> dict[str, Any]:
    answer = inside.client.post(f"{BASE}/resultsByIds", json={"_ids": ids}, headers=head(key))
    assert answer.status_code == 200
    return answer.json()


def test_create_answers_as_the_sample_does(inside: Inside, key: Credentials) -> None:
    answer = create(inside, key)
    assert answer.status_code == 200
    assert shape(answer.json()) == shape(samples.CREATE_ANSWER)
    data, sample = answer.json()["data"], samples.CREATE_ANSWER["data"]
    told = {name for name in sample if name not in ("create_time", "uid", "team_id", "_id")}
    assert {name: data[name] for name in told} == {name: sample[name] for name in told}


def test_an_id_begins_with_its_second_of_creation(inside: Inside, key: Credentials) -> None:
    data = create(inside, key).json()["data"]
    assert int(data["_id"][:8], 16) == data["create_time"] // 1000
    assert len(data["_id"]) == len(data["team_id"]) == 24


def test_results_answer_as_the_sample_does(inside: Inside, key: Credentials) -> None:
    waiting = create(inside, key).json()["data"]["_id"]
    done = create(inside, key, resolution="720p", video_length=5).json()["data"]["_id"]
    inside.finish(done)
    answer = results(inside, key, f"{waiting},{done}")
    unfinished, finished = answer["data"]["result"]
    assert [(name, type(value)) for name, value in unfinished.items()] == [
        (name, type(value)) for name, value in samples.UNFINISHED_ITEM.items()
    ]
    # The finished sample shows update_time later in the object than the unfinished one does.
    assert {name: type(value) for name, value in finished.items()} == {
        name: type(value) for name, value in samples.FINISHED_ITEM.items()
    }
    assert (answer["code"], answer["msg"], list(answer)) == (1000, "OK", ["code", "msg", "data"])
    assert (finished["status"], finished["sub_type"], finished["only_add_audio"]) == (3, 1501, False)
    assert finished["video_duration"] == 5.063
    assert finished["deduction_credit"] == 20
    assert unfinished["status"] == 1


def test_the_video_can_be_fetched(inside: Inside, key: Credentials) -> None:
    done = create(inside, key).json()["data"]["_id"]
    inside.finish(done, data=b"0123456789")
    url = results(inside, key, done)["data"]["result"][0]["video_url"]
    answer = inside.client.get(url)
    assert (answer.status_code, answer.content) == (200, b"0123456789")
    assert answer.headers["content-type"] == "video/mp4"
    assert url.partition("?")[0].endswith(".mp4")


def test_status_follows_the_job(inside: Inside, key: Credentials) -> None:
    def status(ref: str) -> tuple[int, bool]:
        item = results(inside, key, ref)["data"]["result"][0]
        return item["status"], "video_url" in item

    ref = create(inside, key).json()["data"]["_id"]
    assert status(ref) == (1, False)
    inside.begin(ref)
    assert status(ref) == (2, False)
    inside.finish(ref)
    assert status(ref) == (3, True)
    failed = create(inside, key).json()["data"]["_id"]
    inside.fail(failed, message="The URL could not be fetched.")
    assert status(failed) == (4, False)
    item = results(inside, key, failed)["data"]["result"][0]
    assert item["error"] == "The URL could not be fetched."
    assert item["deduction_credit"] == 0
    canceled = create(inside, key).json()["data"]["_id"]
    inside.runtime.service.cancel(key.account_id, canceled)
    assert status(canceled) == (4, False)


def test_results_come_in_the_order_asked_and_once(inside: Inside, key: Credentials) -> None:
    first, second = (create(inside, key).json()["data"]["_id"] for _ in range(2))
    items = results(inside, key, f" {second} ,{first},{second},")["data"]["result"]
    assert [item["_id"] for item in items] == [second, first]


@pytest.mark.parametrize(
    "body",
    [{"_ids": ["a"]}, {"ids": "a"}, {"_ids": ""}, {"_ids": " , "}, {"_ids": 7}, {"_ids": None}, {}, [], "text"],
    ids=str,
)
def test_ids_in_another_shape_are_refused(inside: Inside, key: Credentials, body: Any) -> None:
    answer = inside.client.post(f"{BASE}/resultsByIds", json=body, headers=head(key))
    assert (answer.status_code, answer.json()) == (200, {"code": 1003, "msg": "Failed to get results"})


@pytest.mark.parametrize("ref", ["6891a2295d612f78c9204f77", "nonsense", "../../etc/passwd", "%00", "1" * 5000])
def test_an_unknown_id_is_refused(inside: Inside, key: Credentials, ref: str) -> None:
    assert results(inside, key, ref) == {"code": 1008, "msg": "Failed to get results"}


def test_nobody_sees_anothers_job(inside: Inside, key: Credentials) -> None:
    ref = create(inside, key).json()["data"]["_id"]
    other = inside.runtime.accounts.create("other", "pro", 100)
    assert results(inside, other, ref)["code"] == 1008


def test_effects_answer_as_the_sample_does(inside: Inside, key: Credentials) -> None:
    answer = inside.client.get(f"{BASE}/effects", headers=head(key)).json()
    assert shape(answer)[:2] == shape(samples.EFFECTS_ANSWER)[:2]
    assert (answer["code"], answer["msg"]) == (1000, "Success")
    item_shape = shape(samples.EFFECTS_ANSWER["data"]["result"][0])
    assert answer["data"]["count"] == len(answer["data"]["result"])
    assert all(shape(item) == item_shape for item in answer["data"]["result"])
    facts = {(item["_id"], item["create_time"], item["name"], item["effect_code"]) for item in answer["data"]["result"]}
    assert facts >= {
        (item["_id"], item["create_time"], item["name"], item["effect_code"])
        for item in samples.EFFECTS_ANSWER["data"]["result"]
    }


def test_a_token_is_at_the_top_level_and_works(inside: Inside, key: Credentials) -> None:
    pair = {"clientId": key.client_id, "clientSecret": key.client_secret}
    answer = inside.client.post("/api/open/v3/getToken", json=pair)
    assert shape(answer.json()) == shape(samples.TOKEN_ANSWER)
    quota = inside.client.get(
        "/api/open/v3/faceswap/quota/info", headers={"authorization": f"Bearer {answer.json()['token']}"}
    )
    assert shape(quota.json()) == shape(samples.QUOTA_ANSWER)
    assert quota.json()["data"]["credit"] == 1000


def test_the_quota_does_not_count_what_is_held(inside: Inside, key: Credentials) -> None:
    create(inside, key, effect_code=..., video_length=5, resolution="1080p")
    quota = inside.client.get("/api/open/v3/faceswap/quota/info", headers=head(key)).json()
    assert quota["data"]["credit"] == 1000 - 25


@pytest.mark.parametrize(
    ("resolution", "seconds", "credits"),
    [("720p", 5, 20), ("1080p", 5, 25), ("4k", 5, 30), ("720p", 10, 40), ("1080p", 10, 50), ("4k", 10, 60)],
)
def test_prices_are_those_of_the_rate_table(
    inside: Inside, key: Credentials, resolution: str, seconds: int, credits: int
) -> None:
    data = create(inside, key, resolution=resolution, video_length=seconds).json()["data"]
    assert data["deduction_credit"] == credits
    assert inside.credit(key.account_id) == (1000 - credits, credits)


def test_numbers_and_flags_may_be_text(inside: Inside, key: Credentials) -> None:
    answer = create(
        inside, key, audio_type="2", video_length="10", extend_prompt="true", is_premium_model="true"
    ).json()
    assert answer["code"] == 1000
    assert (answer["data"]["audio_type"], answer["data"]["extend_prompt"]) == (2, True)
    assert create(inside, key, audio_type="1", audio_url="", effect_code=None, webhookurl=None).json()["code"] == 1000


def test_without_the_optional_fields_text_is_empty(inside: Inside, key: Credentials) -> None:
    optional = ("extend_prompt", "audio_url", "is_premium_model", "effect_code", "webhookurl")
    answer = create(inside, key, audio_type=3, **dict.fromkeys(optional, ...))
    assert shape(answer.json()) == shape(samples.CREATE_ANSWER)
    data = answer.json()["data"]
    assert [data[name] for name in ("webhookUrl", "audio_url", "effect_name", "effect_code")] == ["", "", "", ""]
    assert data["extend_prompt"] is False


def test_unknown_keys_are_ignored(inside: Inside, key: Credentials) -> None:
    assert create(inside, key, something_new={"a": 1}).json()["code"] == 1000


def test_with_an_effect_the_prompt_is_echoed_but_not_used(inside: Inside, key: Credentials) -> None:
    data = create(inside, key).json()["data"]
    assert data["prompt"] == samples.PROMPT
    request = inside.job(data["_id"]).request
    assert (request.effect, request.prompt) == ("squish", "")


def test_a_job_made_elsewhere_can_be_read_here(inside: Inside, key: Credentials) -> None:
    made = inside.client.post(
        "/v1/jobs", json={"images": [samples.IMAGE_URL], "prompt": "zoom in", "audio": "generate"}, headers=head(key)
    ).json()
    item = results(inside, key, made["object_id"])["data"]["result"][0]
    assert [(name, type(value)) for name, value in item.items()] == [
        (name, type(value)) for name, value in samples.UNFINISHED_ITEM.items()
    ]
    assert (item["image_url"], item["prompt"], item["audio_type"]) == (samples.IMAGE_URL, "zoom in", 1)
    assert item["file_name"] == "Image2Video_zoom in.mp4"


def test_the_same_idempotency_key_gives_the_same_job(inside: Inside, key: Credentials) -> None:
    def post(body: dict[str, Any]) -> dict[str, Any]:
        headers = head(key) | {"Idempotency-Key": "order-17"}
        return inside.client.post(f"{BASE}/createBySourcePrompt", json=body, headers=headers).json()

    first, again = post(samples.CREATE_BODY), post(samples.CREATE_BODY)
    assert first == again
    assert inside.credit(key.account_id) == (940, 60)
    assert post(samples.CREATE_BODY | {"video_length": 5})["code"] == 1003
