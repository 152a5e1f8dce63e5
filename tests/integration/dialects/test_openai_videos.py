"""OpenAI's Videos routes over HTTP, against an app whose jobs stay where a test puts them."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from photoplay.accounts import Credentials
from photoplay.jobs.job import JobState
from support.files import jpeg
from support.inside import Inside

PHOTO_URL = "https://images.example.com/photo.jpg"
KEYS = [
    "id", "object", "model", "status", "progress", "created_at", "completed_at", "expires_at", "prompt", "size",
    "seconds", "quality", "remixed_from_video_id", "error",
]  # fmt: skip


def head(key: Credentials) -> dict[str, str]:
    return {"authorization": f"Bearer {key.api_key}"}


def post(inside: Inside, key: Credentials, **fields: Any) -> httpx.Response:
    body = {"prompt": "zoom in", "input_reference": {"image_url": PHOTO_URL}} | fields
    body = {name: value for name, value in body.items() if value is not ...}
    return inside.client.post("/v1/videos", json=body, headers=head(key))


def make(inside: Inside, key: Credentials, **fields: Any) -> dict[str, Any]:
    answer = post(inside, key, **fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ref(video: dict[str, Any]) -> str:
    return video["id"].removeprefix("video_")


def refused(answer: httpx.Response, status: int, code: str | None, param: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["error"]
    error = answer.json()["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert (error["code"], error["param"]) == (code, param)
    return error


# Create ----------------------------------------------------------------------------------------------------------


def test_create_from_json(inside: Inside, key: Credentials) -> None:
    answer = post(inside, key, model="sora-2", seconds="8", size="1280x720")
    video = answer.json()
    assert answer.status_code == 200
    assert list(video) == KEYS
    assert (video["object"], video["status"], video["progress"], video["quality"]) == ("video", "queued", 0, "standard")
    assert (video["model"], video["seconds"], video["size"], video["prompt"]) == ("sora-2", "8", "1280x720", "zoom in")
    assert [video[name] for name in ("completed_at", "expires_at", "remixed_from_video_id", "error")] == [None] * 4
    assert int(answer.headers["openai-poll-after-ms"]) > 0
    job = inside.job(ref(video))
    assert video["id"] == f"video_{job.id}"
    assert job.request.images[0].url == PHOTO_URL
    assert inside.credit(key.account_id) == (1000 - 32, 32)


def test_create_from_a_form_with_a_file(inside: Inside, key: Credentials) -> None:
    answer = inside.client.post(
        "/v1/videos",
        data={"prompt": "zoom in", "model": "sora-2-pro", "seconds": "4", "size": "1024x1792", "seed": "7"},
        files={"input_reference": ("input_reference.png", jpeg(), "image/png")},
        headers=head(key),
    )
    assert answer.status_code == 200, answer.text
    request = inside.job(ref(answer.json())).request
    photo = request.images[0]
    assert photo.key is not None
    assert inside.runtime.storage.get_bytes(photo.key) == jpeg()
    assert (photo.name, request.seed, request.resolution) == ("input_reference.png", 7, "1024x1792")
    assert inside.credit(key.account_id) == (1000 - 80, 80)


def test_create_from_a_form_with_a_named_photo(inside: Inside, key: Credentials) -> None:
    for name in ("input_reference[image_url]", "input_reference"):
        answer = inside.client.post(
            "/v1/videos", files={"prompt": (None, "x"), name: (None, PHOTO_URL)}, headers=head(key)
        )
        assert inside.job(ref(answer.json())).request.images[0].url == PHOTO_URL
        answer = inside.client.post("/v1/videos", data={"prompt": "x", name: PHOTO_URL}, headers=head(key))
        assert inside.job(ref(answer.json())).request.images[0].url == PHOTO_URL


def test_a_data_url_in_json_and_in_a_form(inside: Inside, key: Credentials) -> None:
    photo = jpeg() + bytes(1_500_000)  # more than a form field usually may have
    url = "data:image/jpeg;base64," + base64.b64encode(photo).decode()
    form = {"prompt": (None, "x"), "input_reference[image_url]": (None, url)}
    made = [
        make(inside, key, input_reference={"image_url": url}),
        inside.client.post("/v1/videos", files=form, headers=head(key)).json(),
    ]
    for video in made:
        stored = inside.job(ref(video)).request.images[0].key
        assert stored is not None
        assert inside.runtime.storage.get_bytes(stored) == photo


def test_a_file_uploaded_before(inside: Inside, key: Credentials) -> None:
    answer = inside.client.post(
        "/v1/files", data={"purpose": "vision"}, files={"file": ("me.jpg", jpeg())}, headers=head(key)
    )
    file = answer.json()
    assert (answer.status_code, file["object"], file["bytes"], file["filename"]) == (200, "file", len(jpeg()), "me.jpg")
    assert (file["purpose"], file["status"]) == ("vision", "processed")
    photo = inside.job(ref(make(inside, key, input_reference={"file_id": file["id"]}))).request.images[0]
    assert (photo.key, photo.name) == (f"uploads/{file['id'].removeprefix('file-')}", "me.jpg")
    other = inside.runtime.accounts.create("other", "pro", 100)
    for caller, file_id in ((other, file["id"]), (key, "file-unknown")):
        refused(post(inside, caller, input_reference={"file_id": file_id}), 400, "invalid_value", "input_reference")
    refused(inside.client.post("/v1/files", headers=head(key)), 400, "missing_required_parameter", "file")


@pytest.mark.parametrize(
    ("fields", "status", "code", "param"),
    [
        ({"input_reference": ...}, 400, "missing_required_parameter", "input_reference"),
        ({"input_reference": None}, 400, "missing_required_parameter", "input_reference"),
        ({"prompt": ...}, 400, "missing_required_parameter", "prompt"),
        ({"prompt": ""}, 400, "invalid_value", "prompt"),
        ({"prompt": ["x"]}, 400, "invalid_value", "prompt"),
        ({"prompt": "x" * 32_001}, 400, "string_above_max_length", "prompt"),
        ({"model": "sora-99"}, 404, "model_not_found", "model"),
        ({"seconds": "5"}, 400, "invalid_value", "seconds"),
        ({"size": "1x1"}, 400, "invalid_value", "size"),
        ({"width": 101, "height": 720}, 400, "invalid_value", "size"),
        ({"fps": 200}, 400, "invalid_value", "fps"),
        ({"num_frames": 5000}, 400, "invalid_value", "seconds"),
        ({"seed": "x"}, 400, "invalid_value", "seed"),
        ({"callback_url": "ftp://x"}, 400, "invalid_value", "callback_url"),
        ({"input_reference": {"image_url": "ftp://x/y.jpg"}}, 400, "invalid_value", "input_reference"),
        ({"input_reference": {"image_url": "data:image/png;base64,%%"}}, 400, "invalid_value", "input_reference"),
        ({"input_reference": {"image_url": "data:;base64,aGVsbG8="}}, 400, "invalid_value", "input_reference"),
        ({"input_reference": {"image_url": "data:;base64,"}}, 400, "invalid_value", "input_reference"),
        ({"input_reference": [{"file_id": "a"}, 5]}, 400, "invalid_value", "input_reference"),
        ({"input_reference": [PHOTO_URL, PHOTO_URL]}, 400, "array_above_max_length", "input_reference"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_refused(
    inside: Inside, key: Credentials, fields: dict[str, Any], status: int, code: str, param: str
) -> None:
    assert refused(post(inside, key, **fields), status, code, param)["type"] == "invalid_request_error"
    assert inside.credit(key.account_id) == (1000, 0)


def test_without_an_image_the_message_says_what_this_service_does(inside: Inside, key: Credentials) -> None:
    error = refused(post(inside, key, input_reference=...), 400, "missing_required_parameter", "input_reference")
    assert "animates images" in error["message"]


def test_a_file_that_is_no_image(inside: Inside, key: Credentials) -> None:
    for data in (b"plain text", b"", b"%PDF-1.7"):
        answer = inside.client.post(
            "/v1/videos", data={"prompt": "x"}, files={"input_reference": ("a.jpg", data)}, headers=head(key)
        )
        refused(answer, 400, "invalid_value", "input_reference")


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b"\xff\xfe", b"[" * 100_000], ids=lambda body: repr(body[:8]))
def test_bodies_that_cannot_be_read(inside: Inside, key: Credentials, body: bytes) -> None:
    answer = inside.client.post("/v1/videos", content=body, headers=head(key))
    refused(answer, 400, "invalid_value", "body")


def test_a_broken_form(inside: Inside, key: Credentials) -> None:
    headers = head(key) | {"content-type": "multipart/form-data; boundary=x"}
    answer = inside.client.post("/v1/videos", content=b"--y\r\nnonsense", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_body_that_is_too_large(inside: Inside, key: Credentials) -> None:
    files = {"input_reference": ("a.jpg", jpeg() + bytes(40 * 1024 * 1024))}
    answer = inside.client.post("/v1/videos", data={"prompt": "x"}, files=files, headers=head(key))
    refused(answer, 413, "file_too_large")


def test_a_plan_that_does_not_include_it_and_too_few_credits(inside: Inside) -> None:
    free = inside.runtime.accounts.create("free", "free", 1000)
    answer = post(inside, free, seconds="12")
    assert refused(answer, 403, "plan_required", "seconds")["type"] == "permission_error"
    poor = inside.runtime.accounts.create("poor", "business", 10)
    answer = post(inside, poor)
    assert refused(answer, 429, "insufficient_quota")["type"] == "insufficient_quota"
    assert answer.headers["x-should-retry"] == "false"


def test_who_calls(inside: Inside, key: Credentials) -> None:
    assert inside.client.get("/v1/videos").status_code == 401
    refused(inside.client.get("/v1/videos"), 401, None)
    for value in ("Bearer wrong", "Basic abc", "Bearer", key.api_key):
        refused(inside.client.get("/v1/videos", headers={"authorization": value}), 401, "invalid_api_key")


def test_the_same_idempotency_key_gives_the_same_video(inside: Inside, key: Credentials) -> None:
    """The vendor's client sends the file again on every try, so the same bytes must be the same request."""

    def send(photo: bytes) -> httpx.Response:
        return inside.client.post(
            "/v1/videos",
            data={"prompt": "x"},
            files={"input_reference": ("a.jpg", photo)},
            headers=head(key) | {"idempotency-key": "retry-1"},
        )

    first, again = send(jpeg()).json(), send(jpeg()).json()
    assert first["id"] == again["id"]
    assert inside.credit(key.account_id) == (1000 - 16, 16)
    refused(send(jpeg(300, 200)), 400, "idempotency_conflict")


