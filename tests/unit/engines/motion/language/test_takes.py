"""Several takes of one request: each another, all of them what was asked for."""

from __future__ import annotations

import pytest

from photoplay.engines.motion.language.intents import Refusal
from photoplay.engines.motion.language.plan import plan_from_prompt
from photoplay.engines.motion.language.takes import another_take
from photoplay.engines.motion.language.timeline import MAX_AMOUNT
from photoplay.shot import Ease, Move, MoveKind, Plan, Shot

ZOOM = Shot(moves=(Move(kind=MoveKind.ZOOM, amount=0.8),))
HORIZONTAL = {MoveKind.TRUCK, MoveKind.PAN, MoveKind.ORBIT}
VERTICAL = {MoveKind.PEDESTAL, MoveKind.TILT, MoveKind.CRANE}


def take(shot: Shot, number: int, *refusals: Refusal, duration_s: float = 5.0) -> Shot:
    return another_take(shot, number, refusals=refusals, duration_s=duration_s)[0]


def test_the_first_take_is_the_shot_itself():
    assert another_take(ZOOM, 0, duration_s=5.0) == (ZOOM, "")
    assert plan_from_prompt("zoom in", take=0) == plan_from_prompt("zoom in")


def test_many_takes_are_all_different():
    shots = [take(ZOOM, number) for number in range(24)]
    assert len(set(shots)) == len(shots)


def test_moves_keep_their_kind_direction_and_time():
    asked = Shot(
        moves=(
            Move(kind=MoveKind.ZOOM, amount=-1.2, start=0.1, end=0.6, ease=Ease.IN),
            Move(kind=MoveKind.HANDHELD, amount=0.5),
        )
    )
    for number in range(1, 12):
        first, second, *drift = take(asked, number).moves
        for made, wanted in zip((first, second), asked.moves, strict=True):
            assert made.model_copy(update={"amount": wanted.amount}) == wanted
            assert 0.69 < made.amount / wanted.amount < 1.31
        assert len(drift) == 1
        assert abs(drift[0].amount) < 0.9


@pytest.mark.parametrize("kind", sorted(HORIZONTAL | VERTICAL))
def test_an_axis_that_is_used_is_left_alone(kind):
    axis = HORIZONTAL if kind in HORIZONTAL else VERTICAL
    for number in range(1, 12):
        moves = take(Shot(moves=(Move(kind=kind, amount=1.0),)), number).moves
        assert [move.kind for move in moves if move.kind in axis] == [kind]
        assert len(moves) == 2


def test_a_shot_that_uses_every_axis_differs_by_size_alone():
    asked = Shot(moves=(Move(kind=MoveKind.PAN), Move(kind=MoveKind.TILT)))
    shots = [take(asked, number) for number in range(5)]
    assert len(set(shots)) == 5
    assert {len(shot.moves) for shot in shots} == {2}


def test_what_was_refused_does_not_come_back():
    for number in range(1, 12):
        shot = take(ZOOM, number, Refusal(MoveKind.TRUCK), Refusal(MoveKind.PEDESTAL, 1), Refusal(MoveKind.ORBIT, -1))
        drift = shot.moves[-1]
        assert drift.kind is not MoveKind.TRUCK
        assert (drift.kind, drift.amount > 0) not in ((MoveKind.PEDESTAL, True), (MoveKind.ORBIT, False))
        refused = plan_from_prompt("zoom in", "truck, orbit, pedestal", take=number)
        assert {move.kind for move in refused.shot.moves} == {MoveKind.ZOOM}


@pytest.mark.parametrize("prompt", ["static camera", "the camera does not move at all", "tripod shot"])
def test_a_camera_that_holds_still_does_so_in_every_take(prompt):
    first, third = plan_from_prompt(prompt), plan_from_prompt(prompt, take=2)
    assert third.shot == first.shot
    assert any(note.startswith("take 3: the camera holds still") for note in third.notes)


def test_an_effect_keeps_its_own_camera():
    assert another_take(Shot(), 3, duration_s=5.0) == (Shot(), "")


def test_amounts_stay_within_what_a_move_may_be():
    large = Shot(moves=(Move(kind=MoveKind.ZOOM, amount=MAX_AMOUNT), Move(kind=MoveKind.ROLL, amount=-MAX_AMOUNT)))
    for number in range(1, 12):
        assert all(abs(move.amount) <= MAX_AMOUNT for move in take(large, number).moves)


def test_a_short_clip_drifts_less():
    short, long = (abs(take(ZOOM, 1, duration_s=each).moves[-1].amount) for each in (2.0, 8.0))
    assert short < long


def test_the_plan_says_how_a_take_differs():
    notes: list[Plan] = [plan_from_prompt("zoom in", take=number) for number in (1, 2)]
    assert [next(note for note in plan.notes if note.startswith("take")) for plan in notes] == [
        "take 2: moves at 85% of their size, with a slight truck right",
        "take 3: moves at 115% of their size, with a slight truck left",
    ]
    assert all(plan.understood == notes[0].understood for plan in notes)
