"""photoplay's own API: a job's events as they happen, as a stream of server-sent events.

An event's ``id`` grows with the job and is the same on every server, so ``Last-Event-ID`` is good on each of them.
Events are what the job is like *now*: a reader that was away gets one event that covers all it missed. The last
one is called ``done``; after it the stream ends, and a reader that asks again is told that there is no more (204).
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from photoplay.clock import iso
from photoplay.dialects.door import door_of
from photoplay.dialects.native.auth import Calling, documented
from photoplay.dialects.native.routes import JobId, inlined, show
from photoplay.dialects.native.wire import ErrorOut, JobOut, Problem
from photoplay.jobs.estimates import Wait
from photoplay.jobs.feed import Seen, Watching

HEARTBEAT_S = 15.0
RETRY_MS = 2000  # after which a browser asks again when the connection is lost

router = APIRouter(prefix="/v1", tags=["photoplay"], dependencies=documented)


class JobEvent(BaseModel):
    """The data of one event."""

    job_id: str
    state: str
    phase: str | None
    progress: float
    queue_position: int | None = Field(description="Jobs that are served before this one; null when it does not wait")
    eta_s: float | None = Field(description="Seconds until it is likely done; null when nothing is known")
    error: ErrorOut | None
    updated_at: str
    job: JobOut | None = Field(description="In the event `done`: the job, as it is read at `/v1/jobs/{job_id}`")


async def _watching(request: Request, job_id: JobId, caller: Calling) -> AsyncIterator[Watching]:
    """The caller's job, watched until the answer is over, however it ends."""
    door = door_of(request)

    def find() -> Seen:
        return door.feed.see(door.runtime.service.get(caller.account.id, job_id))

    with door.feed.watching(await run_in_threadpool(find)) as watching:
        yield watching


@router.get(
    "/jobs/{job_id}/events",
    summary="Follow a job as it goes on",
    response_class=Response,  # the framework's own class for events would want a generator, that cannot answer 204
    responses={
        200: {
            "description": "Server-sent events: `progress`, and at the end one `done`. Each one's `data` is this.",
            "content": {"text/event-stream": {"schema": inlined(JobEvent.model_json_schema())}},
        },
        204: {"description": "The reader has had the last event (`Last-Event-ID`): there is no more"},
        "4XX": {"model": Problem, "description": "A refusal", "content": {"application/problem+json": {}}},
    },
)
async def follow_job(
    request: Request,
    watching: Annotated[Watching, Depends(_watching)],
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", description="Id of the last event that came: go on after it")
    ] = None,
) -> Response:
    """Server-sent events. `progress` comes at once, and whenever state, phase, progress or the place in the queue
    change; `done` comes when the job has ended in any way, and closes the stream. Every event's `data` is JSON. A
    comment comes every 15 seconds when nothing else does.
    """
    had = int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdigit() else -1
    seen = watching.seen
    if not seen.job.state.live and seen.version <= had:
        return Response(status_code=204)
    return StreamingResponse(
        _stream(request, watching, had),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},  # the second: proxies pass it on at once
    )


async def _stream(request: Request, watching: Watching, had: int) -> AsyncIterator[bytes]:
    seen: Seen | None = watching.seen
    yield format_sse_event(retry=RETRY_MS)
    while not watching.over:
        if seen is None:
            yield format_sse_event(comment="waiting")
        # A reader that comes back knows all of that version, but not how long the queue is by now.
        elif seen.version > had or seen.queue_position is not None:
            had = max(had, seen.version)
            yield await asyncio.to_thread(_event, request, seen, had)
        if seen is not None and not seen.job.state.live:
            return
        seen = await watching.next(HEARTBEAT_S)


def _event(request: Request, seen: Seen, number: int) -> bytes:
    job = seen.job
    kind: Literal["progress", "done"] = "progress" if job.state.live else "done"
    data = JobEvent(
        job_id=job.id,
        state=job.state.value,
        phase=job.phase.value if job.phase and job.state.live else None,
        progress=job.progress,
        queue_position=seen.queue_position,
        eta_s=None if seen.eta_s is None else round(seen.eta_s, 1),
        error=None if job.error_code is None else ErrorOut(code=job.error_code, message=job.error_message or ""),
        updated_at=iso(job.updated_ms),
        job=None if job.state.live else show(request, job, Wait(None, None)),
    )
    return format_sse_event(event=kind, data_str=data.model_dump_json(), id=str(number))
