"""Migrations: they make what the tables say, once, also when several processes start together."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from photoplay.db import make_engine, migrate
from photoplay.db.migrate import HEAD, current_revision
from photoplay.db.tables import metadata
from support.twins import Twin


@pytest.fixture
def url(twin: Twin, tmp_path: Path):
    with twin.database(tmp_path, prepared=False) as url:
        yield url


@pytest.fixture
def engine(url: str):
    engine = make_engine(url)
    yield engine
    engine.dispose()


def test_migrations_make_what_the_tables_say(engine):
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "target_metadata": metadata}
        )
        assert compare_metadata(context, metadata) == []
        assert set(sa.inspect(connection).get_table_names()) == set(metadata.tables) | {"alembic_version"}


def test_check_constraints_are_in_the_migrations(engine):
    migrate(engine)
    inspector = sa.inspect(engine)
    for table in metadata.tables.values():
        declared = {c.name for c in table.constraints if isinstance(c, sa.CheckConstraint)}
        assert {c["name"] for c in inspector.get_check_constraints(table.name)} == declared


def test_head_names_the_newest_script():
    config = Config()
    config.set_main_option("script_location", "photoplay.db:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_migrating_twice_keeps_the_data(engine):
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO executors VALUES ('w', 'host', 1, 'worker', 1, 1, 1, NULL)"),
        )
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM executors")).scalar_one() == 1
        assert current_revision(connection) == HEAD


def test_many_starts_at_once_migrate_once(url: str):
    errors: list[Exception] = []

    def start() -> None:
        engine = make_engine(url)
        try:
            migrate(engine)
        except Exception as error:  # noqa: BLE001 - whatever it is, the main thread reports it
            errors.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_migration_that_fails_leaves_nothing_behind(engine):
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE jobs (id TEXT)"))  # in the way
    with pytest.raises(sa.exc.DBAPIError):
        migrate(engine)
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["jobs"]
