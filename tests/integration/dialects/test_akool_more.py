"""AKOOL beyond create and read: batches, new sound, delete, models, the two older reads, and what expires."""

from __future__ import annotations

import copy
import re
from typing import Any

import httpx
import pytest

from photoplay.accounts import Credentials
from photoplay.dialects.akool import errors as codes
from photoplay.errors import PhotoplayError
from photoplay.jobs.job import Job
from support import akool_samples as samples
from support.inside import Inside

BASE = "/api/open/v4/image2Video"
MODELS = "/api/open/v4/aigModel/list"
INFO = "/api/open/v3/content/video/infobymodelid"
LIST = "/api/open/v3/content/video/list"
SAMPLE_ID = re.compile(r"\b[0-9a-f]{24}\b")


def shape(value: Any) -> Any:
    """Names in order, and types; an array has the shapes of its items."""
    if isinstance(value, dict):
        return [(name, shape(item)) for name, item in value.items()]
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__


def head(key: Credentials) -> dict[str, str]:
    return {"x-api-key": key.api_key}


def post(inside: Inside, key: Credentials, path: str, body: Any, **headers: str) -> dict[str, Any]:
    answer = inside.client.post(f"{BASE}/{path}", json=body, headers=head(key) | headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def get(inside: Inside, key: Credentials, path: str, **query: Any) -> httpx.Response:
    return inside.client.get(path, params=query, headers=head(key))


def made(inside: Inside, key: Credentials, **changes: Any) -> str:
    """A video that waits to be made."""
    answer = post(inside, key, "createBySourcePrompt", samples.CREATE_BODY | changes)
    assert answer["code"] == 1000, answer
    ref: str = answer["data"]["_id"]
    return ref


def finished(inside: Inside, key: Credentials, *, duration_s: float = 5.063, **changes: Any) -> str:
    ref = made(inside, key, **changes)
    inside.finish(ref, duration_s=duration_s)
    return ref


def expired(inside: Inside, key: Credentials) -> Job:
    """A video whose seven days are over."""
    ref = finished(inside, key, video_length=5)
    job = inside.job(ref)
    with inside.runtime.engine.begin() as connection:
        assert inside.runtime.store.mark(connection, job.id, job.state.EXPIRED, from_states=[job.state])
    inside.runtime.service.remove_files(job.id)
    return inside.job(ref)


def results(inside: Inside, key: Credentials, *refs: str) -> list[dict[str, Any]]:
    answer = post(inside, key, "resultsByIds", {"_ids": ",".join(refs)})
    assert answer["code"] == 1000, answer
    items: list[dict[str, Any]] = answer["data"]["result"]
    return items


# Batch --------------------------------------------------------------------------------


def test_a_batch_answers_as_the_sample_does(inside: Inside, key: Credentials) -> None:
    answer = post(inside, key, "createBySourcePrompt/batch", samples.BATCH_BODY)
    wanted = copy.deepcopy(samples.BATCH_ANSWER)
    wanted["data"]["successList"] *= 3
    assert shape(answer) == shape(wanted)
    items, sample = answer["data"]["successList"], samples.BATCH_ANSWER["data"]["successList"][0]
    told = set(sample) - {"_id", "create_time", "uid", "team_id", "batch_id", "deduction_credit"}
    for order, item in enumerate(items):
        assert {name: item[name] for name in told} == {name: sample[name] for name in told}
        assert item["create_time"] == items[0]["create_time"] + order
        assert item["batch_id"] == f"{items[0]['create_time']}_{item['uid']}"
        assert int(item["_id"][:8], 16) == item["create_time"] // 1000
    assert len({item["_id"] for item in items}) == 3
    assert inside.credit(key.account_id) == (940, 60)


def test_every_video_of_a_batch_is_one_of_its_own(inside: Inside, key: Credentials) -> None:
    items = post(inside, key, "createBySourcePrompt/batch", samples.BATCH_BODY)["data"]["successList"]
    orders = [inside.runtime.store.order(inside.job(item["_id"]).id) for item in items]
    assert len({order.seed for order in orders if order is not None}) == 3
    assert [item["status"] for item in results(inside, key, *(item["_id"] for item in items))] == [1, 1, 1]


def test_a_batch_takes_what_the_vendors_app_sends(inside: Inside, key: Credentials) -> None:
    body = samples.BATCH_BODY | {
        "audio_type": "1",
        "audio_url": "",
        "video_length": "10",
        "count": "2",
        "resolution": "480p",
        "last_image_url": samples.IMAGE_URL,
        "effect_code": "",
        "webhookurl": samples.WEBHOOK_URL,
    }
    items = post(inside, key, "createBySourcePrompt/batch", body)["data"]["successList"]
    assert [item["last_image_url"] for item in items] == [samples.IMAGE_URL] * 2
    assert [item["webhookUrl"] for item in items] == [samples.WEBHOOK_URL] * 2
    request = inside.job(items[0]["_id"]).request
    assert (request.audio.mode, request.duration_s, request.resolution) == ("generate", 10, "480p")
    assert request.last_image is not None


def test_a_batch_needs_no_more_than_the_page_says(inside: Inside, key: Credentials) -> None:
    body = {name: samples.BATCH_BODY[name] for name in ("image_url", "prompt", "resolution", "video_length")}
    items = post(inside, key, "createBySourcePrompt/batch", body)["data"]["successList"]
    assert [(item["batch_count"], item["model_name"]) for item in items] == [(1, "AkoolImage2VideoFastV1")]
    assert inside.job(items[0]["_id"]).request.audio.mode == "none"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"count": 0}, "count"),
        ({"count": 11}, "count"),
        ({"count": "many"}, "count"),
        ({"last_image_url": "no url"}, "last_image_url"),
        ({"last_image_url": samples.IMAGE_URL, "model_name": ""}, "last image"),
        ({"resolution": "4k"}, "resolution"),
        ({"resolution": "480p", "model_name": ""}, "resolution"),
        ({"model_name": "none"}, "model"),
        ({"video_length": 6}, "video_length"),
        ({"audio_type": 2}, "audio_url"),
        ({"audio_type": 5}, "audio_type"),
        ({"webhookurl": "nonsense"}, "webhookurl"),
        ({"effect_code": "none_1"}, "effect"),
    ],
    ids=str,
)
def test_a_bad_batch_makes_nothing(inside: Inside, key: Credentials, change: dict[str, Any], named: str) -> None:
    answer = post(inside, key, "createBySourcePrompt/batch", samples.BATCH_BODY | change)
    assert (answer["code"], set(answer)) == (1003, {"code", "msg"})
    assert named in answer["msg"].lower()
    assert inside.credit(key.account_id) == (1000, 0)


