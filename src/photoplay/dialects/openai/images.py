"""The photos of a request: sent along, named by a URL, written into a data URL, or uploaded before."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterator
from typing import IO

from photoplay.dialects.door import Door
from photoplay.dialects.openai import wire
from photoplay.errors import InvalidField, UploadNotFound
from photoplay.jobs.job import MediaRef
from photoplay.jobs.uploads import Upload
from photoplay.media.sniff import SNIFF_BYTES, sniff

FIELD = "input_reference"
_CHUNK_BYTES = 1024 * 1024


def stored_photo(door: Door, account_id: str, name: str, file: IO[bytes]) -> MediaRef:
    """Stores a photo that came with the request.

    Raises:
        InvalidField: it is empty, or no image by its first bytes.
        UploadTooLarge: it is larger than the server takes.
    """
    head = file.read(SNIFF_BYTES)
    file.seek(0)
    if not head:
        raise InvalidField(FIELD, f"{FIELD} is empty")
    _check_type(sniff(head))
    return MediaRef(key=store(door, account_id, name, file).key, name=name)


def store(door: Door, account_id: str, name: str, file: IO[bytes]) -> Upload:
    """Stores any file.

    Raises:
        UploadTooLarge: it is larger than the server takes.
    """

    def chunks() -> Iterator[bytes]:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk

    return door.runtime.service.add_upload(account_id, name, chunks())


def named_photo(door: Door, account_id: str, reference: wire.Reference) -> MediaRef:
    """The photo that a reference stands for.

    Raises:
        InvalidField: there is no such file, it is no image, or the URL is not one.
        ArtifactNotFound: it is a link of ours that has ended.
        UploadTooLarge: the photo in a data URL is larger than the server takes.
    """
    if reference.file_id is not None:
        try:
            upload = door.runtime.service.upload(account_id, reference.file_id.removeprefix(wire.FILE_PREFIX))
        except UploadNotFound as error:
            raise InvalidField(FIELD, f"There is no file {reference.file_id[:80]!r} (any more).") from error
        _check_type(upload.content_type)
        return MediaRef(key=upload.key, name=upload.name)
    url = reference.image_url or ""
    if url[:5].lower() != "data:":
        return door.media(url, account_id, FIELD)
    return stored_photo(door, account_id, "image", io.BytesIO(data_of(url)))


def data_of(url: str) -> bytes:
    """The bytes in a base64 data URL.

    Raises:
        InvalidField: it is too long, or not base64.
    """
    if len(url) > wire.MAX_DATA_URL_CHARS:
        raise InvalidField(FIELD, f"image_url is longer than {wire.MAX_DATA_URL_CHARS} characters")
    head, _, text = url.partition(",")
    if not head.lower().endswith(";base64"):
        raise InvalidField(FIELD, "image_url must be an http or https URL, or a base64 data URL")
    packed = "".join(text.split())
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidField(FIELD, "image_url is a data URL whose base64 cannot be read") from error


def _check_type(content_type: str | None) -> None:
    if content_type is None or not content_type.startswith("image/"):
        raise InvalidField(FIELD, f"{FIELD} is not an image: this service animates photos")
