"""One app in this process, without a worker, for all tests here; each test has an account of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from photoplay.accounts import Credentials
from photoplay.settings import Settings
from support.inside import Inside, served

MAX_UPLOAD_BYTES = 200_000


@pytest.fixture(scope="session")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("server"), max_upload_bytes=MAX_UPLOAD_BYTES)
    with served(settings) as app:
        yield app


@pytest.fixture
def key(inside: Inside) -> Credentials:
    return inside.runtime.accounts.create("tester", "business", 1000)
