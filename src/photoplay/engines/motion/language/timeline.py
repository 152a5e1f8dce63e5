"""Requests in order to a timeline: who comes after whom, how long each takes, and what contradicts what."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from photoplay.engines.motion.language.intents import PATH_KINDS, MoveIntent, Reading, Refusal
from photoplay.engines.motion.language.segments import Link, Segment
from photoplay.engines.motion.language.tokens import Span, Token
from photoplay.shot import Ease, Move, MoveKind, Shot

MAX_STEPS = 8
MAX_AMOUNT = 4.0
MIN_AMOUNT = 0.15
NORMAL_S = 5.0  # the span for which amounts are defined
OVERLAP = 0.05  # of the clip: neighbouring steps flow into each other instead of halting
SUDDEN_S = 0.9  # how long a whip pan or a crash zoom takes

_HOLDS = ("hold", "paus", "stop", "linger", "rest", "freez")

_NAMES = {
    (MoveKind.ZOOM, 1): "zoom in",
    (MoveKind.ZOOM, -1): "zoom out",
    (MoveKind.DOLLY, 1): "dolly in",
    (MoveKind.DOLLY, -1): "dolly out",
    (MoveKind.DOLLY_ZOOM, 1): "dolly zoom",
    (MoveKind.DOLLY_ZOOM, -1): "reverse dolly zoom",
    (MoveKind.TRUCK, 1): "truck right",
    (MoveKind.TRUCK, -1): "truck left",
    (MoveKind.PEDESTAL, 1): "pedestal up",
    (MoveKind.PEDESTAL, -1): "pedestal down",
    (MoveKind.PAN, 1): "pan right",
    (MoveKind.PAN, -1): "pan left",
    (MoveKind.TILT, 1): "tilt up",
    (MoveKind.TILT, -1): "tilt down",
    (MoveKind.ROLL, 1): "roll clockwise",
    (MoveKind.ROLL, -1): "roll counter-clockwise",
    (MoveKind.ORBIT, 1): "orbit right",
    (MoveKind.ORBIT, -1): "orbit left",
    (MoveKind.CRANE, 1): "crane up",
    (MoveKind.CRANE, -1): "crane down",
    (MoveKind.RACK_FOCUS, 1): "rack focus onto the subject",
    (MoveKind.RACK_FOCUS, -1): "rack focus to the distance",
}


def move_name(kind: MoveKind, sign: float) -> str:
    """Plain English for a move: "dolly in", "pan left"."""
    return _NAMES.get((kind, -1 if sign < 0 else 1), kind.value.replace("_", "-"))


@dataclass(frozen=True, slots=True)
class Placed:
    """A move in its step, with where it was said."""

    move: MoveIntent
    step: int
    sentence: int
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The shot and what had to be changed to make it."""

    shot: Shot
    notes: tuple[str, ...]


def order(clauses: Sequence[tuple[Segment, Reading]], tokens: Sequence[Token]) -> list[Placed]:
    """Gives every move its step. Steps are numbered from 0 without gaps, in the order they happen."""
    return _Order(tokens).run(clauses)


