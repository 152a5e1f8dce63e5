"""Files that callers send ahead of a request. Their bytes are looked at, never decoded, here."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from photoplay import ids
from photoplay.clock import Clock
from photoplay.db import writing
from photoplay.db.tables import uploads
from photoplay.errors import UploadNotFound, UploadTooLarge
from photoplay.media.sniff import SNIFF_BYTES, sniff
from photoplay.storage import Storage

PREFIX = "uploads"
_MAX_NAME_CHARS = 200


@dataclass(frozen=True)
class Upload:
    """A stored upload. ``name`` is what the caller called it: shown, never used as a path."""

    id: str
    account_id: str
    key: str
    name: str
    content_type: str
    size_bytes: int
    sha256: str
    created_ms: int
    expires_ms: int


class Uploads:
    """Keeps uploads."""

    def __init__(
        self, *, engine: sa.Engine, clock: Clock, storage: Storage, work_dir: Path, max_bytes: int, retention_s: int
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._storage = storage
        self._work_dir = work_dir
        self._max_bytes = max_bytes
        self._retention_ms = retention_s * 1000

    def add(self, account_id: str, name: str, stream: Iterator[bytes]) -> Upload:
        """Stores what ``stream`` yields.

        Raises:
            UploadTooLarge: it is more than the server takes.
        """
        now_ms = self._clock.now_ms()
        upload_id = ids.job_id(now_ms)
        self._work_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._work_dir, prefix="upload-") as file:
            digest = hashlib.sha256()
            head = b""
            size_bytes = 0
            for piece in stream:
                size_bytes += len(piece)
                if size_bytes > self._max_bytes:
                    raise UploadTooLarge(f"The file is larger than {self._max_bytes} bytes.")
                if len(head) < SNIFF_BYTES:
                    head += piece[: SNIFF_BYTES - len(head)]
                digest.update(piece)
                file.write(piece)
            file.flush()
            content_type = sniff(head) or "application/octet-stream"
            key = f"{PREFIX}/{upload_id}"
            self._storage.put_file(key, Path(file.name), content_type)
        upload = Upload(
            id=upload_id,
            account_id=account_id,
            key=key,
            name=name[:_MAX_NAME_CHARS],
            content_type=content_type,
            size_bytes=size_bytes,
            sha256=digest.hexdigest(),
            created_ms=now_ms,
            expires_ms=now_ms + self._retention_ms,
        )
        with writing(self._engine) as connection:
            connection.execute(sa.insert(uploads).values(**vars(upload)))
        return upload

    def get(self, account_id: str, upload_id: str) -> Upload:
        """The account's upload.

        Raises:
            UploadNotFound: there is none of that id (any more).
        """
        query = sa.select(uploads).where(uploads.c.id == upload_id, uploads.c.account_id == account_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise UploadNotFound
        return Upload(**row)

    def owns(self, account_id: str, key: str) -> bool:
        """Whether ``key`` is an upload of the account."""
        query = sa.select(uploads.c.id).where(uploads.c.key == key, uploads.c.account_id == account_id)
        with self._engine.connect() as connection:
            return connection.execute(query).first() is not None

    def digests(self, account_id: str, keys: Sequence[str]) -> dict[str, str]:
        """SHA-256, in hex, of the account's uploads among ``keys``."""
        query = sa.select(uploads.c.key, uploads.c.sha256).where(
            uploads.c.account_id == account_id, uploads.c.key.in_(keys)
        )
        with self._engine.connect() as connection:
            return {row.key: row.sha256 for row in connection.execute(query)}

    def keep(self, connection: sa.Connection, keys: Sequence[str]) -> None:
        """Puts off the end of uploads that a new job uses, in the caller's transaction."""
        if keys:
            connection.execute(
                sa.update(uploads)
                .where(uploads.c.key.in_(keys))
                .values(expires_ms=self._clock.now_ms() + self._retention_ms)
            )

    def sweep(self, limit: int = 100) -> int:
        """Removes uploads whose time is over. How many."""
        now_ms = self._clock.now_ms()
        query = sa.select(uploads.c.id, uploads.c.key).where(uploads.c.expires_ms <= now_ms).limit(limit)
        with self._engine.connect() as connection:
            over = connection.execute(query).all()
        removed = 0
        for row in over:
            with writing(self._engine) as connection:
                # Asked again: a new job may have put the end off in the meantime.
                gone = connection.execute(
                    sa.delete(uploads).where(uploads.c.id == row.id, uploads.c.expires_ms <= now_ms)
                )
            if gone.rowcount == 1:
                self._storage.delete(row.key)
                removed += 1
        return removed
