"""Runs one task in a child process: what decodes, renders or encodes never runs in the worker itself.

A crash, a lack of memory or a hostile file kills the child, not the worker. The child reads one JSON document from
its standard input and answers with JSON lines on its standard output (see :mod:`photoplay.jobs.render_child`).
It ends when its worker ends: its standard input stays open as long as the worker lives, and on Linux it also asks
the kernel to be killed with its parent. The kernel means the *thread* that started it, so :func:`run_child` must
be awaited on an event loop whose thread lives as long as the worker.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photoplay.errors import PhotoplayError, RenderCrashed, RenderFailed, RenderTimeout, by_code
from photoplay.jobs.tasks import Ready

log = logging.getLogger("photoplay.child")

MODULE = "photoplay.jobs.render_child"
WATCH_INTERVAL_S = 0.5  # how often the worker asks whether the job is still its own
_LINE_LIMIT_BYTES = 4 * 1024 * 1024
_STDERR_TAIL_BYTES = 8 * 1024
# Never handed to a process that opens hostile files.
_SECRET_ENV = (
    "PHOTOPLAY_SECRET_KEY",
    "PHOTOPLAY_DATABASE_URL",
    "PHOTOPLAY_STORAGE_URL",
    "PHOTOPLAY_EXTEND_PROMPT_KEY",
    "PHOTOPLAY_TEXT_TO_AUDIO_KEY",
)
_SECRET_ENV_PREFIXES = ("AWS_", "PG")
_TUNING = {
    # A network's intermediate pictures are 100 MB of new memory for each photo: in pages of 4 KiB the kernel takes a
    # third of the network's time to hand them out. Read by glibc 2.35 and later; kernels may decline.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    # NumPy's matrices are small here. Its second thread would gain nothing and, after each product, ask for work for
    # tens of milliseconds, on the core that the encoder and the networks need.
    "OPENBLAS_NUM_THREADS": "1",
}


class ChildAbandoned(Exception):
    """The job is no longer this worker's: canceled, or taken over by another worker."""


@dataclass(frozen=True)
class ChildLimits:
    """What a child may use."""

    timeout_s: float
    memory_bytes: int  # address space
    file_bytes: int  # largest file it may write
    open_files: int = 512


Progress = Callable[[float], Awaitable[None]]
"""Called with 0..1, a few times a second. May raise ChildAbandoned."""


async def run_child(
    task: Mapping[str, Any],
    *,
    work_dir: Path,
    limits: ChildLimits,
    progress: Progress,
    still_ours: Callable[[], Awaitable[bool]],
    started: Callable[[int], Awaitable[None]] | None = None,
    take: Callable[[Path], Awaitable[Process]] | None = None,
) -> dict[str, Any]:
    """Runs ``task`` and returns its result.

    Args:
        task: the document for the child; ``task["task"]`` names what to do.
        work_dir: where the child runs and writes.
        still_ours: asked twice a second; when it says no, the child is killed.
        started: told the child's process id.
        take: gives a child that waits for its document (told ``work_dir``); None: one is started.

    Raises:
        PhotoplayError: what the child reported, by its code.
        RenderTimeout: it took too long and was killed.
        RenderCrashed: it ended without a word.
        ChildAbandoned: the job is no longer ours.
    """
    document = {
        **task,
        "parent": os.getpid(),
        "work_dir": str(work_dir),
        "limits": {
            "memory_bytes": limits.memory_bytes,
            "file_bytes": limits.file_bytes,
            "open_files": limits.open_files,
        },
    }
    process = await (start_child if take is None else take)(work_dir)
    conversation = _Conversation(process, progress)
    try:
        if started is not None:
            await started(process.pid)
        async with asyncio.timeout(limits.timeout_s):
            return await conversation.hold(document, still_ours)
    except TimeoutError as error:
        raise RenderTimeout(f"Rendering was stopped after {limits.timeout_s:g} seconds.") from error
    finally:
        await end_child(process)


