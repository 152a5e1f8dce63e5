"""Every event: repeatable, bounded, on time."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from photoplay import engines
from photoplay.sound.dsp import RATE
from photoplay.sound.events import ALIASES, EVENTS, resolved, strike

KINDS = sorted(EVENTS)
FRAME_S = 1 / 24
SUDDEN = (
    "bark", "bell", "boing", "boom", "chime", "click", "crack", "crunch", "door", "drum", "explosion", "glass", "heartbeat",
    "knock", "laser", "pop", "punch", "shutter", "spark", "splash", "squish", "thud", "thunder",
)  # fmt: skip


def onset_s(sound: np.ndarray, share: float = 0.2) -> float:
    """When a sound first reaches a share of its loudest 5 ms."""
    power = np.convolve(np.square(sound).mean(axis=0), np.ones(240) / 240, "full")[: sound.shape[1]]
    return float(np.argmax(power > share * power.max())) / RATE


@pytest.mark.parametrize("kind", KINDS)
def test_shape_seed_and_ends(kind: str) -> None:
    first, again, other = (strike(kind, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.sound.ndim == 2
    assert first.sound.shape[0] == 2
    assert first.sound.dtype == np.float32
    assert np.isfinite(first.sound).all()
    assert 0 <= first.anchor < first.sound.shape[1]
    assert 0.5 < np.abs(first.sound).max() <= 1.001
    assert np.abs(first.sound[:, -1]).max() < 1e-3
    assert np.abs(first.sound[:, 0]).max() < 0.05
    assert np.array_equal(first.sound, again.sound)
    assert not np.array_equal(first.sound[:, :2000], other.sound[:, :2000])


@pytest.mark.parametrize("duration_s", [0.05, 3.0])
@pytest.mark.parametrize("kind", KINDS)
def test_any_duration(kind: str, duration_s: float) -> None:
    made = strike(kind, np.random.default_rng(1), duration_s, 2.0, -1.0)
    assert np.isfinite(made.sound).all()
    assert made.sound.shape[1] < 12 * RATE


@pytest.mark.parametrize("kind", SUDDEN)
def test_blows_are_heard_on_their_moment(kind: str) -> None:
    made = strike(kind, np.random.default_rng(3))
    assert abs(onset_s(made.sound) - made.anchor / RATE) < FRAME_S / 2


def test_a_blade_is_heard_on_its_cut() -> None:
    made = strike("slash", np.random.default_rng(3))
    assert made.anchor > 0
    loudest = int(np.argmax(np.abs(made.sound).max(axis=0)))
    assert abs(loudest - made.anchor) / RATE < FRAME_S


@pytest.mark.parametrize("duration_s", [0.4, 0.8, 1.6])
def test_a_whoosh_is_loudest_half_way(duration_s: float) -> None:
    sound = strike("whoosh", np.random.default_rng(5), duration_s).sound
    power = np.convolve(np.square(sound).mean(axis=0), np.hanning(int(0.1 * duration_s * RATE)), "same")
    assert sound.shape[1] / RATE == pytest.approx(duration_s, abs=1e-3)
    assert int(np.argmax(power)) / RATE == pytest.approx(duration_s / 2, abs=0.12 * duration_s)


def test_a_rise_ends_at_its_height() -> None:
    sound = strike("rise", np.random.default_rng(5), 2.0).sound
    halves = [float(np.square(part).mean()) for part in np.array_split(sound, 4, axis=1)]
    assert halves == sorted(halves)


@pytest.mark.parametrize("kind", ["pop", "thud", "splash", "crack", "drum", "squish"])
def test_events_come_from_where_they_happen(kind: str) -> None:
    left, right = (strike(kind, np.random.default_rng(1), pan=pan).sound for pan in (-0.8, 0.8))
    assert np.square(left[0]).sum() > 1.2 * np.square(left[1]).sum()
    assert np.square(right[1]).sum() > 1.2 * np.square(right[0]).sum()


def test_other_words_lead_to_events() -> None:
    assert set(ALIASES.values()) <= set(EVENTS)
    assert not set(ALIASES) & set(EVENTS)
    assert resolved("Whoosh ") == "whoosh"
    assert resolved("ice_crack") == "crack"
    assert resolved("sword-stab") == "slash"
    assert resolved("glass shatter") == "glass"
    assert resolved("yodel") is None


def test_every_cue_that_an_engine_gives_is_known() -> None:
    folder = Path(engines.__file__).parent
    calls = [
        node
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Cue"
    ]
    kinds = [word.value for call in calls for word in call.keywords if word.arg == "kind"]
    named = {kind.value for kind in kinds if isinstance(kind, ast.Constant)}
    assert {"whoosh", "slash"} <= named
    assert {kind for kind in named if resolved(kind) is None} == set()