def test_a_batch_that_cannot_be_paid_makes_nothing(inside: Inside) -> None:
    poor = inside.runtime.accounts.create("poor", "business", 59)
    assert post(inside, poor, "createBySourcePrompt/batch", samples.BATCH_BODY)["code"] == 1104
    assert inside.credit(poor.account_id) == (59, 0)
    assert get(inside, poor, LIST).json()["data"]["result"] == []


def test_a_batch_that_the_plan_cannot_queue_makes_nothing(inside: Inside) -> None:
    small = inside.runtime.accounts.create("small", "free", 1000)
    assert post(inside, small, "createBySourcePrompt/batch", samples.BATCH_BODY | {"count": 6})["code"] == 1005
    assert inside.credit(small.account_id) == (1000, 0)
    assert post(inside, small, "createBySourcePrompt/batch", samples.BATCH_BODY | {"count": 5})["code"] == 1000


@pytest.mark.parametrize("change", [{"video_length": 10}, {"is_premium_model": True}], ids=str)
def test_a_batch_needs_the_plan_that_one_video_needs(inside: Inside, change: dict[str, Any]) -> None:
    small = inside.runtime.accounts.create("small", "starter", 1000)
    assert post(inside, small, "createBySourcePrompt/batch", samples.BATCH_BODY | change)["code"] == 1213


