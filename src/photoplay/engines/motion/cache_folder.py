"""A folder of files that only save time: whole or absent, held under a size, several processes at once."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import IO

log = logging.getLogger(__name__)


SUFFIXES = (".npz", ".stage", ".part")


@cache
def code_version() -> str:
    """Changes whenever code changes that scenes and stages may be made by: any module of the engine's own folder."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def forget_unused(folder: Path, before_s: float) -> int:
    """Removes what was last used before ``before_s`` (seconds since the epoch) below ``folder``. How many files."""
    removed = 0
    for path in folder.rglob("*") if folder.is_dir() else ():
        try:
            if path.suffix in SUFFIXES and path.stat().st_mtime < before_s:
                path.unlink()
                removed += 1
        except FileNotFoundError:
            continue  # another process was quicker
    return removed


def keep(path: Path, write: Callable[[IO[bytes]], object], *, max_bytes: int, what: str) -> None:
    """Makes the file ``path`` and holds its folder under ``max_bytes`` by dropping what was used longest ago.

    It is written beside its final name and moved into place, so that a reader sees a whole file or none. A full or
    read-only disk is logged, not raised.

    Args:
        path: the file; only files of its suffix are counted and dropped.
        write: fills the open file.
        max_bytes: the folder's size. ``path`` itself is never dropped.
        what: the cache's name in the log.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                write(file)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _trim(path, max_bytes)
    except OSError as error:
        log.warning("%s cache: %s could not be written: %s", what, path.name, error.strerror)


def _trim(kept: Path, max_bytes: int) -> None:
    entries: list[tuple[float, int, Path]] = []
    for path in kept.parent.glob(f"*{kept.suffix}"):
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue  # another process trimmed it
        entries.append((stat.st_mtime, stat.st_size, path))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries, key=lambda entry: (entry[0], entry[2].name)):
        if total <= max_bytes:
            return
        if path != kept:
            path.unlink(missing_ok=True)
            total -= size
