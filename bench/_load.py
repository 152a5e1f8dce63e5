"""The client of bench/api.py, in a process of its own: a number of connections that each ask again when answered.

Reads an order as JSON from standard input, ``{"host", "port", "clients", "seconds", "requests"}``, where each request
is the text of a whole HTTP request, and prints ``{"done", "wrong", "p50_ms", "p99_ms", "seconds", "cpu_s"}``. HTTP is
spoken by hand: a client library would take more of the machine than the server that is measured.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from typing import Any

WARM_UP_S = 0.5


async def _client(order: dict[str, Any], until_s: float, from_s: float, took_s: list[float], wrong: list[str]) -> None:
    reader, writer = await asyncio.open_connection(order["host"], order["port"])
    requests = [text.encode() for text in order["requests"]]
    while time.perf_counter() < until_s:
        begun_s = time.perf_counter()
        writer.write(random.choice(requests))  # noqa: S311 - no secret
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        body = await reader.readexactly(length)
        if begun_s < from_s:
            continue
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
            wrong.append((head[:16] + body[:200]).decode(errors="replace"))
        took_s.append(time.perf_counter() - begun_s)
    writer.close()


async def _run(order: dict[str, Any]) -> dict[str, Any]:
    took_s: list[float] = []
    wrong: list[str] = []
    from_s = time.perf_counter() + WARM_UP_S
    until_s = from_s + order["seconds"]
    await asyncio.gather(*(_client(order, until_s, from_s, took_s, wrong) for _ in range(order["clients"])))
    took_s.sort()
    seconds = time.perf_counter() - from_s
    return {
        "done": len(took_s),
        "wrong": len(wrong),
        "example": wrong[:1],
        "p50_ms": 1000 * took_s[len(took_s) // 2] if took_s else None,
        "p99_ms": 1000 * took_s[min(len(took_s) - 1, len(took_s) * 99 // 100)] if took_s else None,
        "seconds": seconds,
        "cpu_s": time.process_time(),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_run(json.load(sys.stdin)))))
