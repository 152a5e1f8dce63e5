"""What a create of photoplay's own API carries: JSON, or a form with files.

In a form every field of the JSON body is a part of its own: text as it is, lists and objects as JSON (``shot``,
``brushes``, ``audio``). ``images`` may be there several times. A file is a part, too: ``images``, ``last_image`` and
``audio`` may be files themselves, and everything else names its file's part (``{"part": "mask"}``). The part
``request`` may hold the whole JSON body; the other parts then add to it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile

from photoplay.dialects import inbox
from photoplay.dialects.door import Door
from photoplay.dialects.forms import is_form, json_object
from photoplay.dialects.native.wire import JobBody, Source
from photoplay.errors import InvalidField, UploadTooLarge
from photoplay.jobs.job import MediaRef

WHOLE = "request"
MAX_FILES = 16
MAX_FIELDS = 64
_NESTED = ("shot", "brushes", "audio", "images", "last_image")
_FILES = ("images", "last_image", "audio")


@dataclass
class Received:
    """The body, not yet checked, and the files that came along, by the names of their parts."""

    body: dict[str, Any] = field(default_factory=dict)
    files: dict[str, UploadFile] = field(default_factory=dict)


@asynccontextmanager
async def received(request: Request, *, max_json_bytes: int) -> AsyncIterator[Received]:
    """Reads the body. Its files are open within the block.

    Raises:
        InvalidField: the body, or a part of it, is not what it should be.
        UploadTooLarge: the JSON is larger than ``max_json_bytes``.
        HTTPException: the form is malformed (400).
    """
    if not is_form(request):
        yield Received(json_object(await _whole(request, max_json_bytes)))
        return
    async with request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=max_json_bytes) as form:
        yield from_parts(form.multi_items())


async def _whole(request: Request, max_bytes: int) -> bytes:
    pieces = []
    size_bytes = 0
    async for piece in request.stream():
        size_bytes += len(piece)
        if size_bytes > max_bytes:
            raise UploadTooLarge(f"The request body is larger than {max_bytes} bytes.")
        pieces.append(piece)
    return b"".join(pieces)


def from_parts(parts: list[tuple[str, UploadFile | str]]) -> Received:
    """A body from the parts of a form, in their order.

    Raises:
        InvalidField: JSON in a part is not valid, or a part is there more often than it may be.
    """
    whole = [value for name, value in parts if name == WHOLE and isinstance(value, str)]
    found = Received(json_object(whole[0]) if whole else {})
    images: list[Any] = []
    seen = set()
    for name, value in parts:
        if name == WHOLE or value == "":
            continue
        if isinstance(value, UploadFile):
            part = name
            while part in found.files:  # several photos under one name
                part += "+"
            if part != name and name != "images":
                raise InvalidField(name, f"{name} is there more than once")
            found.files[part] = value
            if name not in _FILES:
                continue
            value_of: Any = {"part": part}
            if name == "audio":
                value_of = {"mode": "file", "file": value_of}
        else:
            value_of = _value(name, value)
        if name == "images":
            images += value_of if isinstance(value_of, list) else [value_of]
        elif name in seen:
            raise InvalidField(name, f"{name} is there more than once")
        else:
            seen.add(name)
            found.body[name] = value_of
    if images:
        found.body["images"] = images
    return found


def _value(name: str, text: str) -> Any:
    """Text of a part as JSON would have it: numbers and truth values may stay text."""
    if name in _NESTED and text.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidField(name, f"{name} is not valid JSON") from error
    return text


class Media:
    """Turns the sources of one request into files of the domain, and stores those that came along."""

    def __init__(self, door: Door, account_id: str, files: dict[str, UploadFile], *, max_url_chars: int) -> None:
        self._door = door
        self._account_id = account_id
        self._files = files
        self._max_url_chars = max_url_chars
        self._stored: dict[str, MediaRef] = {}

    def check(self, body: JobBody) -> None:
        """Whether each file that came along is named, and each that is named came along. Before any is stored.

        Raises:
            InvalidField: one is not.
        """
        sources = [*body.images, *(brush.mask for brush in body.brushes)]
        sources += [source for source in (body.last_image, body.audio.file) if source is not None]
        named = {source.part for source in sources if source.part is not None}
        for part in sorted(named - self._files.keys()):
            raise InvalidField(part, f"there is no part {part[:80]!r} in the form that is a file")
        for part in sorted(self._files.keys() - named):
            raise InvalidField(part, f"nothing in the request names the file {part[:80]!r}")

    def ref(self, source: Source, field: str) -> MediaRef:
        """What a source stands for.

        Raises:
            InvalidField: it is no URL, or not the file that belongs there.
            ArtifactNotFound: it is a link of ours that has ended.
            UploadTooLarge: it is larger than the server takes.
        """
        url = source.url
        if url is not None and not inbox.is_data_url(url):
            return self._door.media(url, self._account_id, field)
        known = source.part or url or ""
        if known not in self._stored:
            self._stored[known] = self._store(source, field)
        return self._stored[known]

    def _store(self, source: Source, field: str) -> MediaRef:
        photo = not field.startswith("audio")
        if source.part is None:
            url = source.url or ""
            if not photo:
                raise InvalidField(field, f"{field} cannot be a data URL; send it as a file, or upload it")
            return inbox.photo_in(self._door, self._account_id, field, url, max_chars=self._max_url_chars)
        file = self._files[source.part]
        name = file.filename or source.part
        if photo:
            return inbox.stored_photo(self._door, self._account_id, field, name, file.file)
        if not file.size:
            raise InvalidField(field, f"{field} is empty")
        return MediaRef(key=inbox.store(self._door, self._account_id, name, file.file).key, name=name)
