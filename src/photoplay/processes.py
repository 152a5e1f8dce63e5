"""Several processes that do the same work behind one listening socket, and the one that watches over them.

The process that was started opens the socket and forks; it does nothing itself but pass signals on, start anew what
died, and end when all have ended. So it stays small, has no threads, and forks safely at any time. Whoever is forked
ends in good order when the one that watches is gone, however that ended.

A Ctrl-C in a terminal reaches every process of a group. So each of ours is a group of its own, and hears of it once,
from the one that watches.
"""

from __future__ import annotations

import errno
import logging
import os
import random
import select
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from photoplay.errors import SettingsError

RESTART_S = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Waits before a process that died again and again is started anew; the last one holds for all that follow."""
STEADY_S = 60.0
"""Who lived that long after it was ready died of something new."""

HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)

log = logging.getLogger("photoplay.processes")


@dataclass
class Member:
    """One of the processes, as the one that watches sees it."""

    pid: int = 0  # 0: it does not run
    ready: bool = False
    since_s: float = 0.0  # when it was ready
    deaths: int = 0  # one after another
    due_s: float = 0.0  # when it is to be started


@dataclass(frozen=True)
class Place:
    """Who a forked process is. ``ready`` is to be called once it answers."""

    number: int
    ready: Callable[[], None]


class Group:
    """The processes. :meth:`run` returns in each of them, and at the end in the one that watches."""

    def __init__(self, count: int, *, on_ready: Callable[[], None], on_stop: Callable[[], None]) -> None:
        """Called in the one that watches: ``on_ready`` once all are ready for the first time, ``on_stop`` when all are
        told to end.

        Raises:
            SettingsError: this system cannot fork.
        """
        if not hasattr(os, "fork"):
            raise SettingsError("several processes need a system that can fork; use one")
        self._members = [Member() for _ in range(count)]
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._announced = False
        self._stopping = False
        self._failed = 0
        self._told = os.pipe()  # numbers of members that are ready
        self._alive = os.pipe()  # its end is open for writing here alone: whoever reads to its end has lost us
        self._woken = os.pipe()
        self._before: dict[int, Any] = {}  # what was done at a signal before we heard them

    def run(self) -> Place | None:
        """Starts the processes. In each of them: its place. In the one that watches: None, when all have ended.

        Raises:
            SystemExit: one could not start, or ended badly after it was told to stop; with its exit status.
        """
        os.set_blocking(self._woken[1], False)
        signal.set_wakeup_fd(self._woken[1])
        self._before = {each: signal.signal(each, self._hear) for each in HEARD}
        try:
            while True:
                for number, member in enumerate(self._members):
                    if not member.pid and not self._stopping and time.monotonic() >= member.due_s:
                        place = self._fork(number)
                        if place is not None:
                            return place
                if not any(member.pid for member in self._members) and self._stopping:
                    break
                self._wait()
                self._bury()
        finally:
            self._stop_hearing()
        if self._failed:
            raise SystemExit(self._failed)
        return None

    def _fork(self, number: int) -> Place | None:
        member = self._members[number]
        member.ready = False
        # No signal comes between: here it would not be passed on to the new one, there it would be passed on to others.
        signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
        pid = os.fork()
        if pid:
            member.pid = pid
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)
            return None
        os.setpgid(0, 0)
        self._stop_hearing()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)
        for end in (self._told[0], self._alive[1], *self._woken):
            os.close(end)
        random.seed()
        threading.Thread(target=self._mourn, name="photoplay-parent", daemon=True).start()
        return Place(number, lambda: self._say_ready(number))

    def _stop_hearing(self) -> None:
        signal.set_wakeup_fd(-1)
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def _say_ready(self, number: int) -> None:
        os.write(self._told[1], bytes([number]))

    def _mourn(self) -> None:
        os.read(self._alive[0], 1)
        log.warning("the process that watches over this one is gone; this one stops too")
        os.kill(os.getpid(), signal.SIGTERM)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGCHLD:
            return
        self._end(number)

    def _end(self, number: int) -> None:
        if not self._stopping:
            self._stopping = True
            self._on_stop()
        for member in self._members:
            if member.pid:
                try:
                    os.kill(member.pid, number)
                except ProcessLookupError:
                    log.debug("process %d has ended already", member.pid)

    def _wait(self) -> None:
        """Waits for a word of a member, a signal, or the time to start one."""
        due = [member.due_s for member in self._members if not member.pid]
        timeout_s = max(0.0, min(due) - time.monotonic()) if due and not self._stopping else None
        for end in select.select([self._told[0], self._woken[0]], [], [], timeout_s)[0]:
            said = os.read(end, 256)
            if end == self._told[0]:
                for number in said:
                    self._members[number].ready = True
                    self._members[number].since_s = time.monotonic()
        if not self._announced and all(member.ready for member in self._members):
            self._announced = True
            self._on_ready()

    def _bury(self) -> None:
        """Looks who has ended."""
        for member in self._members:
            if not member.pid:
                continue
            try:
                pid, status = os.waitpid(member.pid, os.WNOHANG)
            except OSError as error:
                if error.errno != errno.ECHILD:
                    raise
                pid, status = member.pid, 0
            if pid == 0:
                continue
            code = os.waitstatus_to_exitcode(status)
            member.pid = 0
            if self._stopping:
                self._failed = self._failed or (0 if code in (0, -signal.SIGTERM, -signal.SIGINT) else abs(code))
            elif not self._announced and not member.ready:
                self._failed = abs(code) or 1  # as it is with one process: what cannot start is not tried for ever
                self._end(signal.SIGTERM)
            else:
                steady = member.ready and time.monotonic() - member.since_s > STEADY_S
                member.deaths = 1 if steady else member.deaths + 1
                wait_s = RESTART_S[min(member.deaths, len(RESTART_S)) - 1]
                member.due_s = time.monotonic() + wait_s
                log.error("process %d ended with status %d; another is started in %.0f s", pid, code, wait_s)
