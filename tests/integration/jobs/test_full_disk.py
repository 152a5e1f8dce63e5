"""A disk without room: a render waits for some, and is then made again."""

from __future__ import annotations

from photoplay.jobs.job import JobState

from .conftest import wait_for


def test_a_render_that_found_no_room_is_made_again_when_there_may_be_some(busy_farm):
    farm = busy_farm
    before = farm.balance
    job = farm.submit("frames=2 no-room once=room")
    done = farm.wait(job)
    assert done.state is JobState.SUCCEEDED, done.error_message
    assert "no room left" in farm.workers[0].log.read_text()
    wait_for(lambda: farm.runs(job) == {"gather": 1, "render": 1, "sound": 1, "publish": 1, "notify": 1})
    assert farm.balance == (before[0] - job.credits, 0)