@pytest.mark.parametrize("prefix", ["/proxy/openai/v1", "/proxy/openai"])
def test_the_alias(inside: Inside, key: Credentials, prefix: str) -> None:
    video = make(inside, key)
    assert inside.client.get(f"{prefix}/videos/{video['id']}", headers=head(key)).json() == video
    refused(inside.client.get(f"{prefix}/videos/none", headers=head(key)), 404, "video_not_found")
    refused(inside.client.get(f"{prefix}/nothing", headers=head(key)), 404, None)


# Read, list, delete ----------------------------------------------------------------------------------------------


def test_a_video_follows_its_job(inside: Inside, key: Credentials) -> None:
    def read() -> httpx.Response:
        return inside.client.get(f"/v1/videos/{video['id']}", headers=head(key))

    video = make(inside, key)
    inside.begin(ref(video))
    assert read().json()["status"] == "in_progress"
    assert "openai-poll-after-ms" in read().headers
    inside.finish(ref(video))
    done = read()
    assert "openai-poll-after-ms" not in done.headers
    assert list(done.json()) == KEYS
    assert (done.json()["status"], done.json()["progress"], done.json()["size"]) == ("completed", 100, "1280x720")
    assert done.json()["expires_at"] > done.json()["completed_at"] >= done.json()["created_at"]
    failed = make(inside, key)
    inside.fail(ref(failed))
    shown = inside.client.get(f"/v1/videos/{failed['id']}", headers=head(key)).json()
    assert shown["status"] == "failed"
    assert shown["error"] == {"code": "url_unreachable", "message": "The URL could not be fetched."}


