"""A fresh database with the product's tables, a clock that stands still, and an account store."""

from __future__ import annotations

from collections.abc import Iterator

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
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = make_engine(database_url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def accounts(engine: sa.Engine, secret: MasterKey, clock: FixedClock) -> AccountStore:
    return AccountStore(engine, secret, clock)
