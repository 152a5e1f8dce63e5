"""Kling's callback: the task itself, without an envelope, on every change of its status.

Signed as Standard Webhooks says, with the ``webhook_secret`` of the key that made the task; the vendor signs when the
account has a secret, and every key of ours has one. ``webhook-id`` is the event's id and the same on every try, so a
receiver can drop what it has seen. Events of a task arrive in order: submitted, processing, then succeed or failed.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from photoplay.accounts import Credentials
from photoplay.clock import Clock, SystemClock
from photoplay.dialects.kling import wire
from photoplay.jobs.callbacks import ArtifactUrl, CallbackWriter, JobEvent
from photoplay.jobs.job import Job
from photoplay.jobs.runtime import Runtime
from photoplay.notify.delivery import Delivery
from photoplay.settings import Settings

CONTENT_TYPE = "application/json; charset=utf-8"


def message_of(job: Job, link: ArtifactUrl) -> dict[str, Any]:
    """What is told of a job as it was at the event."""
    video = job.artifact("video")
    videos = wire.videos_of(job, url=None if video is None else link(video), watermark_url=None)
    return {
        "task_id": job.number,
        "task_status": wire.STATUS_OF[job.state],
        "task_status_msg": wire.status_message(job),
        "created_at": job.created_ms,
        "updated_at": job.updated_ms,
        "final_unit_deduction": wire.units_of(job),
        "final_balance_deduction": {"quota": "", "list_price": ""},  # of accounts with cash: there are none here
        "task_info": wire.info_of(job).model_dump(),
        "task_result": {"videos": [each.model_dump() for each in videos]},
    }


def writer(clock: Clock) -> CallbackWriter:
    """What writes this dialect's callbacks."""

    def write(job: Job, event: JobEvent, credentials: Credentials, link: ArtifactUrl) -> Delivery | None:
        if job.state not in wire.STATUS_OF or job.request.callback_url is None:
            return None
        body = json.dumps(message_of(job, link), ensure_ascii=False, separators=(",", ":"))
        now = datetime.fromtimestamp(clock.now_ms() / 1000, UTC)
        return Delivery(
            url=job.request.callback_url,
            body=body.encode(),
            headers={
                "content-type": CONTENT_TYPE,
                "webhook-id": event.id,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(credentials.webhook_secret).sign(event.id, now, body),
            },
        )

    return write


def register_callbacks(runtime: Runtime, settings: Settings) -> None:
    """Has this dialect write the callbacks of the jobs that came in through it."""
    runtime.callbacks.register(wire.DIALECT, writer(SystemClock()))
