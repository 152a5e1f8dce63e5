"""Keevx's answers, field by field against the vendor's samples: names, types, presence, order; and OpenAPI's examples."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from photoplay.accounts import Credentials
from support import keevx_samples as vendor
from support.files import jpeg
from support.inside import Inside

from .conftest import Site

PATH = "/v1/image_to_video"
UPLOAD = "/v1/figure-resource/upload/file"
TASK_ID = re.compile(r"i2v-[0-9a-f]{32}")


def shape(value: Any) -> Any:
    """Names in order, and types; an array has the shapes of its items."""
    if isinstance(value, dict):
        return [(name, shape(item)) for name, item in value.items()]
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__


def head(key: Credentials) -> dict[str, str]:
    return {"authorization": f"Bearer {key.api_key}", "source": "skill"}  # as the vendor's skill sends


def create(inside: Inside, key: Credentials, body: dict[str, Any]) -> httpx.Response:
    return inside.client.post(PATH, json=body, headers=head(key))


def query(inside: Inside, key: Credentials, task_id: str) -> dict[str, Any]:
    answer = inside.client.get(f"{PATH}/{task_id}", headers=head(key))
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_samples_body_is_taken_as_it_is(changed: Inside, other_key: Credentials) -> None:
    answer = create(changed, other_key, vendor.CREATE_BODY)
    assert answer.status_code == 200, answer.text
    request = changed.job(answer.json()["data"]["task_ids"][0].removeprefix("i2v-")).request
    assert (request.model, request.prompt) == (vendor.CREATE_BODY["model"], vendor.CREATE_BODY["prompt"])
    assert [image.url for image in request.images] == [vendor.CREATE_BODY["image_url"]]
    assert (request.aspect_ratio, request.resolution, request.duration_s) == ("16:9", "1080p", 6.0)
    assert (request.audio.mode, request.callback_url) == ("generate", vendor.CREATE_BODY["callback_url"])


def test_create_answers_as_the_sample_does(inside: Inside, key: Credentials, site: Site) -> None:
    body = vendor.CREATE_BODY | {"image_url": site("/start.jpg"), "generate_count": 2}
    answer = create(inside, key, body)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert shape(answer.json()) == shape(vendor.CREATE_ANSWER)
    assert (answer.json()["code"], answer.json()["msg"]) == (0, "ok")
    assert all(TASK_ID.fullmatch(task_id) for task_id in answer.json()["data"]["task_ids"])


@pytest.mark.parametrize("field", [name for name in vendor.EXAMPLES if name not in ("image_url", "reference_images")])
def test_each_fields_example_is_taken(changed: Inside, other_key: Credentials, field: str) -> None:
    body = vendor.body("V", "start", aspect_resolution="720p") | {field: vendor.EXAMPLES[field]}
    assert create(changed, other_key, body).status_code == 200


def test_the_example_of_several_images_is_taken(changed: Inside, other_key: Credentials) -> None:
    for model in ("V", "KL"):
        body = vendor.body(model, "several", reference_images=vendor.EXAMPLES["reference_images"])
        made = create(changed, other_key, body).json()["data"]["task_ids"]
        images = changed.job(made[0].removeprefix("i2v-")).request.images
        assert [image.url for image in images] == vendor.REFERENCES


@pytest.mark.parametrize("field", vendor.REQUIRED)
def test_what_the_page_calls_required_is(changed: Inside, other_key: Credentials, field: str) -> None:
    body = {name: value for name, value in vendor.CREATE_BODY.items() if name != field}
    answer = create(changed, other_key, body)
    assert (answer.status_code, answer.json()) == (
        400,
        {"code": 100001, "msg": f"Parameter error: {field} cannot be empty"},
    )


def test_the_sample_of_an_error(inside: Inside, key: Credentials) -> None:
    answer = create(inside, key, vendor.CREATE_BODY | {"prompt": ""})
    assert answer.json() == vendor.ERROR_ANSWER
    assert list(answer.json()) == list(vendor.ERROR_ANSWER)  # and no data


def test_a_task_reads_as_the_sample_does_in_every_state(inside: Inside, key: Credentials, site: Site) -> None:
    body = vendor.body("V", "start", image_url=site("/start.jpg"), duration=8, aspect_ratio="9:16")
    task_id = create(inside, key, body).json()["data"]["task_ids"][0]
    ref = task_id.removeprefix("i2v-")
    waiting = query(inside, key, task_id)
    assert shape(waiting) == shape(vendor.TASK_ANSWER)
    assert waiting["data"] == {
        "task_id": task_id,
        "status": "PENDING",
        "video_url": "",
        "thumbnail_url": "",
        "error_message": "",
        "duration": 8,
        "width": 720,
        "height": 1280,
    }
    inside.begin(ref)
    assert query(inside, key, task_id)["data"] == waiting["data"] | {"status": "PROCESSING"}
    inside.finish(ref, duration_s=8.0, thumbnail=b"RIFF\0\0\0\0WEBP")
    done = query(inside, key, task_id)
    assert shape(done) == shape(vendor.TASK_ANSWER)
    assert (done["code"], done["msg"], done["data"]["status"], done["data"]["duration"]) == (0, "ok", "SUCCEEDED", 8)
    assert done["data"]["video_url"].endswith(f"/{task_id}.mp4")
    assert done["data"]["thumbnail_url"].endswith(".webp")
    failed_id = create(inside, key, body).json()["data"]["task_ids"][0]
    inside.fail(failed_id.removeprefix("i2v-"), message="The photo is broken.")
    failed = query(inside, key, failed_id)
    assert shape(failed) == shape(vendor.TASK_ANSWER)
    assert (failed["code"], failed["data"]["status"], failed["data"]["error_message"]) == (
        0,
        "FAILED",
        "The photo is broken.",
    )
    canceled_id = create(inside, key, body).json()["data"]["task_ids"][0]
    inside.runtime.service.cancel(key.account_id, canceled_id.removeprefix("i2v-"))
    assert query(inside, key, canceled_id)["data"]["status"] == "FAILED"


def test_an_upload_answers_as_the_sample_does(inside: Inside, key: Credentials) -> None:
    answer = inside.client.post(UPLOAD, files={"file": ("photo.jpg", jpeg(), "image/jpeg")}, headers=head(key))
    assert answer.status_code == 200
    assert shape(answer.json()) == shape(vendor.UPLOAD_ANSWER)
    told, sample = answer.json(), vendor.UPLOAD_ANSWER
    assert (told["code"], told["success"], told["message"]) == (0, True, sample["message"])
    assert told["result"]["fileName"] == "photo.jpg"
    assert inside.client.get(told["result"]["url"]).content == jpeg()


def test_the_callback_has_the_samples_fields(inside: Inside, key: Credentials, site: Site) -> None:
    body = vendor.CREATE_BODY | {"image_url": site("/start.jpg")}
    task_id = create(inside, key, body).json()["data"]["task_ids"][0]
    inside.finish(task_id.removeprefix("i2v-"), thumbnail=b"RIFF\0\0\0\0WEBP")
    events = [event for event in inside.runtime.outbox.list(account_id=key.account_id) if event.event == "succeeded"]
    sent = inside.runtime.callbacks.compose(events[0])
    assert sent is not None
    message = httpx.Response(200, content=sent.body).json()
    assert shape(message) == shape(vendor.CALLBACK)
    assert message["data"]["task_id"] == task_id
    assert {name: message[name] for name in ("code", "msg", "task_type")} == {
        name: vendor.CALLBACK[name] for name in ("code", "msg", "task_type")
    }
    for name in ("video_url", "thumbnail_url"):
        assert inside.client.get(message["data"][name]).status_code == 200


# OpenAPI ---------------------------------------------------------------------------------------------------------


def described(inside: Inside) -> dict[str, Any]:
    found: dict[str, Any] = inside.client.get("/openapi.json").json()
    return found


def schema_of(content: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    schema = content["application/json"]["schema"]
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"]["schemas"][name] if name else schema
    return found


def test_every_route_is_described(inside: Inside) -> None:
    document = described(inside)
    mine = {
        (method, path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation["tags"] == ["Keevx"]
    }
    assert set(mine) == {("post", PATH), ("get", PATH + "/{task_id}"), ("post", UPLOAD)}
    for operation in mine.values():
        assert operation["summary"]
        assert operation["description"]
        assert operation["security"]
        statuses = set(operation["responses"])
        assert {"200", "401"} <= statuses
        for status in statuses - {"200", "422"}:
            for example in operation["responses"][status]["content"]["application/json"]["examples"].values():
                assert list(example["value"]) == ["code", "msg"]


def test_the_examples_of_requests_work(changed: Inside, other_key: Credentials) -> None:
    document = described(changed)
    examples = schema_of(document["paths"][PATH]["post"]["requestBody"]["content"], document)["examples"]
    assert {example["model"] for example in examples} == {"V", "KL", "S"}
    for example in examples:
        answer = create(changed, other_key, example)
        assert answer.status_code == 200, answer.text
        assert len(answer.json()["data"]["task_ids"]) == example.get("generate_count", 1)


def test_the_examples_of_answers_are_like_the_answers(inside: Inside, key: Credentials, site: Site) -> None:
    document = described(inside)
    create_example, task_example = (
        schema_of(operation["responses"]["200"]["content"], document)["examples"][0]
        for operation in (document["paths"][PATH]["post"], document["paths"][PATH + "/{task_id}"]["get"])
    )
    made = create(inside, key, vendor.body("S", "start", image_url=site("/start.jpg"))).json()
    read = query(inside, key, made["data"]["task_ids"][0])
    for answer, example in ((made, create_example), (read, task_example)):
        assert set(answer) == set(example)  # a schema's examples have their names sorted
        assert dict(shape(answer["data"])) == dict(shape(example["data"]))