async def start_child(folder: Path, *, ready: Ready | None = None, models_dir: Path | None = None) -> Process:
    """A child that waits for its document in ``folder``.

    ``ready``: the task for which it loads meanwhile what it takes, with the weights in ``models_dir``.
    """
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # the working folder, which holds callers' files, is not searched for modules
        "-m",
        MODULE,
        *([] if ready is None else ["--ready", ready, *([] if models_dir is None else [str(models_dir)])]),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env=child_environment(os.environ),
        limit=_LINE_LIMIT_BYTES,
        start_new_session=True,  # a Ctrl-C in the worker's terminal is the worker's to handle
    )


class _Conversation:
    """What the worker and one child say to each other."""

    def __init__(self, process: Process, progress: Progress) -> None:
        self._process = process
        self._progress = progress
        self._result: dict[str, Any] | None = None
        self._error: dict[str, Any] | None = None
        self._stderr: deque[bytes] = deque()
        self._stderr_bytes = 0

    async def hold(self, document: Mapping[str, Any], still_ours: Callable[[], Awaitable[bool]]) -> dict[str, Any]:
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch(still_ours))
                group.create_task(self._ask(document))
                group.create_task(self._overhear())
                await self._listen()
                await self._process.wait()
                watch.cancel()
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None  # the first one ended the others
        return self._verdict()

    async def _ask(self, document: Mapping[str, Any]) -> None:
        stdin = self._process.stdin
        if stdin is None:
            raise RuntimeError("the child was started without a pipe")
        # A child that died at once has closed its end; what it was will be told by its exit code.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            stdin.write(json.dumps(document).encode() + b"\n")
            await stdin.drain()
        # Left open: its end tells the child that the worker is gone.

    async def _listen(self) -> None:
        stdout = self._process.stdout
        if stdout is None:
            raise RuntimeError("the child was started without a pipe")
        async for line in stdout:
            message = json.loads(line)
            if "progress" in message:
                await self._progress(min(1.0, max(0.0, float(message["progress"]))))
            elif "result" in message:
                self._result = message["result"]
            elif "error" in message:
                self._error = message["error"]

    async def _overhear(self) -> None:
        stderr = self._process.stderr
        if stderr is None:
            raise RuntimeError("the child was started without a pipe")
        while piece := await stderr.read(4096):
            self._stderr.append(piece)
            self._stderr_bytes += len(piece)
            while self._stderr_bytes - len(self._stderr[0]) >= _STDERR_TAIL_BYTES:
                self._stderr_bytes -= len(self._stderr.popleft())

    @staticmethod
    async def _watch(still_ours: Callable[[], Awaitable[bool]]) -> None:
        while True:
            await asyncio.sleep(WATCH_INTERVAL_S)
            if not await still_ours():
                raise ChildAbandoned

    def _verdict(self) -> dict[str, Any]:
        code = self._process.returncode
        tail = b"".join(self._stderr).decode(errors="replace").strip()
        if tail:
            level = logging.DEBUG if self._result is not None and code == 0 else logging.WARNING
            log.log(level, "render process %d said:\n%s", self._process.pid, tail)
        if self._error is not None:
            raise as_error(self._error)
        if self._result is not None and code == 0:
            return self._result
        log.warning("render process %d ended with %s", self._process.pid, code)
        if code == -signal.SIGKILL:
            raise RenderCrashed("The render process was killed; the machine may be short of memory.")
        raise RenderCrashed


def as_error(said: Mapping[str, Any]) -> PhotoplayError:
    """The error that a child (or a stored step) reported: of the class of its code, with its message."""
    found = by_code(str(said.get("code", "")))
    if found is PhotoplayError:
        found = RenderFailed
    error = found.__new__(found)
    PhotoplayError.__init__(error, str(said.get("message") or ""), field=said.get("field"))
    return error


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a child: ours, without what gives access to anything, and with what makes libraries work
    faster here, unless the operator says otherwise."""
    return _TUNING | {
        name: value
        for name, value in environment.items()
        if name not in _SECRET_ENV and not name.startswith(_SECRET_ENV_PREFIXES)
    }


async def end_child(process: Process) -> None:
    """Kills the child's whole process group, if it still runs, and waits for its end."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    # Closes the pipes: the transport is all that holds them. It has no public name.
    process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - asyncio offers no other way
