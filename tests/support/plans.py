"""Short notation for plans, for tables of prompts: ``zoom+ then pan- life:snow,-rain ign``."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from photoplay.shot import Move, MoveKind, Plan

_EXPECTATION = re.compile(r"(?P<camera>.*?)(?: life:(?P<life>\S+))?(?P<ignored> ign)?")
_SAME_TIME = 0.06  # of the clip: moves whose middles lie closer happen together


@dataclass(frozen=True)
class Case:
    """A prompt, its negative prompt and what must become of them."""

    prompt: str
    negative: str
    expected: str


def cases(path: Path, key: str = "cases") -> list[Case]:
    """The cases of a table."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))[key]
    return [Case(row[0], row[1] if len(row) == 3 else "", row[-1]) for row in rows]


def is_default(plan: Plan) -> bool:
    return any(note.startswith("default shot") for note in plan.notes)


def name(move: Move) -> str:
    if move.kind in {MoveKind.STATIC, MoveKind.HANDHELD}:
        return move.kind.value
    return move.kind.value + ("+" if move.amount > 0 else "-")


def steps(plan: Plan) -> list[set[str]]:
    """What the camera does, one set of moves for each step in time."""
    groups: list[tuple[float, set[str]]] = []
    for move in sorted(plan.shot.moves, key=lambda m: m.start + m.end):
        middle = (move.start + move.end) / 2
        if groups and abs(groups[-1][0] - middle) < _SAME_TIME:
            groups[-1][1].add(name(move))
        else:
            groups.append((middle, {name(move)}))
    return [moves for _, moves in groups]


def difference(plan: Plan, expected: str) -> str:
    """What is wrong with a plan, in one line; empty when it is as expected."""
    parsed = _EXPECTATION.fullmatch(expected.strip())
    assert parsed is not None, expected
    wrong: list[str] = []
    camera = parsed["camera"].strip()
    if not _camera_fits(plan, camera):
        wrong.append(f"camera {'default' if is_default(plan) else steps(plan)} is not {camera}")
    asked = [kind for kind in (parsed["life"] or "").split(",") if kind]
    refused = {kind[1:] for kind in asked if kind.startswith("-")}
    optional = {kind[:-1] for kind in asked if kind.endswith("?")}
    needed = {kind for kind in asked if kind[0] != "-" and kind[-1] != "?"}
    lives = {life.kind.value for life in plan.life if life.strength > 0}
    if not needed <= lives <= needed | optional:
        wrong.append(f"life {sorted(lives)} is not {sorted(needed)}")
    if not refused <= {life.kind.value for life in plan.life if life.strength == 0}:
        wrong.append(f"life {sorted(refused)} is not refused")
    if bool(plan.ignored) is not bool(parsed["ignored"]):
        wrong.append(f"ignored {plan.ignored}")
    return "; ".join(wrong)


def _camera_fits(plan: Plan, camera: str) -> bool:
    if is_default(plan):
        return "default" in [way.strip() for way in camera.split("/")]
    parts = camera.split(" then ")
    got = steps(plan)
    return len(parts) == len(got) and all(
        moves in [set(map(_full, way.split("&"))) for way in part.split("/")]
        for part, moves in zip(parts, got, strict=True)
    )


def _full(move: str) -> str:
    move = move.strip()
    return "push_through+" if move == "push_through" else move
