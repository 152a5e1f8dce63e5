"""The engine: which URLs it takes, and what SQLite is set to."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from photoplay.db import make_engine, writing
from photoplay.errors import SettingsError


@pytest.fixture
def engine(tmp_path: Path):
    engine = make_engine(f"sqlite:///{tmp_path / 'test.sqlite'}")
    yield engine
    engine.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "not a url"])
def test_other_databases_are_refused_in_plain_words(url):
    with pytest.raises(SettingsError, match="database_url"):
        make_engine(url)


def test_postgresql_url_uses_psycopg():
    engine = make_engine("postgresql://user:secret@host/name")
    assert engine.url.drivername == "postgresql+psycopg"
    assert engine.url.password == "secret"


def test_sqlite_is_wal_with_foreign_keys_and_a_busy_timeout(engine):
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000


def test_unixepoch_knows_subsec_on_every_sqlite(engine):
    with engine.connect() as connection:
        value = connection.exec_driver_sql("SELECT unixepoch('subsec')").scalar()
        assert isinstance(value, float)
        assert isinstance(connection.exec_driver_sql("SELECT unixepoch()").scalar(), int)


def test_writers_take_turns_so_read_then_write_loses_nothing(engine):
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE t (n INTEGER)"))
        connection.execute(sa.text("INSERT INTO t VALUES (0)"))

    def add() -> None:
        for _ in range(20):
            with writing(engine) as connection:
                value = connection.execute(sa.text("SELECT n FROM t")).scalar_one()
                connection.execute(sa.text("UPDATE t SET n = :n"), {"n": value + 1})

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT n FROM t")).scalar_one() == 80


def test_a_failed_transaction_leaves_nothing(engine):
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE t (n INTEGER)"))

    def write_and_fail() -> None:
        with writing(engine) as connection:
            connection.execute(sa.text("INSERT INTO t VALUES (1)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM t")).scalar_one() == 0


def test_a_full_disk_counts_as_a_lost_connection(tmp_path):
    """So the queue's library tries again until there is room, instead of dropping the job it is about."""
    engine = make_engine(f"sqlite:///{tmp_path / 'full.sqlite'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")

    def fill() -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 3")
            connection.exec_driver_sql("INSERT INTO t VALUES (zeroblob(100000))")

    with pytest.raises(sa.exc.OperationalError, match="full") as caught:
        fill()
    assert caught.value.connection_invalidated
    with engine.begin() as connection:  # on a new connection
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
    engine.dispose()
