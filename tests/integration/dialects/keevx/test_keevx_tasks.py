"""Keevx's routes over HTTP, against an app whose jobs stay where a test puts them."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from photoplay.accounts import Credentials
from photoplay.db import writing
from photoplay.dialects.keevx.images import MAX_FETCHES
from photoplay.errors import RateLimited
from photoplay.jobs.job import JobState
from support import keevx_samples as vendor
from support.files import jpeg
from support.inside import Inside, wait_until

from .conftest import LARGEST, LIMIT_BYTES, Site, encoded

PATH = "/v1/image_to_video"
UPLOAD = "/v1/figure-resource/upload/file"
PRICE = 20  # credits of 4 s in 720p


def head(key: Credentials) -> dict[str, str]:
    return {"authorization": f"Bearer {key.api_key}"}


def post(inside: Inside, key: Credentials, body: Any, **headers: str) -> httpx.Response:
    return inside.client.post(PATH, json=body, headers=head(key) | headers)


def make(inside: Inside, key: Credentials, body: Any, **headers: str) -> list[str]:
    """The jobs' ids of a create."""
    answer = post(inside, key, body, **headers)
    assert answer.status_code == 200, answer.text
    return [task_id.removeprefix("i2v-") for task_id in answer.json()["data"]["task_ids"]]


def read(inside: Inside, key: Credentials, task_id: str) -> httpx.Response:
    return inside.client.get(f"{PATH}/{task_id}", headers=head(key))


def refused(answer: httpx.Response, code: int, status: int, words: str = "") -> str:
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert list(told) == ["code", "msg"], told
    assert (told["code"], answer.status_code) == (code, status), told
    assert words in told["msg"]
    return str(told["msg"])


@pytest.fixture
def start(site: Site) -> dict[str, Any]:
    """A body that is taken."""
    return vendor.body("V", "start", image_url=site("/start.jpg"))


# Create ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_as_many_tasks_as_asked_each_different_each_charged(
    inside: Inside, key: Credentials, start: dict[str, Any], count: int
) -> None:
    made = make(inside, key, start | {"generate_count": count})
    orders = [inside.runtime.store.order(job_id) for job_id in made]
    assert len(set(made)) == len({order.seed for order in orders if order is not None}) == count
    assert [job.id for job in inside.runtime.service.list(key.account_id, newest_first=False).jobs] == made
    assert inside.credit(key.account_id) == (1000 - count * PRICE, count * PRICE)


def test_all_tasks_or_none(inside: Inside, start: dict[str, Any]) -> None:
    poor = inside.runtime.accounts.create("poor", "pro", 4 * PRICE - 1)
    refused(post(inside, poor, start | {"generate_count": 4}), 429, 429, "credits")
    assert inside.runtime.service.list(poor.account_id).jobs == ()
    assert inside.credit(poor.account_id) == (4 * PRICE - 1, 0)
    assert len(make(inside, poor, start | {"generate_count": 3})) == 3
    small = inside.runtime.accounts.create("small", "free", 1000)  # one job at once, four waiting
    make(inside, small, start | {"generate_count": 2})
    answer = post(inside, small, start | {"generate_count": 4})
    refused(answer, 429, 429)
    assert int(answer.headers["retry-after"]) > 0
    assert len(inside.runtime.service.list(small.account_id).jobs) == 2


def test_every_model_in_every_mode(inside: Inside, key: Credentials, site: Site) -> None:
    for model in vendor.MODELS:
        for mode in vendor.OFFERED_MODES[model]:
            images = {
                "start": {"image_url": site("/start.jpg")},
                "several": {"reference_images": [site("/ref1.png"), site("/ref2.webp")]},
            }[mode]
            request = inside.job(make(inside, key, vendor.body(model, mode, **images))[0]).request
            assert (request.model, len(request.images)) == (model, 1 if mode == "start" else 2)
            assert (request.dialect, request.aspect_ratio, request.audio.mode) == ("keevx", "16:9", "none")


