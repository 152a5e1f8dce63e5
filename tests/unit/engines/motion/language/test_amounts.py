"""How much, how fast, when."""

from __future__ import annotations

import math

import pytest

from photoplay.engines.motion.language import plan_from_prompt
from photoplay.shot import Ease, LifeKind, Move, MoveKind


def only(prompt: str, **given: float) -> Move:
    moves = plan_from_prompt(prompt, **given).shot.moves  # type: ignore[arg-type]  # only duration_s is given
    assert len(moves) == 1
    return moves[0]


def test_plain_moves_are_one_unit_over_five_seconds() -> None:
    for prompt in ("zoom in", "pan right", "orbit right", "handheld", "truck right", "crane up"):
        assert only(prompt).amount == 1.0
    assert only("zoom out").amount == -1.0


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        ("very slow zoom in", "slow zoom in"),
        ("slow zoom in", "zoom in"),
        ("slight zoom in", "zoom in"),
        ("zoom in", "fast zoom in"),
        ("fast zoom in", "very fast zoom in"),
        ("zoom in", "dramatic zoom in"),
        ("dramatic zoom in", "extreme zoom in"),
        ("zoom in gently", "zoom in strongly"),
        ("zoom lent", "zoom rapide"),
        ("langsam heranzoomen", "schnell heranzoomen"),
        ("缓慢推进", "快速推进"),
        ("ゆっくりズームイン", "素早くズームイン"),
        ("медленный зум на лицо", "быстрый зум на лицо"),
    ],
)
def test_manner_orders_amounts(weaker: str, stronger: str) -> None:
    assert 0 < only(weaker).amount < only(stronger).amount <= 4


@pytest.mark.parametrize(
    ("prompt", "amount"),
    [
        ("roll clockwise by 8 degrees", 2.0),
        ("pan left 6°", -1.5),
        ("tilt up by 4 degrees", 1.0),
        ("zoom in 1.3x", math.log(1.3) / math.log(1.15)),
        ("zoom out by 20%", -math.log(1.2) / math.log(1.15)),
        ("truck right by 10%", 2.0),
        ("roll 2 degrees counterclockwise", -0.5),
    ],
)
def test_numbers_are_taken_at_their_word(prompt: str, amount: float) -> None:
    assert only(prompt).amount == pytest.approx(amount, abs=1e-3)


def test_too_much_is_reduced_and_said() -> None:
    plan = plan_from_prompt("zoom in 10x, roll 360 degrees")
    assert [move.amount for move in plan.shot.moves] == [4.0, 4.0]
    assert sum("reduced" in note for note in plan.notes) == 2


def test_numbers_that_are_no_amounts() -> None:
    assert only("zoom in on gate 42").amount == 1.0
    assert only("a 5 second video, zoom in").end == 1.0
    assert only("35mm photo, pan left").amount == -1.0


def test_adjectives_of_things_are_not_manner() -> None:
    for prompt in ("zoom in on the small village", "pan right across the wild coast", "zoom in on a big red dog"):
        assert abs(only(prompt).amount) == 1.0


def test_each_move_has_its_own_manner() -> None:
    first, second = plan_from_prompt("slowly zoom in, then quickly pan left").shot.moves
    assert abs(second.amount) > 1.8 * first.amount
    zoom, pan = plan_from_prompt("slowly zoom in and pan left").shot.moves
    assert zoom.amount == abs(pan.amount) == 0.7
    assert only("zoom in, very slowly").amount == only("very slowly zoom in").amount


def test_easing() -> None:
    assert only("zoom in").ease is Ease.SMOOTH
    assert only("zoom in at constant speed").ease is Ease.LINEAR
    assert only("zoom in, accelerating").ease is Ease.IN
    assert only("pan left, slowing down").ease is Ease.OUT


def test_sudden_moves_are_short_and_wait_for_the_eye() -> None:
    whip = only("whip pan left")
    assert whip.end - whip.start < 0.25
    assert whip.start > 0.1
    assert whip.ease is Ease.OUT
    assert abs(whip.amount) > 1


def test_steps_share_the_clip_and_flow_into_each_other() -> None:
    first, second = plan_from_prompt("zoom in then pan left").shot.moves
    assert (first.start, second.end) == (0.0, 1.0)
    assert first.end > second.start
    assert first.amount < 1, "half the time, less way"


def test_said_times() -> None:
    first, second = plan_from_prompt("0-2s: zoom in, 2-5s: pan left").shot.moves
    assert (first.start, first.end, second.start, second.end) == (0.0, 0.4, 0.4, 1.0)
    timed = only("zoom in for 2 seconds")
    assert (timed.start, timed.end) == (0.0, 0.4)
    last = only("zoom in during the last 2 seconds")
    assert (last.start, last.end) == (0.6, 1.0)
    late = only("zoom in after 3 seconds")
    assert (late.start, late.end) == (0.6, 1.0)
    assert only("After 3 seconds, zoom in") == late
    clocked = plan_from_prompt("[0:00-0:05] tilt up. [0:05-0:10] tilt down", duration_s=10).shot.moves
    assert [(m.start, m.end) for m in clocked] == [(0.0, 0.5), (0.5, 1.0)]
    held, zoomed = plan_from_prompt("hold for two seconds, then zoom in", duration_s=10).shot.moves
    assert held.kind is MoveKind.STATIC
    assert held.end < 0.3
    assert zoomed.end == 1.0


def test_long_clips_go_further_and_short_ones_less() -> None:
    assert only("zoom in", duration_s=2).amount < only("zoom in").amount < only("zoom in", duration_s=15).amount


def test_handheld_lasts_the_whole_clip_unless_it_comes_later() -> None:
    hand = plan_from_prompt("handheld camera. zoom in, then pan left").shot.moves
    assert [(m.start, m.end) for m in hand if m.kind is MoveKind.HANDHELD] == [(0.0, 1.0)]
    later = plan_from_prompt("zoom in, then camera shake").shot.moves[-1]
    assert later.kind is MoveKind.HANDHELD
    assert later.start > 0.3


def test_there_and_back() -> None:
    out, back = plan_from_prompt("pan back and forth").shot.moves
    assert (out.amount, back.amount) == (-back.amount, -out.amount)
    assert out.end == back.start == 0.5


def test_life_has_strength() -> None:
    def strength(prompt: str) -> float:
        (life,) = (x for x in plan_from_prompt(prompt).life if x.kind is LifeKind.RAIN)
        return life.strength

    assert strength("drizzle") < strength("rain is falling") == 1.0 < strength("heavy rain")
    assert strength("slow zoom in, heavy rain") == strength("heavy rain")
