"""How long phases and jobs may take."""

from __future__ import annotations

import asyncio

import pytest

from photoplay.errors import PhotoplayError, RenderTimeout, UrlUnreachable
from photoplay.jobs.job import Phase
from photoplay.jobs.timelimit import time_limit
from photoplay.settings import Settings


def hang(phase: Phase, ran_s: float = 0.0, **settings: float) -> None:
    """Does nothing, for ever, in a phase of a job."""

    async def work() -> None:
        async with time_limit(Settings(**settings), phase, ran_s):
            await asyncio.Event().wait()

    asyncio.run(work())


@pytest.mark.parametrize(
    ("phase", "setting", "error", "words"),
    [
        (Phase.GATHER, "gather_timeout_s", UrlUnreachable, "The files could not be fetched within 0.01 seconds."),
        (Phase.RENDER, "render_timeout_s", RenderTimeout, "Rendering was stopped after 0.01 seconds."),
        (Phase.SOUND, "sound_timeout_s", RenderTimeout, "Making the sound was stopped after 0.01 seconds."),
    ],
)
def test_every_phase_has_its_time(phase: Phase, setting: str, error: type[PhotoplayError], words: str) -> None:
    with pytest.raises(error) as caught:
        hang(phase, **{setting: 0.01})
    assert caught.value.message == words


@pytest.mark.parametrize("phase", [Phase.GATHER, Phase.RENDER, Phase.SOUND])
@pytest.mark.parametrize("ran_s", [9.99, 3600.0])
def test_the_whole_job_has_its_time_too(phase: Phase, ran_s: float) -> None:
    with pytest.raises(RenderTimeout, match="The job was stopped after 10 seconds"):
        hang(phase, ran_s, job_timeout_s=10)


def test_a_clock_that_was_set_back_gives_a_job_no_hour_more() -> None:
    with pytest.raises(RenderTimeout, match=r"The job was stopped after 0\.01 seconds"):
        hang(Phase.RENDER, -3600, job_timeout_s=0.01)


def test_what_ends_in_time_and_what_fails_by_itself_is_left_alone() -> None:
    async def work() -> int:
        async with time_limit(Settings(job_timeout_s=10), Phase.RENDER, 0):
            await asyncio.sleep(0)
        async with time_limit(Settings(job_timeout_s=10), Phase.PUBLISH, 20):  # what is finished is published
            await asyncio.sleep(0)
        with pytest.raises(KeyError):
            async with time_limit(Settings(), Phase.SOUND, 0):
                raise KeyError
        return 1

    assert asyncio.run(work()) == 1


def test_a_cancel_is_no_timeout() -> None:
    async def work() -> bool:
        async def hanging() -> None:
            async with time_limit(Settings(), Phase.RENDER, 0):
                await asyncio.Event().wait()

        task = asyncio.create_task(hanging())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task.cancelled()

    assert asyncio.run(work())
