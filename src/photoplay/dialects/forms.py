"""What a request carries, whichever way it is written: a form with files, or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from photoplay.errors import InvalidField

MAX_FILES = 16
MAX_FIELDS = 200
_NESTED = re.compile(r"(\w+)\[(\w*)\]")  # how form-encoded objects and lists are written: name[key], name[]
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


@dataclass
class Sent:
    """The fields of a request, and its files by field."""

    fields: dict[str, Any] = field(default_factory=dict)
    files: dict[str, list[UploadFile]] = field(default_factory=dict)


@asynccontextmanager
async def sent(request: Request, *, max_part_bytes: int) -> AsyncIterator[Sent]:
    """Reads the body. Its files are open within the block. An empty body has no fields.

    Raises:
        InvalidField: the body is neither a form nor a JSON object.
        HTTPException: the form is malformed (400).
    """
    if is_form(request):
        async with request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=max_part_bytes) as form:
            found = Sent()
            for name, value in form.multi_items():
                _add(found, name, value)
            yield found
    else:
        yield Sent(fields=await run_in_threadpool(json_object, await request.body()))


def is_form(request: Request) -> bool:
    """Whether the body is a form, by its content type."""
    return request.headers.get("content-type", "").lower().startswith(_FORMS)


def _add(found: Sent, name: str, value: UploadFile | str) -> None:
    match = _NESTED.fullmatch(name)
    outer, key = (match[1], match[2]) if match else (name, None)
    if isinstance(value, UploadFile):
        found.files.setdefault(outer, []).append(value)
    elif key is None:
        found.fields[name] = value
    elif key:
        inner = found.fields.setdefault(outer, {})
        if isinstance(inner, dict):
            inner[key] = value
    else:
        items = found.fields.setdefault(outer, [])
        if isinstance(items, list):
            items.append(value)


def json_object(body: bytes | str) -> dict[str, Any]:
    """The JSON object that a body is; an empty body is an empty object.

    Raises:
        InvalidField: it is not valid JSON, or something else than an object.
    """
    if not body.strip():
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidField("body", "the body is not valid JSON") from error
    if not isinstance(value, dict):
        raise InvalidField("body", "the body must be a JSON object")
    return value