def test_a_photo_to_end_on(inside: Inside, key: Credentials, start: dict[str, Any], site: Site) -> None:
    request = inside.job(make(inside, key, start | {"last_image_url": site("/last.jpg")})[0]).request
    assert request.last_image is not None
    assert request.last_image.key is not None
    assert inside.runtime.storage.get_bytes(request.last_image.key) == jpeg(200, 100)
    told = refused(post(inside, key, start | {"last_image_url": site("/nothing.jpg")}), 100006, 400)
    assert "last_image_url" in told


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"prompt": ""}, 100001, "Parameter error: prompt cannot be empty"),
        ({"prompt": " \n"}, 100001, "prompt cannot be empty"),
        ({"prompt": None}, 100001, "prompt cannot be empty"),
        ({"prompt": 5}, 100001, "prompt"),
        ({"prompt": "x\x00"}, 100001, "prompt"),
        ({"prompt": "x" * 1001}, 100005, "1000"),
        ({"prompt": "x" * 500_000}, 100005, "1000"),
        ({"model": "v"}, 100001, "V, KL, S"),
        ({"model": "motion"}, 100001, "V, KL, S"),
        ({"model": "sora-2"}, 100001, "V, KL, S"),
        ({"duration": 5}, 100001, "duration"),
        ({"duration": "4"}, 100001, "duration"),
        ({"duration": 10**30}, 100001, "duration"),
        ({"aspect_ratio": "1:1"}, 100001, "aspect_ratio"),
        ({"aspect_resolution": "8k"}, 100001, "aspect_resolution"),
        ({"model": "S", "duration": 6, "aspect_resolution": "1080p"}, 100001, "aspect_resolution"),
        ({"model": "S", "duration": 6, "generate_audio": True}, 100001, "generate_audio"),
        ({"generate_audio": "true"}, 100001, "generate_audio"),
        ({"generate_count": 0}, 100001, "generate_count"),
        ({"generate_count": 5}, 100001, "generate_count"),
        ({"generate_count": "2"}, 100001, "generate_count"),
        ({"image_url": None}, 100001, "image_url or reference_images cannot be empty"),
        ({"image_url": "photo.jpg"}, 100001, "image_url"),
        ({"image_url": "ftp://example.com/photo.jpg"}, 100001, "image_url"),
        ({"image_url": "data:image/png;base64,AAAA"}, 100001, "image_url"),
        ({"image_url": "https://example.com/" + "x" * 5000}, 100001, "image_url"),
        ({"image_url": ["https://example.com/a.jpg"]}, 100001, "image_url"),
        ({"reference_images": ["https://example.com/a.jpg"]}, 100001, "together"),
        ({"model": "KL", "duration": 5}, 100001, "image_url"),
        ({"reference_images": ["https://example.com/a.jpg"] * 4, "image_url": None, "duration": 8}, 100001, "takes 3"),
        ({"callback_url": "hook"}, 100001, "callback_url"),
        ({"callback_url": "file:///etc/passwd"}, 100001, "callback_url"),
    ],
    ids=str,
)
def test_bad_values(
    inside: Inside, key: Credentials, start: dict[str, Any], changes: dict[str, Any], code: int, words: str
) -> None:
    refused(post(inside, key, start | changes), code, 400, words)
    assert inside.runtime.service.list(key.account_id).jobs == ()
    assert inside.credit(key.account_id) == (1000, 0)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"null", b"\xff\xfe", b"[" * 100_000])
def test_bodies_that_are_no_object(inside: Inside, key: Credentials, body: bytes) -> None:
    refused(inside.client.post(PATH, content=body, headers=head(key)), 100001, 400)


def test_a_body_that_is_too_large(inside: Inside, key: Credentials, start: dict[str, Any]) -> None:
    refused(post(inside, key, start | {"junk": "x" * 2_000_000}), 100004, 413, "body")


def test_unknown_keys_are_ignored(inside: Inside, key: Credentials, start: dict[str, Any]) -> None:
    request = inside.job(make(inside, key, start | {"seed": "x", "watermark": 7, "cfg": {"a": [None]}})[0]).request
    assert request == inside.job(make(inside, key, start)[0]).request.model_copy(update={"images": request.images})


