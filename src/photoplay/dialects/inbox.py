"""Files that come along with a request, in a form or written into a data URL: stored, to be named in the domain."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterator
from typing import IO

from photoplay.dialects.door import Door
from photoplay.errors import InvalidField
from photoplay.jobs.job import MediaRef
from photoplay.jobs.uploads import Upload
from photoplay.media.sniff import SNIFF_BYTES, sniff

_CHUNK_BYTES = 1024 * 1024


def is_data_url(url: str) -> bool:
    """Whether ``url`` is a data URL, by its scheme."""
    return url.lstrip()[:5].lower() == "data:"


def data_of(url: str, field: str, *, max_chars: int) -> bytes:
    """The bytes in a base64 data URL. Line breaks and missing padding are forgiven.

    Raises:
        InvalidField: it is too long, or not base64.
    """
    if len(url) > max_chars:
        raise InvalidField(field, f"{field} is longer than {max_chars} characters")
    head, _, text = url.partition(",")
    if not head.lower().endswith(";base64"):
        raise InvalidField(field, f"{field} must be an http or https URL, or a base64 data URL")
    packed = "".join(text.split())
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidField(field, f"{field} is a data URL whose base64 cannot be read") from error


def store(door: Door, account_id: str, name: str, file: IO[bytes]) -> Upload:
    """Stores any file.

    Raises:
        UploadTooLarge: it is larger than the server takes.
    """

    def chunks() -> Iterator[bytes]:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk

    return door.runtime.service.add_upload(account_id, name, chunks())


def stored_photo(door: Door, account_id: str, field: str, name: str, file: IO[bytes]) -> MediaRef:
    """Stores a photo that came along.

    Raises:
        InvalidField: it is empty, or no image by its first bytes.
        UploadTooLarge: it is larger than the server takes.
    """
    head = file.read(SNIFF_BYTES)
    file.seek(0)
    if not head:
        raise InvalidField(field, f"{field} is empty")
    check_photo(sniff(head), field)
    return MediaRef(key=store(door, account_id, name, file).key, name=name)


def photo_in(door: Door, account_id: str, field: str, url: str, *, max_chars: int) -> MediaRef:
    """Stores the photo in a data URL. Raises what :func:`data_of` and :func:`stored_photo` raise."""
    return stored_photo(door, account_id, field, "image", io.BytesIO(data_of(url, field, max_chars=max_chars)))


def check_photo(content_type: str | None, field: str) -> None:
    """Whether a file can be a photo, by its type.

    Raises:
        InvalidField: it cannot.
    """
    if content_type is None or not content_type.startswith("image/"):
        raise InvalidField(field, f"{field} is not an image: this service animates photos")
