"""A job made through one wire API is read, listed and deleted through any other by the same account, and by nobody
else. Every create answers a repeated request as the first time, and charges once."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import pytest

from photoplay.accounts import Credentials
from photoplay.dialects.door import Dialect
from photoplay.server import dialects
from support.afar import photos_from_afar
from support.faces import FACES, FAILED, QUEUED, RUNNING, SUCCEEDED, Face, as_caller
from support.inside import Inside

PAIRS = [pytest.param(maker, reader, id=f"{maker}-{reader}") for maker in FACES for reader in FACES]


@pytest.fixture(autouse=True)
def afar(monkeypatch: pytest.MonkeyPatch) -> None:
    photos_from_afar(monkeypatch)  # some wire APIs look at the photo before they answer


@pytest.fixture
def caller(inside: Inside, key: Credentials) -> Iterator[httpx.Client]:
    with as_caller(inside.client, key) as client:
        yield client


def test_every_wire_api_has_its_row(inside: Inside) -> None:
    spoken: tuple[Dialect, ...] = dialects(inside.runtime.settings)
    assert {face.name for face in FACES} == {dialect.name for dialect in spoken}


@pytest.mark.parametrize(("maker", "reader"), PAIRS)
def test_made_here_read_there(
    inside: Inside, key: Credentials, caller: httpx.Client, maker: Face, reader: Face
) -> None:
    answer = maker.create(caller, "zoom in")
    assert maker.good(answer), answer.text
    job = inside.runtime.service.list(key.account_id, limit=1).jobs[0]
    assert maker.answered(answer.json()) == maker.ref(job)
    ref = reader.ref(job)

    def told() -> tuple[str, str | None]:
        read = reader.read(caller, ref)
        assert reader.good(read), read.text
        return reader.state(read.json())

    assert told() == (QUEUED, None)
    inside.begin(job.id)
    assert told() == (RUNNING, None)
    if reader.delete is not None:
        reader.delete(caller, ref)  # refused, each in its own words: it is still being made
        assert told() == (RUNNING, None)
    inside.finish(job.id, data=b"0123456789")
    state, url = told()
    assert state == SUCCEEDED
    if url is not None:
        assert httpx.get(url).content == b"0123456789"
    if reader.list is not None:
        assert ref in reader.listed(reader.list(caller).json())
    other = inside.runtime.accounts.create("other", "business", 0)
    with as_caller(inside.client, other) as stranger:
        assert not reader.good(reader.read(stranger, ref))
        if reader.list is not None:
            assert reader.listed(reader.list(stranger).json()) == []
        if reader.delete is not None:
            reader.delete(stranger, ref)
    assert told()[0] == SUCCEEDED
    if reader.delete is not None:
        assert reader.good(reader.delete(caller, ref))
        assert not reader.good(reader.read(caller, ref))
        assert not maker.good(maker.read(caller, maker.ref(job)))
        if maker.list is not None:
            assert maker.ref(job) not in maker.listed(maker.list(caller).json())


@pytest.mark.parametrize(("maker", "reader"), PAIRS)
def test_a_failure_is_told_everywhere(
    inside: Inside, key: Credentials, caller: httpx.Client, maker: Face, reader: Face
) -> None:
    assert maker.good(maker.create(caller, "zoom in"))
    job = inside.runtime.service.list(key.account_id, limit=1).jobs[0]
    inside.begin(job.id)
    inside.fail(job.id)
    assert reader.state(reader.read(caller, reader.ref(job)).json()) == (FAILED, None)


# Idempotency -------------------------------------------------------------------------------------------------------


def jobs_of(inside: Inside, key: Credentials) -> int:
    return len(inside.runtime.service.list(key.account_id, limit=100).jobs)


@pytest.mark.parametrize("face", FACES, ids=str)
def test_a_repeated_create_is_answered_as_the_first_time(
    inside: Inside, key: Credentials, caller: httpx.Client, face: Face
) -> None:
    again = {"idempotency-key": "the same"}
    first = face.create(caller, "zoom in", **again)
    assert face.good(first), first.text
    charged = inside.credit(key.account_id)
    assert charged[1] > 0
    assert face.same(face.create(caller, "zoom in", **again)) == face.same(first)
    job = inside.runtime.service.list(key.account_id).jobs[0]
    inside.finish(job.id)
    assert face.same(face.create(caller, "zoom in", **again)) == face.same(first)
    assert (inside.credit(key.account_id), jobs_of(inside, key)) == ((charged[0], 0), 1)
    conflict = face.create(caller, "something else", **again)
    assert not face.good(conflict), conflict.text
    assert jobs_of(inside, key) == 1
    other = inside.runtime.accounts.create("other", "business", 1000)
    with as_caller(inside.client, other) as stranger:
        theirs = face.create(stranger, "zoom in", **again)
    assert face.good(theirs)
    assert face.answered(theirs.json()) != face.answered(first.json())
    fresh = face.create(caller, "zoom in", **{"idempotency-key": "another"})
    assert face.answered(fresh.json()) != face.answered(first.json())


@pytest.mark.parametrize("face", FACES, ids=str)
def test_creates_at_the_same_time_make_one_job(
    inside: Inside, key: Credentials, caller: httpx.Client, face: Face
) -> None:
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(face.create(caller, "zoom in", **{"idempotency-key": "at once"}))
        )
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({face.same(answer) for answer in answers}) == 1, [answer.text for answer in answers]
    assert all(face.good(answer) for answer in answers)
    assert jobs_of(inside, key) == 1


@pytest.mark.parametrize("face", FACES, ids=str)
def test_a_key_that_is_none_is_refused(inside: Inside, key: Credentials, caller: httpx.Client, face: Face) -> None:
    answer = face.create(caller, "zoom in", **{"idempotency-key": "x" * 256})
    assert not face.good(answer), answer.text
    assert jobs_of(inside, key) == 0
