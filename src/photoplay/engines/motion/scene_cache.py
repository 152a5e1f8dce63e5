"""Scenes kept on disk, by the photo's digest and the analysis version.

One ``.npz`` a scene, written beside its final name and moved into place, so that a reader sees a whole file or
none. A file that cannot be read is a miss and is removed. The folder is held under a size by dropping what was
used longest ago.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
import threading
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion.cache_folder import code_version, keep
from photoplay.engines.motion.scene import ANALYSIS_VERSION
from photoplay.engines.motion.types import F32, Box, Face, SceneMap

log = logging.getLogger(__name__)

MAX_BYTES = 512 * 1024 * 1024
_DIGEST = re.compile(r"[0-9A-Za-z_-]{1,128}")
_DEPTH_LEVELS = 65535  # inverse depth is kept in 16 bits: steps far below what a warp can show

_PNG = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE)

_DAMAGE = (OSError, EOFError, ValueError, KeyError, IndexError, TypeError, zipfile.BadZipFile, zlib.error, cv2.error)
"""What reading a damaged or foreign file can raise."""


class SceneCache:
    """A folder of scenes. Several processes may use it at once.

    Args:
        folder: made when first written to.
        max_bytes: the size it is held under.
        variant: what else the scene depends on, such as which weights are present; part of the key.
    """

    def __init__(self, folder: Path, *, max_bytes: int = MAX_BYTES, variant: str = "") -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._writers: list[threading.Thread] = []
        self._variant = f"-{zlib.crc32(variant.encode()):08x}" if variant else ""

    def path(self, digest: str) -> Path:
        """Where the scene of that digest is or would be."""
        if not _DIGEST.fullmatch(digest):
            raise ValueError("a digest is letters and digits")
        return self._folder / f"{digest}-v{ANALYSIS_VERSION}-{code_version()}{self._variant}.npz"

    def get(self, digest: str) -> SceneMap | None:
        """The scene, or None when it is not there or not readable."""
        path = self.path(digest)
        try:
            scene = _unpack(path.read_bytes())
        except FileNotFoundError:
            return None
        except _DAMAGE as error:
            log.warning("scene cache: %s is not readable and is dropped: %s", path.name, error)
            path.unlink(missing_ok=True)
            return None
        if scene.digest != digest:
            log.warning("scene cache: %s holds another photo's scene and is dropped", path.name)
            path.unlink(missing_ok=True)
            return None
        try:
            os.utime(path)
        except OSError:
            log.debug("scene cache: %s went away while it was read", path.name)
        return scene

    def put(self, scene: SceneMap) -> None:
        """Keeps a scene. A full or read-only disk is logged, not raised: the cache only saves time."""
        data = _pack(scene)
        keep(self.path(scene.digest), lambda file: file.write(data), max_bytes=self._max_bytes, what="scene")

    def put_later(self, scene: SceneMap) -> SceneMap:
        """Keeps a scene in a thread of its own (see :meth:`settle`); gives what :meth:`get` will give for it."""
        kept = replace(scene, inverse_depth=_depth_of(_levels_of(scene.inverse_depth)))
        writer = threading.Thread(target=self.put, args=(kept,), name="photoplay-scene")
        writer.start()
        self._writers.append(writer)
        return kept

    def settle(self) -> None:
        """Waits until everything put is written."""
        while self._writers:
            self._writers.pop().join()


def _levels_of(inverse_depth: F32) -> NDArray[np.uint16]:
    """Inverse depth as it is kept. What was kept once comes back the same."""
    return np.rint(np.clip(inverse_depth, 0, 1) * _DEPTH_LEVELS).astype(np.uint16)


def _depth_of(levels: NDArray[np.uint16]) -> F32:
    return np.asarray(levels.astype(np.float32) / np.float32(_DEPTH_LEVELS), dtype=np.float32)


def _pack(scene: SceneMap) -> bytes:
    arrays: dict[str, Any] = {
        "inverse_depth": _levels_of(scene.inverse_depth),
        "matte": scene.matte,
    }
    for index, alpha in enumerate(scene.layers):
        arrays[f"layer_{index}"] = alpha
    for name, weight in scene.regions.items():
        arrays[f"region_{name}"] = weight
    for index, face in enumerate(scene.faces):
        if face.mesh is not None:
            arrays[f"mesh_{index}"] = face.mesh
    facts = {
        "digest": scene.digest,
        "size": scene.size,
        "layers": len(scene.layers),
        "layer_depths": scene.layer_depths,
        "subject": _box_out(scene.subject),
        "faces": [{"box": _box_out(face.box), "score": face.score} for face in scene.faces],
        "horizon": scene.horizon,
        "regions": list(scene.regions),
        "light": scene.light,
        "stats": scene.stats,
        "notes": scene.notes,
    }
    planes = {name: _squeeze(array) for name, array in arrays.items()}
    planes["facts"] = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)
    out = io.BytesIO()
    np.savez(out, **planes)
    return out.getvalue()


def _squeeze(array: Any) -> Any:
    """A map of 8 bits as PNG bytes: mattes and regions are mostly flat; quick and lossless.

    Without PNG's filters, which make flat maps no smaller and take several times as long. Depth and meshes stay as
    they are: packing and unpacking 16 bits of depth takes longer than all the rest, for a third of the bytes.
    """
    if array.dtype == np.uint8 and array.ndim == 2:
        done, data = cv2.imencode(".png", array, _PNG)
        if done:
            return np.asarray(data).reshape(-1)
    return array


def _plane(array: Any, size: tuple[int, int]) -> Any:
    return _checked(cv2.imdecode(np.ascontiguousarray(array), cv2.IMREAD_UNCHANGED), size, np.uint8)


def _checked(array: Any, size: tuple[int, int], kind: Any) -> Any:
    if array is None or array.dtype != kind or array.shape != (size[1], size[0]):
        raise ValueError("a map is damaged")
    return array


def _unpack(data: bytes) -> SceneMap:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        facts = json.loads(arrays["facts"].tobytes())
        size = (int(facts["size"][0]), int(facts["size"][1]))
        depth = _depth_of(_checked(arrays["inverse_depth"], size, np.uint16))
        faces = []
        for index, face in enumerate(facts["faces"]):
            key = f"mesh_{index}"
            mesh = np.asarray(arrays[key], dtype=np.float32) if key in arrays.files else None
            faces.append(Face(Box(*face["box"]), float(face["score"]), mesh))
        return SceneMap(
            digest=str(facts["digest"]),
            size=size,
            inverse_depth=depth,
            matte=_plane(arrays["matte"], size),
            layers=tuple(_plane(arrays[f"layer_{i}"], size) for i in range(int(facts["layers"]))),
            layer_depths=tuple(float(value) for value in facts["layer_depths"]),
            subject=Box(*facts["subject"]) if facts["subject"] else None,
            faces=tuple(faces),
            horizon=None if facts["horizon"] is None else float(facts["horizon"]),
            regions={name: _plane(arrays[f"region_{name}"], size) for name in facts["regions"]},
            light=(float(facts["light"][0]), float(facts["light"][1])),
            stats=facts["stats"],
            notes=tuple(facts["notes"]),
        )


def _box_out(box: Box | None) -> list[float] | None:
    return [box.x0, box.y0, box.x1, box.y1] if box is not None else None
