"""Uploads in; artifacts out by signed links: ranges, HEAD, ETag, expiry, tampering."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from photoplay.accounts import Credentials
from photoplay.errors import RenderFailed
from support.inside import Inside, wait_until
from support.s3 import S3Server

DATA = b"\0" + np.random.default_rng(1).bytes(10_239)  # begins like no kind of file
MAX_UPLOAD_BYTES = 200_000


def head(key: Credentials) -> dict[str, str]:
    return {"x-api-key": key.api_key}


def photo(kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)).save(out, kind)
    return out.getvalue()


def finished(inside: Inside, key: Credentials) -> str:
    """The link to the video of a job that ended well."""
    body = {"images": ["https://images.example.com/photo.jpg"]}
    job = inside.client.post("/v1/jobs", json=body, headers=head(key)).json()
    inside.finish(job["id"], data=DATA)
    url: str = inside.client.get(f"/v1/jobs/{job['id']}", headers=head(key)).json()["video_url"]
    return url


@pytest.fixture
def video_url(embedded: Inside) -> str:
    """A link to a file that the server sends itself."""
    return finished(embedded, embedded.runtime.accounts.create("tester", "business", 1000))


# Artifacts --------------------------------------------------------------------------------


def test_a_file_is_sent_whole(embedded: Inside, video_url: str) -> None:
    answer = embedded.client.get(video_url)
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(DATA))
    name = video_url.rpartition("/")[2]
    assert answer.headers["content-disposition"] == f'inline; filename="{name}"'
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_head_tells_what_get_would_send(embedded: Inside, video_url: str) -> None:
    answer, whole = embedded.client.head(video_url), embedded.client.get(video_url)
    assert (answer.status_code, answer.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "accept-ranges", "last-modified"):
        assert answer.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("bytes=0-0", DATA[:1]),
        ("bytes=100-199", DATA[100:200]),
        ("bytes=10000-", DATA[10000:]),
        ("bytes=-5", DATA[-5:]),
        ("bytes=10000-999999", DATA[10000:]),
    ],
)
def test_a_range_is_sent_alone(embedded: Inside, video_url: str, asked: str, sent: bytes) -> None:
    answer = embedded.client.get(video_url, headers={"range": asked})
    assert (answer.status_code, answer.content) == (206, sent)
    start = DATA.index(sent)
    assert answer.headers["content-range"] == f"bytes {start}-{start + len(sent) - 1}/{len(DATA)}"
    assert answer.headers["content-length"] == str(len(sent))


def test_a_range_beyond_the_end_is_416(embedded: Inside, video_url: str) -> None:
    answer = embedded.client.get(video_url, headers={"range": f"bytes={len(DATA)}-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(DATA)}"


def test_several_ranges_come_as_parts(embedded: Inside, video_url: str) -> None:
    answer = embedded.client.get(video_url, headers={"range": "bytes=0-1,100-101"})
    assert answer.status_code == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges")
    assert DATA[100:102] in answer.content


def test_if_range_and_if_none_match_heed_the_etag(embedded: Inside, video_url: str) -> None:
    etag = embedded.client.head(video_url).headers["etag"]
    assert etag.startswith('"')
    assert embedded.client.get(video_url, headers={"range": "bytes=0-9", "if-range": etag}).status_code == 206
    assert embedded.client.get(video_url, headers={"range": "bytes=0-9", "if-range": '"other"'}).status_code == 200
    same = embedded.client.get(video_url, headers={"if-none-match": f'"x", {etag}'})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    assert embedded.client.get(video_url, headers={"if-none-match": '"other"'}).status_code == 200


def test_a_link_ends(embedded: Inside, video_url: str) -> None:
    stored = embedded.runtime.signer.verify(video_url.split("/")[-2]).key
    past = embedded.runtime.clock.now_ms() - 1000
    token = embedded.runtime.signer.sign(stored, past)
    answer = embedded.client.get(f"/artifacts/{token}/video.mp4")
    assert (answer.status_code, answer.json()["code"]) == (404, "artifact_not_found")
    assert "expired" in answer.json()["detail"]


def test_a_tampered_link_opens_nothing(embedded: Inside, video_url: str) -> None:
    token = video_url.split("/")[-2]
    first, middle, last = token.split(".")
    flipped = ("A" if middle[10] != "A" else "B").join((middle[:10], middle[11:]))
    for bad in (f"{first}.{flipped}.{last}", f"{first}.{middle}.{last[:-4]}AAAA", f"{first}.{middle}.", "x", "a.b.c"):
        answer = embedded.client.get(f"/artifacts/{bad}/video.mp4")
        assert (answer.status_code, answer.json()["code"]) == (404, "artifact_not_found")


def test_the_name_in_a_link_does_not_matter(embedded: Inside, video_url: str) -> None:
    renamed = video_url.rpartition("/")[0] + "/anything%20else.txt"
    answer = embedded.client.get(renamed)
    assert (answer.content, answer.headers["content-type"]) == (DATA, "video/mp4")


def test_a_link_does_not_reach_into_the_log(embedded: Inside, video_url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        embedded.client.get(video_url)
        wait_until(lambda: "/artifacts/…/" in caplog.text)
    assert video_url.split("/")[-2] not in "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("photoplay")
    )


# S3 --------------------------------------------------------------------------------


def test_a_link_to_an_object_store_goes_straight_there(cluster: Inside, s3: S3Server) -> None:
    url = finished(cluster, cluster.runtime.accounts.create("tester", "business", 1000))
    assert url.startswith(f"{s3.endpoint}/")
    assert "X-Amz-Signature" in url
    part = httpx.get(url, headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content, part.headers["content-type"]) == (206, DATA[100:200], "video/mp4")
    assert httpx.get(url.partition("?")[0]).status_code == 403


# A remote store --------------------------------------------------------------------------------


@pytest.fixture
def remote(embedded: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store as one that signs URLs of its own."""
    monkeypatch.setattr(embedded.runtime.storage, "local_path", lambda _key: None)
    monkeypatch.setattr(
        embedded.runtime.storage,
        "presigned_url",
        lambda key, expires_s: f"https://s3.example.com/{key}?for={expires_s}",
    )


