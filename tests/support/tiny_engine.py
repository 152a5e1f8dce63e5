"""A small real engine for tests: writes a few H.264 frames, slowly if asked, and misbehaves on request.

The prompt steers it, in words: ``frames=N`` (default 8), ``delay=S`` (seconds a frame), and one of
``segfault``, ``killed``, ``poison`` (kills its worker), ``no-memory``, ``no-room`` (on the disk), ``hog`` (takes memory
until it is refused), ``hang``, ``fail``, ``bad-image``, ``bug``, ``noise`` (prints to standard output), ``outside`` (writes elsewhere).
``stall=N`` stops for ever after frame N. ``soundtrack=HZ`` makes it return sound of its own, a tone; ``speak`` a
plan with words to be spoken. ``once=NAME`` makes it misbehave in the first process only (a marker file
beside the models folder).
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from pathlib import Path

import av
import numpy as np

from photoplay.engines.base import Capability, ProgressSink, RenderRequest, RenderResult
from photoplay.errors import ImageUnreadable, RenderFailed
from photoplay.media.audio import write_wav
from photoplay.shot import Cue, Plan

SIZE = (64, 48)


class TinyEngine:
    """See the module."""

    name = "tiny"

    def __init__(self, models_dir: Path) -> None:
        self.models_dir = models_dir

    def capability(self) -> Capability:
        return Capability(name=self.name, available=True)

    def render(self, request: RenderRequest, work_dir: Path, progress: ProgressSink) -> RenderResult:
        words = dict(word.partition("=")[::2] for word in request.prompt.split())
        frames = int(words.get("frames") or 8)
        delay_s = float(words.get("delay") or 0)
        if not self._behave(words):
            self._misbehave(words)
        else:
            words.pop("stall", None)
        for image in request.images:
            if image.stat().st_size == 0:
                raise ImageUnreadable
        video = work_dir / "silent.mp4" if "outside" not in words else self.models_dir.parent / "outside.mp4"
        stall = int(words["stall"]) if "stall" in words else None
        self._write(video, frames, delay_s, request.seed, progress, stall)
        marked = None
        if request.watermark:
            marked = work_dir / "marked.mp4"
            self._write(marked, frames, 0, request.seed + 1, lambda *_: None)
        soundtrack = None
        if "soundtrack" in words:
            soundtrack = work_dir / "own.wav"
            tone = np.sin(np.arange(frames * 6000) * 2 * np.pi * float(words["soundtrack"]) / 48_000)
            write_wav(soundtrack, np.repeat(0.2 * tone[:, None], 2, axis=1).astype(np.float32))
        return RenderResult(
            video=video,
            watermarked=marked,
            width=SIZE[0],
            height=SIZE[1],
            fps=8,
            frames=frames,
            soundtrack=soundtrack,
            plan=Plan(
                understood=("tiny",), sounds=("rain",), speech="Hello there, my friend" if "speak" in words else None
            ),
            cues=(Cue(at_s=0.1, kind="pop"),),
            notes=("a tiny clip",),
        )

    def _behave(self, words: dict[str, str]) -> bool:
        """Whether it has misbehaved often enough."""
        if "once" not in words:
            return False
        marker = self.models_dir.parent / f"misbehaved-{words['once']}"
        if marker.exists():
            return True
        marker.touch()
        return False

    def _misbehave(self, words: dict[str, str]) -> None:
        if "noise" in words:
            print("not JSON at all")
            os.write(1, b"{broken\n")
        if "segfault" in words:
            os.kill(os.getpid(), signal.SIGSEGV)
        if "killed" in words:
            os.kill(os.getpid(), signal.SIGKILL)
        if "poison" in words:
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(30)
        if "no-memory" in words:
            raise MemoryError
        if "no-room" in words:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if "hog" in words:
            held = []
            while True:
                held.append(np.ones(64 * 1024 * 1024, np.uint8))
        if "hang" in words:
            time.sleep(3600)
        if "fail" in words:
            raise RenderFailed("the tiny engine was told to fail")
        if "bad-image" in words:
            raise ImageUnreadable("that is no photo")
        if "bug" in words:
            sys.stderr.write("a secret detail\n")
            raise KeyError("bug")

    def _write(
        self,
        path: Path,
        frames: int,
        delay_s: float,
        seed: int,
        progress: ProgressSink,
        stall: int | None = None,
    ) -> None:
        width, height = SIZE
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=8, options={"preset": "ultrafast"})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            picture = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
            for index in range(frames):
                time.sleep(delay_s)
                frame = av.VideoFrame.from_ndarray(np.roll(picture, index, axis=1), format="rgb24")
                container.mux(stream.encode(frame))
                progress((index + 1) / frames, "frames")
                if stall is not None and index + 1 >= stall:
                    time.sleep(3600)
            container.mux(stream.encode())