class _Order:
    """Walks the clauses in the order of the text.

    One after the other: "then" and its like; a comma in a sentence that has such a word; a new sentence whose
    move takes the view somewhere when one before it did too. At the same time: everything else.
    """

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.placed: list[Placed] = []
        self.step = 0
        self.after_sentence = -1  # the sentence that has opened with "after ...ing"

    def run(self, clauses: Sequence[tuple[Segment, Reading]]) -> list[Placed]:
        sequenced = {
            segment.sentence
            for segment, reading in clauses
            if (segment.link is Link.THEN or segment.opens or segment.closes or _holds(reading)) and reading.moves
        }
        postponed: list[tuple[Segment, Reading]] = []
        for segment, reading in clauses:
            if segment.before and reading.moves:
                postponed.append((segment, reading))
                continue
            if segment.after and reading.moves and self._moves_in(segment.sentence):
                self._insert_before(segment, reading)
                continue
            self._advance(segment, reading, sequenced)
            self._put(segment, reading)
            for other_segment, other in postponed:
                if reading.moves:
                    self.step += 1
                    self._put(other_segment, other)
            if reading.moves:
                postponed = []
        for segment, reading in postponed:
            self._put(segment, reading)
        return _without_gaps(self.placed)

    def _moves_in(self, sentence: int) -> bool:
        return any(placed.sentence == sentence for placed in self.placed)

    def _insert_before(self, segment: Segment, reading: Reading) -> None:
        """ "pan left after zooming in": the step just made moves one back."""
        self.placed = [replace(p, step=p.step + 1) if p.step >= self.step else p for p in self.placed]
        self.placed.extend(Placed(move, self.step, segment.sentence, segment.span) for move in reading.moves)
        self.step += 1

    def _advance(self, segment: Segment, reading: Reading, sequenced: set[int]) -> None:
        link = segment.link
        if link is Link.COMMA and not self._moves_in(segment.sentence) and not segment.opens:
            link = Link.SENTENCE  # "Shot 2: tilt up": the first move of its sentence
        current = [p for p in self.placed if p.step == self.step]
        if not current:
            return
        path = any(move.kind in PATH_KINDS or move.kind is MoveKind.STATIC for move in reading.moves)
        follows = link is Link.THEN or segment.closes
        if link is Link.COMMA and any(_opposed(m, p.move) for m in reading.moves for p in current):
            follows = True  # "zoom in, zoom out, zoom in"
        if link in {Link.COMMA, Link.SENTENCE} and segment.sentence in sequenced and path:
            follows = follows or not self._participle(segment)
        if self.after_sentence == segment.sentence and path:  # "after zooming in, pan left"
            follows = True
            self.after_sentence = -1
        if link is Link.SENTENCE and path and not segment.opens:
            before = [p.move for p in current if p.move.kind in PATH_KINDS]
            repeated = all(any(_same_way(m, b) for b in before) for m in reading.moves if m.kind in PATH_KINDS)
            follows = follows or (bool(before) and not repeated)
        if follows and (reading.moves or link is Link.THEN):
            self.step += 1

    def _participle(self, segment: Segment) -> bool:
        """ "zoom in, panning left, then ...": the -ing form goes along with what came before."""
        text = self.tokens[segment.first].text
        second = self.tokens[segment.first + 1].text if segment.first + 1 < segment.last else ""
        return text.endswith("ing") or (text.endswith("ly") and second.endswith("ing"))

    def _put(self, segment: Segment, reading: Reading) -> None:
        self.placed.extend(Placed(move, self.step, segment.sentence, segment.span) for move in reading.moves)
        if segment.after and reading.moves:
            self.after_sentence = segment.sentence


def _opposed(a: MoveIntent, b: MoveIntent) -> bool:
    return a.kind is b.kind and a.sign == -b.sign and not (a.loose or b.loose)


def _holds(reading: Reading) -> bool:
    """ "push in, hold, pull out": a hold among moves makes them a row."""
    held = reading.moves[0].words.lower() if len(reading.moves) == 1 else ""
    return bool(held) and reading.moves[0].kind is MoveKind.STATIC and held.startswith(_HOLDS)


def _without_gaps(placed: list[Placed]) -> list[Placed]:
    steps = {step: number for number, step in enumerate(sorted({p.step for p in placed}))}
    return sorted((replace(p, step=steps[p.step]) for p in placed), key=lambda p: p.step)


def _same_way(a: MoveIntent, b: MoveIntent) -> bool:
    """Whether two requests are one said twice: "zoom in ... push in closer", "parallax slide to the left"."""
    if a.kind is b.kind and (a.loose or b.loose):
        return True
    alike = {MoveKind.ZOOM, MoveKind.DOLLY}
    return a.sign == b.sign and (a.kind is b.kind or {a.kind, b.kind} == alike) and a.both == b.both


def build(placed: Sequence[Placed], refusals: Sequence[Refusal], *, no_motion: bool, duration_s: float) -> Timeline:
    """The shot of these moves without the refused ones, contradictions resolved."""
    notes: list[str] = []
    kept = _refuse(placed, refusals, notes)
    if no_motion:
        if any(p.move.kind is not MoveKind.STATIC for p in kept):
            notes.append("no camera movement was asked for: the camera stays still")
        return Timeline(Shot(moves=(Move(kind=MoveKind.STATIC),)), tuple(notes))
    kept = _merge(kept)
    kept = _dolly_zooms(_cranes(kept), notes)
    kept = _contradictions(kept, notes)
    kept = _stills(kept, notes)
    kept = _limit(_without_gaps(kept), notes)
    spans = _spans(kept, duration_s)
    moves: list[Move] = []
    for p in kept:
        moves.extend(_moves(p, spans[p.step], duration_s, len(spans), notes))
    return Timeline(Shot(moves=tuple(moves)), tuple(notes))


