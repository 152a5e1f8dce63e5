"""Files that go while somebody downloads them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import httpx

from photoplay.accounts import Credentials
from photoplay.clock import FixedClock
from photoplay.errors import JobNotFound
from photoplay.jobs.job import JobState
from photoplay.jobs.retention import Retention
from photoplay.jobs.store import JobStore
from photoplay.settings import Settings
from support.inside import Inside, served
from support.postgres import PostgresServer
from support.s3 import S3Server
from support.twins import Twin

SIZE_BYTES = 32 * 1024 * 1024  # far more than lies between the two ends of a connection


def test_a_download_that_has_begun_comes_whole_although_the_file_is_removed(embedded: Inside) -> None:
    key: Credentials = embedded.runtime.accounts.create("tester", "business", 1000)
    head = {"authorization": f"Bearer {key.api_key}"}
    body = {"images": ["https://images.example.com/photo.jpg"]}
    job = embedded.client.post("/v1/jobs", json=body, headers=head).json()
    data = os.urandom(SIZE_BYTES)
    embedded.finish(job["id"], data=data)
    path = f"/v1/jobs/{job['id']}/artifacts/video"
    with embedded.client.stream("GET", path, headers=head) as answer:
        pieces = answer.iter_bytes(1024 * 1024)
        digest = hashlib.sha256(next(pieces))
        embedded.runtime.service.delete(key.account_id, job["id"])
        assert list(embedded.runtime.storage.list(f"jobs/{job['id']}")) == []
        for piece in pieces:
            digest.update(piece)
    assert digest.digest() == hashlib.sha256(data).digest()
    gone = embedded.client.get(path, headers=head)
    assert (gone.status_code, gone.json()["code"]) == (404, JobNotFound.code)


def test_a_link_that_the_store_has_signed_leads_to_the_file_for_as_long_as_it_lasts(
    tmp_path: Path, postgres: PostgresServer, s3: S3Server
) -> None:
    """Whoever downloads by it does not pass by the server, which cannot know when he is done."""
    with Twin(postgres, s3).settings(tmp_path) as places, served(Settings(data_dir=tmp_path, **places)) as app:
        runtime = app.runtime
        key = runtime.accounts.create("tester", "business", 1000)
        head = {"authorization": f"Bearer {key.api_key}"}
        body = {"images": ["https://images.example.com/photo.jpg"]}
        made = app.client.post("/v1/jobs", json=body, headers=head).json()["id"]
        data = os.urandom(SIZE_BYTES)
        job = app.finish(made, data=data)
        link = app.client.get(f"/v1/jobs/{made}", headers=head).json()["video_url"]
        assert link.startswith(s3.endpoint)
        assert job.expires_ms is not None
        clock = FixedClock(job.expires_ms)
        sweep = Retention(
            engine=runtime.engine,
            clock=clock,
            store=JobStore(runtime.engine, clock),
            storage=runtime.storage,
            uploads=runtime.uploads,
            queue=runtime.queue,
            outbox=runtime.outbox,
            remove_files=runtime.service.remove_files,
            idempotency_ttl_s=runtime.settings.idempotency_ttl_s,
            webhook_retention_s=runtime.settings.webhook_retention_s,
            link_ttl_s=runtime.settings.artifact_url_ttl_s,
            monotonic=lambda: clock.now_ms() / 1000,
        )
        with httpx.stream("GET", link, timeout=60) as answer:
            pieces = answer.iter_bytes(1024 * 1024)
            digest = hashlib.sha256(next(pieces))
            assert sweep.tick() == 1
            assert app.job(made).state is JobState.EXPIRED
            assert app.client.get(f"/v1/jobs/{made}", headers=head).json()["video_url"] is None
            for piece in pieces:
                digest.update(piece)
        assert digest.digest() == hashlib.sha256(data).digest()
        assert httpx.get(link, headers={"range": "bytes=5-9"}, timeout=60).content == data[5:10]  # one that goes on
        clock.advance_s(runtime.settings.artifact_url_ttl_s)
        assert sweep.tick() == 1
        assert httpx.get(link, timeout=60).status_code == 404
