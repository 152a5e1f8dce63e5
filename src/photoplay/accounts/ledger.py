"""The books: every credit that moves, for ever.

Double entry: each row moves ``amount`` out of one book of an account (``debit_book``) into another
(``credit_book``), so what leaves one always arrives in the other. The books:

========== ==============================================
issued     where an account's credits come from
available  what the account may spend
held       set aside for jobs that are not finished
spent      paid for finished clips
========== ==============================================

A grant moves issued → available, a hold available → held, a capture held → spent, a release held →
available, an adjustment between issued and available either way. Rows are only ever added. A job has one hold and
one settlement (capture or release) at most: the database holds them unique.

The methods take an open connection: they belong to the transaction of what they pay for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from photoplay.clock import Clock, SystemClock
from photoplay.db.tables import IS_ISSUE, accounts, ledger
from photoplay.errors import InsufficientCredits, NotFoundError

ISSUED, AVAILABLE, HELD, SPENT = "issued", "available", "held", "spent"

Settlement = Literal["capture", "release"]

HOLD_OF = sa.select(ledger.c.account_id, ledger.c.amount).where(
    ledger.c.job_id == sa.bindparam("job_id"), ledger.c.kind == "hold"
)
SETTLEMENT_OF = sa.select(ledger.c.kind).where(
    ledger.c.job_id == sa.bindparam("job_id"), ledger.c.kind.in_(("capture", "release"))
)

_SET_ASIDE = (
    sa.update(accounts)
    .where(accounts.c.id == sa.bindparam("of"), accounts.c.credits_available >= sa.bindparam("amount"))
    .values(
        credits_available=accounts.c.credits_available - sa.bindparam("amount"),
        credits_held=accounts.c.credits_held + sa.bindparam("amount"),
    )
)


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What an account has."""

    available: int
    held: int


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of the books."""

    id: int
    account_id: str
    job_id: str | None
    kind: str
    debit_book: str
    credit_book: str
    amount: int
    note: str
    created_ms: int


class Ledger:
    """Moves credits."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()

    def grant(self, connection: sa.Connection, *, account_id: str, amount: int, note: str = "") -> None:
        """Gives an account credits to spend.

        Raises:
            ValueError: ``amount`` is negative.
            NotFoundError: there is no such account.
        """
        _check(amount)
        self._change(connection, account_id, available=amount)
        self._write(connection, account_id, None, "grant", ISSUED, AVAILABLE, amount, note)

    def adjust(self, connection: sa.Connection, *, account_id: str, amount: int, note: str) -> None:
        """Corrects an account's credits by hand: ``amount`` may be negative.

        Raises:
            InsufficientCredits: the account has less than is to be taken away.
            NotFoundError: there is no such account.
        """
        self._change(connection, account_id, available=amount)
        books = (ISSUED, AVAILABLE) if amount >= 0 else (AVAILABLE, ISSUED)
        self._write(connection, account_id, None, "adjust", *books, abs(amount), note)

    def hold(self, connection: sa.Connection, *, account_id: str, job_id: str, amount: int) -> None:
        """Sets credits aside for a job. A job is held for once: a second hold breaks the transaction.

        Raises:
            InsufficientCredits: the account has too few. Nothing was changed.
            NotFoundError: there is no such account.
        """
        _check(amount)
        self._change(connection, account_id, available=-amount, held=amount)
        self._write(connection, account_id, job_id, "hold", AVAILABLE, HELD, amount)

    def hold_all(self, connection: sa.Connection, holds: Sequence[tuple[str, str, int]]) -> None:
        """Sets credits aside for several jobs: (account id, job id, amount). As :meth:`hold`; all or none.

        Raises:
            InsufficientCredits: an account has too few. The transaction must be undone.
        """
        sums: dict[str, int] = {}
        for account_id, _, amount in holds:
            _check(amount)
            sums[account_id] = sums.get(account_id, 0) + amount
        changed = connection.execute(_SET_ASIDE, [{"of": each, "amount": sums[each]} for each in sorted(sums)])
        if changed.rowcount != len(sums):
            raise InsufficientCredits
        now_ms = self._clock.now_ms()
        connection.execute(
            sa.insert(ledger),
            [
                {
                    "account_id": account_id,
                    "job_id": job_id,
                    "kind": "hold",
                    "debit_book": AVAILABLE,
                    "credit_book": HELD,
                    "amount": amount,
                    "note": "",
                    "created_ms": now_ms,
                }
                for account_id, job_id, amount in holds
            ],
        )

    def capture(self, connection: sa.Connection, *, account_id: str, job_id: str, amount: int) -> bool:
        """Spends what was held for a job. False, and nothing done, when it was captured or released before.

        Raises:
            ValueError: nothing was held for the job, or not this amount from this account.
        """
        return self._settle(connection, account_id, job_id, amount, "capture")

    def release(self, connection: sa.Connection, *, account_id: str, job_id: str, amount: int) -> bool:
        """Gives back what was held for a job. False, and nothing done, when it was captured or released before.

        Raises:
            ValueError: nothing was held for the job, or not this amount from this account.
        """
        return self._settle(connection, account_id, job_id, amount, "release")

    def _settle(self, connection: sa.Connection, account_id: str, job_id: str, amount: int, kind: Settlement) -> bool:
        held = connection.execute(HOLD_OF, {"job_id": job_id}).one_or_none()
        if held is None or (held.account_id, held.amount) != (account_id, amount):
            raise ValueError(f"job {job_id} has no hold of {amount} credits from account {account_id}")
        target = SPENT if kind == "capture" else AVAILABLE
        if not self._write(connection, account_id, job_id, kind, HELD, target, amount):
            return False
        self._change(connection, account_id, available=amount if kind == "release" else 0, held=-amount)
        return True

    @staticmethod
    def settlement(connection: sa.Connection, job_id: str) -> Settlement | None:
        """How a job was settled; ``None`` when it was not yet."""
        kind: Settlement | None = connection.execute(SETTLEMENT_OF, {"job_id": job_id}).scalar_one_or_none()
        return kind

    @staticmethod
    def balance(connection: sa.Connection, account_id: str) -> Balance:
        """What the account has.

        Raises:
            NotFoundError: there is no such account.
        """
        row = connection.execute(
            sa.select(accounts.c.credits_available, accounts.c.credits_held).where(accounts.c.id == account_id)
        ).one_or_none()
        if row is None:
            raise NotFoundError("There is no such account.")
        return Balance(available=row.credits_available, held=row.credits_held)

    @staticmethod
    def issued(connection: sa.Connection, account_id: str) -> int:
        """Credits that an account was ever given: what came out of its book of issues, less what went back."""
        signed = sa.case(
            (ledger.c.debit_book == ISSUED, ledger.c.amount),
            (ledger.c.credit_book == ISSUED, -ledger.c.amount),
            else_=0,
        )
        query = sa.select(sa.func.coalesce(sa.func.sum(signed), 0)).where(ledger.c.account_id == account_id, IS_ISSUE)
        return int(connection.execute(query).scalar_one())

    @staticmethod
    def entries(
        connection: sa.Connection, account_id: str, *, limit: int = 50, before_id: int | None = None
    ) -> list[Entry]:
        """The account's rows, newest first; ``before_id`` continues a list."""
        query = sa.select(ledger).where(ledger.c.account_id == account_id)
        if before_id is not None:
            query = query.where(ledger.c.id < before_id)
        rows = connection.execute(query.order_by(ledger.c.id.desc()).limit(limit)).mappings()
        return [Entry(**row) for row in rows]

    @staticmethod
    def _change(connection: sa.Connection, account_id: str, *, available: int = 0, held: int = 0) -> None:
        """Changes the running sums, unless that would make one negative."""
        changed = connection.execute(
            sa.update(accounts)
            .where(
                accounts.c.id == account_id,
                accounts.c.credits_available + available >= 0,
                accounts.c.credits_held + held >= 0,
            )
            .values(
                credits_available=accounts.c.credits_available + available,
                credits_held=accounts.c.credits_held + held,
            )
        )
        if changed.rowcount == 1:
            return
        has = Ledger.balance(connection, account_id)
        raise InsufficientCredits(f"{-available} credits are needed and {has.available} are left")

    def _write(
        self,
        connection: sa.Connection,
        account_id: str,
        job_id: str | None,
        kind: str,
        debit_book: str,
        credit_book: str,
        amount: int,
        note: str = "",
    ) -> bool:
        """Adds a row. A second settlement of a job adds nothing and gives False."""
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        row = insert(ledger).values(
            account_id=account_id,
            job_id=job_id,
            kind=kind,
            debit_book=debit_book,
            credit_book=credit_book,
            amount=amount,
            note=note,
            created_ms=self._clock.now_ms(),
        )
        if kind in ("capture", "release"):
            row = row.on_conflict_do_nothing()
        return connection.execute(row.returning(ledger.c.id)).first() is not None


def _check(amount: int) -> None:
    if amount < 0:
        raise ValueError(f"an amount of credits cannot be negative: {amount}")