def test_what_the_plan_has_not(inside: Inside, site: Site) -> None:
    free = inside.runtime.accounts.create("free", "free", 1000)
    body = vendor.body("S", "start", image_url=site("/start.jpg"), duration=12)
    refused(post(inside, free, body), 100001, 400, "plan")


def test_the_same_idempotency_key_gives_the_same_tasks(
    inside: Inside, key: Credentials, start: dict[str, Any], site: Site
) -> None:
    body = start | {"generate_count": 3}
    header = {"idempotency-key": "k-1"}
    made = make(inside, key, body, **header)
    del site.pages["/start.jpg"]  # the photo may be gone by the time the client tries again
    assert make(inside, key, body, **header) == made
    assert inside.credit(key.account_id) == (1000 - 3 * PRICE, 3 * PRICE)
    refused(post(inside, key, body | {"generate_count": 2}, **header), 100001, 400, "idempotency")
    refused(post(inside, key, body, **{"idempotency-key": "x" * 300}), 100001, 400, "idempotency")


# Images ----------------------------------------------------------------------------------------------------------


def test_a_photo_is_fetched_once_for_all_its_tasks(inside: Inside, key: Credentials, site: Site) -> None:
    urls = [site("/ref1.png"), site("/start.jpg"), site("/ref1.png")]
    body = vendor.body("KL", "several", reference_images=urls, generate_count=4)
    jobs = [inside.job(job_id) for job_id in make(inside, key, body)]
    assert sorted(site.pages.hits) == ["/ref1.png", "/start.jpg"]
    keys = [[image.key for image in job.request.images] for job in jobs]
    assert keys == [keys[0]] * 4
    stored = [inside.runtime.storage.get_bytes(key or "") for key in keys[0]]
    assert stored == [encoded("PNG"), jpeg(), encoded("PNG")]
    assert [image.name for image in jobs[0].request.images] == ["ref1.png", "start.jpg", "ref1.png"]


@pytest.mark.parametrize(
    ("path", "code", "status"),
    [
        ("/nothing.jpg", 100006, 400),
        ("/error.jpg", 100006, 400),
        ("/round.jpg", 100006, 400),
        ("/inward.jpg", 100006, 400),
        ("/animated.gif", 100007, 400),
        ("/old.bmp", 100007, 400),
        ("/page.html", 100007, 400),
        ("/empty.jpg", 100007, 400),
        ("/too-large.jpg", 100004, 413),
    ],
)
def test_images_that_cannot_be_used(
    inside: Inside, key: Credentials, site: Site, path: str, code: int, status: int
) -> None:
    body = vendor.body("V", "start", image_url=site(path))
    refused(post(inside, key, body), code, status, ": image_url: ")
    body = vendor.body("KL", "several", reference_images=[site("/start.jpg"), site(path)])
    refused(post(inside, key, body), code, status, ": reference_images[1]: ")
    body = vendor.body("V", "several", reference_images=[site(path)])
    refused(post(inside, key, body), code, status, ": reference_images[0]: ")
    assert inside.credit(key.account_id) == (1000, 0)


@pytest.mark.parametrize("path", ["/start.jpg", "/ref1.png", "/ref2.webp", "/moved.jpg", "/largest.jpg"])
def test_images_that_can_be_used(inside: Inside, key: Credentials, site: Site, path: str) -> None:
    make(inside, key, vendor.body("S", "start", image_url=site(path)))


@pytest.mark.parametrize("url", ["http://127.0.0.2/a.jpg", "http://127.0.0.1:9/a.jpg", "http://no-such.invalid/a.jpg"])
def test_places_that_are_not_reached(inside: Inside, key: Credentials, url: str) -> None:
    refused(post(inside, key, vendor.body("S", "start", image_url=url)), 100006, 400, "image_url")


def test_no_image_is_fetched_for_a_body_that_is_refused_anyway(
    inside: Inside, key: Credentials, site: Site, start: dict[str, Any]
) -> None:
    refused(post(inside, key, start | {"duration": 5}), 100001, 400)
    refused(post(inside, key, start | {"prompt": "x" * 1001}), 100005, 400)
    refused(inside.client.post(PATH, json=start), 100002, 401)
    assert site.pages.hits == []


