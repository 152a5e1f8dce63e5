"""Keevx's callback: one POST for each task that has ended, in the form of the vendor's sample.

The vendor's carries no signature. Ours adds the three headers of Standard Webhooks, which a receiver that does not know
them ignores: ``webhook-id`` is the event's and the same on every try, the signature is by the ``webhook_secret`` of the
key that made the task. The setting ``keevx_sign`` leaves them out.
"""

from __future__ import annotations

from datetime import UTC, datetime

from standardwebhooks import Webhook

from photoplay.accounts import Credentials
from photoplay.clock import Clock, SystemClock
from photoplay.dialects.keevx import wire
from photoplay.jobs.callbacks import ArtifactUrl, CallbackWriter, JobEvent
from photoplay.jobs.job import Job, JobState
from photoplay.jobs.runtime import Runtime
from photoplay.notify.delivery import Delivery
from photoplay.settings import Settings

TOLD = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELED})
"""The events that are told: "after the video generation task is processed"."""


def writer(*, sign: bool, clock: Clock) -> CallbackWriter:
    """What writes this dialect's callbacks."""

    def write(job: Job, event: JobEvent, credentials: Credentials, link: ArtifactUrl) -> Delivery | None:
        if event.name not in TOLD or job.request.callback_url is None:
            return None
        video, thumbnail = job.artifact("video"), job.artifact("thumbnail")
        body = wire.CallbackBody(
            data=wire.Told(
                task_id=wire.task_id(job),
                status=wire.status_of(job),
                video_url=link(video) if video is not None else "",
                thumbnail_url=link(thumbnail) if thumbnail is not None else "",
                error_message=wire.reason_of(job),
            )
        ).model_dump_json()
        headers = {"content-type": "application/json"}
        if sign:
            now = datetime.fromtimestamp(clock.now_ms() / 1000, UTC)
            headers |= {
                "webhook-id": event.id,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(credentials.webhook_secret).sign(event.id, now, body),
            }
        return Delivery(url=job.request.callback_url, body=body.encode(), headers=headers)

    return write


def register_callbacks(runtime: Runtime, settings: Settings) -> None:
    """Has this dialect write the callbacks of the jobs that came in through it."""
    runtime.callbacks.register(wire.DIALECT, writer(sign=settings.keevx_sign, clock=SystemClock()))