def test_a_repeated_batch_is_the_first_one(inside: Inside, key: Credentials) -> None:
    first, again = (
        post(inside, key, "createBySourcePrompt/batch", samples.BATCH_BODY, **{"Idempotency-Key": "order-18"})
        for _ in range(2)
    )
    assert first == again
    assert inside.credit(key.account_id) == (940, 60)
    other = post(
        inside, key, "createBySourcePrompt/batch", samples.BATCH_BODY | {"count": 2}, **{"Idempotency-Key": "order-18"}
    )
    assert other["code"] == 1003


# New sound --------------------------------------------------------------------------------


def test_new_sound_answers_as_the_sample_does(inside: Inside, key: Credentials) -> None:
    source = finished(inside, key)
    answer = post(inside, key, "updateVideoAudio", samples.AUDIO_BODY | {"pre_video_id": source})
    assert shape(answer) == shape(samples.AUDIO_ANSWER)
    data, sample = answer["data"], samples.AUDIO_ANSWER["data"]
    told = set(sample) - {"create_time", "update_time", "uid", "team_id", "_id", "pre_video_id"}
    assert {name: data[name] for name in told} == {name: sample[name] for name in told}
    assert data["pre_video_id"] == source != data["_id"]
    (item,) = results(inside, key, data["_id"])
    assert [(name, type(value)) for name, value in item.items()] == [
        (name, type(value)) for name, value in samples.UNFINISHED_ITEM.items()
    ]
    assert (item["only_add_audio"], item["effect_name"], item["video_duration"]) == (True, "Squish", 5.063)


@pytest.mark.parametrize(("duration_s", "credits"), [(4.96, 5), (5.063, 5), (10.0, 10), (8.0, 10)])
def test_new_sound_costs_by_the_length_of_the_clip(
    inside: Inside, key: Credentials, duration_s: float, credits: int
) -> None:
    source = finished(inside, key, duration_s=duration_s, video_length=5, resolution="720p")
    before, _ = inside.credit(key.account_id)
    # What the request says of lengths does not count: there is no such field.
    body = {"pre_video_id": source, "audio_type": 1, "video_length": 5}
    data = post(inside, key, "updateVideoAudio", body)["data"]
    assert (data["deduction_credit"], data["video_duration"]) == (credits, duration_s)
    assert inside.credit(key.account_id) == (before - credits, credits)


def test_new_sound_takes_numbers_as_text_and_no_url_for_its_own_sound(inside: Inside, key: Credentials) -> None:
    source = finished(inside, key)
    for body in ({"audio_type": "1"}, {"audio_type": 1, "audio_url": ""}, {"audio_type": 1, "audio_url": None}):
        data = post(inside, key, "updateVideoAudio", {"pre_video_id": source} | body)["data"]
        assert (data["audio_type"], data["audio_url"]) == (1, "")
        assert inside.job(data["_id"]).request.audio.mode == "generate"


def test_new_sound_on_new_sound(inside: Inside, key: Credentials) -> None:
    source = finished(inside, key)
    first = post(inside, key, "updateVideoAudio", {"pre_video_id": source, "audio_type": 1})["data"]["_id"]
    inside.finish(first)
    second = post(inside, key, "updateVideoAudio", {"pre_video_id": first, "audio_type": 1})["data"]
    assert second["pre_video_id"] == first
    assert (second["image_url"], second["effect_name"]) == (samples.IMAGE_URL, "Squish")
    assert second["file_name"] == "Image2Video_Animate this image with .mp4"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"pre_video_id": ""}, "pre_video_id"),
        ({"pre_video_id": ["a"]}, "pre_video_id"),
        ({"audio_type": 3}, "audio_type"),
        ({"audio_type": 0}, "audio_type"),
        ({"audio_type": None}, "audio_type"),
        ({"audio_type": 2, "audio_url": ""}, "audio_url"),
        ({"audio_type": 2, "audio_url": "no url"}, "audio_url"),
        ({"audio_type": 2, "audio_url": "file:///etc/passwd"}, "audio_url"),
    ],
    ids=str,
)
def test_a_bad_request_for_sound_is_1003(inside: Inside, key: Credentials, change: dict[str, Any], named: str) -> None:
    source = finished(inside, key, video_length=5)
    before = inside.credit(key.account_id)
    answer = post(inside, key, "updateVideoAudio", {"pre_video_id": source, "audio_type": 1} | change)
    assert (answer["code"], set(answer)) == (1003, {"code", "msg"})
    assert named in answer["msg"].lower()
    assert inside.credit(key.account_id) == before


