"""A part of an ONNX network as a network of its own: what lies between some of its values and others.

Lets the cheap beginning of a network answer first, and its costly end run only where the answer is not clear. Works on
the file's own encoding (protocol buffers: a field's key, then a number or a length and that many bytes), of which only
the few fields that name nodes and values are looked into; all else is carried over as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

# Field numbers of ONNX's messages (onnx.proto): they never change.
_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_VALUE_INFO = 1, 5, 11, 12, 13
_NODE_INPUT, _NODE_OUTPUT = 1, 2
_INITIALIZER_NAME, _VALUE_NAME = 8, 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FLOAT = 1  # TensorProto.FLOAT


@dataclass(frozen=True, slots=True)
class Part:
    """``inputs``: the values that are fed, with their shapes; ``outputs``: the values that are asked for."""

    inputs: tuple[tuple[str, tuple[int, ...]], ...]
    outputs: tuple[str, ...]


def cut_out(model: bytes, part: Part) -> bytes:
    """The part of a network of float tensors, without control flow, as a model file's bytes.

    Raises:
        ValueError: the bytes are no such model, or it has no values of these names.
    """
    fields = list(_fields(model))
    graphs = [payload for number, _, payload in fields if number == _MODEL_GRAPH]
    if len(graphs) != 1:
        raise ValueError("not an ONNX model")
    return b"".join(
        _field(number, _graph(payload, part)) if number == _MODEL_GRAPH else raw for number, raw, payload in fields
    )


def _graph(graph: bytes, part: Part) -> bytes:
    fields = list(_fields(graph))
    nodes = [(raw, *_ends(payload)) for number, raw, payload in fields if number == _GRAPH_NODE]
    maker = {value: index for index, (_, _, made) in enumerate(nodes) for value in made}
    fed = dict(part.inputs)
    wanted = list(part.outputs)
    kept: set[int] = set()
    read: set[str] = set()
    while wanted:
        value = wanted.pop()
        if value in read:
            continue
        read.add(value)
        if value not in fed and value in maker:
            kept.add(maker[value])
            wanted += nodes[maker[value]][1]
    if not set(part.outputs) <= set(maker) or not set(fed) <= read:
        raise ValueError("the network has no such part")
    out = [nodes[index][0] for index in sorted(kept)]
    for number, raw, payload in fields:
        if number == _GRAPH_INITIALIZER and _name(payload, _INITIALIZER_NAME) not in read:
            continue
        if number not in (_GRAPH_NODE, _GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_VALUE_INFO):
            out.append(raw)
    out += [_field(_GRAPH_INPUT, _value(name, shape)) for name, shape in fed.items()]
    out += [_field(_GRAPH_OUTPUT, _value(name, None)) for name in part.outputs]
    return b"".join(out)


def _value(name: str, shape: tuple[int, ...] | None) -> bytes:
    """A ValueInfoProto of a float tensor."""
    tensor = _number(1, _FLOAT)
    if shape is not None:
        tensor += _field(2, b"".join(_field(1, _number(1, side)) for side in shape))
    return _field(_VALUE_NAME, name.encode()) + _field(2, _field(1, tensor))


def _ends(node: bytes) -> tuple[list[str], list[str]]:
    """The values that a node reads and makes."""
    reads, makes = [], []
    for number, _, payload in _fields(node):
        if number == _NODE_INPUT and payload:
            reads.append(payload.decode())
        elif number == _NODE_OUTPUT and payload:
            makes.append(payload.decode())
    return reads, makes


def _name(message: bytes, field: int) -> str:
    return next((payload.decode() for number, _, payload in _fields(message) if number == field), "")


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """(number, the whole field, its payload where it is bytes, else nothing) of each field of a message."""
    at, end = 0, len(message)
    while at < end:
        start = at
        key, at = _read_number(message, at)
        kind, payload = key & 7, b""
        if kind == _VARINT:
            _, at = _read_number(message, at)
        elif kind == _BYTES:
            size, at = _read_number(message, at)
            payload = message[at : at + size]
            at += size
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        else:
            raise ValueError("not an ONNX model")
        if at > end:
            raise ValueError("an ONNX model that is cut short")
        yield key >> 3, message[start:at], payload


def _read_number(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("not an ONNX model")
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _write_number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, payload: bytes) -> bytes:
    return _write_number(number << 3 | _BYTES) + _write_number(len(payload)) + payload


def _number(number: int, value: int) -> bytes:
    return _write_number(number << 3 | _VARINT) + _write_number(value)
