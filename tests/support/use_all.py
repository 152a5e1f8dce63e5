"""Uses everything of the product that reads or writes the database, once or more, without a worker process."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from photoplay.accounts import Ledger
from photoplay.clock import FixedClock
from photoplay.db import writing
from photoplay.jobs.estimates import Estimates
from photoplay.jobs.executors import ExecutorSlot
from photoplay.jobs.feed import Feed
from photoplay.jobs.job import Artifact, JobRequest, JobState, MediaRef, Phase
from photoplay.jobs.overview import overview
from photoplay.jobs.recovery import Sweeper
from photoplay.jobs.retention import Retention
from photoplay.jobs.store import Picture
from photoplay.jobs.uploads import Uploads
from photoplay.notify.outbox import Outbox
from photoplay.shot import Plan
from support.inside import Inside

EXECUTOR = "some-worker"
HOOK = "http://127.0.0.1:9/hook"


def use_all(inside: Inside, account_ids: list[str]) -> None:
    """``account_ids`` have jobs already, the first of them most."""
    _accounts(inside)
    for account_id in (account_ids[1], account_ids[0]):
        key = inside.runtime.accounts.create_key(account_id)
        inside.runtime.endpoints.add(account_id, HOOK)
        headers = {"x-api-key": key.api_key}
        made = _api(inside, headers)
        _lists(inside, headers, account_id, made)
        _lives(inside, account_id)
    _outbox(inside, account_ids[0])
    _chores(inside)


def _accounts(inside: Inside) -> None:
    """What operators do with accounts and keys, and every way to say who one is."""
    runtime = inside.runtime
    made = runtime.accounts.create("Ada", "enterprise", 1000)
    accounts, tokens = runtime.accounts, runtime.tokens
    accounts.list()
    accounts.check_secret()
    accounts.get(made.account_id)
    accounts.keys(made.account_id)
    accounts.credentials(made.account_id, made.client_id)
    accounts.set_plan(made.account_id, "pro")
    accounts.set_blocked(made.account_id, False)
    accounts.by_api_key(made.api_key)
    accounts.by_access_key(made.access_key)
    tokens.verify_token(tokens.issue_token(made.client_id, made.api_key))
    accounts.revoke(accounts.create_key(made.account_id).key_id)
    ledger = Ledger(runtime.clock)
    with writing(runtime.engine) as connection:
        ledger.grant(connection, account_id=made.account_id, amount=10)
        ledger.adjust(connection, account_id=made.account_id, amount=-10, note="by hand")
    endpoint, _ = runtime.endpoints.add(made.account_id, HOOK)
    runtime.endpoints.list(made.account_id)
    runtime.endpoints.list()
    runtime.endpoints.opened(endpoint.id)
    runtime.endpoints.remove(endpoint.id)


def _api(inside: Inside, headers: dict[str, str]) -> list[str]:
    """Creates and reads over HTTP. The ids of jobs that were made."""
    client = inside.client
    upload = client.post("/v1/uploads", headers=headers, files={"file": ("photo.png", b"\x89PNG\r\n\x1a\n photo")})
    assert upload.status_code in (200, 201), upload.text
    image = upload.json()["url"]
    made = []
    for number in range(3):
        body = {"images": [image], "prompt": "rain", "external_id": f"mine-{upload.json()['id']}-{number}"}
        tried = headers | {"idempotency-key": f"try-{upload.json()['id']}-{number}"}
        for _ in range(2):
            answer = client.post("/v1/jobs", json=body | {"callback_url": HOOK}, headers=tried)
            assert answer.status_code == 201, answer.text
        made.append(answer.json()["id"])
    assert client.post("/v1/jobs", json={"images": ["http://127.0.0.1:9/x.jpg"]}, headers=headers).status_code == 201
    for path in (
        f"/v1/jobs/{made[0]}",
        f"/v1/jobs/{made[0]}/artifacts",
        "/v1/balance",
        f"/v1/uploads/{upload.json()['id']}",
    ):
        client.get(path, headers=headers)
    job = inside.job(made[0])
    for ref in (job.object_id, job.number):
        assert client.get(f"/v1/jobs/{ref}", headers=headers).status_code == 200
    assert client.post(f"/v1/jobs/{made[2]}/cancel", headers=headers).status_code == 200
    assert client.delete(f"/v1/jobs/{made[2]}", headers=headers).status_code == 204
    return made


def _lists(inside: Inside, headers: dict[str, str], account_id: str, made: list[str]) -> None:
    """Lists, with each filter alone and some together."""
    service = inside.runtime.service
    now_ms = inside.runtime.clock.now_ms()
    long_ago_ms = now_ms - 29 * 86_400_000
    filters: list[dict[str, Any]] = [
        {},
        {"newest_first": False},
        {"limit": 100},
        {"offset": 100},
        {"after": made[0]},
        {"after": made[0], "newest_first": False},
        {"created_from_ms": long_ago_ms, "newest_first": False},
        {"created_from_ms": now_ms - 86_400_000, "newest_first": False},
        {"created_from_ms": now_ms - 86_400_000},
        {"created_before_ms": long_ago_ms},
        {"created_before_ms": now_ms - 86_400_000, "newest_first": False},
        {"face": ("endpoint", "multi-image2video", False)},
        *({"dialect": dialect} for dialect in ("akool", "native", "openai", "kling", "keevx")),
        *({"model": model} for model in ("motion", "no-such-model")),
        *({"states": [state]} for state in JobState if state is not JobState.DELETED),
        {"states": list(JobState)},
        {"states": [JobState.FAILED, JobState.CANCELED]},
        {"states": [JobState.SUCCEEDED], "created_before_ms": long_ago_ms},
        {"states": [JobState.QUEUED, JobState.RUNNING], "model": "motion"},
        {"dialect": "native", "created_before_ms": long_ago_ms},
    ]
    for chosen in filters:
        service.list(account_id, **chosen)
        if not {"dialect", "model", "face"} & chosen.keys():  # of everybody's jobs, nobody asks for these
            service.list(None, **chosen)
    service.get_external(account_id, inside.job(made[0]).request.external_id or "")
    for path in ("/v1/jobs", "/v1/jobs?state=queued&state=running", "/v1/videos", "/readyz"):
        inside.client.get(path, headers=headers)
    bearer = {"authorization": f"Bearer {headers['x-api-key']}"}
    for path in (
        "/v1/videos/image2video",
        "/v1/videos/multi-image2video",
        "/account/costs?start_time=0&end_time=9999999999999",
    ):
        inside.client.get(path, headers=bearer)
    runtime = inside.runtime
    runtime.issued(account_id)
    with runtime.engine.connect() as connection:
        entries = Ledger.entries(connection, account_id)
        Ledger.entries(connection, account_id, before_id=entries[-1].id)


def _lives(inside: Inside, account_id: str) -> None:
    """What a worker does with jobs."""
    runtime = inside.runtime
    account = runtime.accounts.get(account_id)
    estimates = Estimates(runtime.engine, runtime.clock)
    for end in ("succeed", "fail", "cancel"):
        image = runtime.service.add_upload(account_id, "photo.png", iter([b"\x89PNG"]))
        asked = JobRequest(images=(MediaRef(key=image.key),), prompt="waves", callback_url=HOOK)
        job = runtime.service.submit(account, asked, idempotency_key=f"once-{account_id}-{end}")
        estimates.wait(job)
        runtime.lifecycle.begin(job.id, EXECUTOR)
        runtime.store.order(job.id)
        for phase in (Phase.GATHER, Phase.RENDER):
            step = runtime.steplog.entered(job.id, phase.value, EXECUTOR)
            runtime.steplog.child(step, os.getpid())
            runtime.store.enter(job.id, phase, 0.3, EXECUTOR)
            runtime.store.progress(job.id, 0.5, EXECUTOR)
            runtime.store.held_by(job.id, EXECUTOR)
            running = runtime.service.get(account_id, job.id)
            estimates.wait(running)
            runtime.steplog.left(step)
        runtime.steplog.of(job.id)
        runtime.store.picture(
            job.id,
            Picture(plan=Plan(), cues=(), scene={}, width=64, height=48, fps=8, duration_s=1.0, notes=("a",)),
        )
        runtime.store.remark(job.id, ["b"])
        if end == "succeed":
            key = f"jobs/{job.id}/video.mp4"
            stored = runtime.storage.put_bytes(key, b"mp4")
            video = Artifact(
                kind="video", key=key, content_type="video/mp4", size_bytes=stored.size_bytes, sha256="0" * 64
            )
            runtime.lifecycle.succeed(job.id, [video])
            runtime.service.artifact(account_id, job.id, "video")
            runtime.service.owns_key(account_id, key)
        elif end == "fail":
            runtime.lifecycle.fail(job.id, "render_failed", "no")
        else:
            runtime.service.cancel(account_id, job.id)
        with runtime.engine.connect() as connection:
            Ledger.settlement(connection, job.id)
        with writing(runtime.engine) as connection:  # a second settlement changes nothing
            runtime.ledger.release(connection, account_id=account_id, job_id=job.id, amount=job.credits)


def _outbox(inside: Inside, account_id: str) -> None:
    """Webhooks: handed out, delivered, failed, skipped, told again, listed."""
    outbox = inside.runtime.outbox
    events = outbox.claim(64, busy=["nobody/"])
    assert len(events) >= 3
    outbox.delivered(events[0], url=HOOK, status=200)
    outbox.failed(events[1], url=HOOK, status=500, error="no")
    outbox.failed(events[2], url=HOOK, status=500, error="no", final=True)
    outbox.skip(events[-1], "nobody wants it")
    inside.runtime.callbacks.compose(events[0])
    outbox.replay(events[2].id)
    outbox.replay(events[2].id, account_id)
    states = (None, "pending", "delivered", "skipped", "dead")
    for owner in (None, account_id):
        for state in states:
            outbox.list(account_id=owner, state=state)
    outbox.list(job_id=events[0].job_id)
    outbox.hasten()
    ahead = Outbox(inside.runtime.engine, FixedClock(inside.runtime.clock.now_ms() + 3_600_000))
    ahead.failed(ahead.claim(1)[0], url=HOOK, status=500, error="no")
    assert outbox.hasten() == 1


def _waits(inside: Inside) -> None:
    """A job that waits outside the queue, as long as its account's plan lets in no more; and who follows it."""
    runtime = inside.runtime
    key = runtime.accounts.create("Bob", "free", 1000)
    account = runtime.accounts.get(key.account_id)
    image = MediaRef(url="http://127.0.0.1:9/x.jpg")
    runtime.service._desk._max_live = 10**6
    first, *_, waiting = [runtime.service.submit(account, JobRequest(images=(image,))) for _ in range(3)]
    runtime.service._desk._max_live = None
    estimates = Estimates(runtime.engine, runtime.clock)
    assert estimates.wait(waiting).queue_position is not None
    assert estimates.wait(waiting).eta_s is not None
    feed = Feed(runtime.store, estimates, per_account=1)
    feed._look({waiting.id: feed.see(waiting)}, frozenset())  # its loop does this every moment
    runtime.service.cancel(account.id, first.id)  # lets the next one in
    upload = runtime.service.add_upload(account.id, "photo.png", iter([b"x"]))
    runtime.service.upload(account.id, upload.id)
    later = Uploads(
        engine=runtime.engine,
        clock=FixedClock(upload.expires_ms + 1),
        storage=runtime.storage,
        work_dir=runtime.settings.data_dir / "tmp",
        max_bytes=10,
        retention_s=1,
    )
    later.sweep(limit=2)


def _chores(inside: Inside) -> None:
    """What goes on beside: signs of life, recovery, retention."""
    runtime = inside.runtime
    with tempfile.TemporaryDirectory() as folder:
        slot = ExecutorSlot.take(Path(folder))
        for _ in range(2):
            runtime.register.beat(slot, role="worker", slots=2, pools=["motion"])
        _waits(inside)
        overview(runtime.engine, runtime.register, runtime.clock, ttl_s=30)
        runtime.register.forget([slot.id])
        slot.release()
    Sweeper(engine=runtime.engine, clock=runtime.clock, queue=runtime.queue, lifecycle=runtime.lifecycle).tick(
        queued_too=True
    )
    retention = Retention(
        engine=runtime.engine,
        clock=runtime.clock,
        store=runtime.store,
        storage=runtime.storage,
        uploads=runtime.uploads,
        queue=runtime.queue,
        outbox=runtime.outbox,
        remove_files=runtime.service.remove_files,
        idempotency_ttl_s=365 * 86_400,
        webhook_retention_s=365 * 86_400,
        link_ttl_s=86_400,
    )
    retention.tick()
    retention.sweep_orphans()
