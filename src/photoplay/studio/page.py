"""Serves the page at ``/`` and its files under ``/studio``, with headers that hold the page to this server alone."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from photoplay.settings import Settings
from photoplay.storage import Storage

STATIC = Path(__file__).parent / "static"
"""The page and what it loads."""
PAGE = "page.html"
FILES_PATH = "/studio"
HEADERS = {
    "cache-control": "no-cache",  # asked again each time, by its etag: a new version shows at once
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_NEVER_SIGNED = "studio/origin"  # a key that names no file: only where it would be is asked


class _Files(StaticFiles):
    """The page's files, each with the headers above."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(HEADERS)
        return response


def mount(app: FastAPI, settings: Settings, storage: Storage) -> None:
    """Adds the page to ``app``. Clips are played from this server, or from where ``storage`` signs its links."""
    files = _Files(directory=STATIC)

    @app.head("/", include_in_schema=False)
    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        response = await files.get_response(PAGE, request.scope)
        origins = await run_in_threadpool(clip_origins, settings, storage)
        response.headers["content-security-policy"] = policy(origins)
        response.headers["x-frame-options"] = "DENY"
        return response

    app.mount(FILES_PATH, files, name="studio")


def clip_origins(settings: Settings, storage: Storage) -> tuple[str, ...]:
    """Where links to clips may lead besides the page's own origin: the public URL, and a store that signs links.

    Raises:
        StorageError: the store cannot sign links.
    """
    urls = (settings.public_url, storage.presigned_url(_NEVER_SIGNED, 60))
    return tuple(dict.fromkeys(_origin(url) for url in urls if url))


def policy(clip_origins: tuple[str, ...]) -> str:
    """The page's Content-Security-Policy: its own scripts and styles, calls to its own server, clips of its own.

    ``blob:`` is for the photo that was chosen and not sent yet. No form is ever sent by the browser itself: a page
    whose script did not load must not put a key into an address.
    """
    media = " ".join(("'self'", "blob:", *clip_origins))
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src {media}",
            f"media-src {media}",
            "connect-src 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
