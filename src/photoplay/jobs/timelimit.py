"""How long a job's phases may take, and the job as a whole.

Publishing and notifying have no limit of their own: they are one transaction, and give up by themselves when the
database stays away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from photoplay.errors import RenderTimeout, UrlUnreachable
from photoplay.jobs.job import Phase
from photoplay.settings import Settings


@asynccontextmanager
async def time_limit(settings: Settings, phase: Phase, ran_s: float) -> AsyncIterator[None]:
    """Stops what is in the ``async with`` block when its time is over. ``ran_s``: how long the job has run before;
    less than nothing when the clock was set back since it started, which counts as nothing.

    Raises:
        UrlUnreachable: the inputs could not be gathered in time.
        RenderTimeout: the picture, the sound or the whole job took too long.
    """
    of_phase_s = {
        Phase.GATHER: settings.gather_timeout_s,
        Phase.RENDER: settings.render_timeout_s,
        Phase.SOUND: settings.sound_timeout_s,
    }.get(phase)
    left_s = None if settings.job_timeout_s is None else max(0.0, settings.job_timeout_s - max(0.0, ran_s))
    if of_phase_s is None:
        yield
        return
    whole = left_s is not None and left_s < of_phase_s
    try:
        async with asyncio.timeout(left_s if whole else of_phase_s):
            yield
    except TimeoutError as error:
        if whole:
            raise RenderTimeout(f"The job was stopped after {settings.job_timeout_s:g} seconds.") from error
        if phase is Phase.GATHER:
            raise UrlUnreachable(f"The files could not be fetched within {of_phase_s:g} seconds.") from error
        what = "Rendering" if phase is Phase.RENDER else "Making the sound"
        raise RenderTimeout(f"{what} was stopped after {of_phase_s:g} seconds.") from error
