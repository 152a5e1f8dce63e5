"""A plan for people: rows for a table and plain text, as ``photoplay plan`` prints it and the job keeps it."""

from __future__ import annotations

from dataclasses import dataclass

from photoplay.engines.motion.language.shotscript import format_shot
from photoplay.engines.motion.language.timeline import move_name
from photoplay.shot import UNITS, Ease, ImageUse, Life, Move, MoveKind, Plan

_EASES = {Ease.SMOOTH: "", Ease.LINEAR: "at constant speed", Ease.IN: "gathering speed", Ease.OUT: "coming to rest"}
_BAR = 20  # characters of a timeline


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One line of a printed plan: what it belongs to, what it is, when it happens, and more about it."""

    section: str
    what: str
    when: str = ""
    detail: str = ""


def plan_rows(plan: Plan, duration_s: float = 5.0) -> tuple[PlanRow, ...]:
    """The plan as rows, in a fixed order of sections; empty sections are left out."""
    rows = [PlanRow("camera", _move_text(m), _when(m, duration_s), _move_detail(m)) for m in plan.shot.moves]
    rows[:0] = [PlanRow("images", _image_text(use), detail=use.why) for use in plan.images]
    if plan.effect is not None:
        rows.append(PlanRow("effect", plan.effect))
    rows.extend(PlanRow("life", life.kind.value.replace("_", " "), detail=_life_detail(life)) for life in plan.life)
    if not plan.life_by_default:
        rows.append(PlanRow("life", "nothing else moves"))
    if plan.sounds:
        rows.append(PlanRow("sound", ", ".join(plan.sounds)))
    if plan.speech is not None:
        rows.append(PlanRow("speech", f"“{plan.speech}”"))
    if plan.subject_words:
        rows.append(PlanRow("shows", ", ".join(plan.subject_words)))
    rows.extend(PlanRow("understood", words) for words in plan.understood)
    rows.extend(PlanRow("heard", words, detail="by the sound") for words in plan.heard)
    rows.extend(PlanRow("ignored", words) for words in plan.ignored)
    rows.extend(PlanRow("note", note) for note in plan.notes)
    if plan.extended_prompt is not None:
        rows.append(PlanRow("extended", plan.extended_prompt))
    return tuple(rows)


def render_plan_text(plan: Plan, duration_s: float = 5.0) -> str:
    """The plan as text of fixed columns, with a bar that shows when each move happens; ends without a newline."""
    rows = plan_rows(plan, duration_s)
    if not rows:
        return "nothing was asked for"
    wide = max((len(row.what) for row in rows if row.section == "camera"), default=0)
    lines: list[str] = []
    section = ""
    moves = iter(plan.shot.moves)
    for row in rows:
        head = f"{row.section if row.section != section else '':<11}"
        section = row.section
        if row.section == "camera":
            lines.append(
                f"{head}{row.what:<{wide}}  {_bar(next(moves))}  {row.when}{'  ' + row.detail if row.detail else ''}"
            )
        else:
            lines.append(f"{head}{row.what}{'  (' + row.detail + ')' if row.detail else ''}")
    if plan.shot.moves:
        lines.append(f"{'--camera':<11}{format_shot(plan.shot)}")
    return "\n".join(line.rstrip() for line in lines)


def _move_text(move: Move) -> str:
    return "static" if move.kind is MoveKind.STATIC else f"{move_name(move.kind, move.amount)} {abs(move.amount):.3g}"


def _move_detail(move: Move) -> str:
    if move.kind is MoveKind.STATIC:
        return ""
    unit = f"1 = {UNITS[move.kind]}"
    return f"{_EASES[move.ease]}; {unit}" if _EASES[move.ease] else unit


def _image_text(use: ImageUse) -> str:
    name = "none" if use.number is None else str(use.number)
    role = {"last_frame": "the last frame", "painted": "the place is painted"}.get(use.role, use.role)
    return f"{name}: " + ", ".join(part for part in (role, use.shows, use.where) if part)


def _when(move: Move, duration_s: float) -> str:
    return f"{move.start * duration_s:.1f}–{move.end * duration_s:.1f} s"


def _bar(move: Move) -> str:
    first = round(move.start * _BAR)
    last = max(first + 1, round(move.end * _BAR))
    return "·" * first + "━" * (last - first) + "·" * (_BAR - last)


def _life_detail(life: Life) -> str:
    if life.strength == 0:
        return "must not appear"
    return "" if life.strength == 1 else f"strength {life.strength:.3g}"
