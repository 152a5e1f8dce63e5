"""What connections to PostgreSQL are told of cut links."""

from __future__ import annotations

import sqlalchemy as sa

from photoplay.db import link_arguments, make_engine
from support.postgres import PostgresServer

URL = "postgresql://photoplay@db.internal/photoplay"


def test_a_cut_link_does_not_go_unnoticed_for_long() -> None:
    told = link_arguments(URL)
    assert told["tcp_user_timeout"] == 20_000
    noticed_s = int(told["keepalives_idle"]) + int(told["keepalives_interval"]) * int(told["keepalives_count"])
    assert noticed_s <= 20


def test_what_the_url_says_stands() -> None:
    told = link_arguments(f"{URL}?connect_timeout=3&options=-c%20statement_timeout%3D5s")
    assert "connect_timeout" not in told
    assert "options" not in told
    assert told["keepalives_count"] == 3


def test_the_server_is_told_to_undo_what_stands_still(postgres: PostgresServer) -> None:
    with postgres.database(prepared=False) as url:
        engine = make_engine(url)
        with engine.connect() as connection:
            assert connection.execute(sa.text("SHOW idle_in_transaction_session_timeout")).scalar_one() == "30s"
        engine.dispose()