def test_slow_hosts_leave_room_for_other_requests(inside: Inside, key: Credentials, site: Site) -> None:
    body = vendor.body("V", "start", image_url=site("/slow.jpg"))
    many = 3 * MAX_FETCHES  # more than the server has threads
    with ThreadPoolExecutor(many) as pool:
        answers = [
            pool.submit(httpx.post, str(inside.client.base_url) + PATH, json=body, headers=head(key), timeout=60)
            for _ in range(many)
        ]
        try:
            wait_until(lambda: len(site.pages.hits) == MAX_FETCHES)
            refused(read(inside, key, "i2v-0"), 100003, 404)
            assert len(site.pages.hits) == MAX_FETCHES
            assert not any(answer.done() for answer in answers)
        finally:
            site.pages.go_on.set()
        assert [answer.result().status_code for answer in answers] == [200] * many
    assert len(site.pages.hits) == many


# Uploads ---------------------------------------------------------------------------------------------------------


def send(inside: Inside, data: bytes, name: str = "photo.jpg", **headers: str) -> httpx.Response:
    return inside.client.post(UPLOAD, files={"file": (name, data)}, headers=headers)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_an_upload_can_be_animated_without_being_fetched(inside: Inside, key: Credentials, form: str) -> None:
    answer = send(inside, encoded(form), f"été.{form.lower()}", **head(key))
    result = answer.json()["result"]
    assert result["fileName"] == f"été.{form.lower()}"
    request = inside.job(make(inside, key, vendor.body("S", "start", image_url=result["url"]))[0]).request
    assert request.images[0].key == f"uploads/{result['fileId']}"


def test_the_other_header_of_the_upload(inside: Inside, key: Credentials, start: dict[str, Any]) -> None:
    assert send(inside, jpeg(), token=key.api_key).status_code == 200
    refused(send(inside, jpeg(), token="wrong"), 100002, 401)
    refused(send(inside, jpeg(), token=key.api_key, authorization="Bearer wrong"), 100002, 401)
    refused(inside.client.post(PATH, json=start, headers={"token": key.api_key}), 100002, 401)


def test_uploads_that_are_refused(inside: Inside, key: Credentials) -> None:
    refused(send(inside, encoded("GIF"), **head(key)), 100007, 400, "image/gif")
    refused(send(inside, b"%PDF-1.7", **head(key)), 100007, 400)
    refused(send(inside, b"", **head(key)), 100001, 400, "file cannot be empty")
    refused(inside.client.post(UPLOAD, headers=head(key)), 100001, 400, "file cannot be empty")
    refused(inside.client.post(UPLOAD, json={"file": "x"}, headers=head(key)), 100001, 400, "file cannot be empty")
    refused(inside.client.post(UPLOAD, files={"other": b"x"}, headers=head(key)), 100001, 400, "file cannot be empty")
    refused(inside.client.post(UPLOAD, data={"file": "text"}, headers=head(key)), 100001, 400, "file cannot be empty")
    broken = head(key) | {"content-type": "multipart/form-data; boundary=b"}
    refused(inside.client.post(UPLOAD, content=b"--b\r\nbroken", headers=broken), 100001, 400)
    assert send(inside, LARGEST, **head(key)).status_code == 200
    refused(send(inside, LARGEST + b"\0", **head(key)), 100004, 413, str(LIMIT_BYTES))
    refused(send(inside, LARGEST + bytes(2 * 1024 * 1024), **head(key)), 100004, 413)


def test_a_link_to_an_upload_that_has_ended(inside: Inside, key: Credentials) -> None:
    result = send(inside, jpeg(), **head(key)).json()["result"]
    inside.runtime.storage.delete(f"uploads/{result['fileId']}")
    refused(post(inside, key, vendor.body("S", "start", image_url=result["url"])), 100006, 400, "image_url")


# Query -----------------------------------------------------------------------------------------------------------


