"""The client of bench/api.py, in a process of its own: a number of connections that each ask again when answered.

Reads an order as JSON from standard input, ``{"host", "port", "clients", "seconds", "requests"}``, where each request
is the text of a whole HTTP request, and prints ``{"done", "wrong", "p50_ms", "p99_ms", "seconds", "cpu_ms"}``. HTTP is
spoken by hand, on the server's own event loop: a client library would take more of the machine than the server that is
measured. ``cpu_ms`` is what it took for one answer.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from typing import Any, cast

import uvicorn

WARM_UP_S = 0.5
GIVE_UP_S = 60.0
_LENGTH = b"\r\ncontent-length: "


class _Load:
    """What all clients share."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.requests = [text.encode() for text in order["requests"]]
        self.from_s = time.perf_counter() + WARM_UP_S
        self.until_s = self.from_s + order["seconds"]
        self.took_s: list[float] = []
        self.wrong: list[str] = []


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, load: _Load, ended: asyncio.Future[None]) -> None:
        self._load = load
        self._ended = ended
        self._got = b""
        self._begun_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def _ask(self) -> None:
        self._begun_s = time.perf_counter()
        self._transport.write(random.choice(self._load.requests))  # noqa: S311 - no secret

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, mark, body = self._got.partition(b"\r\n\r\n")
        if not mark:
            return
        at = head.index(_LENGTH) + len(_LENGTH)
        if len(body) < int(head[at:].partition(b"\r\n")[0]):
            return
        now_s = time.perf_counter()
        if self._begun_s >= self._load.from_s:
            self._load.took_s.append(now_s - self._begun_s)
            if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
                self._load.wrong.append((head[:16] + body[:200]).decode(errors="replace"))
        self._got = b""
        if now_s < self._load.until_s:
            self._ask()
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._ended.done():
            if self._got or time.perf_counter() < self._load.until_s:
                self._load.wrong.append(f"the connection was lost: {error}")
            self._ended.set_result(None)


async def _run(order: dict[str, Any]) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    load = _Load(order)
    ended = [loop.create_future() for _ in range(order["clients"])]
    for one in ended:
        await loop.create_connection(lambda one=one: _Client(load, one), order["host"], order["port"])  # type: ignore[misc]
    async with asyncio.timeout(order["seconds"] + GIVE_UP_S):
        await asyncio.gather(*ended)
    took_s = sorted(load.took_s)
    return {
        "done": len(took_s),
        "wrong": len(load.wrong),
        "example": load.wrong[:1],
        "p50_ms": 1000 * took_s[len(took_s) // 2] if took_s else None,
        "p99_ms": 1000 * took_s[min(len(took_s) - 1, len(took_s) * 99 // 100)] if took_s else None,
        "seconds": time.perf_counter() - load.from_s,
        "cpu_ms": 1000 * time.process_time() / max(1, len(took_s)),
    }


if __name__ == "__main__":
    factory = uvicorn.Config("").get_loop_factory()
    with asyncio.Runner(loop_factory=factory) as runner:
        print(json.dumps(runner.run(_run(json.load(sys.stdin)))))