def test_the_list_pages_both_ways(inside: Inside, key: Credentials) -> None:
    made = [make(inside, key)["id"] for _ in range(5)]

    def page(**params: Any) -> dict[str, Any]:
        answer = inside.client.get("/v1/videos", params=params, headers=head(key))
        assert answer.status_code == 200, answer.text
        assert list(answer.json()) == ["object", "data", "first_id", "last_id", "has_more"]
        return answer.json()

    for order, expected in (("asc", made), ("desc", made[::-1])):
        seen: list[str] = []
        more = True
        while more:
            got = page(order=order, limit=2, **({"after": seen[-1]} if seen else {}))
            seen += [video["id"] for video in got["data"]]
            assert (got["first_id"], got["last_id"]) == (got["data"][0]["id"], seen[-1])
            more = got["has_more"]
        assert seen == expected
    assert [video["id"] for video in page()["data"]] == made[::-1]
    assert page(limit=0) == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": True}
    assert page(after=made[0])["data"] == []
    get = inside.client.get
    refused(get("/v1/videos", params={"limit": 101}, headers=head(key)), 400, "invalid_value", "limit")
    refused(get("/v1/videos", params={"order": "up"}, headers=head(key)), 400, "invalid_value", "order")
    refused(get("/v1/videos", params={"after": "video_x"}, headers=head(key)), 400, "invalid_value", "after")