def _refuse(placed: Sequence[Placed], refusals: Sequence[Refusal], notes: list[str]) -> list[Placed]:
    kept: list[Placed] = []
    for p in placed:
        against = next(
            (r for r in refusals if r.kind is p.move.kind and (r.sign == 0 or r.sign == p.move.sign or p.move.both)),
            None,
        )
        if against is None:
            kept.append(p)
        else:
            notes.append(f"{move_name(p.move.kind, p.move.sign)}: asked for and refused; left out")
    return kept


def _merge(placed: Sequence[Placed]) -> list[Placed]:
    """A move said twice at the same time is one, with the stronger manner."""
    kept: list[Placed] = []
    for p in placed:
        for i, other in enumerate(kept):
            same_kind = other.move.kind is p.move.kind or other.sentence != p.sentence
            if other.step == p.step and same_kind and _same_way(other.move, p.move) and other.span == p.span:
                plain = other.move.manner.factor == 1.0 and other.move.manner.exact is None
                manner = p.move.manner if plain else other.move.manner
                said = p.move if other.move.loose else other.move
                kept[i] = replace(other, move=replace(said, manner=manner))
                break
        else:
            kept.append(p)
    return kept


def _cranes(placed: Sequence[Placed]) -> list[Placed]:
    """ "a crane shot going up": the rise is the crane's."""
    kept = list(placed)
    for crane in placed:
        if crane.move.kind is not MoveKind.CRANE or not crane.move.loose:
            continue
        rises = [
            p
            for p in kept
            if p.move.kind is MoveKind.PEDESTAL and p.step == crane.step and p.sentence == crane.sentence
        ]
        if rises:
            kept[kept.index(crane)] = replace(crane, move=replace(crane.move, sign=rises[0].move.sign))
            kept = [p for p in kept if p not in rises]
    return kept


def _dolly_zooms(placed: Sequence[Placed], notes: list[str]) -> list[Placed]:
    """Dolly in while zooming out, at the same time, is the dolly zoom."""
    kept = list(placed)
    for dolly in placed:
        if dolly.move.kind is not MoveKind.DOLLY:
            continue
        zoom = next(
            (
                p
                for p in kept
                if p.move.kind is MoveKind.ZOOM
                and p.step == dolly.step
                and p.sentence == dolly.sentence
                and p.move.sign == -dolly.move.sign
            ),
            None,
        )
        if zoom is not None and dolly in kept:
            kept[kept.index(dolly)] = replace(dolly, move=replace(dolly.move, kind=MoveKind.DOLLY_ZOOM))
            kept.remove(zoom)
            notes.append("a dolly against a zoom at the same time is a dolly zoom")
    return kept


def _contradictions(placed: Sequence[Placed], notes: list[str]) -> list[Placed]:
    """Opposite moves of one kind at the same time are done one after the other."""
    kept = list(placed)
    step = 0
    while kept and step <= max(p.step for p in kept):
        for p in [p for p in kept if p.step == step and p.move.kind in PATH_KINDS | {MoveKind.RACK_FOCUS}]:
            rival = next(
                (
                    o
                    for o in kept
                    if o.step == step and o is not p and o.move.kind is p.move.kind and o.move.sign == -p.move.sign
                ),
                None,
            )
            if rival is not None and kept.index(rival) > kept.index(p) and rival.span == p.span:
                kept = [replace(o, step=o.step + 1) if o.step > step or o is rival else o for o in kept]
                first, second = move_name(p.move.kind, p.move.sign), move_name(rival.move.kind, rival.move.sign)
                notes.append(f"{first} and {second} contradict each other at the same time: done one after the other")
                break
        step += 1
    return kept


def _stills(placed: Sequence[Placed], notes: list[str]) -> list[Placed]:
    """A static camera beside a move in the same step: the move wins."""
    kept: list[Placed] = []
    for p in placed:
        rivals = [o for o in placed if o.step == p.step and o.move.kind is not MoveKind.STATIC]
        if p.move.kind is MoveKind.STATIC and rivals:
            names = " and ".join(move_name(o.move.kind, o.move.sign) for o in rivals)
            notes.append(f"a static camera and {names} contradict each other: kept {names}")
        else:
            kept.append(p)
    return kept


def _limit(placed: list[Placed], notes: list[str]) -> list[Placed]:
    kept = [p for p in placed if p.step < MAX_STEPS]
    if len(kept) < len(placed):
        notes.append(f"more than {MAX_STEPS} moves in a row do not fit a clip: the first {MAX_STEPS} were kept")
    return kept


