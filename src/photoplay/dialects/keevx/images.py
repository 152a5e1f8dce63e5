"""The images of a create, looked at before it is answered: too large, unreachable and of another format have codes of
their own, which only the answer can carry.

An image is fetched once, however many tasks use it, and kept as an upload of the account."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from photoplay.catalog import Catalog, ImageRules
from photoplay.dialects.door import Door, door_of
from photoplay.dialects.inbox import store
from photoplay.dialects.keevx import wire
from photoplay.errors import (
    ArtifactNotFound,
    FileTooLarge,
    ImageFormatUnsupported,
    InputError,
    UrlUnreachable,
)
from photoplay.jobs.job import MediaRef
from photoplay.jobs.uploads import Upload
from photoplay.media.fetch import Fetcher
from photoplay.media.sniff import SNIFF_BYTES, sniff
from photoplay.settings import Settings

MAX_FETCHES = 16
"""Images that are fetched at once: slow hosts must leave threads for other requests."""
_SHORT_NAMES = {"image/jpeg": "JPG", "image/png": "PNG", "image/webp": "WebP"}


def rules_of_all(catalog: Catalog) -> ImageRules:
    """What some model of this API takes: for uploads, which name no model."""
    rules = [model.image_rules for model in catalog.models(dialect=wire.DIALECT)]
    formats = {each for rule in rules for each in rule.formats}
    limits_bytes = [rule.max_bytes for rule in rules]
    return ImageRules(
        formats=() if any(not rule.formats for rule in rules) else tuple(sorted(formats)),
        max_bytes=None if None in limits_bytes or not rules else max(limit for limit in limits_bytes if limit),
    )


def limit_bytes(settings: Settings, rules: ImageRules) -> int:
    """Size of the largest image: the model's, but no more than the server takes."""
    return min(settings.max_image_bytes, settings.max_upload_bytes, rules.max_bytes or settings.max_image_bytes)


async def looked_at(
    request: Request, account_id: str, named: Sequence[tuple[str, MediaRef]], rules: ImageRules
) -> list[MediaRef]:
    """The images, each fetched and stored, in order. ``named`` are (field, image).

    Raises:
        UrlForbidden, UrlUnreachable, FileTooLarge, ImageFormatUnsupported: the first that cannot be used.
    """
    door = door_of(request)
    slots = _slots(request)
    first = {ref: field for field, ref in reversed(named)}  # the same image twice is fetched once

    async def one(ref: MediaRef, field: str) -> MediaRef:
        async with slots:
            return await run_in_threadpool(_look, door, account_id, ref, field, rules)

    found = await asyncio.gather(*(one(ref, field) for ref, field in first.items()), return_exceptions=True)
    by_ref = dict(zip(first, found, strict=True))
    seen = []
    for _, ref in named:
        outcome = by_ref[ref]
        if isinstance(outcome, BaseException):
            raise outcome
        seen.append(outcome)
    return seen


def _slots(request: Request) -> asyncio.Semaphore:
    state = request.app.state
    slots: asyncio.Semaphore | None = getattr(state, "keevx_fetches", None)
    if slots is None:
        slots = state.keevx_fetches = asyncio.Semaphore(MAX_FETCHES)
    return slots


def _look(door: Door, account_id: str, ref: MediaRef, field: str, rules: ImageRules) -> MediaRef:
    try:
        if ref.key is not None:
            return _look_at_stored(door, ref, rules)
        return _fetch(door, account_id, ref, rules)
    except InputError as error:
        raise type(error)(f"{field}: {error.message}", field=field) from error
    except ArtifactNotFound as error:  # removed since the link was given out
        raise UrlUnreachable(f"{field}: {error.message}", field=field) from error


def _look_at_stored(door: Door, ref: MediaRef, rules: ImageRules) -> MediaRef:
    storage, key = door.runtime.storage, ref.key or ""
    _check_size(storage.stat(key).size_bytes, limit_bytes(door.settings, rules))
    check_format(b"".join(storage.stream(key, length=SNIFF_BYTES)), rules)
    return ref


def _fetch(door: Door, account_id: str, ref: MediaRef, rules: ImageRules) -> MediaRef:
    work_dir = door.settings.data_dir / "tmp"
    work_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work_dir, prefix="keevx-") as folder:
        path = Path(folder) / "image"
        fetcher = Fetcher.from_settings(door.settings)
        fetcher.fetch_to(ref.url or "", path, max_bytes=limit_bytes(door.settings, rules))
        with path.open("rb") as file:
            check_format(file.read(SNIFF_BYTES), rules)
            file.seek(0)
            return MediaRef(key=store(door, account_id, ref.name, file).key, name=ref.name)


def store_image(door: Door, account_id: str, name: str, file: IO[bytes], size_bytes: int) -> Upload:
    """Stores an image that was sent.

    Raises:
        FileTooLarge, UploadTooLarge, ImageFormatUnsupported: no model of this API takes it.
    """
    rules = rules_of_all(door.runtime.catalog)
    _check_size(size_bytes, limit_bytes(door.settings, rules))
    check_format(file.read(SNIFF_BYTES), rules)
    file.seek(0)
    return store(door, account_id, name, file)


def _check_size(size_bytes: int, max_bytes: int) -> None:
    if size_bytes > max_bytes:
        raise FileTooLarge(f"The file is larger than {max_bytes} bytes.")


def check_format(head: bytes, rules: ImageRules) -> None:
    """Whether a file that begins with ``head`` is an image that the model takes.

    Raises:
        ImageFormatUnsupported: it is not.
    """
    found = sniff(head)
    if found is not None and found.startswith("image/") and (not rules.formats or found in rules.formats):
        return
    wanted = ", ".join(_SHORT_NAMES.get(each, each) for each in rules.formats) or "images"
    raise ImageFormatUnsupported(f"The file is {found or 'of an unknown type'}; taken are {wanted}.")
