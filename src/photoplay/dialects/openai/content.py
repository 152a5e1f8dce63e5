"""The bytes of a video, its thumbnail, its sprite sheet: always answered here, never a redirect to the store, because
clients of this API stream the answer to a file. Byte ranges work with every store."""

from __future__ import annotations

import contextlib
import re
import tempfile
from pathlib import Path
from typing import Literal

from fastapi import Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from photoplay.dialects.door import Door
from photoplay.dialects.openai import wire
from photoplay.errors import ArtifactNotFound, JobNotFinished, JobNotFound
from photoplay.jobs.job import Artifact, Job, JobState
from photoplay.jobs.service import storage_prefixes
from photoplay.storage import Storage, StoredObject

Variant = Literal["video", "thumbnail", "spritesheet"]
_TYPES: dict[Variant, str] = {"video": "video/mp4", "thumbnail": "image/webp", "spritesheet": "image/webp"}
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def key_of(job: Job, variant: Variant) -> str:
    """Where the file of a finished video is stored. A sprite sheet may still have to be made.

    Raises:
        JobNotFinished: the video is not ready.
        ArtifactNotFound: it failed, its files have expired, or it has no such file.
    """
    if job.state.live:
        raise JobNotFinished(
            f"Video is not ready yet: it is {wire.status_of(job)}. Use GET /v1/videos/{wire.video_id(job)} to check."
        )
    if job.state is JobState.EXPIRED:
        raise ArtifactNotFound("The content of this video has expired.")
    if job.state is not JobState.SUCCEEDED:
        raise ArtifactNotFound("This video failed; it has no content.")
    if variant == "spritesheet":
        return f"{storage_prefixes(job.id)[0]}/spritesheet.webp"
    return _artifact(job, variant).key


def _artifact(job: Job, variant: Variant) -> Artifact:
    found = job.artifact(variant)
    if found is None:
        raise ArtifactNotFound(f"This video has no {variant}.")
    return found


def has_sheet(storage: Storage, job: Job) -> bool:
    """Whether the sprite sheet was made before."""
    try:
        storage.stat(key_of(job, "spritesheet"))
    except ArtifactNotFound:
        return False
    return True


def make_sheet(door: Door, job: Job) -> None:
    """Makes the sprite sheet of a finished video and stores it beside it. Takes seconds of one core: call it in a
    thread, one at a time.

    Raises:
        ArtifactNotFound: the video is gone.
        JobNotFound: the job was deleted meanwhile.
        RenderFailed: the video cannot be decoded.
    """
    from photoplay.media.probe import spritesheet  # brings the video and image libraries: many servers never need it

    storage, key = door.runtime.storage, key_of(job, "spritesheet")
    if has_sheet(storage, job):  # somebody else asked for it while we waited
        return
    video = _artifact(job, "video").key
    with contextlib.ExitStack() as stack:
        path = storage.local_path(video)
        if path is None:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "video.mp4"
            storage.fetch_to(video, path)
        sheet = spritesheet(path)
    storage.put_bytes(key, sheet, _TYPES["spritesheet"])
    try:
        gone = door.runtime.service.get(job.account_id, job.id).state is not JobState.SUCCEEDED
    except JobNotFound:
        storage.delete(key)
        raise
    if gone:
        storage.delete(key)
        raise ArtifactNotFound("The content of this video has expired.")


def send(storage: Storage, request: Request, job: Job, variant: Variant) -> Response:
    """The file, whole or the part that a ``Range`` header asks for.

    Raises:
        ArtifactNotFound: it is gone.
    """
    key = key_of(job, variant)
    stored = storage.stat(key)
    name = f"{wire.video_id(job)}.mp4" if variant == "video" else f"{wire.video_id(job)}-{variant}.webp"
    headers = {"accept-ranges": "bytes", "cache-control": "private, no-cache", "etag": stored.etag}
    path = storage.local_path(key)
    if path is not None:
        # FileResponse heeds Range, If-Range and HEAD; If-Range is compared with the etag above.
        return FileResponse(path, headers=headers, media_type=_TYPES[variant], filename=name)
    headers["content-disposition"] = f'attachment; filename="{name}"'
    return _from_afar(storage, request, stored, headers, _TYPES[variant])


def _from_afar(
    storage: Storage, request: Request, stored: StoredObject, headers: dict[str, str], media_type: str
) -> Response:
    size_bytes = stored.size_bytes
    span = None
    if request.headers.get("if-range", stored.etag) == stored.etag:
        span = byte_range(request.headers.get("range", ""), size_bytes)
    if span is not None and span[0] == size_bytes:
        return Response(status_code=416, headers=headers | {"content-range": f"bytes */{size_bytes}"})
    start, end = span or (0, size_bytes)
    headers["content-length"] = str(end - start)
    if span is not None:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size_bytes}"
    status = 200 if span is None else 206
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=media_type)
    pieces = storage.stream(stored.key, start=start, length=end - start)
    return StreamingResponse(pieces, status_code=status, headers=headers, media_type=media_type)


def byte_range(header: str, size_bytes: int) -> tuple[int, int] | None:
    """(start, end after the last) of a ``Range`` header of one range; None for none, or one that may be ignored.

    ``start`` is ``size_bytes`` when the range cannot be satisfied (RFC 9110, section 14.1.2).
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        last = int(match[2])
        return (size_bytes, size_bytes) if last == 0 else (max(0, size_bytes - last), size_bytes)
    start = int(match[1])
    if start >= size_bytes:
        return size_bytes, size_bytes
    end = int(match[2]) + 1 if match[2] else size_bytes
    return None if end <= start else (start, min(end, size_bytes))
