"""Runs Node programs for tests, with the packages that ``node/package-lock.json`` pins by their content.

The packages are installed once, into the user's cache. A machine without Node, or without a way to the packages, skips
the test with the reason. To add a package: name it in ``node/package.json`` and run there
``npm install --package-lock-only --omit-lockfile-registry-resolved`` (the lock then names no registry).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

PINNED = Path(__file__).parent / "node"
INSTALL_TIMEOUT_S = 180
RUN_TIMEOUT_S = 60


def run_node(
    script: str, *arguments: str, stdin: str = "", timeout_s: float = RUN_TIMEOUT_S, **environment: str
) -> str:
    """What a CommonJS script prints, run with the pinned packages in reach.

    It ends the test when the script fails: with what it wrote to standard error.
    """
    done = subprocess.run(
        [_program("node"), "-e", script, "--", *arguments],
        cwd=packages(),
        input=stdin,
        capture_output=True,
        text=True,
        env=os.environ | environment,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def packages() -> Path:
    """The folder in which the pinned packages are installed (``node_modules`` is in it)."""
    pins = [(PINNED / name).read_bytes() for name in ("package.json", "package-lock.json")]
    digest = hashlib.sha256(b"".join(pins)).hexdigest()[:16]
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache_home / "photoplay-tests" / f"node-{digest}"
    if not (home / "node_modules").is_dir():
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent) as folder:
            made = Path(folder) / "made"
            shutil.copytree(PINNED, made)
            _install(made)
            if not home.exists():  # another run may have been faster
                made.rename(home)
    return home


def _install(folder: Path) -> None:
    """Installs what the lock names. Every package is checked against its digest, and runs no script of its own."""
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(
            [_program("npm"), "ci", *options],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=INSTALL_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("the Node packages could not be installed in time")
    if done.returncode != 0:
        pytest.skip(f"the Node packages could not be installed: {done.stderr.strip()[-300:]}")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"this test needs the program {name}")
    return found
