"""Proof that the books are right: what every account has is what its rows say, and every job is settled once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from photoplay.accounts.ledger import AVAILABLE, HELD
from photoplay.db.tables import LIVE_STATES, accounts, jobs, ledger

_FINAL = {"succeeded": ("capture",), "failed": ("release",), "canceled": ("release",)}
_EITHER = ("capture", "release")  # expired and deleted jobs were one of the three before


def _sum_of(book: str) -> sa.ScalarSelect[int]:
    signed = sa.case((ledger.c.credit_book == book, ledger.c.amount), (ledger.c.debit_book == book, -ledger.c.amount))
    return (
        sa.select(sa.func.coalesce(sa.func.sum(signed), 0))
        .where(ledger.c.account_id == accounts.c.id)
        .scalar_subquery()
    )


ACCOUNTS = sa.select(
    accounts.c.id,
    accounts.c.credits_available,
    accounts.c.credits_held,
    _sum_of(AVAILABLE).label("available"),
    _sum_of(HELD).label("held"),
).order_by(accounts.c.number)

_hold = ledger.alias("hold")
_settled = ledger.alias("settled")
JOBS = (
    sa.select(
        jobs.c.id,
        jobs.c.account_id,
        jobs.c.state,
        jobs.c.credits,
        _hold.c.account_id.label("held_from"),
        _hold.c.amount.label("held"),
        _settled.c.kind.label("settlement"),
    )
    .outerjoin_from(jobs, _hold, sa.and_(_hold.c.job_id == jobs.c.id, _hold.c.kind == "hold"))
    .outerjoin(_settled, sa.and_(_settled.c.job_id == jobs.c.id, _settled.c.kind.in_(_EITHER)))
    .order_by(jobs.c.id)
)
SETTLEMENTS = (
    sa.select(
        _settled.c.job_id,
        _settled.c.kind,
        _settled.c.account_id,
        _settled.c.amount,
        _hold.c.account_id.label("held_from"),
        _hold.c.amount.label("held"),
    )
    .outerjoin_from(_settled, _hold, sa.and_(_hold.c.job_id == _settled.c.job_id, _hold.c.kind == "hold"))
    .where(_settled.c.kind.in_(_EITHER))
    .order_by(_settled.c.id)
)
LOST_HOLDS = (
    sa.select(_hold.c.job_id, _hold.c.amount)
    .outerjoin_from(_hold, jobs, jobs.c.id == _hold.c.job_id)
    .outerjoin(_settled, sa.and_(_settled.c.job_id == _hold.c.job_id, _settled.c.kind.in_(_EITHER)))
    .where(_hold.c.kind == "hold", jobs.c.id.is_(None), _settled.c.id.is_(None))
    .order_by(_hold.c.id)
)


def audit(engine: sa.Engine) -> list[str]:
    """What is wrong with the books, in plain words; empty when nothing is.

    Reads one consistent moment, so it may run while the server works.
    """
    with _snapshot(engine) as connection:
        return [*_accounts(connection), *_jobs(connection), *_settlements(connection), *_lost(connection)]


@contextmanager
def _snapshot(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        else:
            connection.exec_driver_sql("BEGIN")
        yield connection
        connection.rollback()


def _accounts(connection: sa.Connection) -> Iterator[str]:
    for row in connection.execute(ACCOUNTS):
        if row.credits_available != row.available:
            yield f"account {row.id}: {row.credits_available} credits available, its rows say {row.available}"
        if row.credits_held != row.held:
            yield f"account {row.id}: {row.credits_held} credits held, its rows say {row.held}"


def _jobs(connection: sa.Connection) -> Iterator[str]:
    for row in connection.execute(JOBS):
        if row.held is None:
            yield f"job {row.id}: {row.state}, nothing was held for it"
        elif (row.held_from, row.held) != (row.account_id, row.credits):
            yield f"job {row.id}: costs {row.credits}, {row.held} were held from account {row.held_from}"
        if row.state in LIVE_STATES:
            if row.settlement is not None:
                yield f"job {row.id}: {row.state}, but settled by {row.settlement}"
        elif row.settlement is None:
            yield f"job {row.id}: {row.state}, but not settled"
        elif row.settlement not in _FINAL.get(row.state, _EITHER):
            yield f"job {row.id}: {row.state}, but settled by {row.settlement}"


def _settlements(connection: sa.Connection) -> Iterator[str]:
    for row in connection.execute(SETTLEMENTS):
        if row.held is None:
            yield f"job {row.job_id}: {row.kind} of {row.amount} without a hold"
        elif (row.held_from, row.held) != (row.account_id, row.amount):
            yield f"job {row.job_id}: {row.kind} of {row.amount}, but the hold was {row.held}"


def _lost(connection: sa.Connection) -> Iterator[str]:
    for row in connection.execute(LOST_HOLDS):
        yield f"job {row.job_id}: does not exist, but {row.amount} credits are held for it"
