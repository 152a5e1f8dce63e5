"""Ambience from a server that makes sound from words.

The wire form is the Audio Generate API of vLLM-Omni (``POST /v1/audio/generate``), which serves Stable Audio and its
like: JSON with ``input``, ``audio_length`` and ``seed`` in, a sound file out.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from photoplay.errors import RenderFailed
from photoplay.media.audio import RATE_HZ, read_audio
from photoplay.sound.request import AudioAccess

_ENDPOINT = "/audio/generate"
_MAX_BYTES = 64 * 1024 * 1024
_MAX_PROMPT = 1000


class RemoteAudio:
    """A pipeline (see :class:`photoplay.sound.neural.TextToAudio`) that asks a server."""

    def __init__(self, access: AudioAccess, transport: httpx.BaseTransport | None = None) -> None:
        """``access.source`` is the API's base (``http://host/v1``) or the full address of its endpoint."""
        base = access.source.rstrip("/")
        self._address = base if base.endswith(_ENDPOINT) else base + _ENDPOINT
        self._headers = {"Authorization": f"Bearer {access.key}"} if access.key else {}
        self._model = access.model
        self._timeout_s = access.timeout_s
        self._transport = transport

    def __call__(self, prompt: str, *, duration_s: float, seed: int) -> tuple[NDArray[np.float32], int]:
        """Sound for the prompt, ``(n, 2)``, and its rate in Hz.

        Raises:
            RenderFailed: the server cannot be reached, refuses, or answers with what is no sound.
            AudioUnreadable: its answer cannot be decoded.
        """
        body: dict[str, Any] = {
            "input": prompt[:_MAX_PROMPT],
            "audio_length": round(duration_s, 3),
            "seed": seed,
            "response_format": "wav",
        }
        if self._model:
            body["model"] = self._model
        with tempfile.TemporaryDirectory(prefix="photoplay-sound-") as folder:
            path = Path(folder) / "answer"
            self._fetch(body, path)
            return read_audio(path, duration_s + 1.0), RATE_HZ

    def _fetch(self, body: dict[str, Any], path: Path) -> None:
        """Streams the answer into a file, so that a server cannot fill the memory."""
        size = 0
        try:
            with (
                httpx.Client(timeout=self._timeout_s, transport=self._transport) as client,
                client.stream("POST", self._address, json=body, headers=self._headers) as answer,
                path.open("wb") as file,
            ):
                answer.raise_for_status()
                for chunk in answer.iter_bytes():
                    size += len(chunk)
                    if size > _MAX_BYTES:
                        raise RenderFailed("the sound server's answer is too long")
                    file.write(chunk)
        except httpx.HTTPStatusError as error:
            raise RenderFailed(f"the sound server answered {error.response.status_code}") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # The address may hold credentials: the message names only the kind of failure.
            raise RenderFailed(f"the sound server could not be reached ({type(error).__name__})") from error