def test_jobs_of_other_dialects_are_videos_too(inside: Inside, key: Credentials) -> None:
    made = inside.client.post(
        "/v1/jobs", json={"images": [PHOTO_URL], "prompt": "zoom", "duration_s": 5}, headers=head(key)
    ).json()
    for name in (f"video_{made['id']}", made["object_id"]):
        video = inside.client.get(f"/v1/videos/{name}", headers=head(key)).json()
        assert (video["id"], video["seconds"], video["model"]) == (f"video_{made['id']}", "5", "motion")
    listed = inside.client.get("/v1/videos", headers=head(key)).json()["data"]
    assert [video["id"] for video in listed] == [f"video_{made['id']}"]
    mine = make(inside, key)
    assert inside.client.get(f"/v1/jobs/{ref(mine)}", headers=head(key)).json()["dialect"] == "openai"


def test_nobody_sees_anothers_video(inside: Inside, key: Credentials) -> None:
    video = make(inside, key)
    inside.finish(ref(video))
    other = head(inside.runtime.accounts.create("other", "pro", 100))
    url = f"/v1/videos/{video['id']}"
    for answer in (
        inside.client.get(url, headers=other),
        inside.client.get(f"{url}/content", headers=other),
        inside.client.get(f"{url}/content", params={"variant": "spritesheet"}, headers=other),
        inside.client.delete(url, headers=other),
        inside.client.post(f"{url}/remix", json={"prompt": "x"}, headers=other),
    ):
        refused(answer, 404, "video_not_found")
    assert inside.client.get("/v1/videos", headers=other).json()["data"] == []


