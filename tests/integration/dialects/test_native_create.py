"""photoplay's own API: everything that a request can say, in JSON and in a form with files."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from photoplay.accounts import Credentials
from photoplay.jobs.job import JobRequest, MediaRef
from support.files import jpeg
from support.inside import Inside

PHOTO = jpeg()
OTHER = jpeg() + b"other"
MASK = jpeg() + b"mask"
SOUND = b"RIFF\0\0\0\0WAVEfmt "
SHOT = {"moves": [{"kind": "dolly", "amount": 1.5, "start": 0.0, "end": 0.5, "ease": "in"}]}
PATH = [{"x": 0.1, "y": 0.2}, {"x": 0.3, "y": 0.2}]


def head(key: Credentials) -> dict[str, str]:
    return {"authorization": f"Bearer {key.api_key}"}


def send(inside: Inside, key: Credentials, parts: list[tuple[str, Any]], **headers: str) -> httpx.Response:
    """A form; text parts have no file name."""
    files = [(name, (None, part) if isinstance(part, str) else part) for name, part in parts]
    return inside.client.post("/v1/jobs", files=files, headers=head(key) | headers)


def asked(inside: Inside, answer: httpx.Response) -> JobRequest:
    assert answer.status_code == 201, answer.text
    return inside.job(answer.json()["id"]).request


def data_of(inside: Inside, ref: MediaRef | None) -> bytes:
    assert ref is not None
    assert ref.key is not None
    return inside.runtime.storage.get_bytes(ref.key)


def refused(inside: Inside, key: Credentials, answer: httpx.Response, code: str, field: str) -> None:
    assert answer.status_code == 422, answer.text
    body = answer.json()
    assert (body["code"], body["field"]) == (code, field), body
    assert inside.credit(key.account_id) == (1000, 0)


def test_a_form_can_say_everything(inside: Inside, key: Credentials) -> None:
    answer = send(
        inside,
        key,
        [
            ("images", ("one.jpg", PHOTO, "image/jpeg")),
            ("images", "https://images.example.com/two.jpg"),
            ("images", ("three.jpg", OTHER, "image/jpeg")),
            ("last_image", ("last.jpg", PHOTO, "image/jpeg")),
            ("prompt", "calm"),
            ("negative_prompt", "shaky"),
            ("extend_prompt", "true"),
            ("shot", json.dumps(SHOT)),
            ("brushes", json.dumps([{"mask": {"part": "brush"}, "trajectory": PATH, "unit": "pixels"}])),
            ("brush", ("mask.png", MASK, "image/png")),
            ("duration_s", "7.5"),
            ("resolution", "1280x720"),
            ("aspect_ratio", "16:9"),
            ("fps", "30"),
            ("audio", ("music.wav", SOUND, "audio/wav")),
            ("seed", "5"),
            ("quality", "pro"),
            ("watermark", "1"),
            ("callback_url", "https://example.com/hook"),
            ("external_id", "mine"),
            ("effect", ""),
        ],
    )
    request = asked(inside, answer)
    assert [image.name for image in request.images] == ["one.jpg", "two.jpg", "three.jpg"]
    assert data_of(inside, request.images[0]) == PHOTO
    assert request.images[1].url == "https://images.example.com/two.jpg"
    assert data_of(inside, request.images[2]) == OTHER
    assert data_of(inside, request.last_image) == PHOTO
    assert data_of(inside, request.brushes[0].mask) == MASK
    assert (request.brushes[0].unit, len(request.brushes[0].trajectory)) == ("pixels", 2)
    assert request.audio.mode == "file"
    assert data_of(inside, request.audio.file) == SOUND
    assert request.shot is not None
    assert (request.shot.moves[0].kind, request.shot.moves[0].ease) == ("dolly", "in")
    said = request.model_dump(
        include={
            "prompt", "negative_prompt", "extend_prompt", "duration_s", "resolution", "aspect_ratio", "fps", "seed",
            "quality", "watermark", "callback_url", "external_id", "effect",
        }
    )  # fmt: skip
    assert said == {
        "prompt": "calm", "negative_prompt": "shaky", "extend_prompt": True, "duration_s": 7.5,
        "resolution": "1280x720", "aspect_ratio": "16:9", "fps": 30, "seed": 5, "quality": "pro", "watermark": True,
        "callback_url": "https://example.com/hook", "external_id": "mine", "effect": None,
    }  # fmt: skip
    shown = answer.json()["request"]
    assert [image["name"] for image in shown["images"]] == ["one.jpg", "two.jpg", "three.jpg"]
    assert shown["last_image"] == {"url": None, "name": "last.jpg"}
    assert shown["brushes"] == [{"mask": {"url": None, "name": "mask.png"}, "trajectory": PATH, "unit": "pixels"}]
    assert (shown["audio"], shown["audio_file"]) == ("file", {"url": None, "name": "music.wav"})


def test_the_whole_body_may_be_one_part(inside: Inside, key: Credentials) -> None:
    whole = {"images": [{"part": "a"}, {"part": "a"}], "prompt": "calm", "shot": SHOT, "seed": 3}
    answer = send(inside, key, [("request", json.dumps(whole)), ("a", ("a.jpg", PHOTO)), ("prompt", "calmer")])
    request = asked(inside, answer)
    assert (request.prompt, request.seed) == ("calmer", 3)
    assert request.images[0].key == request.images[1].key  # stored once


def test_json_can_carry_a_photo(inside: Inside, key: Credentials) -> None:
    photo = PHOTO + bytes(2_000_000)
    url = "data:image/jpeg;base64," + base64.b64encode(photo).decode()
    answer = inside.client.post("/v1/jobs", json={"images": [url], "prompt": "x"}, headers=head(key))
    assert data_of(inside, asked(inside, answer).images[0]) == photo


def test_a_plain_form_without_files_works_too(inside: Inside, key: Credentials) -> None:
    answer = inside.client.post(
        "/v1/jobs", data={"images": "https://images.example.com/a.jpg", "audio": "generate"}, headers=head(key)
    )
    assert asked(inside, answer).audio.mode == "generate"


def test_a_form_that_is_repeated_is_one_job(inside: Inside, key: Credentials) -> None:
    parts: list[tuple[str, Any]] = [("images", ("one.jpg", PHOTO, "image/jpeg")), ("prompt", "calm")]
    first, again = (send(inside, key, parts, **{"idempotency-key": "k"}) for _ in range(2))
    assert (first.status_code, first.json()["id"]) == (again.status_code, again.json()["id"])
    assert inside.credit(key.account_id) == (980, 20)
    parts[0] = ("images", ("one.jpg", OTHER, "image/jpeg"))
    answer = send(inside, key, parts, **{"idempotency-key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")


@pytest.mark.parametrize(
    ("parts", "code", "field"),
    [
        ([("prompt", "x")], "missing_field", "images"),
        ([("images", ("a.jpg", b""))], "invalid_field", "images.0"),
        ([("images", ("a.txt", b"no photo"))], "invalid_field", "images.0"),
        ([("images", ("a.jpg", PHOTO)), ("shot", "{no JSON")], "invalid_field", "shot"),
        (
            [("images", ("a.jpg", PHOTO)), ("shot", '{"moves": [{"kind": "fly"}]}')],
            "invalid_field",
            "shot.moves.0.kind",
        ),
        ([("images", ("a.jpg", PHOTO)), ("stray", ("b.jpg", PHOTO))], "invalid_field", "stray"),
        ([("images", ("a.jpg", PHOTO)), ("brushes", '[{"mask": {"part": "gone"}}]')], "invalid_field", "gone"),
        ([("images", ("a.jpg", PHOTO)), ("seed", "1"), ("seed", "2")], "invalid_field", "seed"),
        ([("images", ("a.jpg", PHOTO)), ("audio", ("a.mp3", b""))], "invalid_field", "audio.file"),
        ([("images", ("a.jpg", PHOTO)), ("promt", "typo")], "invalid_field", "promt"),
        ([("request", "[]")], "invalid_field", "body"),
        ([("request", "{")], "invalid_field", "body"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_form_is_refused_and_costs_nothing(
    inside: Inside, key: Credentials, parts: list[tuple[str, Any]], code: str, field: str
) -> None:
    refused(inside, key, send(inside, key, parts), code, field)


def test_what_is_no_form_and_no_json_is_refused(inside: Inside, key: Credentials) -> None:
    for body, kind in ((b"[1]", "application/json"), (b"nonsense", "text/plain"), (b"\xff", "application/json")):
        answer = inside.client.post("/v1/jobs", content=body, headers=head(key) | {"content-type": kind})
        refused(inside, key, answer, "invalid_field", "body")
    broken = {"content-type": "multipart/form-data; boundary=x"}
    answer = inside.client.post("/v1/jobs", content=b"--y\r\n\r\n", headers=head(key) | broken)
    assert answer.status_code == 422


def test_a_file_that_is_too_large_is_413(inside: Inside, key: Credentials) -> None:
    large = PHOTO + bytes(inside.runtime.settings.max_upload_bytes)
    answer = send(inside, key, [("images", ("a.jpg", large))])
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")


# Files and lists -----------------------------------------------------------------------------------------------------


def make(inside: Inside, key: Credentials, **more: Any) -> str:
    body = {"images": ["https://images.example.com/a.jpg"]} | more
    answer = inside.client.post("/v1/jobs", json=body, headers=head(key))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_the_files_of_a_job_are_listed_and_downloaded(inside: Inside, key: Credentials) -> None:
    job_id = make(inside, key)
    path = f"/v1/jobs/{job_id}/artifacts"
    assert inside.client.get(path, headers=head(key)).json() == {"files": []}
    early = inside.client.get(f"{path}/video", headers=head(key))
    assert (early.status_code, early.json()["code"]) == (409, "job_not_finished")
    inside.finish(job_id, data=b"0123456789")
    (file,) = inside.client.get(path, headers=head(key)).json()["files"]
    assert (file["kind"], file["size_bytes"]) == ("video", 10)
    assert inside.client.get(file["url"]).content == b"0123456789"
    whole = inside.client.get(f"{path}/video", headers=head(key), follow_redirects=True)
    assert (whole.content, whole.headers["content-type"]) == (b"0123456789", "video/mp4")
    part = inside.client.get(f"{path}/video", headers=head(key) | {"range": "bytes=2-4"}, follow_redirects=True)
    assert (part.status_code, part.content) == (206, b"234")
    assert inside.client.head(f"{path}/video", headers=head(key)).headers["content-length"] == "10"
    for kind in ("thumbnail", "nonsense"):
        answer = inside.client.get(f"{path}/{kind}", headers=head(key))
        assert (answer.status_code, answer.json()["code"]) == (404, "artifact_not_found")
    other = inside.runtime.accounts.create("other", "pro", 0)
    for stranger, status in ((head(other), 404), ({}, 401)):
        assert inside.client.get(f"{path}/video", headers=stranger).status_code == status
        assert inside.client.get(path, headers=stranger).status_code == status


def test_lists_are_narrowed_by_model_and_time(inside: Inside, key: Credentials) -> None:
    plain = [make(inside, key) for _ in range(2)]
    sora = make(inside, key, model="sora-2", resolution="1280x720", duration_s=4)

    def ids(**params: Any) -> list[str]:
        answer = inside.client.get("/v1/jobs", params=params, headers=head(key))
        assert answer.status_code == 200, answer.text
        return [job["id"] for job in answer.json()["jobs"]]

    assert ids(model="sora-2") == [sora]
    assert ids(order="asc") == [*plain, sora]
    made = [inside.client.get(f"/v1/jobs/{job}", headers=head(key)).json()["created_at"] for job in (*plain, sora)]
    assert ids(created_from=made[2]) == [sora] if made[2] != made[1] else True
    assert set(ids(created_before="2100-01-01T00:00:00Z")) == {*plain, sora}
    assert ids(created_from="2100-01-01T00:00:00+02:00") == []
    assert plain[0] in ids(created_from=made[0])
    for bad in ({"created_from": "yesterday"}, {"created_from": "2026-01-01T00:00:00"}, {"order": "up"}):
        assert inside.client.get("/v1/jobs", params=bad, headers=head(key)).status_code == 422


def test_a_list_goes_on_when_the_last_job_of_a_page_was_deleted(inside: Inside, key: Credentials) -> None:
    made = [make(inside, key) for _ in range(4)]
    for job_id in made:
        inside.finish(job_id)
    page = inside.client.get("/v1/jobs", params={"limit": 2}, headers=head(key)).json()
    assert inside.client.delete(f"/v1/jobs/{page['next_cursor']}", headers=head(key)).status_code == 204
    rest = inside.client.get("/v1/jobs", params={"cursor": page["next_cursor"]}, headers=head(key)).json()
    assert [job["id"] for job in rest["jobs"]] == made[1::-1]
    other = inside.runtime.accounts.create("other", "pro", 0)
    stranger = inside.client.get("/v1/jobs", params={"cursor": page["next_cursor"]}, headers=head(other))
    assert stranger.status_code == 404
