"""Artifact stores on `obstore`: one implementation for any object store, with the extras a local folder has.

``file:///folder`` is a folder of this machine. ``s3://bucket/prefix`` is an S3 bucket: credentials come from
the usual ``AWS_*`` variables or the machine's role; what differs for other S3 servers goes into the query::

    s3://bucket/prefix?endpoint=http://10.0.0.5:8333&region=us-east-1&virtual_host=false
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, S3Store

from photoplay.errors import ArtifactNotFound, SettingsError, StorageError
from photoplay.storage.base import Storage, StoredObject, check_key, content_type_of

_CHUNK_BYTES = 1024 * 1024
_MAX_PRESIGNED_S = 7 * 86400  # S3 refuses signed URLs that last longer
_S3_TIMEOUT = timedelta(seconds=60)
_S3_RETRY_FOR = timedelta(seconds=30)
_S3_RETRIES = 5
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")  # of the environment, first wins
_STAGING = re.compile(r".+#\d+")  # what obstore calls a local file that is still being written

if TYPE_CHECKING:
    from obstore.store import S3Config

log = logging.getLogger(__name__)


class ObjectStorage(Storage):
    """Artifacts in any object store that `obstore` speaks to."""

    def __init__(self, store: S3Store | LocalStore | MemoryStore) -> None:
        self._store = store

    def put_file(self, key: str, path: Path, content_type: str | None = None) -> StoredObject:
        with _errors("store", check_key(key)):
            if not path.is_file():
                raise StorageError(f"the file to be stored as {key} does not exist")
            self._put(key, path, content_type or content_type_of(key))
        return self.stat(key)

    def keep_file(self, key: str, path: Path, content_type: str | None = None) -> StoredObject:
        return self.put_file(key, path, content_type)

    def put_bytes(self, key: str, data: bytes, content_type: str | None = None) -> StoredObject:
        with _errors("store", check_key(key)):
            self._put(key, data, content_type or content_type_of(key))
        return self.stat(key)

    def _put(self, key: str, content: Path | bytes, content_type: str) -> None:
        obstore.put(self._store, key, content, attributes={"Content-Type": content_type})

    def get_bytes(self, key: str) -> bytes:
        with _errors("read", check_key(key)):
            return bytes(obstore.get(self._store, key).bytes())

    def stream(self, key: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        size_bytes = self.stat(key).size_bytes
        end = size_bytes if length is None else min(start + length, size_bytes)
        return self._chunks(key, start, end)

    def _chunks(self, key: str, start: int, end: int) -> Iterator[bytes]:
        if start >= end:  # an empty range is an error for object stores
            return
        with _errors("read", key):
            for chunk in obstore.get(self._store, key, options={"range": (start, end)}).stream(_CHUNK_BYTES):
                yield bytes(chunk)

    def fetch_to(self, key: str, path: Path) -> None:
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            with _errors("fetch", check_key(key)):
                chunks = obstore.get(self._store, key).stream(_CHUNK_BYTES)
                with draft.open("wb") as file:
                    for chunk in chunks:
                        file.write(chunk)
                draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def stat(self, key: str) -> StoredObject:
        with _errors("read", check_key(key)):
            head = obstore.get(self._store, key, options={"head": True})
            meta = head.meta
            modified_ms = int(meta["last_modified"].timestamp() * 1000)
            return StoredObject(
                key=key,
                size_bytes=meta["size"],
                etag=meta["e_tag"] or f'"{meta["size"]:x}-{modified_ms:x}"',
                content_type=str(head.attributes.get("Content-Type") or content_type_of(key)),
                modified_ms=modified_ms,
            )

    def local_path(self, key: str) -> Path | None:
        check_key(key)
        return None

    def presigned_url(self, key: str, expires_s: int) -> str | None:
        check_key(key)
        if not isinstance(self._store, S3Store):
            return None
        with _errors("sign", key):
            return obstore.sign(self._store, "GET", key, timedelta(seconds=max(1, min(expires_s, _MAX_PRESIGNED_S))))

    def delete(self, key: str) -> None:
        try:
            with _errors("delete", check_key(key)):
                obstore.delete(self._store, key)
        except ArtifactNotFound:
            log.debug("%s was gone already", key)

    def delete_prefix(self, prefix: str) -> int:
        keys = list(self.list(check_key(prefix)))
        for key in keys:
            self.delete(key)
        return len(keys)

    def list(self, prefix: str = "") -> Iterator[str]:
        if prefix:
            check_key(prefix)
        with _errors("list", prefix):
            for batch in obstore.list(self._store, prefix or None):
                for meta in batch:
                    yield meta["path"]


class LocalStorage(ObjectStorage):
    """Artifacts in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        """Uses the folder ``root``, which is made when it does not exist.

        Raises:
            StorageError: the folder cannot be made.
        """
        self.root = root.absolute()
        with _errors("open", str(root)):
            self.root.mkdir(parents=True, exist_ok=True)
            super().__init__(LocalStore(self.root, automatic_cleanup=True))

    def _put(self, key: str, content: Path | bytes, content_type: str) -> None:
        # A folder keeps no content types: they are told from the key's ending. What a job was told to be
        # stored must survive a power cut, so the file and its folder are flushed; obstore does not do that.
        obstore.put(self._store, key, content)
        target = self.root / key
        _sync(target)
        _sync(target.parent)

    def keep_file(self, key: str, path: Path, content_type: str | None = None) -> StoredObject:
        target = self.root / check_key(key)
        with _errors("store", key):
            if path.is_symlink() or not path.is_file():
                raise StorageError(f"the file to be stored as {key} does not exist")
            draft = target.with_name(f"{target.name}#{secrets.randbits(32)}")  # as what is being written is called here
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, draft)
            except OSError as error:
                log.debug("%s is copied: %s", key, error.strerror)  # another disk, or one without links
                return self.put_file(key, path, content_type)
            try:
                _sync(draft)
                draft.replace(target)
            finally:
                draft.unlink(missing_ok=True)  # also what a replace leaves when both are one file already
            _sync(target.parent)
        return self.stat(key)

    def local_path(self, key: str) -> Path | None:
        path = self.root / check_key(key)
        if not path.is_file():
            raise ArtifactNotFound
        return path

    def delete_prefix(self, prefix: str) -> int:
        count = super().delete_prefix(prefix)
        folder = self.root / prefix
        with _errors("delete", prefix):
            if folder.is_dir():
                for path in folder.rglob("*"):
                    if _STAGING.fullmatch(path.name) and path.is_file():
                        path.unlink(missing_ok=True)
                if not any(path.is_file() for path in folder.rglob("*")):
                    shutil.rmtree(folder, ignore_errors=True)
        return count


