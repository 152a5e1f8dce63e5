"""photoplay's own API: jobs."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from photoplay.accounts import Credentials
from support.inside import Inside

BODY: dict[str, Any] = {"images": ["https://images.example.com/photo.jpg"], "prompt": "zoom in"}


def head(key: Credentials) -> dict[str, str]:
    return {"authorization": f"Bearer {key.api_key}"}


def make(inside: Inside, key: Credentials, **changes: Any) -> dict[str, Any]:
    answer = inside.client.post("/v1/jobs", json=BODY | changes, headers=head(key))
    assert answer.status_code == 201, answer.text
    return answer.json()


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail", "code", "request_id"} <= set(body)
    assert (body["code"], body["status"], body["type"]) == (code, status, f"urn:photoplay:error:{code}")
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


def test_a_job_is_made_and_read_by_any_of_its_ids(inside: Inside, key: Credentials) -> None:
    job = make(inside, key, seed=7, external_id="mine-1")
    assert (job["state"], job["progress"], job["credits"], job["video_url"]) == ("queued", 0.0, 20, None)
    assert job["request"]["prompt"] == "zoom in"
    assert (job["request"]["seed"], job["external_id"]) == (7, "mine-1")
    assert job["queue_position"] >= 0
    for ref in (job["id"], job["object_id"], job["number"]):
        assert inside.client.get(f"/v1/jobs/{ref}", headers=head(key)).json()["id"] == job["id"]
    found = inside.client.get("/v1/jobs", params={"external_id": "mine-1"}, headers=head(key)).json()
    assert [item["id"] for item in found["jobs"]] == [job["id"]]


def test_everything_a_request_can_say_is_kept(inside: Inside, key: Credentials) -> None:
    said = {
        "images": [{"url": "https://images.example.com/a.jpg"}],
        "prompt": "calm",
        "negative_prompt": "shaky",
        "extend_prompt": True,
        "effect": "squish",
        "shot": {"moves": [{"kind": "dolly", "amount": 1.5, "start": 0.0, "end": 0.5, "ease": "in"}]},
        "brushes": [
            {"mask": "https://images.example.com/mask.png", "trajectory": [{"x": 0.1, "y": 0.2}, {"x": 0.3, "y": 0.2}]}
        ],
        "duration_s": 7.5,
        "resolution": "1280x720",
        "aspect_ratio": "16:9",
        "fps": 30,
        "audio": {"mode": "file", "file": "https://images.example.com/a.mp3"},
        "seed": 5,
        "model": "motion",
        "quality": "pro",
        "watermark": True,
        "callback_url": "https://example.com/hook",
        "external_id": "x",
    }
    request = inside.job(make(inside, key, **said)["id"]).request
    assert request.shot is not None
    assert request.shot.moves[0].amount == 1.5
    assert request.brushes[0].trajectory[1].x == 0.3
    assert (request.audio.mode, request.audio.file and request.audio.file.url) == ("file", said["audio"]["file"])
    for name in ("negative_prompt", "extend_prompt", "effect", "duration_s", "resolution", "aspect_ratio", "fps"):
        assert getattr(request, name) == said[name]
    for name in ("seed", "quality", "watermark", "callback_url", "external_id"):
        assert getattr(request, name) == said[name]


def test_the_list_pages_and_filters(inside: Inside, key: Credentials) -> None:
    made = [make(inside, key)["id"] for _ in range(5)]
    inside.finish(made[0])
    seen: list[str] = []
    cursor = None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = inside.client.get("/v1/jobs", params=params, headers=head(key)).json()
        seen += [job["id"] for job in page["jobs"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]

    def ids(**params: Any) -> list[str]:
        return [job["id"] for job in inside.client.get("/v1/jobs", params=params, headers=head(key)).json()["jobs"]]

    assert ids(state="succeeded") == [made[0]]
    assert len(ids(state=["succeeded", "queued"])) == 5
    assert ids(dialect="akool") == []
    other = inside.runtime.accounts.create("other", "pro", 0)
    assert inside.client.get("/v1/jobs", headers=head(other)).json() == {"jobs": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"limit": 0}, "invalid_field"),
        ({"limit": 101}, "invalid_field"),
        ({"state": "sleeping"}, "invalid_field"),
        ({"state": "deleted"}, "invalid_field"),
        ({"cursor": "nonsense"}, "job_not_found"),
        ({"external_id": "unknown"}, "job_not_found"),
    ],
    ids=str,
)
def test_a_bad_filter_is_refused(inside: Inside, key: Credentials, params: dict[str, Any], code: str) -> None:
    answer = inside.client.get("/v1/jobs", params=params, headers=head(key))
    problem(answer, 404 if code == "job_not_found" else 422, code)


def test_a_finished_job_has_files(inside: Inside, key: Credentials) -> None:
    job = make(inside, key)
    inside.finish(job["id"], data=b"0123456789")
    done = inside.client.get(f"/v1/jobs/{job['id']}", headers=head(key)).json()
    assert (done["state"], done["progress"], done["width"], done["height"]) == ("succeeded", 1.0, 1280, 720)
    assert [(file["kind"], file["size_bytes"]) for file in done["files"]] == [("video", 10)]
    assert "key" not in done["files"][0]
    assert inside.client.get(done["video_url"]).content == b"0123456789"
    assert inside.credit(key.account_id) == (980, 0)


def test_the_link_is_the_same_for_a_while(inside: Inside, key: Credentials) -> None:
    job = make(inside, key)
    inside.finish(job["id"])
    first, second = (inside.client.get(f"/v1/jobs/{job['id']}", headers=head(key)).json() for _ in range(2))
    assert first["video_url"] == second["video_url"]


def test_cancel_ends_a_job_and_gives_the_credits_back(inside: Inside, key: Credentials) -> None:
    job = make(inside, key)
    assert inside.credit(key.account_id) == (980, 20)
    for _ in range(2):
        answer = inside.client.post(f"/v1/jobs/{job['id']}/cancel", headers=head(key))
        assert (answer.status_code, answer.json()["state"]) == (200, "canceled")
    assert inside.credit(key.account_id) == (1000, 0)
    done = make(inside, key)
    inside.finish(done["id"])
    problem(inside.client.post(f"/v1/jobs/{done['id']}/cancel", headers=head(key)), 409, "job_finished")


def test_delete_takes_a_finished_job_and_its_files(inside: Inside, key: Credentials) -> None:
    job = make(inside, key)
    problem(inside.client.delete(f"/v1/jobs/{job['id']}", headers=head(key)), 409, "job_not_finished")
    inside.finish(job["id"])
    url = inside.client.get(f"/v1/jobs/{job['id']}", headers=head(key)).json()["video_url"]
    answer = inside.client.delete(f"/v1/jobs/{job['id']}", headers=head(key))
    assert (answer.status_code, answer.content) == (204, b"")
    problem(inside.client.get(f"/v1/jobs/{job['id']}", headers=head(key)), 404, "job_not_found")
    problem(inside.client.delete(f"/v1/jobs/{job['id']}", headers=head(key)), 404, "job_not_found")
    assert inside.client.get(url).status_code == 404


@pytest.mark.parametrize("action", ["get", "cancel", "delete"])
def test_nobody_touches_anothers_job(inside: Inside, key: Credentials, action: str) -> None:
    job = make(inside, key)
    other = inside.runtime.accounts.create("other", "pro", 0)
    path = f"/v1/jobs/{job['id']}"
    answer = {
        "get": lambda: inside.client.get(path, headers=head(other)),
        "cancel": lambda: inside.client.post(f"{path}/cancel", headers=head(other)),
        "delete": lambda: inside.client.delete(path, headers=head(other)),
    }[action]()
    problem(answer, 404, "job_not_found")
    assert inside.job(job["id"]).state == "queued"


@pytest.mark.parametrize(
    ("change", "code", "named"),
    [
        ({"images": []}, "missing_field", "images"),
        ({"images": ["x"]}, "invalid_field", "images.0"),
        ({"images": ["https://example.com/a.jpg"] * 8}, "invalid_field", "images"),
        ({"model": "sora-2", "images": ["https://example.com/a.jpg"] * 2}, "too_many_images", None),
        ({"promt": "typo"}, "invalid_field", "promt"),
        ({"duration_s": 0}, "invalid_field", "duration_s"),
        ({"duration_s": 61}, "invalid_field", "duration_s"),
        ({"duration_s": "nan"}, "invalid_field", "duration_s"),
        ({"duration_s": 0.5}, "unsupported_value", "duration_s"),
        ({"resolution": "9000p"}, "unsupported_value", "resolution"),
        ({"resolution": "100x100"}, "unsupported_value", "resolution"),
        ({"aspect_ratio": "7:1"}, "invalid_field", "aspect_ratio"),
        ({"fps": 1000}, "invalid_field", "fps"),
        ({"audio": "loud"}, "invalid_field", "audio"),
        ({"audio": {"mode": "file"}}, "missing_field", "audio.file"),
        ({"audio": {"mode": "none", "file": "https://example.com/a.mp3"}}, "invalid_field", "audio.file"),
        ({"seed": -1}, "invalid_field", "seed"),
        ({"model": "nothing"}, "unknown_model", "model"),
        ({"effect": "nothing"}, "unknown_effect", "effect"),
        ({"quality": "best"}, "unsupported_value", "quality"),
        ({"callback_url": "ftp://example.com"}, "invalid_field", "callback_url"),
        ({"external_id": ""}, "invalid_field", "external_id"),
        ({"audio_of": "0" * 32, "images": []}, "job_not_found", None),
        ({"shot": {"moves": [{"kind": "teleport"}]}}, "invalid_field", "shot.moves.0.kind"),
        ({"model": "sora-2", "last_image": "https://example.com/b.jpg"}, "unsupported_value", "last_image"),
        ({"images": [{"url": "https://example.com/a.jpg", "part": "a"}]}, "invalid_field", "images.0"),
        ({"images": [{}]}, "invalid_field", "images.0"),
        ({"images": [{"part": "a"}]}, "invalid_field", "a"),
        ({"images": ["data:image/png;base64,!!!!"]}, "invalid_field", "images.0"),
        ({"images": ["data:text/plain;base64,aGVsbG8="]}, "invalid_field", "images.0"),
        ({"audio": {"mode": "file", "file": "data:audio/mpeg;base64,aGVsbG8="}}, "invalid_field", "audio.file"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_bad_request_is_refused_and_costs_nothing(
    inside: Inside, key: Credentials, change: dict[str, Any], code: str, named: str | None
) -> None:
    answer = inside.client.post("/v1/jobs", json=BODY | change, headers=head(key))
    body = problem(answer, 404 if code == "job_not_found" else 422, code)
    if named is not None:
        assert body["field"] == named
    assert inside.credit(key.account_id) == (1000, 0)


def test_an_external_id_is_unique(inside: Inside, key: Credentials) -> None:
    make(inside, key, external_id="a")
    answer = inside.client.post("/v1/jobs", json=BODY | {"external_id": "a"}, headers=head(key))
    problem(answer, 409, "external_id_taken")


def test_the_same_idempotency_key_gives_the_same_job(inside: Inside, key: Credentials) -> None:
    headers = head(key) | {"idempotency-key": "k1"}
    first, again = (inside.client.post("/v1/jobs", json=BODY, headers=headers) for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    assert first.headers["location"] == f"/v1/jobs/{first.json()['id']}"
    assert inside.credit(key.account_id) == (980, 20)
    answer = inside.client.post("/v1/jobs", json=BODY | {"prompt": "other"}, headers=headers)
    problem(answer, 409, "idempotency_conflict")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "credentials_missing"),
        ({"authorization": "Bearer nonsense"}, "credentials_invalid"),
        ({"authorization": "Basic dTpw"}, "credentials_invalid"),
        ({"authorization": "Bearer"}, "credentials_invalid"),
        ({"x-api-key": "nonsense"}, "credentials_invalid"),
    ],
    ids=str,
)
def test_without_a_good_key_nothing_is_told(inside: Inside, headers: dict[str, str], code: str) -> None:
    for answer in (inside.client.get("/v1/jobs", headers=headers), inside.client.post("/v1/jobs", headers=headers)):
        problem(answer, 401, code)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_both_ways_to_send_a_key_work(inside: Inside, key: Credentials) -> None:
    assert inside.client.get("/v1/jobs", headers={"x-api-key": key.api_key}).status_code == 200
    assert inside.client.get("/v1/jobs", headers=head(key)).status_code == 200
    token = inside.runtime.tokens.issue_token(key.client_id, key.client_secret)
    assert inside.client.get("/v1/jobs", headers={"authorization": f"Bearer {token}"}).status_code == 200
    problem(inside.client.get("/v1/jobs", headers={"x-api-key": "a.b.c"}), 401, "credentials_invalid")


def test_no_credits_is_402_and_a_small_plan_403(inside: Inside) -> None:
    poor = inside.runtime.accounts.create("poor", "free", 5)
    problem(inside.client.post("/v1/jobs", json=BODY, headers=head(poor)), 402, "insufficient_credits")
    answer = inside.client.post("/v1/jobs", json=BODY | {"quality": "premium"}, headers=head(poor))
    problem(answer, 403, "plan_required")


def test_too_many_requests_are_429(inside: Inside) -> None:
    small = inside.runtime.accounts.create("small", "free", 0)
    allowed = inside.runtime.catalog.plan("free").requests_per_minute
    assert allowed is not None
    answers = [inside.client.get("/v1/jobs", headers=head(small)) for _ in range(allowed + 1)]
    assert answers[-2].status_code == 200
    problem(answers[-1], 429, "rate_limited")
    assert int(answers[-1].headers["retry-after"]) > 0


@pytest.mark.parametrize("ref", ["nonsense", "..%2f..%2fetc", "%00", "0" * 32, "0" * 24, "1" * 18, "9" * 40])
def test_an_unknown_id_is_404(inside: Inside, key: Credentials, ref: str) -> None:
    answer = inside.client.get(f"/v1/jobs/{ref}", headers=head(key))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unknown_path_is_a_problem(inside: Inside) -> None:
    problem(inside.client.get("/nothing/here"), 404, "not_found")


def test_too_large_a_body_is_413(inside: Inside, key: Credentials) -> None:
    answer = inside.client.post("/v1/jobs", json=BODY | {"prompt": "x" * 30_000_000}, headers=head(key))
    problem(answer, 413, "upload_too_large")

    def endless() -> Any:
        yield b'{"prompt": "'
        for _ in range(30):
            yield b"x" * 1_000_000

    chunked = inside.client.post(
        "/v1/jobs", content=endless(), headers=head(key) | {"content-type": "application/json"}
    )
    problem(chunked, 413, "upload_too_large")
