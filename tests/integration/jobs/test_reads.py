"""Jobs that many ask for at once: each gets its own and nothing else, by any id, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from photoplay.jobs.job import JobState
from photoplay.jobs.reads import find_all
from photoplay.settings import Settings
from support.inside import served
from support.postgres import PostgresServer


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_each_account_gets_its_own_jobs_only(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    settings = Settings(data_dir=tmp_path)
    if database == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.database() as url:
            _look(settings.model_copy(update={"database_url": url}))
    else:
        _look(settings)


def _look(settings: Settings) -> None:
    with served(settings) as inside:
        made = [inside.runtime.accounts.create(f"account {n}", "business", 1000) for n in range(2)]
        jobs = []
        for each in (*made, made[0]):
            answer = inside.client.post(
                "/v1/jobs", json={"images": ["https://example.com/a.jpg"]}, headers={"x-api-key": each.api_key}
            )
            assert answer.status_code == 201, answer.text
            jobs.append(inside.job(answer.json()["id"]))
        inside.finish(jobs[1].id)
        inside.finish(jobs[2].id)
        inside.runtime.service.delete(made[0].account_id, jobs[2].id)
        mine, yours = made[0].account_id, made[1].account_id
        asked = [
            (mine, jobs[0].id), (mine, jobs[1].id), (mine, jobs[2].id), (yours, jobs[0].object_id),
            (yours, jobs[1].number), (yours, jobs[1].id), (mine, jobs[0].id), (mine, "nothing"), (mine, "0" * 32),
            (mine, jobs[0].object_id),
        ]  # fmt: skip
        found = find_all(inside.runtime.store, asked)
        expected = [jobs[0].id, None, None, None, jobs[1].id, jobs[1].id, jobs[0].id, None, None, jobs[0].id]
        assert [job and job.id for job in found] == expected
        assert found[5] == inside.runtime.store.find(yours, jobs[1].id)
        assert found[5] is not None
        assert found[5].state is JobState.SUCCEEDED
        assert [each.kind for each in found[5].artifacts] == ["video"]
        assert find_all(inside.runtime.store, [(mine, "nothing")]) == [None]
