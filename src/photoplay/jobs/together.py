"""Questions that come at the same time, asked of the database together.

The first question is asked at once. Those that come while it is being answered wait for it and are then asked as one:
under load a transaction, a change of threads and the way to the database are shared by all who wait, and without load
nobody waits for anybody. No answer is older than its question.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

MOST = 100
"""Questions asked as one."""
PATIENCE_S = 0.05
"""How long those who wait wait for the ones before them; then they are asked beside them."""
THREADS = 8

_Key = TypeVar("_Key")
_Answer = TypeVar("_Answer")


class Together(Generic[_Key, _Answer]):
    """Answers questions on an event loop. Not thread-safe: one loop's own."""

    def __init__(self, ask: Callable[[Sequence[_Key]], Sequence[_Answer]], *, name: str) -> None:
        """``ask`` gives the answers in the order of the questions; it is called on threads of our own."""
        self._ask = ask
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=name)
        self._waiting: list[tuple[_Key, asyncio.Future[_Answer]]] = []
        self._asking = 0
        self._relief: asyncio.TimerHandle | None = None

    async def get(self, key: _Key) -> _Answer:
        """The answer.

        Raises:
            whatever ``ask`` raises, for all that were asked with this one.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[_Answer] = loop.create_future()
        self._waiting.append((key, answer))
        if self._asking == 0:
            self._start(loop)
        elif self._relief is None and self._asking < THREADS:
            self._relief = loop.call_later(PATIENCE_S, self._relieve, loop)
        return await answer

    def close(self) -> None:
        """Ends the threads, after what they are doing."""
        if self._relief is not None:
            self._relief.cancel()
        self._threads.shutdown(wait=False)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._relief is not None:
            self._relief.cancel()
            self._relief = None
        asked, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        self._asking += 1
        running = loop.run_in_executor(self._threads, self._ask, [key for key, _ in asked])
        running.add_done_callback(lambda done: self._answered(loop, asked, done))

    def _relieve(self, loop: asyncio.AbstractEventLoop) -> None:
        self._relief = None
        if self._waiting:
            self._start(loop)
        if self._waiting and self._asking < THREADS:
            self._relief = loop.call_later(PATIENCE_S, self._relieve, loop)

    def _answered(
        self,
        loop: asyncio.AbstractEventLoop,
        asked: Sequence[tuple[_Key, asyncio.Future[_Answer]]],
        done: asyncio.Future[Sequence[_Answer]],
    ) -> None:
        self._asking -= 1
        error = asyncio.CancelledError() if done.cancelled() else done.exception()
        for index, (_, answer) in enumerate(asked):
            if answer.done():  # whoever asked has gone
                continue
            if error is None:
                answer.set_result(done.result()[index])
            elif isinstance(error, asyncio.CancelledError):
                answer.cancel()
            else:
                answer.set_exception(error)
        if self._waiting and self._asking == 0:
            self._start(loop)
