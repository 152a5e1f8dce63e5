"""Shared fixtures."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.postgres import PostgresServer
from support.s3 import S3Server
from support.twins import Twin


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where ``PHOTOPLAY_CI`` is set nothing may be skipped: what a test lacks there is a failure."""
    report = yield
    if os.environ.get("PHOTOPLAY_CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which is not allowed here: {call.excinfo}"
    return report


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for all tests of the session."""
    with PostgresServer.running() as server:
        yield server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """An S3 server for all tests of the session. Its credentials are in the environment from then on."""
    with S3Server.running() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server


@pytest.fixture(scope="session", params=["embedded", "cluster"])
def twin(request: pytest.FixtureRequest) -> Twin:
    """Each of the places where the product keeps its things: the tests that ask for this run once with each."""
    if request.param == "embedded":
        return Twin()
    return Twin(request.getfixturevalue("postgres"), request.getfixturevalue("s3"))


@pytest.fixture
def database_url(twin: Twin, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database, once on each twin."""
    with twin.database(tmp_path) as url:
        yield url
