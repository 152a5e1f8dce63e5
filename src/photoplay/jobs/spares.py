"""Child processes that are kept ready: one for the sound step, and for renders of the built-in engine as many as set.

The libraries that make sound take longer to load than a clip's sound takes to make, and those that render nearly as
long as a short clip. So the worker keeps children that have loaded them and wait for their document; each does one
task like any other child, and ends. Jobs that find none ready start a child of their own, which only takes longer.

A spare is started when a job has ended, so that it takes no processor time from it, and only of the kinds that jobs
asked for; the one for sound also when a job begins, in the shadow of its render. Belongs to one event loop, whose
thread lives as long as the worker (see :mod:`photoplay.jobs.child`).
"""

from __future__ import annotations

import asyncio
import logging
from asyncio.subprocess import Process
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from photoplay.jobs.child import end_child, start_child
from photoplay.jobs.memory import available_bytes
from photoplay.jobs.tasks import Ready

log = logging.getLogger("photoplay.child")

RESTOCK_S = 0.3  # after a job: whoever waited for it fetches it first
RENDERER_ROOM_BYTES = 2 * 1024**3  # memory that must be free for one to be kept
_STOP_TIMEOUT_S = 10.0


class Spares:
    """Keeps children ready."""

    def __init__(self, folder: Path, *, models_dir: Path | None = None, renderers: int = 0) -> None:
        """``folder``: where they wait; a child works in the folder that its document names.

        ``models_dir``: weights they load; ``renderers``: how many are kept for renders at most.
        """
        self._folder = folder
        self._models_dir = models_dir
        self._most: dict[Ready, int] = {"sound": 1, "render": renderers}
        self._starting: dict[Ready, list[asyncio.Task[Process]]] = {"sound": [], "render": []}
        self._wanted: set[Ready] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = False

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Around a job: when it has ended, what it took is replaced."""
        loop = asyncio.get_running_loop()
        try:
            yield
        finally:
            if not self._stopped and not loop.is_closed():
                loop.call_later(RESTOCK_S, self._restock)

    def prepare(self, kind: Ready) -> None:
        """Starts a child in the background, unless there is one."""
        if not self._stopped and not self._starting[kind] and self._fits(kind):
            self._start_one(kind)

    def _restock(self) -> None:
        for kind in sorted(self._wanted):
            while not self._stopped and self._fits(kind):
                self._start_one(kind)

    def _fits(self, kind: Ready) -> bool:
        if len(self._starting[kind]) >= self._most[kind]:
            return False
        return kind == "sound" or available_bytes() >= RENDERER_ROOM_BYTES

    def _start_one(self, kind: Ready) -> None:
        self._loop = asyncio.get_running_loop()
        self._starting[kind].append(asyncio.create_task(self._start(kind)))

    async def _start(self, kind: Ready) -> Process:
        self._folder.mkdir(parents=True, exist_ok=True)
        return await start_child(self._folder, ready=kind, models_dir=self._models_dir)

    async def take(self, kind: Ready, work_dir: Path) -> Process:
        """A child that is ready, or a new one in ``work_dir`` where there is none."""
        if self._most[kind]:
            self._wanted.add(kind)
        starting = self._starting[kind]
        while starting:
            first = starting[0]
            try:
                # Who is canceled while it waits leaves the child to the next.
                process = await asyncio.shield(first)
            except OSError as error:
                log.warning("a child could not be kept ready: %s", error)
                process = None
            if first not in starting:
                continue  # taken by another meanwhile
            starting.remove(first)
            if process is not None and process.returncode is None:
                return process
            if process is not None:
                await end_child(process)
        return await start_child(work_dir)

    def stop(self) -> None:
        """Ends the children that wait. Called from another thread, while the loop still runs."""
        self._stopped = True
        if self._loop is None or not self._loop.is_running():
            return
        try:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(_STOP_TIMEOUT_S)
        except TimeoutError:
            log.warning("the children that were kept ready could not be ended; they end with this process")

    async def _end(self) -> None:
        for starting in self._starting.values():
            while starting:
                try:
                    await end_child(await starting.pop())
                except OSError as error:
                    log.warning("a child could not be kept ready: %s", error)
