"""What a render loads before its first photo: done ahead, by a process that is kept ready for one.

Only what nearly every clip needs, and what costs no more to hold than it saves: the tables of English words, the kinds
of life, the small networks. Tables of other languages and the sentence encoder are loaded when a prompt asks for them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from photoplay.engines.motion import engine as _engine  # noqa: F401 - loading it is the point
from photoplay.engines.motion import nets
from photoplay.engines.motion.language.lexicon import table
from photoplay.engines.motion.life.registry import life_forms

_ONNX = ("fastdepth",)
_TFLITE = ("face_box", "selfie")


def warm_up(models_dir: Path | None) -> None:
    """Loads modules, words and, where ``models_dir`` has them, networks."""
    table("en")
    life_forms()
    Image.preinit()
    np.unique(np.zeros(2, np.uint8))  # NumPy loads its masked arrays for that
    if models_dir is None:
        return
    for name in _ONNX:
        path = nets.locate(name, models_dir)
        if path is not None:
            nets.onnx(path)
    for name in _TFLITE:
        path = nets.locate(name, models_dir)
        if path is not None:
            nets.tflite(path)
