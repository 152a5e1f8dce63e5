"""The ledger: credits move between books, none appear or vanish, and each job is settled once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photoplay.accounts import AccountStore, Balance, Ledger, audit
from photoplay.clock import FixedClock
from photoplay.db import writing
from photoplay.db.tables import accounts as accounts_table
from photoplay.db.tables import jobs, ledger
from photoplay.errors import InsufficientCredits, NotFoundError

CREDITS = 100


@pytest.fixture
def books(clock: FixedClock) -> Ledger:
    return Ledger(clock)


@pytest.fixture
def account_id(accounts: AccountStore) -> str:
    return accounts.create_account("a", credits=CREDITS).id


def balance(engine: sa.Engine, account_id: str) -> Balance:
    with engine.connect() as connection:
        return Ledger.balance(connection, account_id)


def add_job(engine: sa.Engine, account_id: str, job_id: str, state: str, credits: int = 20) -> None:
    with writing(engine) as connection:
        connection.execute(
            sa.insert(jobs).values(
                id=job_id, object_id=job_id[:24], number=job_id[:18], account_id=account_id, dialect="native",
                model="motion", state=state, credits=credits, seed=0, request={}, quote={}, notes=[],
                created_ms=0, updated_ms=0,
            )
        )  # fmt: skip


def test_what_was_issued_does_not_shrink_by_spending(engine: sa.Engine, books: Ledger, account_id: str) -> None:
    add_job(engine, account_id, "spent", "succeeded")
    with writing(engine) as connection:
        books.hold(connection, account_id=account_id, job_id="spent", amount=20)
        books.capture(connection, account_id=account_id, job_id="spent", amount=20)
        assert books.issued(connection, account_id) == 100
        assert books.issued(connection, "nobody") == 0


def test_hold_and_capture(engine: sa.Engine, books: Ledger, account_id: str) -> None:
    with writing(engine) as connection:
        books.hold(connection, account_id=account_id, job_id="j", amount=30)
    assert balance(engine, account_id) == Balance(available=70, held=30)
    with writing(engine) as connection:
        assert books.settlement(connection, "j") is None
        assert books.capture(connection, account_id=account_id, job_id="j", amount=30)
        assert books.settlement(connection, "j") == "capture"
    assert balance(engine, account_id) == Balance(available=70, held=0)


def test_hold_and_release(engine: sa.Engine, books: Ledger, account_id: str) -> None:
    with writing(engine) as connection:
        books.hold(connection, account_id=account_id, job_id="j", amount=30)
        assert books.release(connection, account_id=account_id, job_id="j", amount=30)
    assert balance(engine, account_id) == Balance(available=100, held=0)


@pytest.mark.parametrize("first", ["capture", "release"])
@pytest.mark.parametrize("second", ["capture", "release"])
def test_a_job_is_settled_once(engine: sa.Engine, books: Ledger, account_id: str, first: str, second: str) -> None:
    with writing(engine) as connection:
        books.hold(connection, account_id=account_id, job_id="j", amount=30)
        assert getattr(books, first)(connection, account_id=account_id, job_id="j", amount=30)
    after = balance(engine, account_id)
    with writing(engine) as connection:
        assert not getattr(books, second)(connection, account_id=account_id, job_id="j", amount=30)
        assert books.settlement(connection, "j") == first
    assert balance(engine, account_id) == after


def test_too_few_credits_change_nothing(engine: sa.Engine, books: Ledger, account_id: str) -> None:
    with pytest.raises(InsufficientCredits, match="101 credits are needed and 100 are left"), writing(engine) as c:
        books.hold(c, account_id=account_id, job_id="j", amount=101)
    assert balance(engine, account_id) == Balance(available=100, held=0)
    with engine.connect() as connection:
        assert len(Ledger.entries(connection, account_id)) == 1  # the grant


def test_a_refused_hold_leaves_the_transaction_usable(engine: sa.Engine, books: Ledger, account_id: str) -> None:
    with writing(engine) as connection:
        with pytest.raises(InsufficientCredits):
            books.hold(connection, account_id=account_id, job_id="j", amount=101)
        books.hold(connection, account_id=account_id, job_id="j", amount=100)
    assert balance(engine, account_id) == Balance(available=0, held=100)


def test_a_free_job_is_held_and_settled_too(engine: sa.Engine, books: Ledger, account_id: str) -> None:
    with writing(engine) as connection:
        books.hold(connection, account_id=account_id, job_id="j", amount=0)
        assert books.capture(connection, account_id=account_id, job_id="j", amount=0)
    assert balance(engine, account_id) == Balance(available=100, held=0)


def test_a_second_hold_for_a_job_breaks_the_transaction(engine: sa.Engine, books: Ledger, account_id: str) -> None:
    with writing(engine) as connection:
        books.hold(connection, account_id=account_id, job_id="j", amount=10)
    with pytest.raises(sa.exc.IntegrityError), writing(engine) as connection:
        books.hold(connection, account_id=account_id, job_id="j", amount=10)
    assert balance(engine, account_id) == Balance(available=90, held=10)


def test_settling_what_was_not_held(engine: sa.Engine, books: Ledger, accounts: AccountStore, account_id: str) -> None:
    other = accounts.create_account("other").id
    with writing(engine) as connection:
        books.hold(connection, account_id=account_id, job_id="j", amount=10)
    for who, job, amount in ((account_id, "none", 10), (account_id, "j", 11), (other, "j", 10)):
        with writing(engine) as connection, pytest.raises(ValueError, match="has no hold"):
            books.capture(connection, account_id=who, job_id=job, amount=amount)
    assert balance(engine, account_id) == Balance(available=90, held=10)


def test_a_rolled_back_transaction_moves_nothing(engine: sa.Engine, books: Ledger, account_id: str) -> None:
    with pytest.raises(RuntimeError), writing(engine) as connection:  # noqa: PT012 - what fails comes second
        books.hold(connection, account_id=account_id, job_id="j", amount=10)
        raise RuntimeError
    assert balance(engine, account_id) == Balance(available=100, held=0)
    assert audit(engine) == []


def test_grants_and_adjustments(engine: sa.Engine, books: Ledger, account_id: str) -> None:
    with writing(engine) as connection:
        books.grant(connection, account_id=account_id, amount=50, note="top-up")
        books.adjust(connection, account_id=account_id, amount=-120, note="mistake")
        books.adjust(connection, account_id=account_id, amount=5, note="goodwill")
    assert balance(engine, account_id).available == 35
    with engine.connect() as connection:
        assert books.issued(connection, account_id) == 35
    with writing(engine) as connection, pytest.raises(InsufficientCredits):
        books.adjust(connection, account_id=account_id, amount=-36, note="too much")
    assert audit(engine) == []


@pytest.mark.parametrize("call", ["grant", "hold"])
def test_negative_amounts_are_refused(engine: sa.Engine, books: Ledger, account_id: str, call: str) -> None:
    extra = {"job_id": "j"} if call == "hold" else {}
    with writing(engine) as connection, pytest.raises(ValueError, match="negative"):
        getattr(books, call)(connection, account_id=account_id, amount=-1, **extra)


def test_unknown_accounts(engine: sa.Engine, books: Ledger) -> None:
    with writing(engine) as connection:
        with pytest.raises(NotFoundError):
            books.grant(connection, account_id="none", amount=1)
        with pytest.raises(NotFoundError):
            books.hold(connection, account_id="none", job_id="j", amount=1)
        with pytest.raises(NotFoundError):
            books.balance(connection, "none")


def test_entries_come_newest_first_in_pages(engine: sa.Engine, books: Ledger, account_id: str) -> None:
    with writing(engine) as connection:
        for amount in range(1, 6):
            books.grant(connection, account_id=account_id, amount=amount, note=f"n{amount}")
    with engine.connect() as connection:
        page = Ledger.entries(connection, account_id, limit=3)
        rest = Ledger.entries(connection, account_id, before_id=page[-1].id)
    assert [entry.note for entry in page + rest] == ["n5", "n4", "n3", "n2", "n1", "opening grant"]
    assert (page[0].debit_book, page[0].credit_book, page[0].amount) == ("issued", "available", 5)


def test_many_holds_at_once_never_overdraw(engine: sa.Engine, books: Ledger, account_id: str) -> None:
    def hold(n: int) -> bool:
        try:
            with writing(engine) as connection:
                books.hold(connection, account_id=account_id, job_id=f"j{n}", amount=30)
        except InsufficientCredits:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(hold, range(12))) == 3
    assert balance(engine, account_id) == Balance(available=10, held=90)


def test_many_settlements_at_once_count_once(engine: sa.Engine, books: Ledger, account_id: str) -> None:
    with writing(engine) as connection:
        books.hold(connection, account_id=account_id, job_id="j", amount=30)

    def settle(n: int) -> bool:
        with writing(engine) as connection:
            return (books.capture if n % 2 else books.release)(connection, account_id=account_id, job_id="j", amount=30)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(settle, range(8))) == 1
    assert balance(engine, account_id).held == 0
    assert balance(engine, account_id).available in (70, 100)


STEP = st.tuples(
    st.sampled_from(["hold", "capture", "release", "grant", "adjust"]), st.integers(0, 4), st.integers(0, 60)
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=12))
def test_any_history_balances(
    engine: sa.Engine, books: Ledger, accounts: AccountStore, steps: list[tuple[str, int, int]]
) -> None:
    account_id = accounts.create_account("a", credits=CREDITS).id
    available, held, open_holds = CREDITS, 0, {}
    settled: set[int] = set()
    with writing(engine) as connection:
        for kind, job, amount in steps:
            job_id = f"{account_id[-24:]}-{job}"  # a column of 32 letters
            if kind == "hold" and job not in open_holds and job not in settled and amount <= available:
                books.hold(connection, account_id=account_id, job_id=job_id, amount=amount)
                available, held, open_holds[job] = available - amount, held + amount, amount
            elif kind in ("capture", "release") and job in open_holds:
                amount = open_holds.pop(job)
                settled.add(job)
                assert getattr(books, kind)(connection, account_id=account_id, job_id=job_id, amount=amount)
                held -= amount
                available += amount if kind == "release" else 0
            elif kind == "grant":
                books.grant(connection, account_id=account_id, amount=amount)
                available += amount
            elif kind == "adjust" and amount <= available:
                books.adjust(connection, account_id=account_id, amount=-amount, note="")
                available -= amount
    assert balance(engine, account_id) == Balance(available=available, held=held)
    assert [p for p in audit(engine) if not p.endswith("held for it")] == []


# The audit -------------------------------------------------------------------------------------------------------


def test_audit_of_sound_books(engine: sa.Engine, books: Ledger, account_id: str) -> None:
    ways = {
        "a": ("queued", None), "b": ("running", None), "c": ("succeeded", "capture"), "d": ("failed", "release"),
        "e": ("canceled", "release"),
    }  # fmt: skip
    for letter, (state, settlement) in ways.items():
        job_id = letter * 32
        add_job(engine, account_id, job_id, state)
        with writing(engine) as connection:
            books.hold(connection, account_id=account_id, job_id=job_id, amount=20)
            if settlement:
                getattr(books, settlement)(connection, account_id=account_id, job_id=job_id, amount=20)
    with writing(engine) as connection:
        connection.execute(sa.update(jobs).where(jobs.c.id == "c" * 32).values(state="expired"))
        connection.execute(sa.update(jobs).where(jobs.c.id == "d" * 32).values(state="deleted"))
    assert audit(engine) == []


@pytest.mark.parametrize(
    ("state", "held", "settlement", "problem"),
    [
        ("succeeded", None, None, "nothing was held"),
        ("succeeded", 20, None, "not settled"),
        ("succeeded", 20, "release", "settled by release"),
        ("failed", 20, "capture", "settled by capture"),
        ("canceled", 20, None, "not settled"),
        ("expired", 20, None, "not settled"),
        ("running", 20, "capture", "settled by capture"),
        ("queued", 19, None, "costs 20, 19 were held"),
    ],
)
def test_audit_finds_jobs_settled_wrongly(
    engine: sa.Engine,
    books: Ledger,
    account_id: str,
    state: str,
    held: int | None,
    settlement: str | None,
    problem: str,
) -> None:
    add_job(engine, account_id, "a" * 32, state)
    with writing(engine) as connection:
        if held is not None:
            books.hold(connection, account_id=account_id, job_id="a" * 32, amount=held)
        if settlement:
            getattr(books, settlement)(connection, account_id=account_id, job_id="a" * 32, amount=held)
    assert any(problem in found for found in audit(engine))


def test_audit_finds_sums_that_are_wrong(engine: sa.Engine, account_id: str) -> None:
    with writing(engine) as connection:
        connection.execute(sa.update(accounts_table).values(credits_available=7, credits_held=3))
    problems = audit(engine)
    assert any("7 credits available, its rows say 100" in problem for problem in problems)
    assert any("3 credits held, its rows say 0" in problem for problem in problems)


def test_audit_finds_what_hangs_in_the_air(engine: sa.Engine, books: Ledger, account_id: str) -> None:
    with writing(engine) as connection:
        books.hold(connection, account_id=account_id, job_id="lost", amount=10)
        row = {"account_id": account_id, "debit_book": "held", "credit_book": "spent", "created_ms": 0}
        connection.execute(sa.insert(ledger).values(**row, job_id="unheld", kind="capture", amount=0))
    problems = audit(engine)
    assert any("lost" in problem and "10 credits are held" in problem for problem in problems)
    assert any("unheld" in problem and "without a hold" in problem for problem in problems)