def test_files_can_be_fetched_by_their_links(inside: Inside, key: Credentials, start: dict[str, Any]) -> None:
    job_id = make(inside, key, start)[0]
    inside.finish(job_id, data=b"an mp4", thumbnail=encoded("WEBP"))
    task = read(inside, key, f"i2v-{job_id}").json()["data"]
    video, thumbnail = inside.client.get(task["video_url"]), inside.client.get(task["thumbnail_url"])
    assert (video.content, video.headers["content-type"]) == (b"an mp4", "video/mp4")
    assert (thumbnail.content, thumbnail.headers["content-type"]) == (encoded("WEBP"), "image/webp")


def test_what_is_not_found(inside: Inside, key: Credentials, start: dict[str, Any]) -> None:
    stranger = inside.runtime.accounts.create("stranger", "pro", 100)
    job_id = make(inside, key, start)[0]
    for caller, task_id in itertools.chain(
        [(stranger, f"i2v-{job_id}"), (stranger, job_id)],
        ((key, bad) for bad in ("i2v-" + "0" * 32, "i2v-", "x", "i2v-" + job_id.upper(), "é" * 200, "%00", "i2v-'--")),
    ):
        refused(read(inside, caller, task_id), 100003, 404)
    inside.finish(job_id)
    inside.runtime.service.delete(key.account_id, job_id)
    refused(read(inside, key, f"i2v-{job_id}"), 100003, 404, f"Task not found: i2v-{job_id}")


def test_what_has_expired_is_not_found(inside: Inside, key: Credentials, start: dict[str, Any]) -> None:
    job_id = make(inside, key, start)[0]
    job = inside.finish(job_id)
    assert job.finished_ms is not None
    assert job.expires_ms is not None
    assert job.expires_ms - job.finished_ms == pytest.approx(7 * 86_400_000, abs=60_000)  # the vendor's seven days
    with writing(inside.runtime.engine) as connection:
        inside.runtime.store.mark(connection, job_id, JobState.EXPIRED, from_states=[JobState.SUCCEEDED])
    inside.runtime.service.remove_files(job_id)
    refused(read(inside, key, f"i2v-{job_id}"), 100003, 404, "expired")


def test_one_job_any_face(inside: Inside, key: Credentials, start: dict[str, Any]) -> None:
    job_id = make(inside, key, start | {"duration": 6})[0]
    job = inside.finish(job_id)
    native = inside.client.get(f"/v1/jobs/{job_id}", headers=head(key)).json()
    assert (native["id"], native["state"]) == (job_id, "succeeded")
    video = inside.client.get(f"/v1/videos/video_{job_id}", headers=head(key)).json()
    assert (video["status"], video["model"]) == ("completed", "V")
    found = inside.client.post(
        "/api/open/v4/image2Video/resultsByIds", json={"_ids": job.object_id}, headers={"x-api-key": key.api_key}
    ).json()
    assert found["data"]["result"][0]["status"] == 3
    for ref in (job_id, job.object_id, job.number):
        assert read(inside, key, ref).json()["data"]["task_id"] == f"i2v-{job_id}"
    url = send(inside, jpeg(), **head(key)).json()["result"]["url"]
    made = inside.client.post("/v1/jobs", json={"images": [url], "prompt": "x"}, headers=head(key)).json()["id"]
    task = read(inside, key, made).json()["data"]
    assert (task["task_id"], task["status"], task["width"], task["duration"]) == (f"i2v-{made}", "PENDING", 0, 5)
    listed = inside.client.get("/v1/jobs", params={"dialect": "keevx"}, headers=head(key)).json()["jobs"]
    assert [each["id"] for each in listed] == [job_id]


# Who calls, and what the server itself refuses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer wrong"},
        {"authorization": "Basic Zm9vOmJhcg=="},
        {"authorization": "Bearer a.b.c"},
        {"source": "skill"},
    ],
    ids=str,
)
def test_bad_tokens(inside: Inside, start: dict[str, Any], headers: dict[str, str]) -> None:
    for answer in (
        inside.client.post(PATH, json=start, headers=headers),
        inside.client.get(f"{PATH}/i2v-{'0' * 32}", headers=headers),
        inside.client.post(UPLOAD, files={"file": jpeg()}, headers=headers),
    ):
        assert refused(answer, 100002, 401).startswith("Invalid token: ")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_revoked_keys_and_blocked_accounts(inside: Inside, key: Credentials, start: dict[str, Any]) -> None:
    inside.runtime.accounts.revoke(key.key_id)
    refused(post(inside, key, start), 100002, 401)
    blocked = inside.runtime.accounts.create("blocked", "pro", 100)
    inside.runtime.accounts.set_blocked(blocked.account_id, True)
    refused(post(inside, blocked, start), 100002, 401)


