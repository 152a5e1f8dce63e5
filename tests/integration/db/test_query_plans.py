"""No query of the product grows slower as its tables grow.

A script uses everything that reads or writes the database, on one that holds many jobs; each statement it sends is
written down, explained and run again. One that reads a big table from end to end fails, and so does one that looks at
more rows than it has any need to. The last test reads the source: a new query that the script does not send fails too.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from photoplay.db import make_engine, migrate
from photoplay.settings import Settings
from support.crowd import fill
from support.inside import served
from support.postgres import PostgresServer
from support.use_all import use_all
from support.watched import Sent, places, watched

ROWS = 12_000
ACCOUNTS = 24
BIG = ("jobs", "ledger", "artifacts", "job_steps", "webhooks", "idempotency_keys", "uploads", "accounts", "api_keys")
MOST_STEPS = 12_000
"""Instructions of SQLite's machine. A row of the jobs table takes about 50; the largest account has 2,400."""
MOST_ROWS = 1_000
"""Rows that PostgreSQL reads: those it gives, and those it throws away."""

ALL_OF_IT = {
    "AccountStore.list": "an operator asks for every account",
}
"""Functions that read a whole table because that is what they are for."""

WALKS = {
    r"JobStore\.page": [
        (r"(?s)^(?!.*jobs\.account_id =).*jobs\.state IN", "an operator looks through everybody's jobs, newest first"),
        (r"(?i)JSON_EXTRACT|request #>>", "Kling's list of multi-image tasks looks through the account's own jobs"),
    ],
}
"""Statements that may look at more than they give: the function, what they look like, and why."""

ELSEWHERE = {
    "accounts/audit.py": "proves the books: reads all of them, at one moment",
    "cli/doctor.py": "asks whether the database answers",
    "jobs/moving.py": "moves an installation: reads all of it, once",
    "dialects/native/health.py": "asks whether the database answers",
}
"""Modules whose statements are not looked at."""


@dataclass(frozen=True)
class Recording:
    """What was sent, and the database that it was sent to."""

    engine: sa.Engine
    sent: list[Sent]

    @property
    def distinct(self) -> list[Sent]:
        """Each statement once for every place that sent it, with its last values."""
        unlike = {(each.statement, each.function): each for each in self.sent if each.path}
        return [
            each
            for each in unlike.values()
            if each.path not in ELSEWHERE and each.function not in ALL_OF_IT and not _walks(each)
        ]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def recording(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    folder = tmp_path_factory.mktemp("crowd")
    if request.param == "sqlite":
        yield from _recorded(folder, f"sqlite:///{folder / 'crowd.sqlite'}")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.database() as url:
            yield from _recorded(folder, url)


def _recorded(folder: Any, url: str) -> Iterator[Recording]:
    engine = make_engine(url)
    migrate(engine)
    account_ids = fill(engine, rows=ROWS, accounts=ACCOUNTS, now_ms=round(time.time() * 1000))
    engine.dispose()
    settings = Settings(data_dir=folder / "data", database_url=url, allowed_networks=("127.0.0.0/8",))
    with served(settings) as inside, watched(inside.runtime.engine) as sent:
        use_all(inside, account_ids)
        yield Recording(inside.runtime.engine, list(sent))


def test_no_query_reads_a_big_table_from_end_to_end(recording: Recording) -> None:
    wrong = [f"{one.path}:{one.line} {one.function}\n{problem}" for one in recording.distinct
             for problem in _problems(recording.engine, one)]  # fmt: skip
    assert not wrong, f"{len(wrong)} queries:\n\n" + "\n\n".join(wrong)


def test_every_query_of_the_source_was_looked_at(recording: Recording) -> None:
    hit = {(one.path, one.line) for one in recording.sent}
    only = {"sqlite": "pg_advisory", "postgresql": "\0"}[recording.engine.dialect.name]
    missed = [
        f"{path}:{first} {text}"
        for (path, first, last), text in places().items()
        if path not in ELSEWHERE
        and only not in text
        and not any((path, line) in hit for line in range(first, last + 1))
    ]
    assert not missed, "support/use_all.py does not come by here:\n" + "\n".join(missed)


def test_a_query_without_an_index_is_noticed(recording: Recording) -> None:
    engine = recording.engine
    mark = "?" if engine.dialect.name == "sqlite" else "%s"
    for blind, value in (
        ("SELECT id FROM jobs WHERE executor_id = ", "nobody"),
        ("SELECT note FROM ledger WHERE note = ", "nobody"),
        ("SELECT id FROM jobs WHERE account_id = 'acc000000' AND seed = ", -1),  # all that one account ever had
    ):
        assert list(_problems(engine, Sent(blind + mark, (value,), "x.py", 1, "x")))


def _walks(sent: Sent) -> bool:
    return any(
        re.fullmatch(function, sent.function) and any(re.search(form, sent.statement) for form, _why in forms)
        for function, forms in WALKS.items()
    )


def _problems(engine: sa.Engine, sent: Sent) -> Iterator[str]:
    if not re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT|WITH)\b", sent.statement):
        return
    look = _sqlite_look if engine.dialect.name == "sqlite" else _postgres_look
    plan, looked_at, most = look(engine, sent)
    scanned = [
        line for line in plan if any(re.search(rf"\b(SCAN|Seq Scan on) {name}\b(?! USING)", line) for name in BIG)
    ]
    if scanned or looked_at > most:
        yield f"{sent.statement}\n{sent.parameters}\n{chr(10).join(plan)}\nlooked at {looked_at}, {most} are enough"


def _sqlite_look(engine: sa.Engine, sent: Sent) -> tuple[list[str], int, int]:
    """(plan, instructions that it took, how many are enough)."""
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 100

    connection = sqlite3.connect(str(engine.url.database), isolation_level=None)
    try:
        plan = [str(row[3]) for row in connection.execute("EXPLAIN QUERY PLAN " + sent.statement, sent.parameters)]
        connection.execute("BEGIN IMMEDIATE")
        connection.set_progress_handler(count, 100)
        try:
            connection.execute(sent.statement, sent.parameters).fetchall()
        except sqlite3.IntegrityError:
            pass  # what was inserted is there
        finally:
            connection.set_progress_handler(None, 0)
            connection.execute("ROLLBACK")
    finally:
        connection.close()
    return plan, steps, MOST_STEPS


def _postgres_look(engine: sa.Engine, sent: Sent) -> tuple[list[str], int, int]:
    """(plan, rows that it read, how many are enough)."""
    with engine.connect() as connection:
        transaction = connection.begin()
        try:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # accounts are few here
            rows = connection.exec_driver_sql("EXPLAIN (FORMAT JSON) " + sent.statement, sent.parameters).scalar_one()
            try:
                explain = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "
                rows = connection.exec_driver_sql(explain + sent.statement, sent.parameters).scalar_one()
            except sa.exc.IntegrityError:
                pass  # what was inserted is there
        finally:
            transaction.rollback()
    plan: list[str] = []
    looked_at = 0

    def walk(node: dict[str, Any], depth: int) -> None:
        nonlocal looked_at
        thrown = sum(node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
        read = (
            node.get("Actual Rows", 0) + thrown if "Relation Name" in node and node["Node Type"] != "ModifyTable" else 0
        )
        looked_at += round(read * node.get("Actual Loops", 1))
        plan.append(
            f"{'  ' * depth}{node['Node Type']} on {node.get('Relation Name', '')} {node.get('Index Name', '')}"
        )
        for below in node.get("Plans", []):
            walk(below, depth + 1)

    walk(rows[0]["Plan"], 0)
    return plan, looked_at, MOST_ROWS
