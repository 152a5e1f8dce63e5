"""Fetches the files that callers name by URL, through the guarded client, whole and bounded."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

import httpcore
import httpx

from photoplay.errors import FileTooLarge, UrlForbidden, UrlUnreachable
from photoplay.media.guard import GuardedClient, IPNetwork, Resolver, checked_url, system_resolver
from photoplay.settings import Settings

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class Fetched:
    """What came back. ``content_type`` is what the other side claims."""

    size_bytes: int
    content_type: str
    final_url: str


class Fetcher:
    """Fetches input files. ``timeout_s`` covers one file whole, redirects included."""

    def __init__(
        self,
        allowed_networks: Iterable[IPNetwork] = (),
        *,
        timeout_s: float = 30.0,
        resolver: Resolver = system_resolver,
    ) -> None:
        self._client = GuardedClient(allowed_networks, resolver=resolver)
        self._timeout_s = timeout_s

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """A fetcher under the operator's settings."""
        return cls(settings.allowed_networks, timeout_s=settings.fetch_timeout_s)

    def fetch_to(self, url: str, path: Path, *, max_bytes: int) -> Fetched:
        """Fetches ``url`` into the file ``path``; on an error no file is left.

        Raises:
            UrlForbidden: it, or a redirect, points where this server does not go.
            UrlUnreachable: no answer, no success, or not in time.
            FileTooLarge: more than ``max_bytes``.
        """
        try:
            with path.open("wb") as file:
                return self._fetch(url, file, max_bytes)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def fetch(self, url: str, *, max_bytes: int) -> bytes:
        """The file's bytes. Raises as :meth:`fetch_to`."""
        pieces = _Pieces()
        self._fetch(url, pieces, max_bytes)
        return b"".join(pieces.all)

    def _fetch(self, url: str, out: BinaryIO | _Pieces, max_bytes: int) -> Fetched:
        end_s = time.monotonic() + self._timeout_s
        target = checked_url(url)
        for _ in range(MAX_REDIRECTS + 1):
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                raise UrlUnreachable("The URL did not answer in time.")
            # Compressed transfer could unpack to any size; files like ours gain nothing from it.
            with self._client.exchange(
                "GET", target, timeout_s=left_s, headers={"accept-encoding": "identity"}
            ) as response:
                headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
                if response.status in _REDIRECTS and "location" in headers:
                    target = _next(target, headers["location"])
                    continue
                if response.status != 200:
                    raise UrlUnreachable(f"The URL answered with status {response.status}.")
                if headers.get("content-encoding", "identity").lower() != "identity":
                    raise UrlUnreachable("The URL answered with compressed content.")
                size = _receive(response, headers, out, max_bytes)
                kind = headers.get("content-type", "").partition(";")[0].strip().lower()
                return Fetched(size_bytes=size, content_type=kind, final_url=str(target))
        raise UrlUnreachable("The URL redirects too often.")


class _Pieces:
    """Bytes in memory, as they come."""

    def __init__(self) -> None:
        self.all: list[bytes] = []

    def write(self, piece: bytes) -> None:
        self.all.append(piece)


def _receive(response: httpcore.Response, headers: dict[str, str], out: BinaryIO | _Pieces, max_bytes: int) -> int:
    too_large = FileTooLarge(f"The file is larger than {max_bytes} bytes.")
    claimed = headers.get("content-length", "")
    if claimed.isdecimal() and int(claimed) > max_bytes:
        raise too_large
    size = 0
    for piece in response.iter_stream():
        size += len(piece)
        if size > max_bytes:
            raise too_large
        out.write(piece)
    return size


def _next(current: httpx.URL, location: str) -> httpx.URL:
    try:
        joined = current.join(location)
    except (httpx.InvalidURL, ValueError, UnicodeError) as error:
        raise UrlForbidden("The URL redirects to something that is not a URL.") from error
    return checked_url(joined)
