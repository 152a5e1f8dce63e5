"""The photos of a request: sent along, named by a URL, written into a data URL, or uploaded before."""

from __future__ import annotations

from typing import IO

from photoplay.dialects import inbox
from photoplay.dialects.door import Door
from photoplay.dialects.openai import wire
from photoplay.errors import InvalidField, UploadNotFound
from photoplay.jobs.job import MediaRef

FIELD = "input_reference"


def stored_photo(door: Door, account_id: str, name: str, file: IO[bytes]) -> MediaRef:
    """Stores a photo that came with the request.

    Raises:
        InvalidField: it is empty, or no image by its first bytes.
        UploadTooLarge: it is larger than the server takes.
    """
    return inbox.stored_photo(door, account_id, FIELD, name, file)


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
        inbox.check_photo(upload.content_type, FIELD)
        return MediaRef(key=upload.key, name=upload.name)
    url = reference.image_url or ""
    if inbox.is_data_url(url):
        return inbox.photo_in(door, account_id, FIELD, url, max_chars=wire.MAX_DATA_URL_CHARS)
    return door.media(url, account_id, FIELD)
