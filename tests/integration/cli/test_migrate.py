"""``photoplay migrate``: an embedded installation becomes a cluster, and nobody who has a key notices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from photoplay.accounts import Credentials, audit
from photoplay.cli import app
from photoplay.cli.console import EXIT_CODES, exit_code
from photoplay.db import make_engine
from photoplay.db.tables import ledger, metadata
from photoplay.errors import PhotoplayError, SettingsError, StateError
from photoplay.jobs import moving
from photoplay.jobs.executors import ExecutorSlot
from photoplay.jobs.runtime import Runtime
from photoplay.settings import Settings
from support.inside import Inside, served
from support.postgres import PostgresServer
from support.s3 import S3Server

BODY = {"images": ["https://images.example.com/photo.jpg"], "prompt": "zoom in"}
VIDEO = b"a video, really" * 1000


def run(data_dir: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["migrate", *arguments, "--data-dir", str(data_dir)], env={"COLUMNS": "200"})
    if isinstance(done.exception, PhotoplayError):
        return exit_code(done.exception), done.output + done.exception.message
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def head(key: Credentials) -> dict[str, str]:
    return {"authorization": f"Bearer {key.api_key}"}


def ask(inside: Inside, key: Credentials, **more: Any) -> dict[str, Any]:
    answer = inside.client.post("/v1/jobs", json=BODY | more, headers=head(key))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@dataclass
class Old:
    """An embedded installation that has lived a little, and stands still."""

    settings: Settings
    key: Credentials
    other: Credentials
    upload: dict[str, Any]
    jobs: dict[str, dict[str, Any]]
    endpoint_id: str
    endpoint_secret: str


@pytest.fixture
def old(tmp_path: Path) -> Old:
    settings = Settings.load(data_dir=tmp_path / "old")
    with served(settings) as inside:
        accounts = inside.runtime.accounts
        key, other = accounts.create("Ada", "business", 1000), accounts.create("Bob", "free", 100)
        made = {name: ask(inside, key, external_id=name)["id"] for name in ("done", "failed", "gone")}
        inside.finish(made["done"], data=VIDEO, thumbnail=b"small")
        inside.fail(made["failed"])
        inside.client.post(f"/v1/jobs/{made['gone']}/cancel", headers=head(key))
        hooked = ask(inside, other, callback_url="https://hooks.example.com/x")
        inside.finish(hooked["id"])
        endpoint, secret = inside.runtime.endpoints.add(key.account_id, "https://hooks.example.com/all")
        files = {"file": ("photo.png", b"\x89PNG\r\n\x1a\n and more", "image/png")}
        upload = inside.client.post("/v1/uploads", files=files, headers=head(key)).json()
        jobs = {
            name: inside.client.get(f"/v1/jobs/{job_id}", headers=head(key)).json() for name, job_id in made.items()
        }
    return Old(settings, key, other, upload, jobs, endpoint.id, secret)


@pytest.fixture
def places(postgres: PostgresServer, s3: S3Server) -> Iterator[dict[str, str]]:
    with postgres.database(prepared=False) as url:
        yield {"database_url": url, "storage_url": s3.url()}


def rows_of(url: str) -> dict[str, int]:
    engine = make_engine(url)
    with engine.connect() as connection:
        counted = {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in moving.TABLES
        }
    engine.dispose()
    return counted


def entries(url: str) -> list[dict[str, Any]]:
    engine = make_engine(url)
    with engine.connect() as connection:
        found = [dict(row) for row in connection.execute(sa.select(ledger).order_by(ledger.c.id)).mappings()]
    engine.dispose()
    return found


def test_after_it_everything_works_as_before(old: Old, places: dict[str, str], tmp_path: Path) -> None:
    options = ["--to-database", places["database_url"], "--to-storage", places["storage_url"]]
    before, books = rows_of(old.settings.resolved_database_url), entries(old.settings.resolved_database_url)
    status, output = run(old.settings.data_dir, *options)
    assert status == 0, output
    assert "moved 2 accounts, 2 keys, 4 jobs" in output
    assert "4 files" in output
    assert f"PHOTOPLAY_SECRET_KEY: what {old.settings.data_dir / 'secret.key'} holds" in output
    assert "PHOTOPLAY_STORAGE_URL: s3://" in output
    secret = (old.settings.data_dir / "secret.key").read_text().strip()
    with served(Settings.load(data_dir=tmp_path / "new", secret_key=secret, **places)) as inside:
        assert rows_of(places["database_url"]) == before == rows_of(old.settings.resolved_database_url)
        assert entries(places["database_url"]) == books
        assert audit(inside.runtime.engine) == []
        for name, job in old.jobs.items():
            now = inside.client.get(f"/v1/jobs/{job['number']}", headers=head(old.key)).json()
            told = {field: value for field, value in now.items() if field not in ("files", "video_url")}
            assert told == {field: job[field] for field in told}, name
        done = old.jobs["done"]["id"]
        answer = inside.client.get(f"/v1/jobs/{done}/artifacts/video", headers=head(old.key), follow_redirects=True)
        assert (answer.content, answer.headers["content-type"]) == (VIDEO, "video/mp4")
        assert inside.runtime.balance(old.key.account_id).available == 980  # one clip was paid for
        # What was not delivered yet will be; the endpoint signs with the secret that its owner has.
        waiting = inside.runtime.outbox.list(account_id=old.other.account_id)
        assert {(event.event, event.state) for event in waiting} == {
            ("running", "pending"),
            ("succeeded", "pending"),
            ("queued", "pending"),
        }
        opened = inside.runtime.endpoints.opened(old.endpoint_id)
        assert opened is not None
        assert opened[1] == old.endpoint_secret
        # Numbers go on after those that were moved, and what was uploaded can be used.
        path = "/artifacts/" + old.upload["url"].partition("/artifacts/")[2]
        assert inside.client.get(path, follow_redirects=True).content.startswith(b"\x89PNG")
        again = ask(inside, old.key, images=[f"{inside.client.base_url}{path}"])
        assert inside.job(again["id"]).request.images[0].key is not None
        assert max(row["id"] for row in entries(places["database_url"])) == max(row["id"] for row in books) + 1
    status, output = run(old.settings.data_dir, *options)  # a second time it is refused, and changes nothing
    assert status == EXIT_CODES[StateError]
    assert "the new database is not empty" in output


def test_it_waits_for_a_standstill(old: Old, places: dict[str, str], tmp_path: Path) -> None:
    options = ["--to-database", places["database_url"], "--to-storage", places["storage_url"]]
    with served(old.settings) as inside:
        job = ask(inside, old.key)
    status, output = run(old.settings.data_dir, *options)
    assert status == EXIT_CODES[StateError]
    assert "nothing was moved: 1 jobs are queued or running" in output
    assert "photoplay worker" in output
    with Runtime.open(old.settings) as runtime:
        runtime.service.cancel(old.key.account_id, job["id"])
        slot = ExecutorSlot.take(old.settings.data_dir / "locks")
        runtime.register.beat(slot, role="worker", slots=1, pools=["motion"])
        status, output = run(old.settings.data_dir, *options)
        assert (status, "a worker runs" in output) == (EXIT_CODES[StateError], True)
        slot.release()  # it died: its row is still fresh, but nobody holds its lock
    (old.settings.data_dir / "server.json").write_text(json.dumps({"url": "http://x", "pid": 1}))
    status, output = run(old.settings.data_dir, *options, "--json")  # no photoplay has the number 1
    assert status == 0, output
    assert json.loads(output)["rows"]["jobs"] == 5


def test_a_move_that_broke_off_is_made_again(old: Old, places: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    options = ["--to-database", places["database_url"], "--to-storage", places["storage_url"], "--json"]

    def broken(*_: object) -> None:
        raise StateError("the lights went out")

    with monkeypatch.context() as patch:
        patch.setattr(moving, "_advance_counters", broken)
        status, _ = run(old.settings.data_dir, *options)
    assert status == EXIT_CODES[StateError]
    assert set(rows_of(places["database_url"]).values()) == {0}
    status, output = run(old.settings.data_dir, *options)
    assert status == 0, output
    said = json.loads(output)
    assert (said["files"], said["copied"], said["missing"]) == (4, 0, [])  # the files were there already


def test_files_may_stay_and_missing_ones_are_named(old: Old, places: dict[str, str]) -> None:
    key = next(file for file in old.jobs["done"]["files"] if file["kind"] == "thumbnail")["kind"]
    (thumbnail,) = (old.settings.data_dir / "artifacts").rglob(f"{key}.webp")
    thumbnail.unlink()
    status, output = run(old.settings.data_dir, "--to-database", places["database_url"])
    assert status == 0, output
    assert "The files stay where they are" in output
    assert "thumbnail.webp was missing before the move already" in output


def test_what_it_does_not_move(old: Old, places: dict[str, str], tmp_path: Path, monkeypatch) -> None:
    here = old.settings
    for options, words in (
        (["--to-database", here.resolved_database_url], "the database that is moved"),
        (
            ["--to-database", places["database_url"], "--to-storage", here.resolved_storage_url],
            "the store that is moved",
        ),
    ):
        status, output = run(here.data_dir, *options)
        assert (status, words in output) == (EXIT_CODES[SettingsError], True), output
    monkeypatch.setenv("PHOTOPLAY_SECRET_KEY", "another secret, long enough to be one")
    status, output = run(here.data_dir, "--to-database", places["database_url"])
    assert status == EXIT_CODES[SettingsError], output
    monkeypatch.setenv("PHOTOPLAY_DATABASE_URL", places["database_url"])
    status, output = run(here.data_dir, "--to-database", "postgresql://elsewhere/x")
    assert (status, "only an installation on SQLite" in output) == (EXIT_CODES[SettingsError], True)


def test_every_table_is_moved_but_that_of_the_living_workers() -> None:
    assert {table.name for table in metadata.sorted_tables} - {table.name for table in moving.TABLES} == {"executors"}
