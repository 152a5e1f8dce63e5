"""The files of a request: URLs, and base64 without a prefix.

What a file in base64 is can be seen at once, so its format and size are checked before the task is taken in. A file
behind a URL is fetched and checked when the task runs, and so are the pixels of both: the vendor takes an image that
is too small, and lets the task fail.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence

from photoplay.catalog import ImageRules
from photoplay.dialects.door import Door
from photoplay.dialects.kling.errors import NOT_BASE64
from photoplay.errors import FileTooLarge, ImageFormatUnsupported, InvalidField
from photoplay.jobs.job import MediaRef
from photoplay.media.sniff import SNIFF_BYTES, sniff

Sent = MediaRef | bytes
"""A file that a URL names, or one that came along."""

_URLS = ("http://", "https://")
_CHUNK_BYTES = 1024 * 1024
_NAMES = {"image/jpeg": ".jpg / .jpeg", "image/png": ".png"}


def read(door: Door, account_id: str, named: Sequence[tuple[str, str]], rules: ImageRules) -> list[Sent]:
    """The files that a request names, each as (field, URL or base64). Nothing is stored yet.

    Raises:
        InvalidField: one is neither; a ``data:`` prefix is refused as the vendor refuses it.
        FileTooLarge, ImageFormatUnsupported: it is not one that the model takes.
        ArtifactNotFound: it is a link of ours that has ended.
    """
    return [_read(door, account_id, field, text.strip(), rules) for field, text in named]


def _read(door: Door, account_id: str, field: str, text: str, rules: ImageRules) -> Sent:
    if text[:8].lower().startswith(_URLS):
        return door.media(text, account_id, field)
    data = decoded(text, field)
    limit = min(rules.max_bytes or len(data), door.settings.max_image_bytes)
    if len(data) > limit:
        raise FileTooLarge(f"{field}: the file is larger than {limit} bytes", field=field)
    kind = sniff(data[:SNIFF_BYTES])
    if rules.formats and kind not in rules.formats:
        taken = ", ".join(_NAMES.get(each, each) for each in rules.formats)
        raise ImageFormatUnsupported(f"{field}: the file is not an image of a supported format: {taken}", field=field)
    return data


def decoded(text: str, field: str) -> bytes:
    """The bytes in a base64 text. Line breaks and missing padding are forgiven.

    Raises:
        InvalidField: it is no base64, or has a ``data:`` prefix.
    """
    packed = "".join(text.split())
    try:
        data = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidField(field, NOT_BASE64) from error
    if not data:
        raise InvalidField(field, NOT_BASE64)
    return data


def stored(door: Door, account_id: str, named: Sequence[tuple[str, str]], files: Sequence[Sent]) -> list[MediaRef]:
    """The files, those that came along now stored. The same bytes are stored once.

    Raises:
        UploadTooLarge: one is larger than the server takes.
    """
    known: dict[bytes, MediaRef] = {}
    refs = []
    for (field, _), file in zip(named, files, strict=True):
        if isinstance(file, MediaRef):
            refs.append(file)
            continue
        if file not in known:
            upload = door.runtime.service.add_upload(account_id, field, _chunks(file))
            known[file] = MediaRef(key=upload.key, name=field)
        refs.append(known[file])
    return refs


def _chunks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), _CHUNK_BYTES):
        yield data[start : start + _CHUNK_BYTES]
