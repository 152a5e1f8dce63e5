"""A plan for people."""

from __future__ import annotations

from photoplay.engines.motion.language import format_shot, plan_from_prompt, plan_rows, render_plan_text
from photoplay.shot import MoveKind, Plan, Shot


def test_every_part_of_a_plan_has_its_row() -> None:
    plan = plan_from_prompt(
        'Slow zoom in on the house, then whip pan left. Snow falls, he runs away. She says "Hi". Piano. No rain.',
        effect="squish",
    )
    plan = plan.model_copy(update={"extended_prompt": "the fuller shot"})
    rows = plan_rows(plan, 10.0)
    sections = list(dict.fromkeys(row.section for row in rows))
    assert sections == ["camera", "effect", "life", "sound", "speech", "shows", "understood", "ignored", "extended"]
    camera = [row for row in rows if row.section == "camera"]
    assert camera[0].what.startswith("zoom in")
    assert camera[0].when.startswith("0.0–")
    assert any(row.what == "rain" and row.detail == "must not appear" for row in rows)


def test_text() -> None:
    plan = plan_from_prompt("zoom in then pan left, only the camera moves")
    text = render_plan_text(plan, 5.0)
    assert "zoom in" in text
    assert "━" in text
    assert "nothing else moves" in text
    assert format_shot(plan.shot) in text
    assert not text.endswith("\n")
    assert all(line == line.rstrip() for line in text.splitlines())


def test_bars_show_when() -> None:
    lines = render_plan_text(plan_from_prompt("0-2s: zoom in, 2-4s: pan left", duration_s=4), 4.0).splitlines()
    assert "━" * 10 + "·" * 10 in lines[0]
    assert "·" * 10 + "━" * 10 in lines[1]


def test_empty_plan() -> None:
    assert plan_rows(Plan()) == ()
    assert render_plan_text(Plan()) == "nothing was asked for"


def test_static() -> None:
    (row,) = [row for row in plan_rows(plan_from_prompt("static camera")) if row.section == "camera"]
    assert (row.what, row.detail) == ("static", "")
    assert plan_from_prompt("static camera").shot == Shot(moves=plan_from_prompt("tripod").shot.moves)
    assert plan_from_prompt("static camera").shot.moves[0].kind is MoveKind.STATIC
