"""What an artifact store promises.

A store keeps files under **keys**: slash-separated names of letters, digits, ``.``, ``_`` and ``-`` such as
``jobs/0198…/video.mp4``. Keys are made by us, never by a caller; :func:`check_key` holds the line should that
ever go wrong. Writes are atomic: a reader sees the whole new file or what was there before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from photoplay.errors import StorageError

MAX_KEY_CHARS = 512
DEFAULT_CONTENT_TYPE = "application/octet-stream"

# Only what we store. The standard library's table depends on the machine's /etc/mime.types.
_TYPES = {
    ".avif": "image/avif",
    ".bin": DEFAULT_CONTENT_TYPE,
    ".bmp": "image/bmp",
    ".flac": "audio/flac",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".txt": "text/plain; charset=utf-8",
    ".wav": "audio/wav",
    ".webm": "video/webm",
    ".webp": "image/webp",
}
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """What the store knows of one file."""

    key: str
    size_bytes: int
    etag: str  # opaque, quoted as in HTTP; changes whenever the content does
    content_type: str
    modified_ms: int  # since the epoch


class Storage(Protocol):
    """A place for artifacts. Every method may raise :class:`~photoplay.errors.StorageError`."""

    def put_file(self, key: str, path: Path, content_type: str | None = None) -> StoredObject:
        """Stores a copy of the local file ``path``, replacing what was there. Returns when it is safely written.

        Without ``content_type`` it is told from the key's ending.
        """
        ...

    def keep_file(self, key: str, path: Path, content_type: str | None = None) -> StoredObject:
        """As :meth:`put_file`, of a file that nobody writes to any more: a store on the same disk keeps that very one.

        ``path`` stays, and must not be changed afterwards.
        """
        ...

    def put_bytes(self, key: str, data: bytes, content_type: str | None = None) -> StoredObject:
        """Stores ``data``, replacing what was there."""
        ...

    def get_bytes(self, key: str) -> bytes:
        """The whole content.

        Raises:
            ArtifactNotFound: there is nothing under ``key``.
        """
        ...

    def stream(self, key: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The content in pieces: ``length`` bytes from ``start``, or all that follows. Nothing after the end.

        Raises:
            ArtifactNotFound: there is nothing under ``key``.
        """
        ...

    def fetch_to(self, key: str, path: Path) -> None:
        """Writes the content to the local file ``path``, whole or not at all.

        Raises:
            ArtifactNotFound: there is nothing under ``key``.
        """
        ...

    def stat(self, key: str) -> StoredObject:
        """Size, etag and type.

        Raises:
            ArtifactNotFound: there is nothing under ``key``.
        """
        ...

    def local_path(self, key: str) -> Path | None:
        """The file itself, when the store is a folder of this machine; ``None`` for a remote store. Read only.

        Raises:
            ArtifactNotFound: the store is a local folder and has nothing under ``key``.
        """
        ...

    def presigned_url(self, key: str, expires_s: int) -> str | None:
        """A URL at which anybody can GET the object for ``expires_s`` seconds; ``None`` when the store has none.

        A store may end it sooner (S3: after seven days).
        """
        ...

    def delete(self, key: str) -> None:
        """Removes the object. Nothing happens when there is none."""
        ...

    def delete_prefix(self, prefix: str) -> int:
        """Removes every object below ``prefix`` (a whole path segment), and what crashed writes left. How many."""
        ...

    def list(self, prefix: str = "") -> Iterator[str]:
        """Keys of the objects below ``prefix`` (whole path segments: ``a/b`` holds ``a/b/c``, not ``a/bc``)."""
        ...


def check_key(key: str) -> str:
    """``key`` itself, if it may be used.

    Raises:
        StorageError: it is empty, too long, absolute, climbs (``..``) or holds a character keys do not have.
    """
    if not key or len(key) > MAX_KEY_CHARS or not all(_SEGMENT.fullmatch(part) for part in key.split("/")):
        raise StorageError("the storage key is not valid")
    return key


def content_type_of(key: str) -> str:
    """The content type that the ending of ``key`` says."""
    return _TYPES.get(Path(key).suffix.lower(), DEFAULT_CONTENT_TYPE)
