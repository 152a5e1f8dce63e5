"""Small matrices in plain floats: for three by three numbers, NumPy's calls take several times as long as the sums."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Row = tuple[float, float, float]
Matrix = tuple[Row, Row, Row]


def product(a: Matrix, b: Matrix) -> Matrix:
    """The matrix product: ``b`` first, then ``a``."""
    (a00, a01, a02), (a10, a11, a12), (a20, a21, a22) = a
    (b00, b01, b02), (b10, b11, b12), (b20, b21, b22) = b
    return (
        (a00 * b00 + a01 * b10 + a02 * b20, a00 * b01 + a01 * b11 + a02 * b21, a00 * b02 + a01 * b12 + a02 * b22),
        (a10 * b00 + a11 * b10 + a12 * b20, a10 * b01 + a11 * b11 + a12 * b21, a10 * b02 + a11 * b12 + a12 * b22),
        (a20 * b00 + a21 * b10 + a22 * b20, a20 * b01 + a21 * b11 + a22 * b21, a20 * b02 + a21 * b12 + a22 * b22),
    )


def times(matrix: Matrix, x: float, y: float, z: float) -> Row:
    """The matrix times a vector."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    return a * x + b * y + c * z, d * x + e * y + f * z, g * x + h * y + i * z


def turn(pan: float, tilt: float) -> Matrix:
    """Rotation, camera to world: ``pan`` to the right and ``tilt`` up, in radians (y points down)."""
    cp, sp, ct, st = math.cos(pan), math.sin(pan), math.cos(tilt), math.sin(tilt)
    return (cp, sp * st, sp * ct), (0.0, ct, -st), (-sp, cp * st, cp * ct)


def as_array(matrix: Matrix) -> NDArray[np.float64]:
    """(3, 3) float64."""
    return np.array(matrix, np.float64)
