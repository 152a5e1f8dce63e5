"""What sound costs: its share of a clip's processor time at 1080p, against the limit of 10 %.

Picture and sound are made as jobs make them, each in a process of its own, and what is counted is the processor time
of those processes, loading included (of compiled modules, as a server has them): it says the same on a busy machine as
on an idle one, as wall time does not.
For each prompt, ``--repeat`` times in turn: the picture is rendered (5 s, 1080p, the bundled engine, its scene
cached), joined to no sound, and joined to the sound that is composed for it. The cost of sound is the difference of
the last two; printed are medians. At the end: where the time goes, and what new sound for a finished 10 s 4k clip
takes on the clock (the best run: other work only adds to it), in a new process and in one that is already loaded
(``render_child --ready``)::

    python bench/sound.py [--models DIR] [--photo FILE] [--repeat 3] [--seconds 5]

``--audio-job`` measures something else: the whole of a job that gives a finished 10 s 4k clip new sound, from the
request to AKOOL's ``updateVideoAudio`` until a client sees the finished video, and what happened when. That is time by
the clock: the machine must have nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import skimage.data

from photoplay.media.mux import mux
from photoplay.settings import Settings
from photoplay.sound import SoundRequest
from photoplay.sound.coding import coded_safely
from photoplay.sound.compose import composed
from photoplay.sound.loudness import mastered

sys.path.insert(0, str(Path(__file__).parent))

from _audio_job import LIMIT_S, audio_job

LIMIT = 0.10
REMUX_LIMIT_S = 1.0
PHOTO = Path(skimage.data.__file__).parent / "rocket.jpg"
PROMPTS = (
    "slow push in, gentle wind in the trees",
    "waves roll in at the beach",
    "rain falls on the window, sad piano",
    "a street in the city at night",
    "fast zoom, thunder and lightning in a storm",
    "epic orchestral music",
    "slow pan",
)
SAMPLES = 480_000  # of 10 s
LIMITS = {"memory_bytes": 8 * 1024**3, "file_bytes": 2 * 1024**3, "open_files": 512}


class Child:
    """A process that does one task, as the worker starts them."""

    def __init__(self, compiled: Path, *options: str) -> None:
        # Wherever the benchmark is run, its children find their modules compiled, as those of a server do.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = str(compiled)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "photoplay.jobs.render_child", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )

    def do(self, document: dict[str, Any], work_dir: Path) -> tuple[dict[str, Any], float, float]:
        """Does the task: its result, its processor time and its wall time, both in seconds."""
        begin = time.perf_counter()
        work_dir.mkdir(exist_ok=True)
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the child has no pipes")
        task = {**document, "parent": os.getpid(), "work_dir": str(work_dir), "limits": LIMITS}
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        last = [json.loads(line) for line in self._process.stdout][-1]
        wall_s = time.perf_counter() - begin
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        if "result" not in last:
            raise RuntimeError(f"the task failed: {last}")
        return last["result"], usage.ru_utime + usage.ru_stime, wall_s


def render_task(photo: Path, models: Path, duration_s: float, **more: Any) -> dict[str, Any]:
    """A picture to render."""
    request = {"images": [str(photo)], "duration_s": duration_s, **more}
    return {"task": "render", "engine": "motion", "engines": {}, "models_dir": str(models), "request": request}


def sound_task(video: str, sound: dict[str, Any], thumbnail: str | None = None) -> dict[str, Any]:
    """A picture to give its sound."""
    return {"task": "sound", "video": video, "watermarked": None, "sound": sound, "thumbnail": thumbnail}


def request_of(made: dict[str, Any], prompt: str, models: Path) -> dict[str, Any]:
    """The sound of a rendered picture."""
    sound = {name: made[name] for name in ("plan", "cues", "scene")}
    return {
        **sound,
        "duration_s": made["frames"] / made["fps"],
        "mode": "generate",
        "prompt": prompt,
        "models_dir": str(models),
    }


def cpu_s(work: Callable[[], Any], repeat: int) -> tuple[float, Any]:
    """Median processor time of ``work`` in this process, in seconds, and what it gave."""
    times, given = [], None
    for _ in range(repeat):
        begin = time.process_time()
        given = work()
        times.append(time.process_time() - begin)
    return statistics.median(times), given


def breakdown(video: Path, models: Path, folder: Path, repeat: int) -> None:
    """Where the time of new sound for a finished clip goes."""
    names = ("compose", "master", "peaks", "AAC+mux")
    print("\n" + " ".join(f"{name:>8}" for name in names) + "  processor time, 10 s for a 4k clip, loaded")
    for prompt in PROMPTS:
        request = SoundRequest(prompt=prompt, duration_s=10.0, models_dir=models)
        compose_s, mixed = cpu_s(lambda r=request: composed(r, SAMPLES)[0], repeat)  # type: ignore[misc]  # binds now
        master_s, even = cpu_s(lambda m=mixed: mastered(m), repeat)  # type: ignore[misc]  # binds now
        peaks_s, final = cpu_s(lambda e=even: coded_safely(e), repeat)  # type: ignore[misc]  # binds now
        mux_s, _ = cpu_s(lambda f=final: mux(video, f.samples.T, folder / "joined.mp4"), repeat)  # type: ignore[misc]  # binds now
        parts = (compose_s, master_s, peaks_s, mux_s)
        print(" ".join(f"{part:7.3f}s" for part in parts) + f"  {prompt}", flush=True)


def main() -> int:
    """Prints one line a prompt; 1 when a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=Settings.load().resolved_models_dir)
    parser.add_argument("--photo", type=Path, default=PHOTO)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--prompts", type=int, default=len(PROMPTS), help="only the first so many")
    parser.add_argument("--audio-job", action="store_true", help="only the job that gives a clip new sound")
    chosen = parser.parse_args()
    if chosen.audio_job:
        return int(audio_job(chosen.photo, chosen.models, PROMPTS, chosen.repeat) > LIMIT_S)
    worst = 0.0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        compiled = folder / "compiled"
        print(f"{'picture':>9} {'sound':>8} {'share':>7}  processor time of a {chosen.seconds:g} s clip at 1080p")
        warm = render_task(chosen.photo, chosen.models, 1.0, prompt=PROMPTS[0])
        made, _, _ = Child(compiled).do(warm, folder / "picture")
        Child(compiled).do(sound_task(made["video"], request_of(made, PROMPTS[0], chosen.models)), folder / "sounding")
        for prompt in PROMPTS[: chosen.prompts]:
            pictures, sounds = [], []
            for _ in range(chosen.repeat):
                task = render_task(chosen.photo, chosen.models, chosen.seconds, prompt=prompt, short_side=1080)
                made, picture_s, _ = Child(compiled).do(task, folder / "picture")
                silent = sound_task(made["video"], {"mode": "none", "duration_s": chosen.seconds})
                sounding = sound_task(made["video"], request_of(made, prompt, chosen.models))
                _, silent_s, _ = Child(compiled).do(silent, folder / "silent")
                _, sounding_s, _ = Child(compiled).do(sounding, folder / "sounding")
                pictures.append(picture_s + silent_s)
                sounds.append(sounding_s - silent_s)
            picture_s, sound_s = statistics.median(pictures), statistics.median(sounds)
            share = sound_s / (picture_s + sound_s)
            worst = max(worst, share)
            print(f"{picture_s:8.2f}s {sound_s:7.2f}s {share:7.1%}  {prompt}", flush=True)
        task = render_task(chosen.photo, chosen.models, 10.0, short_side=2160, aspect_ratio="16:9")
        clip, _, _ = Child(compiled).do(task, folder / "big")
        first, _, _ = Child(compiled).do(
            sound_task(clip["video"], {"mode": "none", "duration_s": 10.0}), folder / "first"
        )
        again = sound_task(
            clip["video"], request_of(clip, PROMPTS[0], chosen.models), first["files"]["thumbnail"]["path"]
        )
        breakdown(Path(clip["video"]), chosen.models, folder, chosen.repeat)
        walls: dict[str, float] = {}
        for options in ((), ("--ready", "sound", str(chosen.models))):
            times = []
            for _ in range(chosen.repeat):
                child = Child(compiled, *options)
                if options:
                    time.sleep(3.0)  # it loads
                times.append(child.do(again, folder / "again")[2])
            walls["loaded" if options else "new"] = min(times)
    print(
        "\nnew sound for a finished 10 s 4k clip, on the clock: "
        + ", ".join(f"{wall_s:.2f} s in a {name} process" for name, wall_s in walls.items())
        + f" (limit {REMUX_LIMIT_S:.0f} s, loaded)"
    )
    print(f"worst share {worst:.1%} (limit {LIMIT:.0%})")
    return int(worst > LIMIT or walls["loaded"] > REMUX_LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