def test_sound_for_a_video_that_cannot_have_it(inside: Inside, key: Credentials) -> None:
    def refusal(ref: str) -> dict[str, Any]:
        return post(inside, key, "updateVideoAudio", {"pre_video_id": ref, "audio_type": 1})

    unknown = {"code": 1008, "msg": "The content does not exist"}
    assert refusal("6890830af27dfad2a3e6062d") == unknown
    assert refusal("nonsense") == unknown
    other = inside.runtime.accounts.create("other", "pro", 100)
    assert refusal(finished(inside, other, video_length=5, resolution="720p")) == unknown
    waiting = made(inside, key)
    assert refusal(waiting) == {"code": 1010, "msg": samples.STILL_PROCESSING}
    inside.begin(waiting)
    assert refusal(waiting)["code"] == 1010
    inside.fail(waiting)
    assert refusal(waiting)["code"] == 1014
    gone = finished(inside, key)
    assert post(inside, key, "delbyids", {"_ids": gone})["data"]["successIds"] == [gone]
    assert refusal(gone) == unknown
    assert refusal(expired(inside, key).object_id) == {"code": 1014, "msg": "The video resource has expired"}


def test_sound_for_a_video_that_was_made_through_another_api(inside: Inside, key: Credentials) -> None:
    body = {"images": [samples.IMAGE_URL], "prompt": "zoom in", "resolution": "480p", "duration_s": 8.0}
    body["callback_url"] = "https://hooks.example.com/native"
    source = inside.client.post("/v1/jobs", json=body, headers=head(key)).json()["object_id"]
    inside.finish(source, duration_s=8.0)
    data = post(inside, key, "updateVideoAudio", {"pre_video_id": source, "audio_type": 1})["data"]
    assert shape(data) == shape(samples.AUDIO_ANSWER["data"])
    assert (data["image_url"], data["prompt"], data["resolution"]) == (samples.IMAGE_URL, "zoom in", "480p")
    assert (data["deduction_credit"], data["webhookUrl"]) == (10, "")  # its receiver knows another envelope
    assert inside.job(data["_id"]).request.callback_url is None


def test_a_prompt_that_another_model_takes_is_no_obstacle(inside: Inside, key: Credentials) -> None:
    body = {"model": "sora-2", "images": [samples.IMAGE_URL], "prompt": "zoom " * 4000, "duration_s": 4.0}
    source = inside.client.post("/v1/jobs", json=body, headers=head(key)).json()["object_id"]
    inside.finish(source, duration_s=4.0)
    assert post(inside, key, "updateVideoAudio", {"pre_video_id": source, "audio_type": 1})["code"] == 1000


def test_a_repeated_request_for_sound_is_charged_once(inside: Inside, key: Credentials) -> None:
    source = finished(inside, key, video_length=5, resolution="720p")
    body = {"pre_video_id": source, "audio_type": 1}
    first, again = (post(inside, key, "updateVideoAudio", body, **{"Idempotency-Key": "sound-1"}) for _ in range(2))
    assert first == again
    assert inside.credit(key.account_id) == (975, 5)
    # The answer stays what it was, also when the old video is gone; another request under that key is refused.
    assert post(inside, key, "delbyids", {"_ids": source})["data"]["successIds"] == [source]
    assert post(inside, key, "updateVideoAudio", body, **{"Idempotency-Key": "sound-1"}) == first
    other = body | {"audio_type": 2, "audio_url": samples.AUDIO_URL}
    assert post(inside, key, "updateVideoAudio", other, **{"Idempotency-Key": "sound-1"})["code"] == 1003
    assert post(inside, key, "updateVideoAudio", body, **{"Idempotency-Key": "sound-2"})["code"] == 1008
    assert post(inside, key, "updateVideoAudio", body, **{"Idempotency-Key": "x" * 300})["code"] == 1003


