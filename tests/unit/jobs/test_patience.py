"""A store or a database that is away for a while does not cost a render."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import OperationalError

from photoplay.errors import ArtifactNotFound, StorageError
from photoplay.jobs import steps


def failing(times: int, error: Exception):
    left = [times]

    def work(value: str) -> str:
        if left[0] > 0:
            left[0] -= 1
            raise error
        return value

    return work


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(steps, "PATIENCE_S", (0.0, 0.0, 0.0))


@pytest.mark.parametrize("error", [StorageError("away"), OperationalError("secret statement", {}, OSError("away"))])
def test_it_is_tried_again(error, caplog):
    assert asyncio.run(steps.patiently(failing(3, error), "done")) == "done"
    with pytest.raises(type(error)):
        asyncio.run(steps.patiently(failing(4, error), "done"))
    assert "away" in caplog.text
    assert "secret statement" not in caplog.text


def test_what_will_not_pass_is_not_tried_again():
    work = failing(1, ArtifactNotFound())
    with pytest.raises(ArtifactNotFound):
        asyncio.run(steps.patiently(work, "done"))
    assert work("next") == "next"  # it was called once


def test_a_render_goes_on_while_the_database_is_away():
    def held() -> bool:
        raise OperationalError("s", {}, OSError("away"))

    assert asyncio.run(steps.unless_away(held))
    assert not asyncio.run(steps.unless_away(lambda: False))
