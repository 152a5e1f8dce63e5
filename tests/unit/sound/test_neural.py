"""An operator's own pipeline: found by name, brought to our form, refused when it gives no sound."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photoplay.errors import RenderFailed, SettingsError
from photoplay.shot import Cue
from photoplay.sound import SoundRequest, render_soundtrack
from photoplay.sound.dsp import RATE
from photoplay.sound.neural import generated, load
from photoplay.sound.request import AudioAccess


class Hum:
    """A pipeline as an operator would write it."""

    def __call__(self, prompt: str, *, duration_s: float, seed: int) -> tuple[np.ndarray, int]:
        rng = np.random.default_rng(seed + len(prompt))
        return 0.2 * rng.standard_normal(int(duration_s * 16_000)).astype(np.float32), 16_000


def broken(prompt: str, *, duration_s: float, seed: int) -> tuple[np.ndarray, int]:
    raise RuntimeError("out of memory")


def empty(prompt: str, *, duration_s: float, seed: int) -> tuple[np.ndarray, int]:
    return np.zeros(0, np.float32), 48_000


@pytest.fixture(autouse=True)
def module() -> Iterator[None]:
    made = types.ModuleType("operators_sound")
    made.__dict__.update(Hum=Hum, ready=Hum(), broken=broken, empty=empty, number=7)
    sys.modules["operators_sound"] = made
    yield
    del sys.modules["operators_sound"]


@pytest.mark.parametrize("name", ["operators_sound:Hum", "operators_sound:ready"])
def test_classes_and_objects_are_loaded(name: str) -> None:
    sound = generated(load(AudioAccess(source=name)), "wind", 2.0, 1)
    assert sound.shape == (2, 2 * RATE)
    assert sound.flags.c_contiguous


@pytest.mark.parametrize(
    "name", ["", "operators_sound", ":Hum", "operators_sound:none", "no_such_module:x", "operators_sound:number"]
)
def test_wrong_names_are_wrong_settings(name: str) -> None:
    with pytest.raises(SettingsError):
        load(AudioAccess(source=name))


@pytest.mark.parametrize(
    "values", [np.zeros((0, 2)), np.zeros((2, 3, 4)), np.full(1000, np.nan), np.zeros((2, 48_000))]
)
def test_what_is_not_sound_is_refused(values: np.ndarray) -> None:
    def pipeline(prompt: str, *, duration_s: float, seed: int) -> tuple[Any, int]:
        return values, 48_000

    with pytest.raises(RenderFailed):
        generated(pipeline, "", 1.0, 1)


def test_more_channels_are_cut_to_two() -> None:
    def pipeline(prompt: str, *, duration_s: float, seed: int) -> tuple[Any, int]:
        return np.ones((1000, 6), np.float32), RATE

    assert generated(pipeline, "", 1.0, 1).shape == (2, 1000)


def test_it_is_the_ground_and_cues_are_played_on_it(tmp_path: Path) -> None:
    request = SoundRequest(
        prompt="wind",
        duration_s=2.0,
        text_to_audio=AudioAccess(source="operators_sound:Hum"),
        cues=(Cue(at_s=1.0, kind="pop"),),
    )
    made = render_soundtrack(request, tmp_path)
    assert made.heard == ("neural sound", "event pop at 1.00 s")
    assert made.notes == ()


@pytest.mark.parametrize("name", ["operators_sound:broken", "operators_sound:empty", "operators_sound:missing"])
def test_when_it_fails_sound_is_composed_and_it_is_said(tmp_path: Path, name: str) -> None:
    made = render_soundtrack(
        SoundRequest(prompt="rain", duration_s=1.0, text_to_audio=AudioAccess(source=name)), tmp_path
    )
    assert made.heard == ("bed rain",)
    assert any("composed instead" in note for note in made.notes)
