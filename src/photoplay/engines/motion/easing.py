"""How a move's progress runs over its span."""

from __future__ import annotations

from collections.abc import Callable

from photoplay.shot import Ease


def smooth(x: float) -> float:
    """Minimum jerk: rest to rest with the least change of acceleration (Flash & Hogan 1985). 0..1 to 0..1."""
    return x * x * x * (10.0 + x * (-15.0 + 6.0 * x))


def _linear(x: float) -> float:
    return x


def _ease_in(x: float) -> float:
    # Starts at rest without a kink of speed, ends at twice the mean speed.
    return x * x


def _ease_out(x: float) -> float:
    return 1.0 - (1.0 - x) * (1.0 - x)


_CURVES: dict[Ease, Callable[[float], float]] = {
    Ease.SMOOTH: smooth,
    Ease.LINEAR: _linear,
    Ease.IN: _ease_in,
    Ease.OUT: _ease_out,
}


def progress(t: float, start: float, end: float, ease: Ease = Ease.SMOOTH) -> float:
    """Progress 0..1 at time ``t`` of a move over ``[start, end]``; 0 before it, 1 after it.

    A move without length is a step: 0 up to and including ``start``, so that the first picture is the photo.
    """
    if t <= start:
        return 0.0
    if t >= end:
        return 1.0
    return _CURVES[ease]((t - start) / (end - start))


def clamp01(x: float) -> float:
    """``x`` held within 0..1."""
    return 0.0 if x < 0.0 else min(x, 1.0)


def span(t: float, start: float, end: float) -> float:
    """Minimum-jerk progress of ``t`` over ``[start, end]``: the everyday helper of effects."""
    return progress(t, start, end, Ease.SMOOTH)
