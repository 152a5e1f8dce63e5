"""photoplay's own webhook: signed as Standard Webhooks says (https://www.standardwebhooks.com).

``webhook-id`` is the same on every try, so a receiver can drop what it has seen; the signature is by the
``webhook_secret`` of the account's key. The body::

    {"type": "job.succeeded", "timestamp": "…", "data": {"id": "…", "state": "succeeded", "video_url": "…", …}}
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from standardwebhooks import Webhook

from photoplay.accounts import Credentials
from photoplay.clock import Clock, iso
from photoplay.dialects.native import wire
from photoplay.jobs.callbacks import ArtifactUrl, CallbackWriter, JobEvent
from photoplay.jobs.job import Job, JobState
from photoplay.jobs.runtime import Runtime
from photoplay.notify.delivery import Delivery
from photoplay.settings import Settings


def writer(clock: Clock) -> CallbackWriter:
    """What writes this dialect's webhooks."""

    def write(job: Job, event: JobEvent, credentials: Credentials, link: ArtifactUrl) -> Delivery | None:
        if job.request.callback_url is None or event.name == JobState.QUEUED:  # the answer to the create told of that
            return None
        video = job.artifact("video")
        message = {
            "type": f"job.{event.name}",
            "timestamp": iso(event.created_ms),
            "data": {
                "id": job.id,
                "external_id": job.request.external_id,
                "state": job.state.value,
                "progress": job.progress,
                "width": job.width,
                "height": job.height,
                "duration_s": job.duration_s,
                "video_url": link(video) if video is not None else None,
                "error": None
                if job.error_code is None
                else {"code": job.error_code, "message": job.error_message or ""},
            },
        }
        body = json.dumps(message, separators=(",", ":"))
        now = datetime.fromtimestamp(clock.now_ms() / 1000, UTC)
        return Delivery(
            url=job.request.callback_url,
            body=body.encode(),
            headers={
                "content-type": "application/json",
                "webhook-id": event.id,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(credentials.webhook_secret).sign(event.id, now, body),
            },
        )

    return write


def register_callbacks(runtime: Runtime, settings: Settings) -> None:
    """Has this dialect write the webhooks of the jobs that came in through it."""
    runtime.callbacks.register(wire.DIALECT, writer(runtime.clock))