def uploaded(inside: Inside) -> str:
    """The link to a file that was sent."""
    key = inside.runtime.accounts.create("tester", "business", 1000)
    url: str = upload(inside, key, DATA, "data.bin").json()["url"]
    return url


@pytest.mark.usefixtures("remote")
def test_a_remote_store_sends_its_files_itself(embedded: Inside) -> None:
    url = uploaded(embedded)
    answer = embedded.client.get(url)
    assert answer.status_code == 307
    sent_to = httpx.URL(answer.headers["location"])
    assert (sent_to.host, sent_to.path.startswith("/uploads/")) == ("s3.example.com", True)
    assert 0 < int(sent_to.params["for"]) <= 8 * 86400
    told = embedded.client.head(url)
    assert (told.status_code, told.headers["content-length"]) == (200, str(len(DATA)))
    assert told.headers["content-type"] == "application/octet-stream"


@pytest.mark.usefixtures("remote")
def test_a_store_that_signs_nothing_is_read_through(embedded: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    url = uploaded(embedded)
    monkeypatch.setattr(embedded.runtime.storage, "presigned_url", lambda *_: None)
    answer = embedded.client.get(url)
    assert (answer.status_code, answer.content, answer.headers["accept-ranges"]) == (200, DATA, "none")


# Uploads --------------------------------------------------------------------------------


def upload(inside: Inside, key: Credentials, data: bytes, name: str = "photo.png") -> httpx.Response:
    return inside.client.post("/v1/uploads", files={"file": (name, data)}, headers=head(key))


def test_an_upload_gives_a_link_to_what_was_sent(inside: Inside, key: Credentials) -> None:
    data = photo()
    made = upload(inside, key, data, "My photo.png")
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["name"], told["content_type"], told["size_bytes"]) == ("My photo.png", "image/png", len(data))
    got = inside.client.get(told["url"], follow_redirects=True)
    assert (got.content, got.headers["content-type"]) == (data, "image/png")
    assert told["url"].endswith("/My%20photo.png")


def test_the_body_itself_may_be_the_file(inside: Inside, key: Credentials) -> None:
    data = photo("JPEG")
    made = inside.client.post("/v1/uploads?name=a.jpg", content=data, headers=head(key))
    assert made.status_code == 201
    assert (made.json()["content_type"], made.json()["name"]) == ("image/jpeg", "a.jpg")
    assert inside.client.get(made.json()["url"], follow_redirects=True).content == data


@pytest.mark.parametrize("field", ["image_url", "audio_url"])
def test_an_upload_can_be_named_in_a_request_without_a_way_in_from_outside(
    inside: Inside, key: Credentials, field: str
) -> None:
    url = upload(inside, key, photo()).json()["url"]
    body = {
        "image_url": "https://images.example.com/a.png",
        "prompt": "x",
        "negative_prompt": "",
        "resolution": "720p",
        "audio_type": 2,
        "audio_url": "https://images.example.com/a.mp3",
        "video_length": 5,
    } | {field: url}
    made = inside.client.post("/api/open/v4/image2Video/createBySourcePrompt", json=body, headers=head(key)).json()
    assert made["code"] == 1000
    assert made["data"][field] == url
    request = inside.job(made["data"]["_id"]).request
    ref = request.images[0] if field == "image_url" else request.audio.file
    assert ref is not None
    assert ref.key is not None
    assert ref.url is None


