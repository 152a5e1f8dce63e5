"""Two apps without a worker: one as it comes, one whose Keevx settings are all changed; and a web server with images."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from PIL import Image

from photoplay.accounts import Credentials
from photoplay.settings import Settings
from support.files import Page, jpeg, web
from support.inside import Inside, served

LOOPBACK = "127.0.0.1/32"
LIMIT_BYTES = 20 * 1024 * 1024
LARGEST = jpeg() + bytes(LIMIT_BYTES - len(jpeg()))


class Pages(dict[str, Page]):
    """What the web server has, and what it was asked for."""

    def __init__(self, pages: dict[str, Page]) -> None:
        super().__init__(pages)
        self.hits: list[str] = []
        self.go_on = threading.Event()  # what /slow.jpg waits for

    def get(self, path: str, default: Any = None) -> Any:
        self.hits.append(path)
        if path == "/slow.jpg":
            self.go_on.wait(timeout=25)
        return super().get(path, default)


class Site:
    """The web server: ``url`` and its pages."""

    def __init__(self, url: str, pages: Pages) -> None:
        self.url = url
        self.pages = pages

    def __call__(self, path: str) -> str:
        return self.url + path


@cache
def encoded(form: str) -> bytes:
    """A small image in the form that Pillow calls so."""
    out = io.BytesIO()
    Image.open(io.BytesIO(jpeg())).save(out, form)
    return out.getvalue()


@pytest.fixture(scope="package")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    settings = Settings.load(data_dir=tmp_path_factory.mktemp("keevx"), allowed_networks=LOOPBACK)
    with served(settings) as app:
        yield app


@pytest.fixture(scope="package")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    settings = Settings.load(
        data_dir=tmp_path_factory.mktemp("keevx-changed"),
        keevx_look_first=False,
        keevx_unused="ignore",
        keevx_codes={"insufficient_credits": 100008},
        keevx_http={100005: 413, 100008: 402},
    )
    with served(settings) as app:
        yield app


@pytest.fixture
def key(inside: Inside) -> Credentials:
    return inside.runtime.accounts.create("tester", "business", 1000)


@pytest.fixture
def other_key(changed: Inside) -> Credentials:
    """A key of the changed app."""
    return changed.runtime.accounts.create("tester", "business", 1000)


@pytest.fixture(scope="package")
def standing() -> Iterator[Site]:
    """The web server, which takes long to stop."""
    pages = Pages({})
    with web(pages) as url:
        yield Site(url, pages)


@pytest.fixture
def site(standing: Site) -> Site:
    standing.pages.clear()
    standing.pages.update(
        {
            "/start.jpg": Page(jpeg()),
            "/slow.jpg": Page(jpeg()),
            "/ref1.png": Page(encoded("PNG")),
            "/ref2.webp": Page(encoded("WEBP")),
            "/last.jpg": Page(jpeg(200, 100)),
            "/moved.jpg": Page(status=302, location="/start.jpg"),
            "/round.jpg": Page(status=302, location="/round.jpg"),
            "/inward.jpg": Page(status=302, location="http://169.254.169.254/latest"),
            "/animated.gif": Page(encoded("GIF")),
            "/old.bmp": Page(encoded("BMP")),
            "/page.html": Page(b"<!doctype html><title>no image</title>"),
            "/empty.jpg": Page(b""),
            "/error.jpg": Page(b"down", 503),
            "/largest.jpg": Page(LARGEST),
            "/too-large.jpg": Page(LARGEST + b"\0"),
        }
    )
    standing.pages.hits.clear()
    standing.pages.go_on.clear()
    return standing
