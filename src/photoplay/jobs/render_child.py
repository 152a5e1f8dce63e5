"""The child process: ``python -m photoplay.jobs.render_child``.

Reads one JSON document from standard input, does its task, answers with JSON lines: ``{"progress": 0..1}`` any number
of times, then ``{"result": {…}}`` or ``{"error": {"code", "message", "field"}}``. Whatever else anybody writes to
standard output goes to standard error. With ``--ready TASK [MODELS_DIR]`` it loads what that task (``sound`` or
``render``) needs before it reads.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import resource
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from photoplay.errors import PhotoplayError, StorageError
from photoplay.jobs.tasks import LOADERS, TASKS

_PR_SET_PDEATHSIG = 1
_PROGRESS_INTERVAL_S = 0.25
DISK_FULL = "There was no room left on the server's disk for this clip."
_ROOM_BYTES = 1024 * 1024  # with less than that left, whatever went wrong while writing was the lack of it
OUT_OF_MEMORY = "There was not enough memory to render this clip."
# How libraries written in C++ say that memory is short.
_MEMORY_WORDS = ("insufficient memory", "bad_alloc", "cannot allocate memory", "failed to allocate memory")


class Reporter:
    """Writes JSON lines for the worker. Progress is thinned out and never falls."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._highest = -1.0
        self._last_s = 0.0

    def progress(self, value: float, doing: str = "") -> None:
        """Tells how far the task is, 0..1."""
        now_s = time.monotonic()
        if value <= self._highest or (now_s - self._last_s < _PROGRESS_INTERVAL_S and value < 1.0):
            return
        self._highest = value
        self._last_s = now_s
        self.say({"progress": value, "doing": doing})

    def say(self, message: Mapping[str, Any]) -> None:
        """Writes one message."""
        with self._lock:
            self._stream.write(json.dumps(message) + "\n")
            self._stream.flush()


def main() -> int:
    """Does the task on standard input. The exit code is 0 also when the task failed for a reason it could tell."""
    # Our own line to the worker; anything that prints by accident must not garble it.
    reporter = Reporter(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)
    if sys.argv[1:2] == ["--ready"]:
        make_ready(*sys.argv[2:4])
    line = sys.stdin.readline()
    if not line:
        return 1  # the worker is gone already
    document = json.loads(line)
    os.chdir(document["work_dir"])
    die_with(document["parent"])
    threading.Thread(target=_watch_stdin, daemon=True).start()
    limit(**document["limits"])
    try:
        result = TASKS[document["task"]](document, reporter.progress)
    except PhotoplayError as error:
        reporter.say({"error": {"code": error.code, "message": error.message, "field": error.field}})
        return 0
    # The rim of this process: whatever went wrong, the worker must get a plain reason and the log the trace.
    except Exception as error:  # noqa: BLE001
        traceback.print_exc()
        if _disk_is_full(error, document["work_dir"]):
            reporter.say({"error": {"code": StorageError.code, "message": DISK_FULL, "field": None}})
            return 0
        short = isinstance(error, MemoryError) or any(word in str(error).lower() for word in _MEMORY_WORDS)
        message = OUT_OF_MEMORY if short else "The engine failed while rendering."
        reporter.say({"error": {"code": "render_failed", "message": message, "field": None}})
        return 0
    reporter.say({"result": result})
    return 0


def make_ready(task: str, models_dir: str | None = None) -> None:
    """Loads what a task needs. What cannot be loaded now is tried again by the task itself, which can say so."""
    try:
        LOADERS[task](None if models_dir is None else Path(models_dir))
    except Exception:  # noqa: BLE001 - whatever a library raises: a child that is not ready is still a child
        traceback.print_exc()


def die_with(parent: int) -> None:
    """Has this process killed when ``parent`` ends; ends it at once if that has already happened."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        os._exit(1)


def limit(memory_bytes: int, file_bytes: int, open_files: int) -> None:
    """Bounds what this process may use. Limits that the system sets lower stay."""
    for kind, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    # A file that grows too large then fails with an error that can be told, instead of ending the process.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def _disk_is_full(error: Exception, folder: str) -> bool:
    """Whether a task failed for want of room. Libraries that write files do not always say so."""
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return True
    try:
        return shutil.disk_usage(folder).free < _ROOM_BYTES
    except OSError:
        return False


def _watch_stdin() -> None:
    """Ends the process when the worker's end of the pipe closes: it is gone."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    os._exit(1)


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # Everything is said and written. Native libraries have been seen to crash while they are taken down.
    os._exit(code)
