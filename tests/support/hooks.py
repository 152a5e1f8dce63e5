"""A receiver of webhooks that can flap, hang and lie. What it takes is what ``support.worker_main`` sends."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ORDER = ["queued", "running", "succeeded", "failed", "canceled"]
HUGE_BYTES = 64 * 1024 * 1024


class Hook(ThreadingHTTPServer):
    """Notes what arrives. How it answers is drawn for every message from ``manners``:

    ``take`` answers 200. ``flap`` answers 503 and has taken nothing. ``lose`` notes the message and answers 503.
    ``hang`` notes nothing and keeps silent for ``hang_s``. ``redirect`` sends the sender round in a circle. ``garbage``,
    ``huge`` and ``slow`` take the message and answer 200 with such a body; ``broken`` answers with what is no HTTP.
    """

    daemon_threads = True
    request_queue_size = 512

    def __init__(
        self, manners: tuple[str, ...] = ("take",), seed: int = 0, *, hang_s: float = 20.0, refusals: int = 1
    ) -> None:
        """``refusals``: how often a message is refused at most; the third try would be half a minute later."""
        super().__init__(("127.0.0.1", 0), _Answerer)
        self.arrived: list[tuple[str, str, str]] = []  # job, event id, state: in order of arrival
        self.tries: list[tuple[str, str]] = []  # event id, manner
        self.hang_s = hang_s
        self.closing = threading.Event()
        self._manners = manners
        self._refusals = refusals
        self._chance = random.Random(seed)  # noqa: S311 - no secret
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}/hook"

    def be(self, *manners: str) -> None:
        """Changes its manners."""
        with self._lock:
            self._manners = manners

    def draw(self, event_id: str) -> str:
        """How this message is answered."""
        with self._lock:
            before = [manner for tried, manner in self.tries if tried == event_id]
            refused = sum(manner in ("flap", "lose", "hang", "redirect", "broken") for manner in before)
            manner = self._chance.choice(self._manners) if refused < self._refusals else "take"
            self.tries.append((event_id, manner))
            return manner

    def note(self, job: str, event_id: str, state: str) -> None:
        """A message was taken."""
        with self._lock:
            self.arrived.append((job, event_id, state))

    def stories(self) -> dict[str, list[tuple[str, str]]]:
        """For each job the event ids and states that arrived, in order of their first arrival."""
        with self._lock:
            told: dict[str, list[tuple[str, str]]] = {}
            for job, event_id, state in dict.fromkeys(self.arrived):
                told.setdefault(job, []).append((event_id, state))
            return told

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Answers for the length of a ``with`` block."""
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.closing.set()
            self.shutdown()
            thread.join()
            self.server_close()

    def handle_error(self, *_: object) -> None:
        """Senders that are killed hang up; that is what this receiver is for."""


class _Answerer(BaseHTTPRequestHandler):
    server: Hook
    timeout = 30

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
        manner = self.server.draw(sent["event"])
        if manner == "hang":
            self.server.closing.wait(self.server.hang_s)
            return
        if manner not in ("flap", "redirect", "broken"):
            self.server.note(sent["job"], sent["event"], sent["state"])
        if manner == "broken":
            self.wfile.write(b"\x00\xff what is this\r\n\r\n")
        elif manner == "redirect":
            self.send_response(307)
            self.send_header("location", self.server.url)
            self.end_headers()
        elif manner in ("flap", "lose"):
            self.send_response(503)
            self.send_header("retry-after", "1")
            self.end_headers()
        else:
            self._take(manner)

    def do_GET(self) -> None:
        """Nobody follows a redirect by a GET."""
        self.send_error(405)

    def _take(self, manner: str) -> None:
        self.send_response(200)
        body = b"\x00\xff{not json" if manner == "garbage" else b"ok"
        self.send_header("content-length", str(HUGE_BYTES if manner in ("huge", "slow") else len(body)))
        self.end_headers()
        with suppress(OSError):  # the sender has heard enough
            if manner == "huge":
                for _ in range(HUGE_BYTES // 65536):
                    self.wfile.write(bytes(65536))
            elif manner == "slow":
                for _ in range(200):
                    self.wfile.write(b".")
                    self.wfile.flush()
                    time.sleep(0.1)
            else:
                self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""
