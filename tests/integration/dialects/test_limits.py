"""Limits, in each wire API's own shape: of one account, of the whole server, and of requests by the minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from photoplay.accounts import Credentials
from photoplay.settings import Settings
from support.inside import Inside, served
from support.twins import Twin

PHOTO = "https://images.example.com/photo.jpg"


@dataclass(frozen=True)
class Wire:
    """How one wire API makes a job, and what it says when it may not."""

    path: str
    body: dict[str, Any]
    head: Callable[[Credentials], dict[str, str]]
    said: Callable[[httpx.Response], tuple[Any, ...]]
    full: tuple[Any, ...]  # the account's own queue is full
    fast: tuple[Any, ...]  # too many requests
    busy: tuple[Any, ...]  # the server takes no more

    def ask(self, app: Inside, key: Credentials, **more: Any) -> httpx.Response:
        return app.client.post(self.path, json=self.body | more, headers=self.head(key))


def bearer(key: Credentials) -> dict[str, str]:
    return {"authorization": f"Bearer {key.api_key}"}


def x_api_key(key: Credentials) -> dict[str, str]:
    return {"x-api-key": key.api_key}


def problem(answer: httpx.Response) -> tuple[Any, ...]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def by_code(answer: httpx.Response) -> tuple[Any, ...]:
    return answer.status_code, answer.json()["code"]


def with_message(answer: httpx.Response) -> tuple[Any, ...]:
    assert set(answer.json()) == {"code", "message", "request_id"}
    return answer.status_code, answer.json()["code"]


def error_object(answer: httpx.Response) -> tuple[Any, ...]:
    error = answer.json()["error"]
    return answer.status_code, error["type"], error["code"]


WIRES = {
    "native": Wire(
        "/v1/jobs", {"images": [PHOTO]}, bearer, problem,
        full=(429, "queue_full"), fast=(429, "rate_limited"), busy=(503, "server_busy"),
    ),
    "akool": Wire(
        "/api/open/v4/image2Video/createBySourcePrompt",
        {"image_url": PHOTO, "prompt": "x", "negative_prompt": "", "extend_prompt": False, "resolution": "720p",
         "audio_url": "", "audio_type": 3, "video_length": 5},
        x_api_key, by_code,
        full=(200, 1005), fast=(200, 1005), busy=(200, 1005),
    ),
    "kling": Wire(
        "/v1/videos/image2video", {"image": PHOTO}, bearer, with_message,
        full=(429, 1303), fast=(429, 1302), busy=(503, 5001),
    ),
    "keevx": Wire(
        "/v1/image_to_video",
        {"model": "V", "image_url": PHOTO, "prompt": "x", "aspect_ratio": "16:9", "aspect_resolution": "720p", "duration": 6},
        bearer, by_code,
        full=(429, 429), fast=(429, 429), busy=(429, 429),
    ),
    "openai": Wire(
        "/v1/videos", {"prompt": "x", "input_reference": {"image_url": PHOTO}}, bearer, error_object,
        full=(429, "rate_limit_error", "rate_limit_exceeded"),
        fast=(429, "rate_limit_error", "rate_limit_exceeded"),
        busy=(503, "server_error", "server_overloaded"),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, twin: Twin) -> Iterator[Inside]:
    """An app that takes few jobs at once, and whose smallest plan few requests."""
    folder = tmp_path_factory.mktemp("strict")
    catalog = folder / "catalog.toml"
    catalog.write_text("[plans.free]\nconcurrent_jobs = 1\nqueued_jobs = 1\n[plans.starter]\nrequests_per_minute = 3\n")
    with twin.settings(folder) as places:
        own = {"data_dir": folder, "catalog_file": catalog, "max_queued_jobs": 4, "keevx_look_first": False}
        with served(Settings.model_validate(own | places)) as app:
            yield app


@pytest.fixture
def tidy(strict: Inside) -> Iterator[Inside]:
    """The same; its jobs are over at the end."""
    yield strict
    for account in strict.runtime.accounts.list():
        for job in strict.runtime.service.list(account.id, limit=100).jobs:
            if job.state.live:
                strict.runtime.service.cancel(account.id, job.id)


def refused(answer: httpx.Response, wire: Wire, how: tuple[Any, ...]) -> None:
    assert wire.said(answer) == how, answer.text
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES)
def test_an_accounts_queue_is_full(tidy: Inside, wire: Wire) -> None:
    key = tidy.runtime.accounts.create("few", "free", 1000)
    for _ in range(2):
        answer = wire.ask(tidy, key)
        assert answer.status_code in (200, 201), answer.text
    refused(wire.ask(tidy, key), wire, wire.full)
    page = tidy.runtime.service.list(key.account_id)
    assert len(page.jobs) == 2
    assert tidy.credit(key.account_id)[1] == sum(job.credits for job in page.jobs)  # the refused one holds nothing
    tidy.runtime.service.cancel(key.account_id, page.jobs[0].id)
    assert wire.ask(tidy, key).status_code in (200, 201)


@pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES)
def test_the_server_is_full(tidy: Inside, wire: Wire) -> None:
    for _ in range(2):
        key = tidy.runtime.accounts.create("others", "free", 1000)
        for _ in range(2):
            assert wire.ask(tidy, key).status_code in (200, 201)
    key = tidy.runtime.accounts.create("late", "business", 1000)
    refused(wire.ask(tidy, key), wire, wire.busy)
    assert tidy.runtime.service.list(key.account_id).jobs == ()
    assert tidy.credit(key.account_id) == (1000, 0)


@pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES)
def test_requests_come_too_fast(tidy: Inside, wire: Wire) -> None:
    key = tidy.runtime.accounts.create("hasty", "starter", 1000)
    answers = [wire.ask(tidy, key, prompt=f"take {number}") for number in range(4)]
    assert all(wire.said(answer) != wire.fast for answer in answers[:3] if answer.status_code >= 400)
    refused(answers[3], wire, wire.fast)
    assert int(answers[3].headers["retry-after"]) <= 60
