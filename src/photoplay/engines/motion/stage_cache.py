"""Stages kept on disk, so that trying another prompt on a photo starts drawing at once.

One file a stage, plain, since the point is time: a line of JSON that says what the arrays are, then their bytes. Of a
layer before the plate only the part is written that shows: beyond it there are the plate's colours. The file's
name says everything the stage depends on: the photo, the weights and code it was seen and built with, and its measures.
Writing happens beside the rendering.
The folder is held under a size by dropping what was used longest ago; stages larger than any of 4k with two layers are
not kept.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion.cache_folder import code_version, keep
from photoplay.engines.motion.stage import part_of
from photoplay.engines.motion.types import U8, Layer, SceneMap, Stage

log = logging.getLogger(__name__)

MAX_BYTES = 384 * 1024 * 1024
HEADER_BYTES = 65536  # of the line that begins a file, at most
KINDS = ("|u1", "<f4", "<f8", "<i8")
LARGEST_BYTES = 96 * 1024 * 1024  # of colours

Arrays = dict[str, NDArray[Any]]


class StageCache:
    """A folder of stages. Several processes may use it at once."""

    def __init__(self, folder: Path, *, variant: str = "", max_bytes: int = MAX_BYTES) -> None:
        """``variant``: what else stages depend on, such as which weights are present."""
        self._folder = folder
        self._variant = variant
        self._max_bytes = max_bytes
        self._writers: list[threading.Thread] = []

    def _path(self, digest: str, measures: tuple[Any, ...]) -> Path:
        key = repr((digest, measures, self._variant, code_version()))
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.stage"

    def get(self, scene: SceneMap, measures: tuple[Any, ...]) -> Stage | None:
        """The stage of a scene at these measures, or None when it is not there or not readable."""
        path = self._path(scene.digest, measures)
        try:
            with path.open("rb") as file:
                stage = _unpack(_read(file), scene)
            os.utime(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, LookupError, TypeError, MemoryError) as error:
            log.warning("stage cache: %s is not readable and is dropped: %s", path.name, error)
            path.unlink(missing_ok=True)
            return None
        return stage

    def put(self, stage: Stage, measures: tuple[Any, ...]) -> None:
        """Keeps a stage unless it is too large. Writes in a thread of its own: see :meth:`settle`."""
        if sum(layer.rgb.nbytes for layer in stage.layers) > LARGEST_BYTES:
            return
        path = self._path(stage.scene.digest, measures)
        writer = threading.Thread(target=self._write, args=(path, _pack(stage)), name="photoplay-stage", daemon=True)
        writer.start()
        self._writers.append(writer)

    def settle(self) -> None:
        """Waits until everything put is written."""
        while self._writers:
            self._writers.pop().join()

    def _write(self, path: Path, arrays: Arrays) -> None:
        """A full or read-only disk is logged, not raised: the cache only saves time."""
        keep(path, lambda file: _write(file, arrays), max_bytes=self._max_bytes, what="stage")


def _write(file: IO[bytes], arrays: Arrays) -> None:
    kinds = [(name, array.dtype.str, array.shape) for name, array in arrays.items()]
    file.write(json.dumps(kinds).encode() + b"\n")
    for array in arrays.values():
        file.write(np.ascontiguousarray(array).data)


def _read(file: IO[bytes]) -> Arrays:
    """What :func:`_write` wrote.

    Raises:
        ValueError: the file is no such file, or is cut short.
    """
    arrays: Arrays = {}
    for name, kind, shape in json.loads(file.readline(HEADER_BYTES)):
        if kind not in KINDS:
            raise ValueError("a stage has no such arrays")
        array = np.empty(shape, kind)
        if file.readinto(array.data) != array.nbytes:  # type: ignore[attr-defined]  # IO lacks what its files have
            raise ValueError("a stage is cut short")
        arrays[str(name)] = array
    return arrays


def _pack(stage: Stage) -> Arrays:
    arrays: Arrays = {
        "frame": np.array(stage.frame, np.float64),
        "output": np.array(stage.output),
        "place": np.array(stage.photo_to_working, np.float64),
        "photo": np.array(stage.photo_size or (0, 0)),
        "anchors": np.array([layer.anchor_depth for layer in stage.layers], np.float64),
    }
    for index, layer in enumerate(stage.layers):
        arrays[f"depth{index}"] = layer.inverse_depth
        if layer.alpha is None:
            arrays[f"rgb{index}"] = layer.rgb
        else:
            rows, columns = part_of(layer.alpha)
            arrays[f"corner{index}"] = np.array([rows.start, columns.start])
            arrays[f"rgb{index}"] = layer.rgb[rows, columns]
            arrays[f"alpha{index}"] = layer.alpha[rows, columns]
    return arrays


def _unpack(arrays: Arrays, scene: SceneMap) -> Stage:
    layers = tuple(
        Layer(*_pixels(arrays, index), arrays[f"depth{index}"], float(anchor))
        for index, anchor in enumerate(arrays["anchors"])
    )
    x, y, width, height = (float(value) for value in arrays["frame"])
    scale, dx, dy = (float(value) for value in arrays["place"])
    across, down = (int(value) for value in arrays["output"])
    photo = (int(arrays["photo"][0]), int(arrays["photo"][1]))
    return Stage(scene, layers, (x, y, width, height), (across, down), (scale, dx, dy), photo if photo[0] else None)


def _pixels(arrays: Arrays, index: int) -> tuple[U8, U8 | None]:
    """A layer's colours and opacity."""
    if f"alpha{index}" not in arrays:
        return arrays[f"rgb{index}"], None
    part = arrays[f"alpha{index}"]
    row, column = (int(value) for value in arrays[f"corner{index}"])
    place = slice(row, row + part.shape[0]), slice(column, column + part.shape[1])
    rgb = arrays["rgb0"].copy()
    alpha = np.zeros(rgb.shape[:2], np.uint8)
    rgb[place], alpha[place] = arrays[f"rgb{index}"], part
    return rgb, alpha
