"""The pictures of docs/motion.md: they are there, they are small, and the script that makes them works."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "motion.md"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_motion", ROOT / "scripts" / "docs_motion.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


def test_the_page_shows_every_picture_that_is_made(script: ModuleType) -> None:
    named = re.findall(r"!\[[^\]]+\]\(images/motion/([a-z]+)\.webp\)", PAGE.read_text(encoding="utf-8"))
    assert sorted(named) == sorted(script.STAGES)
    assert sorted(path.stem for path in script.FOLDER.iterdir()) == sorted(script.STAGES)


def test_the_pictures_are_small(script: ModuleType) -> None:
    sizes = [path.stat().st_size for path in script.FOLDER.iterdir()]
    assert sum(sizes) < 1_500_000


def test_code_that_the_page_names_is_there() -> None:
    motion = ROOT / "src" / "photoplay" / "engines" / "motion"
    named = re.findall(r"`([a-z_]+\.py|[a-z]+/)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 12
    assert all((motion / name).exists() for name in named)


@pytest.mark.parametrize("stage", ["margin", "hole"])
def test_a_stages_picture_can_be_made(script: ModuleType, tmp_path: Path, stage: str) -> None:
    assert script.main(["--only", stage, "--out", str(tmp_path)]) == 0
    with Image.open(tmp_path / f"{stage}.webp") as made, Image.open(script.FOLDER / f"{stage}.webp") as kept:
        assert made.size == kept.size
        apart = np.abs(np.asarray(made.convert("RGB"), int) - np.asarray(kept.convert("RGB"), int))
    assert apart.mean() < 3, "run: python scripts/docs_motion.py"