def _spans(placed: Sequence[Placed], duration_s: float) -> list[tuple[float, float]]:
    """Start and end of each step, 0..1. Steps with a time of their own keep it, the others share the rest."""
    steps = max((p.step for p in placed), default=-1) + 1
    lengths: list[float | None] = [None] * steps
    for p in placed:
        if p.span is not None and p.span.length_s and not p.span.from_end and steps > 1:
            lengths[p.step] = p.span.length_s / duration_s
        elif p.move.manner.sudden and steps > 1 and lengths[p.step] is None and _alone(p, placed):
            lengths[p.step] = SUDDEN_S / duration_s
    fixed = sum(length for length in lengths if length is not None)
    free = sum(length is None for length in lengths)
    if fixed > 1.0 - 0.1 * free:
        scale = (1.0 - 0.1 * free) / fixed
        lengths = [None if length is None else length * scale for length in lengths]
        fixed *= scale
    each = (1.0 - fixed) / free if free else 0.0
    total = sum(each if length is None else length for length in lengths) or 1.0
    spans: list[tuple[float, float]] = []
    at = 0.0
    for length in lengths:
        size = (each if length is None else length) / (total if not free else 1.0)
        spans.append((at, min(1.0, at + size)))
        at += size
    return spans


def _alone(placed: Placed, everyone: Sequence[Placed]) -> bool:
    return not any(o.step == placed.step and o is not placed for o in everyone)


def _moves(placed: Placed, step: tuple[float, float], duration_s: float, steps: int, notes: list[str]) -> list[Move]:
    move = placed.move
    start, end = _own_span(placed, step, duration_s, steps)
    if move.kind is MoveKind.HANDHELD and steps > 1 and placed.span is None and placed.step == 0:
        start, end = 0.0, 1.0  # sway belongs to the whole clip unless it is said to begin later
    if move.kind is MoveKind.STATIC:
        return [Move(kind=MoveKind.STATIC, start=_round(start), end=_round(end))]
    amount = _amount(move, (end - start) * duration_s, notes)
    ease = move.manner.ease or (Ease.OUT if move.manner.sudden else Ease.SMOOTH)
    signed = amount * move.sign
    if move.both:
        middle = (start + end) / 2
        return [
            Move(kind=move.kind, amount=signed, start=_round(start), end=_round(middle), ease=ease),
            Move(kind=move.kind, amount=-signed, start=_round(middle), end=_round(end), ease=ease),
        ]
    return [Move(kind=move.kind, amount=signed, start=_round(start), end=_round(end), ease=ease)]


def _own_span(placed: Placed, step: tuple[float, float], duration_s: float, steps: int) -> tuple[float, float]:
    start, end = step
    span = placed.span
    if span is not None and span.start_s is not None:
        start = min(span.start_s / duration_s, 0.95)
        end = 1.0 if span.end_s is None else min(span.end_s / duration_s, 1.0)
        end = max(end, min(1.0, start + 0.05))
    elif span is not None and span.length_s and steps == 1:
        length = min(1.0, max(0.02, span.length_s / duration_s))
        start, end = (1.0 - length, 1.0) if span.from_end else (0.0, length)
    elif steps > 1:
        overlap = min(OVERLAP, 0.2 * (end - start))
        start, end = max(0.0, start - overlap), min(1.0, end + overlap)
    if placed.move.manner.sudden and placed.move.kind is not MoveKind.HANDHELD and span is None:
        length = min(end - start, max(0.08, SUDDEN_S / duration_s))
        # Alone it waits for a moment, so that the eye has seen the picture before it is pulled away.
        start = start + 0.3 * (end - start - length) if steps == 1 else start
        end = start + length
    return start, end


def _amount(move: MoveIntent, span_s: float, notes: list[str]) -> float:
    """The amount in units: exact when said, else the normal one, smaller when there is little time for it."""
    if move.manner.exact is not None:
        if move.manner.exact > MAX_AMOUNT:
            notes.append(f"{move_name(move.kind, move.sign)}: reduced, one photo does not hold that much")
        return _round(min(MAX_AMOUNT, max(0.05, move.manner.exact)))
    pace = 1.0
    if move.kind is not MoveKind.HANDHELD and move.kind is not MoveKind.RACK_FOCUS and not move.manner.sudden:
        pace = min(1.4, max(0.6, math.sqrt(span_s / NORMAL_S)))
        if 0.8 * NORMAL_S <= span_s <= 1.2 * NORMAL_S:
            pace = 1.0
    return _round(min(MAX_AMOUNT, max(MIN_AMOUNT, move.manner.factor * pace)))


def _round(value: float) -> float:
    return round(value, 3)
