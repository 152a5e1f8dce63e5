"""OpenAI's webhooks: ``video.completed`` and ``video.failed``, signed as Standard Webhooks says.

The vendor has them by account: an endpoint of the account is told of the end of every video, signed with the
endpoint's own secret. Besides, a request may name a URL of its own (``callback_url``, not the vendor's); what that is
told is signed by the ``webhook_secret`` of the key that made the video. Both are what the vendor's
``client.webhooks.unwrap()`` accepts. ``webhook-id`` is the event's id and the same on every try. The body names the
video and no more; the receiver reads it with ``GET /videos/{id}``.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from standardwebhooks import Webhook

from photoplay.accounts import Credentials
from photoplay.clock import Clock
from photoplay.dialects.openai import wire
from photoplay.jobs.callbacks import AccountWriter, ArtifactUrl, CallbackWriter, JobEvent
from photoplay.jobs.job import Job
from photoplay.jobs.runtime import Runtime
from photoplay.notify.delivery import Delivery
from photoplay.notify.endpoints import EVENT_OF_STATE, Endpoint
from photoplay.settings import Settings


def message(job: Job, event: JobEvent, *, url: str, secret: str, now_ms: int) -> Delivery | None:
    """The event as ``url`` is told of it, signed with ``secret`` now. None: the vendor has no event for it."""
    kind = EVENT_OF_STATE.get(event.name)
    if kind is None:
        return None
    event_id = f"evt_{event.id}"
    body = json.dumps(
        {
            "id": event_id,
            "object": "event",
            "created_at": event.created_ms // 1000,
            "type": kind,
            "data": {"id": wire.video_id(job)},
        },
        separators=(",", ":"),
    )
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    return Delivery(
        url=url,
        body=body.encode(),
        headers={
            "content-type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(event_id, now, body),
        },
    )


def writer(clock: Clock) -> CallbackWriter:
    """What writes the webhooks that requests asked for."""

    def write(job: Job, event: JobEvent, credentials: Credentials, link: ArtifactUrl) -> Delivery | None:
        url = job.request.callback_url
        if url is None:
            return None
        return message(job, event, url=url, secret=credentials.webhook_secret, now_ms=clock.now_ms())

    return write


def account_writer(clock: Clock) -> AccountWriter:
    """What writes the webhooks of accounts."""

    def write(job: Job, event: JobEvent, endpoint: Endpoint, secret: str) -> Delivery | None:
        return message(job, event, url=endpoint.url, secret=secret, now_ms=clock.now_ms())

    return write


def register_callbacks(runtime: Runtime, settings: Settings) -> None:
    """Has this dialect write the webhooks of the jobs that came in through it, and those of accounts."""
    runtime.callbacks.register(wire.DIALECT, writer(runtime.clock))
    runtime.callbacks.register_account(account_writer(runtime.clock))
