"""Where chance comes from: the request itself, so that the same request sounds the same and no two sound alike."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from photoplay.sound.dsp import Rng
from photoplay.sound.request import SoundRequest


class Chance:
    """Random generators that depend on the request and a name only, never on what was made before."""

    def __init__(self, request: SoundRequest) -> None:
        said = request.model_dump(mode="json", include={"plan", "cues", "prompt", "duration_s", "seed", "scene"})
        self._root = hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).digest()

    def rng(self, name: str) -> Rng:
        """The generator of that name, always from its beginning."""
        digest = hashlib.sha256(self._root + name.encode()).digest()
        return np.random.Generator(np.random.SFC64(int.from_bytes(digest[:16], "big")))

    def number(self, name: str) -> int:
        """A whole number 0 .. 2**31 - 1 for tools that want a seed."""
        return int.from_bytes(hashlib.sha256(self._root + name.encode()).digest()[:4], "big") >> 1
