"""Files for tests, good and hostile, and a little web server that hands them out."""

from __future__ import annotations

import contextlib
import io
import struct
import threading
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image


@cache
def jpeg(width: int = 320, height: int = 240) -> bytes:
    """A small photo-like JPEG."""
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], axis=-1).astype(np.uint8)
    rgb[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3] = (230, 120, 40)
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=90)
    return out.getvalue()


@cache
def huge_png(side: int = 40_000) -> bytes:
    """A valid black-and-white PNG of ``side`` × ``side`` pixels, in a file of some 200 kB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(1)
    row = bytes(1 + (side + 7) // 8)
    rows = [packer.compress(row * 1000) for _ in range(side // 1000)]
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", b"".join(rows) + packer.flush())
        + chunk(b"IEND", b"")
    )


@dataclass(frozen=True)
class Page:
    """What the web server answers under a path."""

    body: bytes = b""
    status: int = 200
    location: str | None = None
    keeps_waiting: bool = False  # gives no answer before the server goes


@contextlib.contextmanager
def web(pages: Mapping[str, Page], host: str = "127.0.0.1") -> Iterator[str]:
    """A web server on a free loopback port; gives its URL. Paths it does not know are 404."""
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0], Page(b"not here", 404))
            if page.keeps_waiting:
                closing.wait()
                return
            self.send_response(page.status)
            if page.location is not None:
                self.send_header("Location", page.location)
            self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            self.wfile.write(page.body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer((host, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{host}:{server.server_address[1]}"
        finally:
            closing.set()
            server.shutdown()
            thread.join()
