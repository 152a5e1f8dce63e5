"""Kling's tasks over HTTP: ids, repeats, lists, prefixes, images in base64, the end of tasks, callbacks in the outbox."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from photoplay.accounts import Credentials
from photoplay.jobs.job import JobState
from photoplay.settings import Settings
from support import kling_samples as samples
from support.files import jpeg
from support.inside import Inside, served

MULTI = "/v1/videos/multi-image2video"
IMAGE = "/v1/videos/image2video"
BODY = {"image": "https://example.com/a.jpg", "prompt": "zoom in"}
PIXELS = base64.b64encode(jpeg(400, 300)).decode()


def head(key: Credentials) -> dict[str, str]:
    return {"Authorization": f"Bearer {key.api_key}"}


def post(inside: Inside, key: Credentials, path: str = IMAGE, **body: Any) -> httpx.Response:
    return inside.client.post(path, json=body or BODY, headers=head(key))


def made(inside: Inside, key: Credentials, path: str = IMAGE, **body: Any) -> str:
    answer = post(inside, key, path, **body)
    assert answer.status_code == 200, answer.text
    task_id: str = answer.json()["data"]["task_id"]
    return task_id


def listed(inside: Inside, key: Credentials, path: str = IMAGE, **params: Any) -> list[str]:
    answer = inside.client.get(path, params=params, headers=head(key))
    assert answer.status_code == 200, answer.text
    return [task["task_id"] for task in answer.json()["data"]]


def query(inside: Inside, key: Credentials, ref: str, path: str = IMAGE) -> httpx.Response:
    return inside.client.get(f"{path}/{ref}", headers=head(key))


# Repeats ---------------------------------------------------------------------------------------------------------


def test_the_same_external_id_is_the_same_task_and_charged_once(inside: Inside, key: Credentials) -> None:
    tries = [made(inside, key, **BODY, external_task_id="order 7") for _ in range(3)]
    assert len(set(tries)) == 1
    assert inside.credit(key.account_id) == (970, 30)
    inside.finish(tries[0])
    assert made(inside, key, **BODY, external_task_id="order 7") == tries[0]
    assert inside.credit(key.account_id) == (970, 0)


def test_a_repeat_sends_its_image_again(inside: Inside, key: Credentials) -> None:
    tries = [made(inside, key, image=PIXELS, external_task_id="again") for _ in range(2)]
    assert tries[0] == tries[1]


def test_another_request_with_that_external_id_is_refused(inside: Inside, key: Credentials) -> None:
    made(inside, key, **BODY, external_task_id="taken")
    for change in ({"prompt": "zoom out"}, {"image": "https://example.com/b.jpg"}, {"duration": "10"}):
        answer = post(inside, key, **(BODY | change), external_task_id="taken")
        assert (answer.status_code, answer.json()["code"]) == (400, 1201)
        assert "'taken' already exists" in answer.json()["message"]
    assert inside.credit(key.account_id) == (970, 30)


def test_external_ids_are_an_accounts_own(inside: Inside, key: Credentials) -> None:
    other = inside.runtime.accounts.create("other", "business", 1000)
    first = made(inside, key, **BODY, external_task_id="shared")
    second = made(inside, other, **BODY, external_task_id="shared")
    assert first != second
    for caller, own, foreign in ((key, first, second), (other, second, first)):
        assert query(inside, caller, "shared").json()["data"]["task_id"] == own
        assert (query(inside, caller, foreign).status_code, query(inside, caller, foreign).json()["code"]) == (
            404,
            1203,
        )


@pytest.mark.parametrize("name", ["a b", "ü/ö?", "100%", "..", "x" * 200, "913827032734642185"])
def test_external_ids_in_the_path(inside: Inside, key: Credentials, name: str) -> None:
    task_id = made(inside, key, **BODY, external_task_id=name)
    told = inside.client.get(f"{IMAGE}/{quote(name, safe='').replace('.', '%2E')}", headers=head(key))
    assert told.status_code == 200, told.text
    assert told.json()["data"]["task_id"] == task_id
    assert told.json()["data"]["task_info"] == {"external_task_id": name}


# Lists -----------------------------------------------------------------------------------------------------------


def test_each_call_lists_its_own(inside: Inside, key: Credentials) -> None:
    several = [made(inside, key, MULTI, **samples.MULTI_IMAGE_BODY | {"external_task_id": str(n)}) for n in range(3)]
    single = [made(inside, key) for _ in range(2)]
    native = inside.client.post(
        "/v1/jobs", json={"images": ["https://example.com/a.jpg"]}, headers={"x-api-key": key.api_key}
    ).json()["id"]
    number = inside.job(native).number
    assert listed(inside, key, MULTI) == several[::-1]
    assert listed(inside, key, IMAGE) == [number, *single[::-1]]
    assert query(inside, key, number, MULTI).json()["data"]["task_id"] == number


def test_pages(inside: Inside, key: Credentials) -> None:
    tasks = [made(inside, key) for _ in range(5)][::-1]
    assert listed(inside, key, pageNum=1, pageSize=2) == tasks[:2]
    assert listed(inside, key, pageNum=3, pageSize=2) == tasks[4:]
    assert listed(inside, key, pageNum=4, pageSize=2) == []
    assert listed(inside, key, pageSize=500) == tasks
    for wrong in ({"pageNum": 0}, {"pageNum": 1001}, {"pageSize": 0}, {"pageSize": 501}, {"pageNum": "x"}):
        answer = inside.client.get(IMAGE, params=wrong, headers=head(key))
        assert (answer.status_code, answer.json()["code"]) == (400, 1201), answer.text


# The life of a task ----------------------------------------------------------------------------------------------


def test_states_of_a_task(inside: Inside, key: Credentials) -> None:
    task_id = made(inside, key)
    seen = [query(inside, key, task_id).json()["data"]]
    inside.begin(task_id)
    seen.append(query(inside, key, task_id).json()["data"])
    inside.finish(task_id)
    seen.append(query(inside, key, task_id).json()["data"])
    assert [task["task_status"] for task in seen] == ["submitted", "processing", "succeed"]
    assert [task["final_unit_deduction"] for task in seen] == [None, None, "30"]
    assert [len(task["task_result"]["videos"]) for task in seen] == [0, 0, 1]
    assert seen[0]["updated_at"] <= seen[1]["updated_at"] <= seen[2]["updated_at"]
    assert "watermark_url" not in seen[2]["task_result"]["videos"][0]


def test_a_failed_and_a_canceled_task(inside: Inside, key: Credentials) -> None:
    small, canceled = made(inside, key), made(inside, key)
    inside.fail(small, "image_too_small", "the image has 338x191 pixels; each side needs at least 300")
    task = query(inside, key, small).json()["data"]
    assert (task["task_status"], task["task_status_msg"]) == ("failed", "Image pixel is invalid")
    assert task["final_unit_deduction"] == "0"
    inside.runtime.service.cancel(key.account_id, inside.job(canceled).id)
    assert query(inside, key, canceled).json()["data"]["task_status"] == "failed"
    assert inside.credit(key.account_id) == (1000, 0)


def test_a_video_is_kept_for_thirty_days(inside: Inside, key: Credentials) -> None:
    job = inside.finish(made(inside, key))
    assert job.finished_ms is not None
    assert job.expires_ms is not None
    assert abs(job.expires_ms - job.finished_ms - 30 * 86400 * 1000) < 60_000


def test_expired_and_deleted_tasks_are_gone(inside: Inside, key: Credentials) -> None:
    expired, deleted, kept = (made(inside, key) for _ in range(3))
    inside.finish(expired)
    with inside.runtime.engine.begin() as connection:
        assert inside.runtime.store.mark(
            connection, inside.job(expired).id, JobState.EXPIRED, from_states=[JobState.SUCCEEDED]
        )
    inside.finish(deleted)
    inside.runtime.service.delete(key.account_id, inside.job(deleted).id)
    for ref in (expired, deleted):
        answer = query(inside, key, ref)
        assert (answer.status_code, answer.json()["code"]) == (404, 1203)
    assert listed(inside, key) == [kept]


# Requests --------------------------------------------------------------------------------------------------------


def test_images_in_base64_are_stored_once(inside: Inside, key: Credentials) -> None:
    other = base64.b64encode(jpeg(500, 400)).decode()
    job = inside.job(made(inside, key, MULTI, prompt="x", image_list=[{"image": i} for i in (PIXELS, other, PIXELS)]))
    first, second, third = job.request.images
    assert first.key == third.key != second.key
    assert first.key is not None
    assert b"".join(inside.runtime.storage.stream(first.key)) == jpeg(400, 300)
    assert [image.url for image in job.request.images] == [None] * 3


def test_what_the_engine_is_asked_for(inside: Inside, key: Credentials) -> None:
    control = {"type": "simple", "config": {"tilt": -5}}
    job = inside.job(made(inside, key, **BODY, camera_control=control, sound="on", mode="pro", model_name="kling-v2-6"))
    order = inside.runtime.store.order(job.id)
    assert order is not None
    assert (order.quote["short_side"], order.quote["fps"], order.quote["quality"]) == (1080, 30, "pro")
    assert order.quote["image_rules"] == {
        "formats": ["image/jpeg", "image/png"], "max_bytes": 10_485_760, "min_side": 300, "max_shape": 2.5
    }  # fmt: skip
    assert job.request.audio.mode == "generate"
    assert job.request.shot is not None
    assert job.request.shot.moves[0].amount == -1.0


@pytest.mark.parametrize("prefix", ["", "/kling", "/proxy/kling"])
def test_prefixes(inside: Inside, key: Credentials, prefix: str) -> None:
    task_id = made(inside, key, f"{prefix}{IMAGE}", **BODY)
    assert query(inside, key, task_id, f"{prefix}{IMAGE}").json()["data"]["task_id"] == task_id
    assert listed(inside, key, f"{prefix}{IMAGE}") == [task_id]
    several = made(inside, key, f"{prefix}{MULTI}", **samples.MULTI_IMAGE_BODY)
    assert listed(inside, key, f"{prefix}{MULTI}") == [several]
    costs = inside.client.get(f"{prefix}/account/costs", params={"start_time": 0, "end_time": 1}, headers=head(key))
    assert costs.status_code == 200


def test_openai_keeps_its_paths(inside: Inside, key: Credentials) -> None:
    task_id = made(inside, key)
    told = inside.client.get(f"/v1/videos/{inside.job(task_id).id}", headers=head(key)).json()
    assert (told["object"], told["model"], told["size"]) == ("video", "kling-v1", "1280x720")


def test_callbacks_wait_in_the_outbox_in_order(inside: Inside, key: Credentials) -> None:
    task_id = made(inside, key, **BODY, callback_url="https://hooks.example.com/kling")
    inside.finish(task_id)
    events = inside.runtime.outbox.list(job_id=inside.job(task_id).id)
    told = []
    for event in sorted(events, key=lambda each: each.seq):
        delivery = inside.runtime.callbacks.compose(event)
        assert delivery is not None
        assert delivery.url == "https://hooks.example.com/kling"
        told.append(delivery)
    assert [b'"task_status":"%s"' % word in each.body for word, each in zip(
        (b"submitted", b"processing", b"succeed"), told, strict=True)] == [True] * 3  # fmt: skip
    assert inside.runtime.outbox.list(job_id=inside.job(made(inside, key, **BODY, callback_url="")).id) == []


def test_an_operators_manner(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("strict"),
        kling_strict_duration=True,
        kling_trajectory_origin="top-left",
        kling_film_terms=True,
        kling_codes={"unknown_model": 1201, "job_not_found": 1200},
    )
    with served(settings) as inside:
        key = inside.runtime.accounts.create("tester", "business", 1000)
        assert post(inside, key, **BODY, duration=5).json()["code"] == 1201
        assert post(inside, key, **BODY, model_name="none").json()["code"] == 1201
        assert (query(inside, key, "none").status_code, query(inside, key, "none").json()["code"]) == (400, 1200)
        job = inside.job(made(inside, key, **samples.IMAGE_BODY))
        assert job.request.brushes[1].unit == "pixels"
        shot = inside.job(made(inside, key, **BODY, camera_control={"config": {"pan": 5}})).request.shot
        assert shot is not None
        assert shot.moves[0].kind == "pan"
