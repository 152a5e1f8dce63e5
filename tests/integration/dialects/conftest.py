"""An app in this process, with real database, store and queue, but no worker: jobs stay where a test puts them.

One app on each twin serves all tests here; each test has an account of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from photoplay.accounts import Credentials
from photoplay.settings import Settings
from support.inside import Inside, served
from support.twins import Twin


@pytest.fixture(scope="session")
def inside(tmp_path_factory: pytest.TempPathFactory, twin: Twin) -> Iterator[Inside]:
    folder = tmp_path_factory.mktemp("dialects")
    with twin.settings(folder) as places, served(Settings.model_validate({"data_dir": folder} | places)) as app:
        yield app


@pytest.fixture
def key(inside: Inside) -> Credentials:
    return inside.runtime.accounts.create("tester", "business", 1000)