def test_sound_that_failed_costs_nothing_and_leaves_the_source(inside: Inside, key: Credentials) -> None:
    source = finished(inside, key, video_length=5, resolution="720p")
    ref = post(inside, key, "updateVideoAudio", samples.AUDIO_BODY | {"pre_video_id": source})["data"]["_id"]
    inside.fail(ref, "audio_unreadable", "The file has no sound.")
    item, old = results(inside, key, ref, source)
    assert (item["status"], item["error"], item["deduction_credit"]) == (4, "The file has no sound.", 0)
    assert inside.credit(key.account_id) == (980, 0)
    assert (old["status"], "video_url" in old) == (3, True)


# Delete --------------------------------------------------------------------------------


def test_delete_answers_as_the_sample_does(inside: Inside, key: Credentials) -> None:
    done, waiting, running = finished(inside, key), made(inside, key), made(inside, key)
    inside.begin(running)
    answer = post(inside, key, "delbyids", {"_ids": f"{done},{waiting}"})
    assert shape(answer) == shape(samples.DELETE_ANSWER)
    assert answer["msg"] == "Delete successfully"
    assert answer["data"] == {
        "successIds": [done],
        "noPermissionItems": [{"_id": waiting, "msg": samples.STILL_PROCESSING}],
    }
    assert post(inside, key, "delbyids", {"_ids": running})["data"]["noPermissionItems"][0]["_id"] == running
    assert post(inside, key, "resultsByIds", {"_ids": done})["code"] == 1008
    assert [item["status"] for item in results(inside, key, waiting, running)] == [1, 2]


def test_what_is_not_there_is_told_apart_from_what_went(inside: Inside, key: Credentials) -> None:
    other = inside.runtime.accounts.create("other", "pro", 1000)
    theirs, mine = finished(inside, other), finished(inside, key)
    failed = made(inside, key)
    inside.fail(failed)
    old = expired(inside, key).object_id
    answer = post(inside, key, "delbyids", {"_ids": f"{theirs}, {mine},{mine},nonsense,{failed},{old}"})["data"]
    assert answer["successIds"] == [mine, failed, old]
    assert [item["_id"] for item in answer["noPermissionItems"]] == [theirs, "nonsense"]
    assert {item["msg"] for item in answer["noPermissionItems"]} == {"The content does not exist"}
    assert [item["status"] for item in results(inside, other, theirs)] == [3]
    again = post(inside, key, "delbyids", {"_ids": mine})["data"]
    assert (again["successIds"], len(again["noPermissionItems"])) == ([], 1)


@pytest.mark.parametrize("body", [{"_ids": ["a"]}, {"ids": "a"}, {"_ids": ""}, {"_ids": 7}, {}, [], None], ids=str)
def test_nothing_is_deleted_by_ids_in_another_shape(inside: Inside, key: Credentials, body: Any) -> None:
    assert post(inside, key, "delbyids", body) == {"code": 1003, "msg": "parameter validate error"}


def test_too_many_ids_are_refused(inside: Inside, key: Credentials) -> None:
    assert post(inside, key, "delbyids", {"_ids": ",".join(f"{n:024x}" for n in range(101))})["code"] == 1003


# Models --------------------------------------------------------------------------------


def test_models_answer_as_the_sample_does(inside: Inside, key: Credentials) -> None:
    answer = get(inside, key, MODELS, **{"types[]": 1501}).json()
    assert (answer["code"], answer["msg"]) == (1000, "OK")
    sample = samples.MODEL_ANSWER["data"][0]
    first = answer["data"][0]
    assert shape(first) == shape(sample)
    told = set(sample) - {"description", "supportedExtendPrompt"}
    assert {name: first[name] for name in told} == {name: sample[name] for name in told}
    second = answer["data"][1]
    assert (second["value"], second["supportedLastFrame"]) == ("seedance-1-0-lite-i2v-250428", True)
    assert [(size["value"], size["unit_credit"]) for size in second["resolutionList"]] == [
        ("480p", 3),
        ("720p", 5),
        ("1080p", 10),
    ]


