"""The outermost layer of the HTTP server: a request id, a limit on the body, one log line, no leaked faults.

One middleware does all four, so that their order cannot be got wrong. It is plain ASGI: responses stream
through untouched.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photoplay.dialects.door import request_id
from photoplay.errors import PhotoplayError, UploadTooLarge

REQUEST_ID_HEADER = "x-request-id"
UNEXPECTED = "The server failed unexpectedly. The request id helps its operator to find out why."
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SECRET_PATH = re.compile(r"^(/artifacts/)[^/]+")

log = logging.getLogger("photoplay.http")

Answer = Callable[[str, PhotoplayError, int | None], Response]
"""(path, error, status of a refusal by the server itself) -> the response in the words of the path's dialect."""


class Rim:
    """The middleware. ``limit_for`` gives the largest body, in bytes, that a path takes."""

    def __init__(self, app: ASGIApp, *, answer: Answer, limit_for: Callable[[str], int]) -> None:
        self.app = app
        self.answer = answer
        self.limit_for = limit_for

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get(REQUEST_ID_HEADER, "")
        request_id.set(given if _SAFE_ID.fullmatch(given) else secrets.token_hex(8))
        exchange = _Exchange(scope, receive, send, self.limit_for(scope["path"]))
        started = time.perf_counter()
        try:
            if exchange.declared_bytes(headers) > exchange.limit_bytes:
                await self._refuse(exchange, exchange.too_large(), None)
            else:
                await self.app(scope, exchange.receive, exchange.send)
        except Exception as error:  # the rim of the process: whatever it is, the caller gets an answer, we a traceback
            log.exception("request %s %s failed", scope["method"], _loggable(scope), exc_info=error)
            if exchange.status is not None:
                raise  # the answer is already under way: the server cuts the connection
            await self._refuse(exchange, PhotoplayError(UNEXPECTED), 500)
        finally:
            took_ms = (time.perf_counter() - started) * 1000
            log.info(
                "%s %s %s %.1f ms %s", scope["method"], _loggable(scope), exchange.status, took_ms, request_id.get()
            )

    async def _refuse(self, exchange: _Exchange, error: PhotoplayError, status: int | None) -> None:
        response = self.answer(exchange.scope["path"], error, status)
        await response(exchange.scope, exchange.receive, exchange.send)


class _Exchange:
    """One request and its answer, watched."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limit_bytes: int) -> None:
        self.scope = scope
        self.limit_bytes = limit_bytes
        self.status: int | None = None
        self._receive = receive
        self._send = send
        self._seen_bytes = 0

    @staticmethod
    def declared_bytes(headers: Mapping[str, str]) -> int:
        """What the Content-Length header says; 0 when it says nothing."""
        text = headers.get("content-length", "")
        return int(text) if text.isascii() and text.isdigit() else 0

    def too_large(self) -> UploadTooLarge:
        """The refusal of a body that is too large."""
        return UploadTooLarge(f"The request body is larger than {self.limit_bytes} bytes.")

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._seen_bytes += len(message.get("body", b""))
            if self._seen_bytes > self.limit_bytes:
                raise self.too_large()
        return message

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id.get()
        await self._send(message)


def _loggable(scope: Scope) -> str:
    """The path without what gives access: links to artifacts carry their permission in the path."""
    return _SECRET_PATH.sub(r"\1…", scope["path"])