def test_anothers_upload_is_only_a_url(inside: Inside, key: Credentials) -> None:
    url = upload(inside, key, photo()).json()["url"]
    other = inside.runtime.accounts.create("other", "pro", 100)
    job = inside.client.post("/v1/jobs", json={"images": [url]}, headers=head(other)).json()
    ref = inside.job(job["id"]).request.images[0]
    assert (ref.key, ref.url) == (None, url)  # fetched like any other, so the guard against private addresses counts


def test_a_finished_video_can_be_named_in_a_request_too(embedded: Inside) -> None:
    key = embedded.runtime.accounts.create("tester", "business", 1000)
    video_url = finished(embedded, key)
    job = embedded.client.post("/v1/jobs", json={"images": [video_url]}, headers=head(key)).json()
    assert embedded.job(job["id"]).request.images[0].key is not None  # one's own artifact is one's own file


@pytest.mark.parametrize(
    ("send", "status", "code"),
    [
        ({"files": {"file": ("a.png", b"")}}, 422, "invalid_field"),
        ({"content": b""}, 422, "invalid_field"),
        ({"files": {"other": ("a.png", b"x")}}, 422, "missing_field"),
        ({"data": {"file": "text"}, "files": {"x": b"1"}}, 422, "missing_field"),
        ({"files": {"file": ("a.png", b"x" * (MAX_UPLOAD_BYTES + 1))}}, 413, "upload_too_large"),
        ({"content": b"x" * (MAX_UPLOAD_BYTES + 1)}, 413, "upload_too_large"),
        ({"content": b"x" * (MAX_UPLOAD_BYTES * 4)}, 413, "upload_too_large"),
        ({"content": b"broken", "headers": {"content-type": "multipart/form-data"}}, 422, "invalid_field"),
        ({"content": b"broken", "headers": {"content-type": "multipart/form-data; boundary=b"}}, 422, "invalid_field"),
    ],
)
def test_a_bad_upload_is_refused(
    inside: Inside, key: Credentials, send: dict[str, Any], status: int, code: str
) -> None:
    answer = inside.client.post("/v1/uploads", **send | {"headers": head(key) | send.get("headers", {})})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_an_upload_needs_a_key(inside: Inside) -> None:
    assert inside.client.post("/v1/uploads", content=b"x").status_code == 401


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\nb.png", 'x"; attachment', "ünï ©.png", "", "a" * 500, "?#.png"]
)
def test_a_strange_file_name_does_no_harm(inside: Inside, key: Credentials, name: str, tmp_path: Path) -> None:
    made = inside.client.post("/v1/uploads", params={"name": name}, content=photo(), headers=head(key))
    assert made.status_code == 201, made.text
    url = made.json()["url"]
    assert ".." not in url
    answer = inside.client.get(url, follow_redirects=True)
    assert answer.status_code == 200
    assert "\n" not in answer.headers.get("content-disposition", "")


def test_an_uploaded_page_is_never_run_as_ours(embedded: Inside) -> None:
    key = embedded.runtime.accounts.create("tester", "business", 1000)
    url = upload(embedded, key, b"<html><script>alert(1)</script>", "page.html").json()["url"]
    answer = embedded.client.get(url)
    assert not answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]


# Effects --------------------------------------------------------------------------------


def test_effect_files_are_made_when_first_asked_for(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    logo = inside.client.get("/effects/squish/logo.png", timeout=120, follow_redirects=True)
    assert (logo.status_code, logo.headers["content-type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(logo.content)).size == (256, 256)

    async def never(*_: object, **__: object) -> None:
        raise AssertionError("made twice")

    monkeypatch.setattr("photoplay.jobs.previews.run_child", never)
    clip = inside.client.get("/effects/squish/preview.mp4", headers={"range": "bytes=4-7"}, follow_redirects=True)
    assert (clip.status_code, clip.headers["content-type"], clip.content) == (206, "video/mp4", b"ftyp")
    assert inside.client.head("/effects/squish/preview.mp4").status_code == 200


def test_an_effect_file_that_can_not_be_made_is_an_error_in_its_own_shape(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: object, **__: object) -> None:
        raise RenderFailed

    monkeypatch.setattr("photoplay.jobs.previews.run_child", failing)
    for _ in range(2):
        answer = inside.client.get("/effects/cakeify/logo.png")
        assert (answer.status_code, answer.json()["code"]) == (500, "render_failed")


@pytest.mark.parametrize("path", ["squish/nothing.png", "nothing/logo.png", "..%2f..%2fx/logo.png", "%00/logo.png"])
def test_there_are_no_other_effect_files(inside: Inside, path: str) -> None:
    assert inside.client.get(f"/effects/{path}").status_code == 404