def test_a_model_of_the_list_can_be_asked_for(inside: Inside, key: Credentials) -> None:
    for model in get(inside, key, MODELS, **{"types[]": 1501}).json()["data"]:
        body = samples.BATCH_BODY | {
            "model_name": model["value"],
            "resolution": model["resolutionList"][0]["value"],
            "video_length": model["durationList"][0],
            "count": model["maxCount"],
        }
        assert len(post(inside, key, "createBySourcePrompt/batch", body)["data"]["successList"]) == 10


@pytest.mark.parametrize(
    "query", ["types[]=1501", "types=1501", "types[0]=1501", "types%5B%5D=1501", "types=1502,1501"]
)
def test_types_may_be_written_as_clients_do(inside: Inside, key: Credentials, query: str) -> None:
    answer = inside.client.get(f"{MODELS}?{query}", headers=head(key)).json()
    assert [model["type"] for model in answer["data"]] == [1501, 1501]


def test_types_that_are_not_made_here_have_no_models(inside: Inside, key: Credentials) -> None:
    for number in (1502, 2101, 7):
        assert get(inside, key, MODELS, **{"types[]": number}).json() == {"code": 1000, "msg": "OK", "data": []}


@pytest.mark.parametrize("query", ["", "types[]=", "types[]=x", "types[]=-1", "other=1501", "types[]=" + "9" * 50])
def test_types_must_be_there(inside: Inside, key: Credentials, query: str) -> None:
    answer = inside.client.get(f"{MODELS}?{query}", headers=head(key))
    assert (answer.status_code, answer.json()["code"]) == (200, 1003)


# The older reads --------------------------------------------------------------------------------


def test_the_older_read_tells_of_the_video(inside: Inside, key: Credentials) -> None:
    ref = made(inside, key)
    waiting = get(inside, key, INFO, video_model_id=ref).json()
    assert (waiting["code"], waiting["data"]["video_status"], waiting["data"]["video"]) == (1000, 1, "")
    inside.begin(ref)
    assert get(inside, key, INFO, video_model_id=ref).json()["data"]["video_status"] == 2
    inside.finish(ref, data=b"0123456789")
    done = get(inside, key, INFO, video_model_id=ref).json()["data"]
    assert (done["_id"], done["type"], done["video_status"]) == (ref, 15, 3)
    assert done["credentialId"] == key.client_id
    assert done["external_video"] == done["video"]
    fetched = inside.client.get(done["video"], follow_redirects=True)
    assert fetched.content == b"0123456789"


def test_the_older_read_of_what_is_not_there(inside: Inside, key: Credentials) -> None:
    other = inside.runtime.accounts.create("other", "pro", 1000)
    for ref in ("6890830af27dfad2a3e6062d", "nonsense", made(inside, other)):
        answer = get(inside, key, INFO, video_model_id=ref).json()
        assert answer == {"code": 1008, "msg": "The content does not exist"}
    assert get(inside, key, INFO).json()["code"] == 1003


