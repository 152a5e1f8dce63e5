"""What sound costs: as a share of the time a clip takes at 1080p, against the limit of 10 %.

For each prompt: the picture is rendered once (5 s and 10 s, 1080p, the bundled engine, its scene cached), then the
soundtrack is made and joined to it. "sound" is composing and mastering, "join" copies the picture's packets and codes
the sound; "remux" is what new sound for a finished 4k clip takes. Times are the median of ``--repeat`` runs::

    python bench/sound.py [--models DIR] [--photo FILE] [--repeat 3]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import skimage.data

from photoplay.engines.base import RenderRequest
from photoplay.engines.motion.engine import MotionEngine
from photoplay.media.mux import mux
from photoplay.sound import SoundRequest, render_soundtrack

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


def seconds(work: Callable[[], object], repeat: int) -> float:
    """Median time of ``work``."""
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def main() -> int:
    """Prints one line a prompt; 1 when a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=Path(os.environ.get("PHOTOPLAY_MODELS_DIR", ".cache/models")))
    parser.add_argument("--photo", type=Path, default=PHOTO)
    parser.add_argument("--repeat", type=int, default=3)
    chosen = parser.parse_args()
    worst = 0.0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        engine = MotionEngine(chosen.models, folder / "cache")
        print(f"{'clip':>6} {'picture':>9} {'sound':>8} {'join':>8} {'share':>7}  prompt")
        for duration_s in (5.0, 10.0):
            for prompt in PROMPTS:
                request = RenderRequest(images=(chosen.photo,), prompt=prompt, short_side=1080, duration_s=duration_s)
                made = engine.render(request, folder, lambda _share, _word: None)  # warms caches and networks
                picture_s = seconds(lambda r=request: engine.render(r, folder, lambda _s, _w: None), 1)  # type: ignore[misc]  # binds now
                sound = SoundRequest(
                    plan=made.plan,
                    cues=made.cues,
                    prompt=prompt,
                    duration_s=made.duration_s,
                    models_dir=chosen.models,
                )
                track = render_soundtrack(sound, folder)
                sound_s = seconds(lambda s=sound: render_soundtrack(s, folder), chosen.repeat)  # type: ignore[misc]  # binds now
                join_s = seconds(lambda m=made, t=track: mux(m.video, t.path, folder / "out.mp4"), chosen.repeat)  # type: ignore[misc]  # binds now
                share = (sound_s + join_s) / (picture_s + sound_s + join_s)
                worst = max(worst, share)
                print(
                    f"{duration_s:5.0f}s {picture_s:8.2f}s {sound_s:7.3f}s {join_s:7.3f}s {share:7.1%}  {prompt}",
                    flush=True,
                )
        big = RenderRequest(images=(chosen.photo,), short_side=2160, duration_s=10.0, aspect_ratio="16:9")
        clip = engine.render(big, folder, lambda _share, _word: None)
        again = SoundRequest(prompt=PROMPTS[0], duration_s=clip.duration_s, models_dir=chosen.models)
        remux_s = seconds(
            lambda: mux(clip.video, render_soundtrack(again, folder).path, folder / "again.mp4"), chosen.repeat
        )
    print(f"new sound for a finished 10 s 4k clip: {remux_s:.2f} s (limit {REMUX_LIMIT_S:.0f} s)")
    print(f"worst share {100 * worst:.1f} % (limit {100 * LIMIT:.0f} %)")
    return int(worst > LIMIT or remux_s > REMUX_LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
