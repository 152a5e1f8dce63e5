"""A fresh database with the product's tables, a clock that stands still, and an account store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from photoplay.accounts import AccountStore
from photoplay.clock import FixedClock
from photoplay.db import make_engine, migrate
from photoplay.keys import MasterKey


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def secret() -> MasterKey:
    return MasterKey("0123456789abcdef0123456789abcdef")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = make_engine(f"sqlite:///{tmp_path / 'test.sqlite'}")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def accounts(engine: sa.Engine, secret: MasterKey, clock: FixedClock) -> AccountStore:
    return AccountStore(engine, secret, clock)