def open_storage(url: str) -> Storage:
    """The store that ``url`` names: ``file:///folder`` or ``s3://bucket/prefix?endpoint=…&region=…``.

    Raises:
        SettingsError: the URL is not one of these, or has an option that does not exist.
        StorageError: the folder cannot be made.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost") or not parts.path or parts.query:
            raise SettingsError("storage_url must be file:///FOLDER with no host and no options")
        return LocalStorage(Path(unquote(parts.path)))
    if parts.scheme != "s3" or not parts.hostname:
        raise SettingsError("storage_url must be file:///FOLDER or s3://BUCKET/PREFIX")
    return ObjectStorage(_s3_store(parts.netloc, unquote(parts.path).strip("/"), dict(parse_qsl(parts.query))))


def _s3_store(bucket: str, prefix: str, options: dict[str, str]) -> S3Store:
    unknown = set(options) - {"endpoint", "region", "virtual_host"}
    if unknown:
        raise SettingsError(f"storage_url has an unknown option: {min(unknown)}")
    if "@" in bucket or ":" in bucket:
        raise SettingsError("storage_url must not hold credentials; use AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    virtual_host = options.get("virtual_host", "false")
    if virtual_host not in ("true", "false"):
        raise SettingsError("storage_url option virtual_host must be true or false")
    config: S3Config = {"virtual_hosted_style_request": virtual_host == "true"}
    endpoint = options.get("endpoint") or next((os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), "")
    if endpoint:
        config["aws_endpoint_url_s3"] = endpoint  # the one name that no variable overrides
    if "region" in options:
        config["region"] = options["region"]
    try:
        return S3Store(
            bucket,
            prefix=prefix or None,
            config=config,
            client_options={"timeout": _S3_TIMEOUT, "allow_http": endpoint.startswith("http://")},
            retry_config={"max_retries": _S3_RETRIES, "retry_timeout": _S3_RETRY_FOR},
        )
    except (BaseError, ValueError, OSError) as error:
        raise SettingsError(f"storage_url cannot be used: {str(error).splitlines()[0]}") from error


@contextmanager
def _errors(verb: str, key: str) -> Iterator[None]:
    """Turns what `obstore` and the disk raise into our errors. Details go to the log: they name hosts and paths."""
    try:
        yield
    except FileNotFoundError as error:
        if verb == "store":  # the bucket or folder itself is not there
            log.warning("could not store %s: %s", key, str(error).splitlines()[0])
            raise StorageError(f"the artifact store could not store {key}") from error
        raise ArtifactNotFound from error
    except (BaseError, OSError, ValueError, NotImplementedError) as error:
        log.warning("could not %s %s: %s", verb, key, str(error).splitlines()[0])
        raise StorageError(f"the artifact store could not {verb} {key}") from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
