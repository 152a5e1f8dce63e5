"""Apps in this process, without a worker, for all tests here; each test has an account of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from photoplay.accounts import Credentials
from photoplay.settings import Settings
from support.inside import Inside, served
from support.postgres import PostgresServer
from support.s3 import S3Server
from support.twins import Twin

MAX_UPLOAD_BYTES = 200_000


@contextmanager
def _served(twin: Twin, folder: Path) -> Iterator[Inside]:
    own = {"data_dir": folder, "max_upload_bytes": MAX_UPLOAD_BYTES}
    with twin.settings(folder) as places, served(Settings.model_validate(own | places)) as app:
        yield app


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """An app that keeps everything itself."""
    with _served(Twin(), tmp_path_factory.mktemp("embedded")) as app:
        yield app


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, s3: S3Server) -> Iterator[Inside]:
    """An app on PostgreSQL and S3."""
    with _served(Twin(postgres, s3), tmp_path_factory.mktemp("cluster")) as app:
        yield app


@pytest.fixture(scope="session", params=["embedded", "cluster"])
def inside(request: pytest.FixtureRequest) -> Inside:
    """Each of them."""
    app: Inside = request.getfixturevalue(request.param)
    return app


@pytest.fixture
def key(inside: Inside) -> Credentials:
    return inside.runtime.accounts.create("tester", "business", 1000)
