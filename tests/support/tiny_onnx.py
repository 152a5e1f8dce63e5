"""A tiny ONNX file, written field by field: enough of the format to test that real loading code loads a real model."""

from __future__ import annotations


def _varint(value: int) -> bytes:
    out = bytearray()
    while True:
        out.append((value & 0x7F) | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _tensor(name: str, shape: list[int | str]) -> bytes:
    dims = b"".join(_bytes(1, _number(1, d) if isinstance(d, int) else _bytes(2, d)) for d in shape)
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, 1) + _bytes(2, dims)))  # element type 1: float32


def channel_mean(shape: list[int | str], axis: int = 1, *, keep_axis: bool = False) -> bytes:
    """A model of one node: the mean of its one input of ``shape`` over ``axis``, which is dropped or kept as 1."""
    axes = _bytes(5, _bytes(1, "axes") + _number(8, axis) + _number(20, 7))  # type 7: ints
    keep = _bytes(5, _bytes(1, "keepdims") + _number(3, int(keep_axis)) + _number(20, 2))  # type 2: int
    node = _bytes(1, "image") + _bytes(2, "depth") + _bytes(4, "ReduceMean") + axes + keep
    rest = [1 if i == axis else d for i, d in enumerate(shape) if i != axis or keep_axis]
    graph = (
        _bytes(1, node) + _bytes(2, "tiny") + _bytes(11, _tensor("image", shape)) + _bytes(12, _tensor("depth", rest))
    )
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, "") + _number(2, 13))
