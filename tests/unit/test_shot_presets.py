"""Shots by axes and presets."""

from __future__ import annotations

import math
from typing import get_args

import pytest

from photoplay.errors import InvalidField
from photoplay.shot import MoveKind, Shot
from photoplay.shot_presets import PRESETS, Preset, preset, simple_axes


@pytest.mark.parametrize(
    ("axis", "kind", "amount"),
    [
        ("horizontal", MoveKind.TRUCK, 1.0),
        ("vertical", MoveKind.PEDESTAL, 1.0),
        ("pan", MoveKind.TILT, 1.0),
        ("tilt", MoveKind.PAN, 1.0),
        ("roll", MoveKind.ROLL, 1.0),
        ("zoom", MoveKind.ZOOM, -1.0),
    ],
)
def test_each_axis_is_one_move(axis: str, kind: MoveKind, amount: float) -> None:
    for value in (5.0, -5.0):
        (move,) = simple_axes(**{axis: value}).moves
        assert move.kind is kind
        assert move.amount == pytest.approx(math.copysign(1, value) * amount)
        assert (move.start, move.end) == (0.0, 1.0)


def test_film_terms() -> None:
    kinds = {m.kind: m.amount for m in simple_axes(pan=5, tilt=10, zoom=5, film_terms=True).moves}
    assert kinds == {MoveKind.PAN: 1.0, MoveKind.TILT: 2.0, MoveKind.ZOOM: 1.0}


def test_nothing_and_everything() -> None:
    assert simple_axes() == Shot()
    assert len(simple_axes(horizontal=1, vertical=1, pan=1, tilt=1, roll=1, zoom=1).moves) == 6
    assert simple_axes(roll=10).moves[0].amount == 2.0


@pytest.mark.parametrize("value", [10.01, -11, math.nan, math.inf])
def test_out_of_range(value: float) -> None:
    with pytest.raises(InvalidField) as caught:
        simple_axes(vertical=value)
    assert caught.value.field == "vertical"


def test_presets() -> None:
    assert set(PRESETS) == set(get_args(Preset))
    signs = {name: {m.kind: math.copysign(1, m.amount) for m in preset(name).moves} for name in PRESETS}
    assert signs["down_back"] == {MoveKind.PEDESTAL: -1, MoveKind.DOLLY: -1}
    assert signs["forward_up"] == {MoveKind.DOLLY: 1, MoveKind.TILT: 1}
    assert signs["right_turn_forward"] == {MoveKind.PAN: 1, MoveKind.DOLLY: 1}
    assert signs["left_turn_forward"] == {MoveKind.PAN: -1, MoveKind.DOLLY: 1}


def test_unknown_preset() -> None:
    with pytest.raises(InvalidField, match="down_back"):
        preset("sideways")
