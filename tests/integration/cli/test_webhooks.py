"""``photoplay webhooks``: deliveries and endpoints, as an operator meets them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from photoplay.cli import app
from photoplay.cli.console import exit_code
from photoplay.errors import PhotoplayError
from photoplay.jobs.job import JobRequest, MediaRef
from photoplay.jobs.runtime import Runtime
from photoplay.settings import Settings

URL = "https://hooks.example.com/video"


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    with Runtime.open(Settings(data_dir=tmp_path_factory.mktemp("webhooks"))) as opened:
        opened.accounts.create("Ada", "pro", 1000)
        opened.accounts.create("Bob", "pro", 1000)
        yield opened


def run(runtime: Runtime, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(
        app,
        ["webhooks", *arguments, "--data-dir", str(runtime.settings.data_dir)],
        env={"NO_COLOR": "1", "COLUMNS": "200"},
    )
    if isinstance(done.exception, PhotoplayError):
        return exit_code(done.exception), done.exception.message
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def told(runtime: Runtime, *arguments: str) -> list[dict[str, object]]:
    status, output = run(runtime, *arguments, "--json")
    assert status == 0, output
    found: list[dict[str, object]] = json.loads(output)
    return found


def canceled_job(runtime: Runtime, name: str) -> str:
    account = next(account for account in runtime.accounts.list() if account.name == name)
    job = runtime.service.submit(account, JobRequest(images=(MediaRef(url="https://example.com/p.jpg"),)))
    runtime.service.cancel(account.id, job.id)
    return job.id


def test_an_endpoint_hears_and_its_deliveries_are_listed_and_sent_again(runtime: Runtime, tmp_path: Path) -> None:
    status, output = run(runtime, "endpoints", "add", URL, "--account", "Ada", "--json")
    assert status == 0, output
    made = json.loads(output)
    assert made["secret"].startswith("whsec_")
    assert made["events"] == ["video.completed", "video.failed"]
    status, output = run(runtime, "endpoints", "add", URL, "--account", "Bob", "--event", "video.completed")
    assert (status, "whsec_" in output) == (0, True)
    assert len(told(runtime, "endpoints", "list")) == 2
    assert [endpoint["id"] for endpoint in told(runtime, "endpoints", "list", "--account", "Ada")] == [made["id"]]
    assert "secret" not in told(runtime, "endpoints", "list")[0]
    first, second = (canceled_job(runtime, "Ada") for _ in range(2))
    canceled_job(runtime, "Bob")
    rows = told(runtime, "list")
    assert [row["job_id"] for row in rows] == [second, first]
    assert (
        rows[0] | {"url": URL, "endpoint_id": made["id"], "state": "pending", "tries": 0, "event": "canceled"}
        == rows[0]
    )
    status, text = run(runtime, "list", "--job", first)
    assert (first in text, second in text, URL in text) == (True, False, True)
    for event in runtime.outbox.claim():
        runtime.outbox.failed(event, url=URL, status=500, error="the receiver answered 500", final=True)
    assert [row["last_status"] for row in told(runtime, "list", "--state", "dead")] == [500, 500]
    assert told(runtime, "list", "--state", "pending") == []
    assert run(runtime, "replay", f"evt_{rows[0]['id']}") == (0, "1 to be sent again\n")
    assert [row["id"] for row in told(runtime, "list", "--state", "pending")] == [rows[0]["id"]]
    assert run(runtime, "replay", "--state", "dead") == (0, "1 to be sent again\n")
    assert [(row["id"], row["tries"]) for row in told(runtime, "list", "--state", "pending")] == [
        (row["id"], 0) for row in rows
    ]
    assert run(runtime, "endpoints", "remove", made["id"])[0] == 0
    assert [endpoint["url"] for endpoint in told(runtime, "endpoints", "list", "--account", "Ada")] == []
    assert told(runtime, "list")[0]["url"] == "(removed endpoint)"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("replay",), 2, "say which"),
        (("replay", "0" * 32), 5, "no webhook"),
        (("replay", "--state", "asleep"), 2, "pending"),
        (("list", "--state", "asleep"), 2, "pending"),
        (("list", "--account", "nobody"), 5, "nobody"),
        (("endpoints", "add", "ftp://x", "--account", "Ada"), 2, "http"),
        (("endpoints", "add", URL, "--account", "Ada", "--event", "video.started"), 2, "video.completed"),
        (("endpoints", "add", URL), 5, "--account"),
        (("endpoints", "remove", "nothing"), 5, "no webhook endpoint"),
    ],
)
def test_what_is_wrong_is_said(runtime: Runtime, arguments: tuple[str, ...], status: int, words: str) -> None:
    ended, message = run(runtime, *arguments)
    assert (ended, words in message) == (status, True), message
