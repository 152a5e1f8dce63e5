"""``photoplay jobs``: list, show, cancel. For the operator: sees every account's jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from photoplay.cli.books import Books
from photoplay.cli.console import AccountOption, AsJson, DataDir, load_settings, out, print_json

if TYPE_CHECKING:
    from photoplay.jobs.job import Job
    from photoplay.jobs.runtime import Runtime

app = typer.Typer(help="See and cancel jobs.", no_args_is_help=True)

JobId = Annotated[str, typer.Argument(help="Any of the job's ids.")]


@app.command("list")
def list_jobs(
    state: Annotated[list[str] | None, typer.Option(help="Only this state; may be repeated.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 20,
    account: AccountOption = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List jobs, newest first: every account's, or one account's."""
    from photoplay.clock import iso
    from photoplay.errors import UnsupportedValue
    from photoplay.jobs.job import JobState
    from photoplay.jobs.runtime import Runtime

    names = [known.value for known in JobState]
    for name in state or ():
        if name not in names:
            raise UnsupportedValue("state", f"there is no state {name!r}; states are {', '.join(names)}")
    with Runtime.open(load_settings(data_dir)) as runtime:
        owner = Books(runtime.engine, runtime.accounts).account(account).id if account is not None else None
        page = runtime.service.list(owner, states=[JobState(name) for name in state] if state else None, limit=limit)
    if as_json:
        print_json([describe(job) for job in page.jobs])
        return
    table = Table(box=None, pad_edge=False)
    for column in ("id", "state", "done", "made", "by", "prompt"):
        table.add_column(column, no_wrap=column != "prompt")
    for job in page.jobs:
        table.add_row(
            job.id,
            job.state.value,
            f"{job.progress:.0%}",
            iso(job.created_ms),
            job.request.dialect,
            escape(job.request.prompt[:60]),
        )
    out.print(table)
    if page.more:
        out.print(f"… and more; see --limit (now {limit})")


@app.command("show")
def show(job_id: JobId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show everything about one job."""
    from photoplay.jobs.runtime import Runtime

    with Runtime.open(load_settings(data_dir)) as runtime:
        job = _find(runtime, job_id)
        position = runtime.service.wait(job).queue_position
    described = describe(job) | {"queue_position": position}
    if as_json:
        print_json(described)
        return
    for name, value in described.items():
        if value not in (None, "", [], {}):
            out.print(f"{name:<15} {escape(str(value))}")


@app.command("cancel")
def cancel(job_id: JobId, data_dir: DataDir = None) -> None:
    """End a queued or running job and give its credits back."""
    from photoplay.jobs.runtime import Runtime

    with Runtime.open(load_settings(data_dir)) as runtime:
        job = _find(runtime, job_id)
        ended = runtime.service.cancel(job.account_id, job.id)
    out.print(f"{ended.id} is {ended.state.value}; {ended.credits} credits went back")


def _find(runtime: Runtime, job_id: str) -> Job:
    """The job, whoever owns it.

    Raises:
        JobNotFound: there is none.
    """
    from photoplay.errors import JobNotFound

    for account in runtime.accounts.list():
        try:
            return runtime.service.get(account.id, job_id)
        except JobNotFound:
            continue
    raise JobNotFound


def describe(job: Job) -> dict[str, object]:
    """A job as the command line shows it."""
    from photoplay.clock import iso

    def when(ms: int | None) -> str | None:
        return None if ms is None else iso(ms)

    return {
        "id": job.id,
        "object_id": job.object_id,
        "number": job.number,
        "external_id": job.request.external_id,
        "account_id": job.account_id,
        "state": job.state.value,
        "phase": job.phase.value if job.phase else None,
        "progress": job.progress,
        "credits": job.credits,
        "dialect": job.request.dialect,
        "model": job.request.model,
        "prompt": job.request.prompt,
        "effect": job.request.effect,
        "width": job.width,
        "height": job.height,
        "fps": job.fps,
        "duration_s": job.duration_s,
        "notes": list(job.notes),
        "files": {artifact.kind: artifact.key for artifact in job.artifacts},
        "error_code": job.error_code,
        "error_message": job.error_message,
        "created_at": iso(job.created_ms),
        "started_at": when(job.started_ms),
        "finished_at": when(job.finished_ms),
        "expires_at": when(job.expires_ms),
    }