def test_too_many_requests(inside: Inside, key: Credentials, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(*_: object) -> None:
        raise RateLimited(retry_after_s=6.2)

    monkeypatch.setattr(inside.runtime.limiter, "check", check)
    answer = read(inside, key, "x")
    refused(answer, 429, 429)
    assert answer.headers["retry-after"] == "7"


def test_refusals_of_the_server_itself(inside: Inside, key: Credentials) -> None:
    refused(inside.client.get(f"{PATH}/a/b", headers=head(key)), 100003, 404)
    refused(inside.client.put(PATH, headers=head(key)), 100001, 405)
    refused(inside.client.get("/v1/figure-resource/x", headers=head(key)), 100003, 404)


def test_the_vendors_other_product_is_refused_in_words(inside: Inside, key: Credentials) -> None:
    for answer in (
        inside.client.post("/v1/video_translate", json={}, headers=head(key)),
        inside.client.get("/v1/video_translate/vt-1", headers=head(key)),
        inside.client.get("/v1/video_translate/target_languages", headers=head(key)),
    ):
        refused(answer, 100001, 400, "does not translate")


# Settings --------------------------------------------------------------------------------------------------------


def test_without_looking_first_a_create_names_its_images_by_url(changed: Inside, other_key: Credentials) -> None:
    job_id = make(changed, other_key, vendor.body("KL", "several"))[0]
    assert [image.url for image in changed.job(job_id).request.images] == vendor.REFERENCES
    changed.fail(job_id, code="url_unreachable", message="The URL answered with status 404.")
    task = read(changed, other_key, f"i2v-{job_id}").json()["data"]
    assert (task["status"], task["error_message"]) == ("FAILED", "The URL answered with status 404.")


def test_codes_and_statuses_of_the_operator(changed: Inside, other_key: Credentials) -> None:
    refused(post(changed, other_key, vendor.body("V", "start", prompt="x" * 1001)), 100005, 413)
    poor = changed.runtime.accounts.create("poor", "pro", 0)
    refused(post(changed, poor, vendor.body("V", "start")), 100008, 402)


def test_unused_fields_can_be_ignored(changed: Inside, other_key: Credentials) -> None:
    body = vendor.body("KL", "several", image_url=vendor.IMAGE_URL, generate_audio=True)
    request = changed.job(make(changed, other_key, body)[0]).request
    assert ([image.url for image in request.images], request.audio.mode) == (vendor.REFERENCES, "none")


def test_a_model_of_the_operators_own(inside: Inside, key: Credentials, site: Site, monkeypatch: Any) -> None:
    models = {model.name: model for model in inside.runtime.catalog.models()}
    own = models["V"].model_copy(update={"name": "own", "durations_s": (3.0,), "prompt_limit": 5})
    monkeypatch.setattr(inside.runtime.catalog, "_models", models | {"own": own})
    body = vendor.body("V", "start", image_url=site("/start.jpg"), duration=3, prompt="zoom") | {"model": "own"}
    assert inside.job(make(inside, key, body)[0]).request.model == "own"
    refused(post(inside, key, body | {"prompt": "zoom in"}), 100005, 400, "takes 5")
    refused(post(inside, key, body | {"duration": 4}), 100001, 400, "it can be 3")
    rules = own.image_rules.model_copy(update={"formats": ("image/png",)})
    strict = own.model_copy(update={"image_rules": rules})
    monkeypatch.setattr(inside.runtime.catalog, "_models", models | {"own": strict})
    refused(post(inside, key, body), 100007, 400, "taken are PNG")
