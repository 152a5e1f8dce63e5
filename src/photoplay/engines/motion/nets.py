"""The small networks of the scene: loaded when first needed, kept for the life of the process.

ONNX files run in ONNX Runtime with two threads, TFLite files in OpenCV's dnn. A file that is absent, or that
cannot be loaded, is a missing network to the caller, who then takes one step plainer.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]  # ships no types
from numpy.typing import NDArray
from onnxruntime.capi import (  # type: ignore[import-untyped]  # ships no types
    onnxruntime_pybind11_state as ort_errors,
)

from photoplay.engines.motion.onnx_parts import Part, cut_out
from photoplay.errors import WeightsError
from photoplay.models import weights

log = logging.getLogger(__name__)

THREADS = 2
Session = ort.InferenceSession

RUN_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


def locate(name: str, models_dir: Path) -> Path | None:
    """The weights' file, or None when it is missing or (logged) not what it should be."""
    try:
        return weights.find(name, models_dir)
    except WeightsError as error:
        log.warning("weights %s are not used: %s", name, error.message)
        return None


def _session(model: str | bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = False  # the arena holds 400 MB for one look at one photo, and is slower
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the cores are shared with the encoder
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


@lru_cache(maxsize=8)
def _onnx(path: str, stamp: tuple[int, int]) -> ort.InferenceSession | None:
    del stamp  # part of the key only: a replaced file is loaded afresh
    try:
        return _session(path)
    except RUN_ERRORS as error:
        log.warning("network %s cannot be loaded: %s", Path(path).name, error)
        return None


def onnx(path: Path) -> ort.InferenceSession | None:
    """The session for an ONNX file, or None (logged) when it cannot be loaded."""
    stamp = _stamp(path)
    return None if stamp is None else _onnx(str(path), stamp)


@lru_cache(maxsize=8)
def _onnx_part(path: str, stamp: tuple[int, int], part: Part) -> ort.InferenceSession | None:
    del stamp
    try:
        return _session(cut_out(Path(path).read_bytes(), part))
    except OSError as error:
        log.warning("network %s cannot be read: %s", Path(path).name, error.strerror)
    except (ValueError, *RUN_ERRORS) as error:
        log.warning("network %s cannot be run in parts: %s", Path(path).name, error)
    return None


def onnx_part(path: Path, part: Part) -> ort.InferenceSession | None:
    """The session for a part of an ONNX file, or None (logged) when the network has no such part."""
    stamp = _stamp(path)
    return None if stamp is None else _onnx_part(str(path), stamp, part)


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes when a file is replaced; None (logged) when it cannot be read."""
    try:
        stat = path.stat()
    except OSError as error:
        log.warning("network %s cannot be read: %s", path.name, error.strerror)
        return None
    return stat.st_mtime_ns, stat.st_size


class Tflite:
    """A TFLite network in OpenCV's dnn. ``cv2.dnn.Net`` is not thread-safe: one per render process is."""

    def __init__(self, path: Path) -> None:
        # OpenCV 5 offers a new engine first, which drops all but one of these networks' outputs.
        self._net = cv2.dnn.readNetFromTFLite(str(path), engine=cv2.dnn.ENGINE_CLASSIC)

    def run(self, blob: NDArray[np.float32], outputs: tuple[str, ...]) -> list[NDArray[Any]]:
        """Outputs for an input of shape (1, 3, H, W)."""
        self._net.setInput(blob)
        return [np.asarray(out) for out in self._net.forward(list(outputs))]


@lru_cache(maxsize=8)
def _tflite(path: str, stamp: tuple[int, int]) -> Tflite | None:
    del stamp
    try:
        return Tflite(Path(path))
    except cv2.error as error:
        log.warning("network %s cannot be loaded: %s", Path(path).name, error)
        return None


def tflite(path: Path) -> Tflite | None:
    """The network for a TFLite file, or None (logged) when it cannot be loaded."""
    stamp = _stamp(path)
    return None if stamp is None else _tflite(str(path), stamp)
