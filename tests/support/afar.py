"""Photos behind URLs of the world outside, for apps in this process: no test leaves the machine."""

from __future__ import annotations

from typing import BinaryIO

import pytest

from photoplay.media.fetch import Fetched, Fetcher
from support.files import jpeg


def photos_from_afar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has every URL that this process fetches give a photo."""

    def fetch(_self: Fetcher, url: str, out: BinaryIO, _max_bytes: int) -> Fetched:
        data = jpeg(640, 480)
        out.write(data)
        return Fetched(size_bytes=len(data), content_type="image/jpeg", final_url=url)

    monkeypatch.setattr(Fetcher, "_fetch", fetch)