def test_the_list_has_pages_the_newest_first(inside: Inside, key: Credentials) -> None:
    refs = [
        item["_id"]
        for item in post(inside, key, "createBySourcePrompt/batch", samples.BATCH_BODY)["data"]["successList"]
    ]
    inside.fail(refs[1], message="no luck")

    def page(number: int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = get(inside, key, LIST, page=number, size=2).json()["data"]["result"]
        return rows

    assert [row["_id"] for row in page(1) + page(2)] == refs[::-1]
    assert page(3) == []
    failed = page(1)[1]
    assert (failed["video_status"], failed["error"], failed["deduction_credit"]) == (4, "no luck", 0)
    for wrong in ({"page": 0}, {"size": 0}, {"size": 101}, {"page": "x"}):
        assert get(inside, key, LIST, **wrong).json()["code"] == 1003


# What expires --------------------------------------------------------------------------------


def test_a_video_is_kept_for_seven_days(inside: Inside, key: Credentials) -> None:
    for ref in (
        finished(inside, key),
        post(inside, key, "createBySourcePrompt/batch", samples.BATCH_BODY)["data"]["successList"][0]["_id"],
    ):
        job = inside.job(ref)
        if job.expires_ms is None:
            job = inside.finish(ref)
        assert job.expires_ms is not None
        assert job.finished_ms is not None
        assert job.expires_ms - job.finished_ms == pytest.approx(7 * 86_400_000, abs=1000)


def test_every_read_says_that_a_video_has_expired(inside: Inside, key: Credentials) -> None:
    ref = expired(inside, key).object_id
    (item,) = results(inside, key, ref)
    assert (item["status"], item["error"]) == (3, "The video resource has expired")
    assert "video_url" not in item
    assert item["deduction_credit"] == 30  # it was made, and paid for
    older = get(inside, key, INFO, video_model_id=ref).json()["data"]
    assert (older["video_status"], older["video"], older["error"]) == (3, "", "The video resource has expired")


# Everywhere --------------------------------------------------------------------------------

ROUTES = [
    ("POST", f"{BASE}/createBySourcePrompt"),
    ("POST", f"{BASE}/createBySourcePrompt/batch"),
    ("POST", f"{BASE}/resultsByIds"),
    ("GET", f"{BASE}/effects"),
    ("POST", f"{BASE}/updateVideoAudio"),
    ("POST", f"{BASE}/delbyids"),
    ("GET", MODELS),
    ("GET", INFO),
    ("GET", LIST),
    ("GET", "/api/open/v3/faceswap/quota/info"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_asks_who_calls(inside: Inside, method: str, path: str) -> None:
    def code(**headers: str) -> int:
        answer = inside.client.request(method, path, headers=headers)
        assert answer.status_code == 200
        assert set(answer.json()) == {"code", "msg"}
        found: int = answer.json()["code"]
        return found

    assert code() == 1102
    assert code(authorization="Bearer nonsense") == 1101
    assert code(**{"x-api-key": "x" * 24}) == 1109


def test_the_examples_of_the_page_work(inside: Inside, key: Credentials) -> None:
    """Every example of every AKOOL route is sent; ids and credentials in it stand for those of the caller."""
    described = inside.client.get("/openapi.json").json()
    tried = set()
    for path, methods in described["paths"].items():
        if not path.startswith("/api/open/"):
            continue
        for method, operation in methods.items():
            assert operation["tags"] == ["AKOOL"], path
            for body, query in _examples(operation, described):
                own = _with_own(inside, key, body)
                asked = {name: _with_own(inside, key, value) for name, value in query.items()}
                answer = inside.client.request(method, path, json=own, params=asked, headers=head(key)).json()
                assert answer["code"] == 1000, (path, own, answer)
                tried.add((method.upper(), path))
    assert tried == {*ROUTES, ("POST", "/api/open/v3/getToken")}


def _examples(operation: dict[str, Any], described: dict[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
    query = {
        parameter["name"]: parameter["schema"]["examples"][0]
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query" and parameter.get("required")
    }
    if "requestBody" not in operation:
        return [(None, query)]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return [(example, query) for example in schema["examples"]]


def _with_own(inside: Inside, key: Credentials, value: Any) -> Any:
    """``value`` with the caller's own videos and credentials in place of the example's."""
    if isinstance(value, str):
        return SAMPLE_ID.sub(lambda _: finished(inside, key, video_length=5, resolution="720p"), value)
    if isinstance(value, dict) and "clientId" in value:
        return {"clientId": key.client_id, "clientSecret": key.client_secret}
    if isinstance(value, dict):
        return {name: _with_own(inside, key, item) for name, item in value.items()}
    return value


def test_no_error_of_the_tree_lacks_a_code() -> None:
    def leaves(kind: type[PhotoplayError]) -> list[type[PhotoplayError]]:
        return [kind, *(leaf for child in kind.__subclasses__() for leaf in leaves(child))]

    assert all(1003 <= codes.code_for(kind, {}) <= 1223 for kind in leaves(PhotoplayError))
