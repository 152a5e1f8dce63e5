"""The sending loop: what counts as delivered, what is tried again, and that nobody waits for a slow receiver."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass, field

import pytest

from photoplay.errors import CredentialsInvalid, UrlForbidden, UrlUnreachable
from photoplay.notify.delivery import SENDERS, SENDERS_PER_RECEIVER, Deliverer, Delivery
from photoplay.notify.outbox import Event


def event(event_id: str = "e1", job_id: str = "j1", account_id: str = "a") -> Event:
    return Event(
        id=event_id,
        job_id=job_id,
        account_id=account_id,
        dialect="native",
        event="succeeded",
        seq=1,
        snapshot={},
        state="pending",
        attempts=0,
        due_ms=0,
        lease_ms=None,
        url=None,
        last_status=None,
        last_error=None,
        created_ms=0,
        finished_ms=None,
    )


@dataclass
class Notes:
    """Stands for the outbox: hands out what it was given, and notes what came of it."""

    waiting: list[Event] = field(default_factory=list)
    outcome: dict[str, tuple] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def hasten(self) -> int:
        return 0

    def claim(self, limit: int, *, busy: Collection[str] = ()) -> list[Event]:
        with self.lock:
            found = next((told for told in self.waiting if told.receiver not in busy), None)
            if found is None:
                return []
            self.waiting.remove(found)
            return [found]

    def _note(self, event: Event, *what) -> None:
        with self.changed:
            self.outcome[event.id] = what
            self.changed.notify_all()

    def delivered(self, event, *, url, status):
        self._note(event, "delivered", status)

    def skip(self, event, reason):
        self._note(event, "skipped")

    def failed(self, event, *, url, status, error, final=False):
        self._note(event, "dead" if final else "failed", status, error)

    def wait_for(self, event_id: str) -> tuple:
        with self.changed:
            assert self.changed.wait_for(lambda: event_id in self.outcome, timeout=20)
            return self.outcome[event_id]


MESSAGE = Delivery(url="https://receiver.example/hook", body=b"{}")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, ("delivered", 200)),
        (204, ("delivered", 204)),
        (302, ("failed", 302, "the receiver answered 302")),
        (404, ("failed", 404, "the receiver answered 404")),
        (410, ("dead", 410, "the receiver answered 410")),
        (500, ("failed", 500, "the receiver answered 500")),
    ],
)
def test_statuses(status, outcome):
    notes = Notes()
    Deliverer(notes, lambda _: MESSAGE, lambda _: status).send(event())
    assert notes.outcome["e1"] == outcome


@pytest.mark.parametrize(
    ("error", "state"), [(UrlUnreachable("timed out"), "failed"), (UrlForbidden("a private address"), "dead")]
)
def test_a_receiver_that_cannot_be_reached(error, state):
    def post(_: Delivery) -> int:
        raise error

    notes = Notes()
    Deliverer(notes, lambda _: MESSAGE, post).send(event())
    assert notes.outcome["e1"] == (state, None, error.message)


def test_what_nobody_wants_is_skipped_without_a_request():
    notes = Notes()
    Deliverer(notes, lambda _: None, lambda _: pytest.fail("sent")).send(event())
    assert notes.outcome["e1"] == ("skipped",)


def test_a_message_that_cannot_be_signed_is_tried_again():
    def compose(_: Event) -> Delivery:
        raise CredentialsInvalid("The account has no live key.")

    notes = Notes()
    Deliverer(notes, compose, lambda _: 200).send(event())
    assert notes.outcome["e1"][0] == "failed"


def test_a_slow_receiver_holds_nobody_up():
    release = threading.Event()
    notes = Notes([event("slow"), *(event(f"e{n}", f"j{n}") for n in range(20))])

    def compose(told: Event) -> Delivery:
        return Delivery(url=told.id, body=b"")

    def post(message: Delivery) -> int:
        if message.url == "slow":
            release.wait(20)
        return 200

    deliverer = Deliverer(notes, compose, post)
    deliverer.start()
    try:
        for number in range(20):
            assert notes.wait_for(f"e{number}") == ("delivered", 200)
        assert "slow" not in notes.outcome
        release.set()
        assert notes.wait_for("slow") == ("delivered", 200)
    finally:
        release.set()
        deliverer.stop()


def test_no_more_is_claimed_than_can_be_sent_at_once():
    release = threading.Event()
    busy = threading.Semaphore(0)
    notes = Notes([event(f"e{n}", f"j{n}", f"a{n}") for n in range(SENDERS + 5)])

    def post(_: Delivery) -> int:
        busy.release()
        release.wait(20)
        return 200

    deliverer = Deliverer(notes, lambda _: MESSAGE, post)
    deliverer.start()
    try:
        for _ in range(SENDERS):
            assert busy.acquire(timeout=20)
        assert len(notes.waiting) == 5
    finally:
        release.set()
        deliverer.stop()


def test_a_dead_receiver_with_a_long_queue_leaves_room_for_others():
    release = threading.Event()
    dead = [event(f"d{n}", f"j{n}", "dead") for n in range(3 * SENDERS)]
    notes = Notes([*dead, *(event(f"e{n}", f"k{n}", "live") for n in range(10))])

    def compose(told: Event) -> Delivery:
        return Delivery(url=told.account_id, body=b"")

    def post(message: Delivery) -> int:
        if message.url == "dead":
            release.wait(20)
        return 200

    deliverer = Deliverer(notes, compose, post)
    deliverer.start()
    try:
        for number in range(10):
            assert notes.wait_for(f"e{number}") == ("delivered", 200)
        assert len(notes.waiting) == len(dead) - SENDERS_PER_RECEIVER
        release.set()
        for number in range(len(dead)):
            assert notes.wait_for(f"d{number}") == ("delivered", 200)
    finally:
        release.set()
        deliverer.stop()


def test_a_writer_with_a_fault_stops_neither_the_loop_nor_its_own_retries():
    def compose(told: Event) -> Delivery:
        if told.id == "bad":
            raise KeyError("a fault in a dialect")
        return MESSAGE

    notes = Notes([event("bad"), event("good", "j2")])
    deliverer = Deliverer(notes, compose, lambda _: 200)
    deliverer.start()
    try:
        assert notes.wait_for("good") == ("delivered", 200)
        assert notes.wait_for("bad")[0] == "failed"
    finally:
        deliverer.stop()
