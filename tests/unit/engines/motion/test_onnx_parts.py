"""Cutting networks apart, on files that are none; the real ones are cut in ``tests/integration/models``."""

from __future__ import annotations

import numpy as np
import pytest

from photoplay.engines.motion import matte
from photoplay.engines.motion.onnx_parts import Part, cut_out

PART = Part((("a", (1, 2)),), ("d",))


def field(number: int, payload: bytes) -> bytes:
    return bytes([number << 3 | 2, len(payload)]) + payload


def node(reads: str, makes: str, kind: str = "Relu") -> bytes:
    ends = b"".join(field(1, one.encode()) for one in reads.split())
    return field(1, ends + field(2, makes.encode()) + field(4, kind.encode()))


def weight(name: str) -> bytes:
    return field(5, field(8, name.encode()))


GRAPH = (
    node("x", "a")
    + node("a w1", "b", "Mul")
    + node("b w2", "c", "Mul")
    + node("b", "d")
    + weight("w1")
    + weight("w2")
    + field(11, field(1, b"x"))
    + field(12, field(1, b"c"))
    + field(12, field(1, b"d"))
)
MODEL = b"\x08\x07" + field(7, GRAPH)


def test_only_what_lies_between_is_kept() -> None:
    made = cut_out(MODEL, PART)
    assert node("a w1", "b", "Mul") in made
    assert node("b", "d") in made
    assert weight("w1") in made
    for left_out in (node("x", "a"), node("b w2", "c", "Mul"), weight("w2"), field(11, field(1, b"x"))):
        assert left_out not in made
    assert made.startswith(b"\x08\x07")


@pytest.mark.parametrize("part", [Part((("a", (1,)),), ("x",)), Part((("c", (1,)),), ("d",)), Part((), ("q",))])
def test_parts_that_are_not_there(part: Part) -> None:
    with pytest.raises(ValueError, match="no such part"):
        cut_out(MODEL, part)


@pytest.mark.parametrize("model", [b"", b"hello world", MODEL[:-3], b"\xff" * 40, field(7, GRAPH) * 2])
def test_what_is_no_model(model: bytes) -> None:
    with pytest.raises(ValueError, match="ONNX model"):
        cut_out(model, PART)


def seen(sure: float, doubt: float) -> np.ndarray:
    probability = np.zeros(100 * 100, np.float32)
    probability[: round(sure * probability.size)] = 0.9
    probability[probability.size - round(doubt * probability.size) :] = 0.4
    return probability.reshape(100, 100)


@pytest.mark.parametrize(
    ("sure", "doubt", "expected"),
    [
        (0.5, 0.02, False),  # a large subject with a soft edge
        (0.5, 0.09, True),
        (0.02, 0.006, False),  # so little that it would not be seen
        (0.06, 0.03, True),
        (0.001, 0.2, False),  # no subject
        (0.05, 0.3, False),
    ],
)
def test_when_the_last_stage_is_asked(sure: float, doubt: float, expected: bool) -> None:
    assert matte.in_doubt(seen(sure, doubt)) is expected
