"""Creates that come at the same time: stored by one transaction, and yet each as if it were alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from photoplay.accounts import audit
from photoplay.db.tables import jobs
from photoplay.errors import AccountBlocked, ExternalIdTaken, InsufficientCredits, ServerBusy
from photoplay.jobs.desk import Desk
from photoplay.jobs.job import Job
from photoplay.jobs.runtime import Runtime

from .conftest import ask

PRICE = 20  # credits of 5 s in 720p


def at_once(runtime: Runtime, *creates: Callable[[], Any]) -> list[Any]:
    """What each gives or raises, when all come, in this order, while the desk is taken."""
    desk = runtime.service._desk
    outcomes: list[Any] = [None] * len(creates)

    def run(number: int) -> None:
        try:
            outcomes[number] = creates[number]()
        except Exception as error:  # noqa: BLE001 - looked at by the test
            outcomes[number] = error

    with desk._lock:
        assert not desk._taken
        desk._taken = True
    threads = []
    for number in range(len(creates)):
        threads.append(threading.Thread(target=run, args=(number,)))
        threads[-1].start()
        deadline = time.monotonic() + 30
        while len(desk._waiting) <= number:
            assert time.monotonic() < deadline
            time.sleep(0.001)
    desk._waiting[0].turn.set()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    return outcomes


@pytest.fixture
def transactions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many creates each transaction stored."""
    seen: list[int] = []
    transact = Desk._transact

    def count(self: Desk, batch: Any) -> None:
        seen.append(len(batch))
        transact(self, batch)

    monkeypatch.setattr(Desk, "_transact", count)
    return seen


def turns(runtime: Runtime) -> list[tuple[str, int | None]]:
    """(prompt, start tag) of every queued job, in the order of the prompts."""
    query = sa.select(jobs.c.request, jobs.c.priority).where(jobs.c.state == "queued")
    with runtime.engine.connect() as connection:
        return sorted((row.request["prompt"], row.priority) for row in connection.execute(query))


def test_they_share_a_transaction_and_each_gets_its_own(runtime, account, transactions):
    other = runtime.accounts.create_account("Bob", "business", 1000)
    owners = [account, other, account, other]
    found = at_once(
        runtime,
        *(lambda n=n, who=who: runtime.service.submit(who, ask(f"clip {n}")) for n, who in enumerate(owners)),
    )
    assert transactions == [4]
    assert [job.request.prompt for job in found] == ["clip 0", "clip 1", "clip 2", "clip 3"]
    assert [job.account_id for job in found] == [each.id for each in owners]
    assert len({(job.id, job.number, job.object_id) for job in found}) == 4
    for each in (account, other):
        assert runtime.balance(each.id).held == 2 * PRICE
    assert audit(runtime.engine) == []
    assert set(runtime.queue.statuses([job.id for job in found]).values()) == {"ENQUEUED"}


def test_turns_and_places_are_as_if_they_came_one_after_another(runtime, account):
    other = runtime.accounts.create_account("Bob", "business", 1000)
    owners = [account, account, other, account, other, account, account, account, other]
    creates = [
        lambda n=n, who=who: runtime.service.submit(who, ask(f"clip {n}")) for n, who in enumerate(owners)
    ]  # fmt: skip
    at_once(runtime, *creates)
    together = turns(runtime)
    with runtime.engine.begin() as connection:
        connection.execute(sa.update(jobs).values(state="canceled"))
    for create in creates:
        create()
    assert turns(runtime) == together
    assert None in {tag for _, tag in together}  # more than the plan lets in at once


def test_what_one_may_not_do_says_nothing_about_the_others(runtime, account, transactions):
    poor = runtime.accounts.create_account("Poor", "pro", PRICE)
    found = at_once(
        runtime,
        lambda: runtime.service.submit(poor, ask("first")),
        lambda: runtime.service.submit(poor, ask("too much")),
        lambda: runtime.service.submit(account, ask("fine")),
    )
    assert transactions == [3]
    assert isinstance(found[0], Job)
    assert isinstance(found[1], InsufficientCredits)
    assert str(found[1]) == f"{PRICE} credits are needed and 0 are left"
    assert isinstance(found[2], Job)
    assert audit(runtime.engine) == []
    assert [prompt for prompt, _ in turns(runtime)] == ["fine", "first"]


def test_one_key_makes_one_job_however_many_come_at_once(runtime, account):
    create = lambda: runtime.service.submit(account, ask(), idempotency_key="k")  # noqa: E731
    found = at_once(runtime, create, create, create)
    assert len({job.id for job in found}) == 1
    assert runtime.balance(account.id).held == PRICE
    assert audit(runtime.engine) == []


def test_one_external_id_is_given_once(runtime, account):
    create = lambda: runtime.service.submit(account, ask(external_id="mine"))  # noqa: E731
    found = at_once(runtime, create, create)
    assert [type(each) for each in found] == [Job, ExternalIdTaken]
    assert runtime.balance(account.id).held == PRICE


def test_where_the_database_refuses_a_row_each_is_tried_alone(runtime, account, transactions, monkeypatch):
    first = runtime.service.submit(account, ask(external_id="mine"))
    monkeypatch.setattr(Desk, "_asked_before", lambda *_: False)  # as if another server had stored it just now
    found = at_once(
        runtime,
        lambda: runtime.service.submit(account, ask("before")),
        lambda: runtime.service.submit(account, ask(external_id="mine")),
        lambda: runtime.service.submit(account, ask("after")),
    )
    assert transactions == [1, 3, 1, 1, 1]
    assert isinstance(found[0], Job)
    assert isinstance(found[1], sa.exc.IntegrityError)
    assert isinstance(found[2], Job)
    assert runtime.balance(account.id).held == 3 * PRICE
    assert audit(runtime.engine) == []
    assert runtime.service.get_external(account.id, "mine") == first


def test_a_failure_of_the_database_reaches_all_and_leaves_the_desk_free(runtime, account, monkeypatch):
    def away(*_: Any) -> None:
        raise sa.exc.OperationalError("COMMIT", {}, Exception("gone"))

    with monkeypatch.context() as patch:
        patch.setattr(runtime.store, "insert", away)
        create = lambda: runtime.service.submit(account, ask())  # noqa: E731
        assert [type(each) for each in at_once(runtime, create, create)] == [sa.exc.OperationalError] * 2
    assert turns(runtime) == []
    assert runtime.balance(account.id).held == 0
    assert isinstance(runtime.service.submit(account, ask()), Job)


def test_the_limit_of_all_accounts_holds_within_a_transaction(runtime, account):
    runtime.service._desk._max_live = 2
    create = lambda: runtime.service.submit(account, ask())  # noqa: E731
    found = at_once(runtime, create, create, create)
    assert [type(each) for each in found] == [Job, Job, ServerBusy]


def test_an_account_that_was_blocked_meanwhile_makes_no_job(runtime, account):
    runtime.accounts.set_blocked(account.id, True)  # `account` was read before
    with pytest.raises(AccountBlocked):
        runtime.service.submit(account, ask())


def test_many_threads_lose_and_double_nothing(runtime, account):
    others = [runtime.accounts.create_account(f"account {n}", "enterprise", 10_000) for n in range(3)]
    made: list[Job] = []

    def many(who: Any) -> None:
        made.extend(runtime.service.submit(who, ask()) for _ in range(10))

    threads = [threading.Thread(target=many, args=(who,)) for who in (*others, *others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
        assert not thread.is_alive()
    assert len({job.id for job in made}) == 60
    assert [runtime.balance(who.id).held for who in others] == [20 * PRICE] * 3
    assert audit(runtime.engine) == []
