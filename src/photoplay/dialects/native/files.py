"""Files over HTTP: uploads in; artifacts, uploads and effect previews out.

Whoever has a signed link may read that one file until the link ends. Files of a local store are sent by this
server with byte ranges, so that a player can seek; for a remote store the client is sent to the store itself.
"""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import IO, Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse, RedirectResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from photoplay.clock import iso
from photoplay.dialects.door import ARTIFACTS_PATH, EFFECTS_PATH, Door, door_of
from photoplay.dialects.native.auth import Calling, documented
from photoplay.dialects.native.wire import Problem, UploadOut
from photoplay.errors import ArtifactNotFound, InvalidField, MissingField
from photoplay.jobs.previews import PREVIEW_FILES, preview_key
from photoplay.storage import StoredObject
from photoplay.storage.base import DEFAULT_CONTENT_TYPE

UPLOADS_PATH = "/v1/uploads"
_CHUNK_BYTES = 1024 * 1024
_SPOOL_BYTES = 1024 * 1024  # larger bodies wait on disk, not in memory
_INLINE = ("image/", "video/", "audio/")
_CLOSED = {
    # What callers upload is served from our own address: it must never run as a page of ours.
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "cross-origin",
}

Token = Annotated[str, Path(description="What the signature covers: the file, its type, the end")]
Filename = Annotated[str, Path(description="The file's name, for whoever saves it")]
Slug = Annotated[str, Path(description="The effect's name in the catalog")]

router = APIRouter(responses={404: {"model": Problem, "description": "No such file, or the link has ended"}})


@router.post(
    UPLOADS_PATH,
    status_code=201,
    tags=["photoplay"],
    summary="Upload a photo or a sound",
    dependencies=documented,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "file": {"type": "string", "format": "binary", "description": "The photo or sound"}
                        },
                        "required": ["file"],
                    }
                },
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
)
async def upload(
    request: Request,
    caller: Calling,
    name: Annotated[str | None, Query(description="File name, when the body is the file itself")] = None,
) -> UploadOut:
    """Stores a file: the field `file` of a form, or the body itself. Its `url` works wherever a request takes one."""
    door = door_of(request)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form(max_files=1, max_fields=8) as form:
            part = form.get("file")
            if not isinstance(part, UploadFile):
                raise MissingField("file")
            return await run_in_threadpool(_store, door, request, caller.account.id, part.filename or "", part.file)
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as file:
        async for chunk in request.stream():
            file.write(chunk)
        file.seek(0)
        return await run_in_threadpool(_store, door, request, caller.account.id, name or "", file)


def _store(door: Door, request: Request, account_id: str, name: str, file: IO[bytes]) -> UploadOut:
    def chunks() -> Iterator[bytes]:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk

    first = file.read(1)
    if not first:
        raise InvalidField("file", "the file is empty")
    file.seek(0)
    stored = door.runtime.service.add_upload(account_id, name, chunks())
    return UploadOut(
        id=stored.id,
        url=door.upload_link(door.base_url(request), stored),
        name=stored.name,
        content_type=stored.content_type,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        expires_at=iso(stored.expires_ms),
    )


@router.head(ARTIFACTS_PATH + "/{token}/{filename}", include_in_schema=False)
@router.get(
    ARTIFACTS_PATH + "/{token}/{filename}",
    tags=["files"],
    summary="Read a file by its signed link",
    response_class=Response,
)
def artifact(request: Request, token: Token, filename: Filename) -> Response:
    """The file, whole or in byte ranges. The name at the end is for people; only the token counts."""
    door = door_of(request)
    claims = door.runtime.signer.verify(token)
    left_s = max(1, (claims.expires_ms - door.clock.now_ms()) // 1000)
    return send_file(
        door,
        request,
        claims.key,
        content_type=claims.content_type,
        filename=claims.filename or filename,
        max_age_s=left_s,
    )


@router.head(EFFECTS_PATH + "/{slug}/{filename}", include_in_schema=False)
@router.get(
    EFFECTS_PATH + "/{slug}/{filename}",
    tags=["files"],
    summary="An effect's logo or preview",
    response_class=Response,
)
async def effect_file(request: Request, slug: Slug, filename: Filename) -> Response:
    """`logo.png` or `preview.mp4` of an effect. The first to ask waits some seconds while they are made."""
    door = door_of(request)
    if filename not in PREVIEW_FILES or door.effect(slug) is None:
        raise ArtifactNotFound
    await door.previews.ensure(slug)
    return await run_in_threadpool(
        send_file,
        door,
        request,
        preview_key(slug, filename),
        content_type=PREVIEW_FILES[filename],
        filename=f"{slug}-{filename}",
        max_age_s=3600,
    )


def send_file(
    door: Door, request: Request, key: str, *, content_type: str | None, filename: str, max_age_s: int
) -> Response:
    """A stored file, whole or in byte ranges; or a redirect to the store that has it.

    Raises:
        ArtifactNotFound: it is gone.
    """
    storage = door.runtime.storage
    stored = storage.stat(key)
    content_type = content_type or stored.content_type
    shown = content_type.startswith(_INLINE)
    if not shown:
        content_type = DEFAULT_CONTENT_TYPE  # whatever it is: to be saved, not opened
    headers = {
        **_CLOSED,
        "accept-ranges": "bytes",
        "cache-control": f"private, max-age={max_age_s}",
        "etag": stored.etag,
        "last-modified": _http_date(stored),
    }
    if _unchanged(request, stored.etag):
        return Response(status_code=304, headers=headers)
    path = storage.local_path(key)
    if path is not None:
        # FileResponse heeds Range, If-Range and HEAD; If-Range is compared with the etag above.
        return FileResponse(
            path,
            headers=headers,
            media_type=content_type,
            filename=filename,
            content_disposition_type="inline" if shown else "attachment",
        )
    if request.method == "HEAD":  # a store signs its URLs for GET only
        return Response(headers={**headers, "content-length": str(stored.size_bytes)}, media_type=content_type)
    url = storage.presigned_url(key, max_age_s)
    if url is not None:
        return RedirectResponse(url, status_code=307, headers={"cache-control": "no-store"})
    headers |= {"content-length": str(stored.size_bytes), "accept-ranges": "none"}
    return StreamingResponse(storage.stream(key), headers=headers, media_type=content_type)


def _unchanged(request: Request, etag: str) -> bool:
    """Whether the client says that it has this very version (RFC 9110, If-None-Match: weak comparison)."""
    asked = request.headers.get("if-none-match")
    if asked is None:
        return False
    known: set[Any] = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
    return "*" in known or etag.removeprefix("W/") in known


def _http_date(stored: StoredObject) -> str:
    return format_datetime(datetime.fromtimestamp(stored.modified_ms // 1000, UTC), usegmt=True)
