"""OpenAI's webhook: ``video.completed`` or ``video.failed``, signed as Standard Webhooks says.

``webhook-id`` is the event's id and the same on every try. The signature is by the ``webhook_secret`` of the key that
made the video, so the vendor's ``client.webhooks.unwrap()`` accepts it. The body names the video and no more; the
receiver reads it with ``GET /videos/{id}``.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from standardwebhooks import Webhook

from photoplay.accounts import Credentials
from photoplay.clock import Clock, SystemClock
from photoplay.dialects.openai import wire
from photoplay.jobs.callbacks import ArtifactUrl, CallbackWriter, JobEvent
from photoplay.jobs.job import Job, JobState
from photoplay.jobs.runtime import Runtime
from photoplay.notify.delivery import Delivery
from photoplay.settings import Settings

TYPE_OF_EVENT = {
    JobState.SUCCEEDED: "video.completed",
    JobState.FAILED: "video.failed",
    JobState.CANCELED: "video.failed",  # the vendor has no other word for it
}
"""What is told. The start of a job is not."""


def writer(clock: Clock) -> CallbackWriter:
    """What writes this dialect's webhooks."""

    def write(job: Job, event: JobEvent, credentials: Credentials, link: ArtifactUrl) -> Delivery | None:
        kind = TYPE_OF_EVENT.get(JobState(event.name))
        if kind is None or job.request.callback_url is None:
            return None
        event_id = f"evt_{event.id}"
        message = {
            "id": event_id,
            "object": "event",
            "created_at": event.created_ms // 1000,
            "type": kind,
            "data": {"id": wire.video_id(job)},
        }
        body = json.dumps(message, separators=(",", ":"))
        now = datetime.fromtimestamp(clock.now_ms() / 1000, UTC)
        return Delivery(
            url=job.request.callback_url,
            body=body.encode(),
            headers={
                "content-type": "application/json",
                "webhook-id": event_id,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(credentials.webhook_secret).sign(event_id, now, body),
            },
        )

    return write


def register_callbacks(runtime: Runtime, settings: Settings) -> None:
    """Has this dialect write the webhooks of the jobs that came in through it."""
    runtime.callbacks.register(wire.DIALECT, writer(SystemClock()))
