"""A child process that is kept ready for the sound step.

The libraries that make sound take longer to load than a clip's sound takes to make. So the worker keeps one child that
has loaded them and waits for its document; it does one task like any other child, and ends. One is enough: clips
that come to their sound at the same moment start a child of their own, which only takes longer.

The spare is started when a job begins, in the shadow of its render, and again when one was used. Belongs to one event
loop, whose thread lives as long as the worker (see :mod:`photoplay.jobs.child`).
"""

from __future__ import annotations

import asyncio
import logging
from asyncio.subprocess import Process
from pathlib import Path

from photoplay.jobs.child import end_child, start_child

log = logging.getLogger("photoplay.child")

_STOP_TIMEOUT_S = 10.0


class Spares:
    """Keeps one child ready."""

    def __init__(self, folder: Path) -> None:
        """``folder``: where it waits; a child works in the folder that its document names."""
        self._folder = folder
        self._starting: asyncio.Task[Process] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = False

    def prepare(self) -> None:
        """Starts a child in the background, unless there is one."""
        if self._starting is None and not self._stopped:
            self._loop = asyncio.get_running_loop()
            self._starting = asyncio.create_task(self._start())

    async def _start(self) -> Process:
        self._folder.mkdir(parents=True, exist_ok=True)
        return await start_child(self._folder, ready=True)

    async def take(self, work_dir: Path) -> Process:
        """The child that is ready, or a new one in ``work_dir`` where there is none."""
        starting = self._starting
        if starting is not None:
            try:
                # Who is canceled while it waits leaves the child to the next.
                process = await asyncio.shield(starting)
            except OSError as error:
                log.warning("a child could not be kept ready: %s", error)
                process = None
            if self._starting is starting:  # and not taken by another meanwhile
                self._starting = None
                if process is not None and process.returncode is None:
                    return process
                if process is not None:
                    await end_child(process)
        return await start_child(work_dir)

    def stop(self) -> None:
        """Ends the child that waits. Called from another thread, while the loop still runs."""
        self._stopped = True
        if self._loop is None or not self._loop.is_running():
            return
        try:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(_STOP_TIMEOUT_S)
        except TimeoutError:
            log.warning("the child that was kept ready could not be ended; it ends with this process")

    async def _end(self) -> None:
        starting, self._starting = self._starting, None
        if starting is not None:
            try:
                await end_child(await starting)
            except OSError as error:
                log.warning("a child could not be kept ready: %s", error)
