"""The written form of a shot."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photoplay.engines.motion.language import format_shot, parse_shot
from photoplay.errors import InvalidField
from photoplay.shot import Ease, Move, MoveKind, Shot


def test_steps() -> None:
    shot = parse_shot("dolly in 1.2, then pan left 0.5 slow")
    assert [(m.kind, m.amount, m.start, m.end) for m in shot.moves] == [
        (MoveKind.DOLLY, 1.2, 0.0, 0.5),
        (MoveKind.PAN, pytest.approx(-0.35), 0.5, 1.0),
    ]


def test_at_the_same_time() -> None:
    shot = parse_shot("zoom in + handheld 0.4, tilt up")
    assert [(m.kind, m.start, m.end) for m in shot.moves] == [
        (MoveKind.ZOOM, 0.0, 0.5),
        (MoveKind.HANDHELD, 0.0, 0.5),
        (MoveKind.TILT, 0.5, 1.0),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("zoom", MoveKind.ZOOM, 1),
        ("zoom out", MoveKind.ZOOM, -1),
        ("PULL back 2", MoveKind.DOLLY, -2),
        ("pull", MoveKind.DOLLY, -1),
        ("push in", MoveKind.DOLLY, 1),
        ("dolly zoom", MoveKind.DOLLY_ZOOM, 1),
        ("dolly-zoom out 0.5", MoveKind.DOLLY_ZOOM, -0.5),
        ("rack focus far", MoveKind.RACK_FOCUS, -1),
        ("push through", MoveKind.PUSH_THROUGH, 1),
        ("roll ccw 2", MoveKind.ROLL, -2),
        ("orbit left fast", MoveKind.ORBIT, -1.5),
        ("truck -0.5", MoveKind.TRUCK, -0.5),
        ("static", MoveKind.STATIC, 1),
    ],
)
def test_one_move(text: str, kind: MoveKind, amount: float) -> None:
    (move,) = parse_shot(text).moves
    assert (move.kind, move.amount, move.start, move.end) == (kind, amount, 0.0, 1.0)


def test_spans_and_easing() -> None:
    shot = parse_shot("zoom in @0.2-0.6 linear + pan left @0-1 ease-out")
    assert [(m.start, m.end, m.ease) for m in shot.moves] == [(0.2, 0.6, Ease.LINEAR), (0.0, 1.0, Ease.OUT)]
    later = parse_shot("zoom in @0-1, pan left")
    assert [(m.start, m.end) for m in later.moves] == [(0.0, 1.0), (0.5, 1.0)]


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_nothing_written_is_no_move(text: str) -> None:
    assert parse_shot(text) == Shot()
    assert format_shot(Shot()) == ""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("wobble", "wobble"),
        ("dolly sideways", "sideways"),
        ("zoom in 9", "more than 4"),
        ("pan left @0.5-0.2", "0.5-0.2"),
        ("pan left @", "span"),
        ("pan left @a-b", "'a-b'"),
        ("zoom in +", "a move is expected"),
        (", zoom in", "','"),
        ("zoom in pan left", "pan"),
        ("zoom in; DROP TABLE", "drop"),
        ("🙂", "🙂"),
        ("zoom in 1e99", "more than 4"),
        ("zoom " * 2000, "longer than"),
    ],
)
def test_what_has_no_meaning_is_an_error_that_names_it(text: str, names: str) -> None:
    with pytest.raises(InvalidField, match="camera") as caught:
        parse_shot(text)
    assert names in caught.value.message
    assert caught.value.field == "camera"


def moves() -> st.SearchStrategy[Move]:
    edges = st.tuples(st.floats(0, 1, width=16), st.floats(0, 1, width=16)).filter(lambda pair: pair[0] < pair[1])
    return st.builds(
        lambda kind, amount, span, ease: Move(
            kind=kind,
            amount=1.0 if kind is MoveKind.STATIC else amount,
            start=span[0],
            end=span[1],
            ease=Ease.SMOOTH if kind is MoveKind.STATIC else ease,
        ),
        st.sampled_from(MoveKind),
        st.floats(0.01, 4).map(lambda v: round(v, 3)) | st.floats(-4, -0.01).map(lambda v: round(v, 3)),
        edges | st.just((0.0, 1.0)),
        st.sampled_from(Ease),
    )


@given(st.lists(moves(), max_size=5).map(lambda found: Shot(moves=tuple(found))))
@settings(deadline=None, max_examples=80)
def test_what_is_written_is_read_back(shot: Shot) -> None:
    assert parse_shot(format_shot(shot)) == shot


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=80)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        shot = parse_shot(text)
    except InvalidField as error:
        assert error.message  # noqa: PT017  # refusing is one of the two right answers
    else:
        assert all(move.start < move.end for move in shot.moves)
