"""An app in this process, with real database, store and queue, but no worker: jobs stay where a test puts them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.inside import Inside, served

from photoplay.accounts import Credentials
from photoplay.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def inside(settings: Settings) -> Iterator[Inside]:
    with served(settings) as app:
        yield app


@pytest.fixture
def key(inside: Inside) -> Credentials:
    return inside.runtime.accounts.create("tester", "business", 1000)
