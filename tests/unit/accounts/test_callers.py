"""Callers are kept for a second, and not beyond a change that this process knows of."""

from __future__ import annotations

import pytest

from photoplay.accounts import callers
from photoplay.accounts.account import Account, Caller
from photoplay.accounts.callers import KEPT_S, Callers

WHO = Caller(
    account=Account(id="a", name="n", plan="pro", number=1, object_id="o", blocked=False, created_ms=1),
    key_id="k",
    client_id="c",
)


def test_a_caller_is_kept_for_a_second_after_the_look() -> None:
    now_s = 100.0
    kept = Callers(monotonic=lambda: now_s)
    asked = kept.now()
    now_s += 0.5  # the look took that long
    kept.keep("d", WHO, asked)
    assert kept.get("d") == WHO
    assert kept.get("other") is None
    now_s = 100.0 + KEPT_S + 0.001
    assert kept.get("d") is None


def test_what_was_looked_up_before_a_change_is_not_kept_after_it() -> None:
    kept = Callers()
    asked = kept.now()
    kept.keep("d", WHO, asked)
    kept.forget()
    assert kept.get("d") is None
    kept.keep("d", WHO, asked)  # its row was read before the change
    assert kept.get("d") is None
    kept.keep("d", WHO, kept.now())
    assert kept.get("d") == WHO


def test_no_more_than_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "MOST", 3)
    kept = Callers()
    for number in range(10):
        kept.keep(str(number), WHO, kept.now())
        assert kept.get(str(number)) == WHO
    assert sum(kept.get(str(number)) is not None for number in range(10)) <= 3
