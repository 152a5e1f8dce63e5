"""What of a request's text cannot be kept: databases refuse null characters, and halves of characters are no text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from photoplay.errors import InvalidField
from photoplay.jobs.job import JobRequest


def check_text(request: JobRequest) -> None:
    """Makes sure that every text of the request can be stored and sent.

    Raises:
        InvalidField: one cannot; the field is named.
    """
    for field, text in _texts(request.model_dump(), ""):
        if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
            raise InvalidField(field, f"{field} holds a character that is not text")


def _texts(value: Any, field: str) -> Iterator[tuple[str, str]]:
    """(field, text) of every text in a dumped value; keys count as text of their own."""
    if isinstance(value, str):
        yield field, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield field or "request", str(name)
            yield from _texts(item, f"{field}.{name}" if field else str(name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item, field)
