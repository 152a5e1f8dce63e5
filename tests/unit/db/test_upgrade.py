"""An installation of an earlier version comes to the newest tables, and back, with what it has."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from photoplay.db import make_engine, migrate, writing
from photoplay.db.tables import jobs, metadata, webhooks


@pytest.fixture
def engine(tmp_path: Path, twin):
    with twin.database(tmp_path, prepared=False) as url:
        engine = make_engine(url)
        yield engine
        engine.dispose()


def move(engine: sa.Engine, revision: str, *, down: bool = False) -> None:
    with writing(engine) as connection:
        config = Config()
        config.set_main_option("script_location", "photoplay.db:migrations")
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)


OLD = """
INSERT INTO accounts (id, name, plan, number, object_id, created_ms) VALUES ('a', 'Ada', 'pro', 100001, 'oa', 1);
INSERT INTO jobs (id, object_id, number, account_id, dialect, model, state, credits, seed, request, quote, notes,
                  created_ms, updated_ms)
    VALUES ('j', 'oj', '1', 'a', 'native', 'motion', 'succeeded', 1, 1, '{}', '{"pool": "fast"}', '[]', 1, 1);
INSERT INTO webhooks (id, job_id, account_id, dialect, event, seq, snapshot, state, due_ms, created_ms)
    VALUES ('w', 'j', 'a', 'native', 'succeeded', 1, '{}', 'pending', 1, 1)
"""


def test_rows_of_the_first_version_are_kept(engine: sa.Engine) -> None:
    move(engine, "0001")
    with engine.begin() as connection:
        for statement in OLD.split(";"):
            connection.exec_driver_sql(statement)
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(sa.select(webhooks.c.id, webhooks.c.endpoint_id)).all() == [("w", "")]
        assert connection.execute(sa.select(jobs.c.pool)).scalar_one() == "fast"


def test_every_migration_can_be_taken_back(engine: sa.Engine) -> None:
    migrate(engine)
    move(engine, "0001", down=True)
    with engine.connect() as connection:
        assert "webhook_endpoints" not in sa.inspect(connection).get_table_names()
    migrate(engine)
    move(engine, "base", down=True)
    with engine.connect() as connection:
        assert set(sa.inspect(connection).get_table_names()) & set(metadata.tables) == set()
