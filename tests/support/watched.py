"""Writes down every statement that the product sends to a database, and which of its lines sent it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

import photoplay

SOURCE = Path(photoplay.__file__).parent
_RIM = ("db/engine.py",)  # transactions are opened there for others
_CALLS = ("execute", "exec_driver_sql")


@dataclass(frozen=True)
class Sent:
    """One statement as it went to the driver."""

    statement: str
    parameters: Any
    path: str  # of the module that sent it, below the package; empty: not ours
    line: int
    function: str


@contextmanager
def watched(engine: sa.Engine) -> Iterator[list[Sent]]:
    """The statements that are sent through ``engine`` in the ``with`` block, from any thread."""
    seen: list[Sent] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        sender = _sender()
        seen.extend(Sent(statement, values, *sender) for values in (parameters if many else [parameters]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _sender() -> tuple[str, int, str]:
    frame = sys._getframe(2)
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(SOURCE) and (name := path.relative_to(SOURCE).as_posix()) not in _RIM:
            return name, frame.f_lineno, frame.f_code.co_qualname
        frame = frame.f_back
    return "", 0, ""


def places() -> dict[tuple[str, int, int], str]:
    """Every call in the product's source that sends a statement: (module, first line, last line) to its text."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        if name.startswith("db/"):
            continue
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CALLS:
                found[name, node.lineno, node.end_lineno or node.lineno] = text.splitlines()[node.lineno - 1].strip()
    return found
