"""A small real text-to-audio pipeline for tests, in this process and behind the wire form that servers use.

It "generates" a tone whose pitch depends on the prompt's length: 500 Hz and 100 Hz more for each character up to ten.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from scipy.io import wavfile

RATE = 22_050


def pitch_hz(prompt: str) -> float:
    """The pitch of the tone for a prompt."""
    return 500.0 + 100.0 * (len(prompt) % 10)


class TinySound:
    """See :class:`photoplay.sound.neural.TextToAudio`."""

    def __call__(self, prompt: str, *, duration_s: float, seed: int) -> tuple[np.ndarray, int]:
        t = np.arange(int(duration_s * RATE)) / RATE
        wave = 0.3 * np.sin(2 * np.pi * pitch_hz(prompt) * t + seed % 7)
        return wave.astype(np.float32), RATE


@dataclass
class SoundServer:
    """A running server: its base URL and what it was asked. ``status`` and ``broken`` make it misbehave."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: int = 200
    broken: bool = False


@contextmanager
def sound_server() -> Iterator[SoundServer]:
    """Serves ``POST /v1/audio/generate`` on a loopback port."""
    told = SoundServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.asked.append(body)
            told.headers.append({name.lower(): value for name, value in self.headers.items()})
            known = self.path == "/v1/audio/generate" and body["response_format"] == "wav"
            file = io.BytesIO()
            values, rate = TinySound()(body["input"], duration_s=body["audio_length"], seed=body["seed"])
            wavfile.write(file, rate, (values * 32767).astype(np.int16))
            content = b"no sound at all" if told.broken else file.getvalue()
            self.send_response(told.status if known else 404)
            self.send_header("Content-Type", "audio/wav")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
