"""The frame loop: frames are made by a few threads, in order, and stream to the encoder. None is kept.

The order in which frames are finished does not matter to their content, so the same request gives the same
bytes on any number of cores.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol

import cv2

from photoplay.engines.motion.planes import Planes
from photoplay.media.encode import FrameBuffer, VideoWriter

MAX_WORKERS = 3  # the writer's pool has four buffers; one more is with the encoder


class FrameSource(Protocol):
    """What can draw any frame of a clip, from any thread."""

    def draw_frame(self, index: int, out: Planes) -> None:
        """Draws frame ``index`` into ``out``; every sample is written."""
        ...


def worker_count() -> int:
    """Threads that make frames: one a core that this process may use, within reason."""
    return max(1, min(MAX_WORKERS, len(os.sched_getaffinity(0))))


@contextmanager
def single_threaded_cv2() -> Iterator[None]:
    """OpenCV's own threads are of no use while several frames are made at once; they would only fight."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def render_frames(
    source: FrameSource,
    frames: int,
    writer: VideoWriter,
    *,
    on_frame: Callable[[int], None] | None = None,
    also: Callable[[FrameBuffer], None] | None = None,
    workers: int | None = None,
) -> None:
    """Draws ``frames`` frames into ``writer``, which stays open.

    ``also`` sees every finished frame, in order, before it goes to the encoder (a second, marked copy).
    ``on_frame`` hears how many are done.
    """
    count = workers or worker_count()
    pending: deque[tuple[FrameBuffer, Future[None]]] = deque()
    with single_threaded_cv2(), ThreadPoolExecutor(count, thread_name_prefix="photoplay-frames") as pool:

        def finish_oldest() -> None:
            buffer, drawn = pending.popleft()
            drawn.result()
            if also is not None:
                also(buffer)
            writer.submit(buffer)
            if on_frame is not None:
                on_frame(writer.frames)

        try:
            for index in range(frames):
                if len(pending) >= count:
                    finish_oldest()
                buffer = writer.lease()
                pending.append((buffer, pool.submit(source.draw_frame, index, Planes(buffer.y, buffer.u, buffer.v))))
            while pending:
                finish_oldest()
        finally:
            for _, drawn in pending:
                drawn.cancel()