def test_delete(inside: Inside, key: Credentials) -> None:
    video = make(inside, key)
    url = f"/v1/videos/{video['id']}"
    headers = head(key) | {"content-type": "application/json"}
    refused(inside.client.delete(url, headers=headers), 400, "video_not_ready")
    inside.finish(ref(video))
    answer = inside.client.delete(url, headers=headers)
    assert (answer.status_code, answer.json()) == (
        200,
        {"id": video["id"], "object": "video.deleted", "deleted": True},
    )
    for again in (inside.client.delete(url, headers=headers), inside.client.get(url, headers=headers)):
        refused(again, 404, "video_not_found")


# Content ---------------------------------------------------------------------------------------------------------


def test_content_is_the_bytes_and_takes_ranges(inside: Inside, key: Credentials) -> None:
    video = make(inside, key)
    url = f"/v1/videos/{video['id']}/content"
    error = refused(inside.client.get(url, headers=head(key)), 400, "video_not_ready")
    assert "queued" in error["message"]
    inside.finish(ref(video), data=b"0123456789")
    answer = inside.client.get(url, headers=head(key), follow_redirects=False)
    assert (answer.status_code, answer.content) == (200, b"0123456789")
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["accept-ranges"] == "bytes"
    part = inside.client.get(url, headers=head(key) | {"range": "bytes=2-4"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    assert inside.client.head(url, headers=head(key)).headers["content-length"] == "10"
    refused(inside.client.get(url, params={"variant": "gif"}, headers=head(key)), 400, "invalid_value", "variant")
    refused(inside.client.get(url, params={"variant": "thumbnail"}, headers=head(key)), 404, None)


def test_content_of_a_remote_store_is_no_redirect(
    inside: Inside, key: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = make(inside, key)
    url = f"/v1/videos/{video['id']}/content"
    inside.finish(ref(video), data=b"0123456789")
    monkeypatch.setattr(inside.runtime.storage, "local_path", lambda key: None)
    answer = inside.client.get(url, headers=head(key), follow_redirects=False)
    assert (answer.status_code, answer.content) == (200, b"0123456789")
    assert (answer.headers["content-type"], answer.headers["content-length"]) == ("video/mp4", "10")
    part = inside.client.get(url, headers=head(key) | {"range": "bytes=-3"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"789", "bytes 7-9/10")
    stale = inside.client.get(url, headers=head(key) | {"range": "bytes=-3", "if-range": '"other"'})
    assert (stale.status_code, len(stale.content)) == (200, 10)
    beyond = inside.client.get(url, headers=head(key) | {"range": "bytes=10-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */10")
    whole = inside.client.head(url, headers=head(key))
    assert (whole.status_code, whole.headers["content-length"], whole.content) == (200, "10", b"")


def test_content_of_failed_and_expired_videos(inside: Inside, key: Credentials) -> None:
    failed, expired = make(inside, key), make(inside, key)
    inside.fail(ref(failed))
    inside.finish(ref(expired))
    with inside.runtime.engine.begin() as connection:
        assert inside.runtime.store.mark(connection, ref(expired), JobState.EXPIRED, from_states=[JobState.SUCCEEDED])
    for video, word in ((failed, "failed"), (expired, "expired")):
        for variant in ("video", "spritesheet"):
            answer = inside.client.get(
                f"/v1/videos/{video['id']}/content", params={"variant": variant}, headers=head(key)
            )
            assert word in refused(answer, 404, None)["message"]
    assert inside.client.get(f"/v1/videos/{expired['id']}", headers=head(key)).json()["status"] == "completed"


# Remix -----------------------------------------------------------------------------------------------------------


def test_remix(inside: Inside, key: Credentials) -> None:
    source = make(inside, key, size="1280x720", seconds="8", seed=7)
    url = f"/v1/videos/{source['id']}/remix"
    refused(inside.client.post(url, json={"prompt": "x"}, headers=head(key)), 400, "video_not_ready")
    inside.finish(ref(source))
    remixed = inside.client.post(url, json={"prompt": "zoom out"}, headers=head(key))
    assert remixed.status_code == 200, remixed.text
    video = remixed.json()
    assert list(video) == KEYS
    assert (video["remixed_from_video_id"], video["prompt"], video["status"]) == (source["id"], "zoom out", "queued")
    assert (video["size"], video["seconds"]) == ("1280x720", "8")
    first, second = inside.job(ref(source)).request, inside.job(ref(video)).request
    assert (second.images, second.seed) == (first.images, 7)
    form = inside.client.post(url, files={"prompt": (None, "again")}, headers=head(key)).json()
    assert (form["prompt"], form["remixed_from_video_id"]) == ("again", source["id"])
    refused(inside.client.post(url, json={}, headers=head(key)), 400, "missing_required_parameter", "prompt")


def test_remix_of_a_failed_video(inside: Inside, key: Credentials) -> None:
    source = make(inside, key)
    inside.fail(ref(source))
    answer = inside.client.post(f"/v1/videos/{source['id']}/remix", json={"prompt": "x"}, headers=head(key))
    refused(answer, 400, "video_state")


def test_remix_of_new_sound_goes_back_to_the_photo(inside: Inside, key: Credentials) -> None:
    source = make(inside, key)
    inside.finish(ref(source))
    sounded = inside.client.post("/v1/jobs", json={"audio_of": ref(source), "audio": "generate"}, headers=head(key))
    assert sounded.status_code == 201, sounded.text
    inside.finish(sounded.json()["id"])
    answer = inside.client.post(
        f"/v1/videos/video_{sounded.json()['id']}/remix", json={"prompt": "zoom out"}, headers=head(key)
    )
    assert answer.status_code == 200, answer.text
    request = inside.job(ref(answer.json())).request
    assert (request.images[0].url, request.audio_of) == (PHOTO_URL, None)
    inside.runtime.service.delete(key.account_id, ref(source))
    answer = inside.client.post(
        f"/v1/videos/video_{sounded.json()['id']}/remix", json={"prompt": "zoom out"}, headers=head(key)
    )
    refused(answer, 404, None)


# Around ----------------------------------------------------------------------------------------------------------


def test_models(inside: Inside, key: Credentials) -> None:
    listed = inside.client.get("/v1/models", headers=head(key)).json()
    assert listed["object"] == "list"
    assert {"sora-2", "sora-2-pro"} <= {model["id"] for model in listed["data"]}
    one = inside.client.get("/v1/models/sora-2", headers=head(key)).json()
    assert one == {"id": "sora-2", "object": "model", "created": 0, "owned_by": "openai"}
    refused(inside.client.get("/v1/models/none", headers=head(key)), 404, "model_not_found", "model")


def test_the_example_of_the_openapi_page_works(inside: Inside, key: Credentials) -> None:
    described = inside.client.get("/openapi.json").json()["paths"]["/v1/videos"]["post"]
    schema = described["requestBody"]["content"]["application/json"]["schema"]
    for example in schema["examples"]:
        assert inside.client.post("/v1/videos", json=example, headers=head(key)).status_code == 200
    form = described["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["properties"]["input_reference"]["format"] == "binary"


def test_a_list_can_be_emptied_while_it_is_read(inside: Inside, key: Credentials) -> None:
    made = [make(inside, key)["id"] for _ in range(5)]
    for video in made:
        inside.finish(video.removeprefix("video_"))
    after, seen = None, []
    while True:
        params = {"limit": 2} | ({"after": after} if after else {})
        page = inside.client.get("/v1/videos", params=params, headers=head(key)).json()
        for video in page["data"]:
            seen.append(video["id"])
            assert inside.client.delete(f"/v1/videos/{video['id']}", headers=head(key)).status_code == 200
        after = page["last_id"]
        if not page["has_more"]:
            break
    assert seen == made[::-1]
