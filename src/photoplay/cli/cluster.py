"""``photoplay cluster``: who renders, what waits, and for whom."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from photoplay.cli.console import AsJson, DataDir, load_settings, out, print_json

if TYPE_CHECKING:
    from photoplay.jobs.overview import Overview

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))


def cluster(
    top: Annotated[
        int, typer.Option(min=1, max=1000, help="How many accounts to name, those with the most jobs.")
    ] = 10,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show the workers, the queue of each pool, and whose jobs wait.

    Reads the database, so it says the same on every machine. A worker that stopped in good order is not listed; one
    that is `lost` has not been heard of for the time of the setting `executor_ttl_s`.
    """
    from photoplay.jobs.overview import overview
    from photoplay.jobs.runtime import Runtime

    settings = load_settings(data_dir)
    with Runtime.open(settings) as runtime:
        seen = overview(runtime.engine, runtime.register, runtime.clock, ttl_s=settings.executor_ttl_s, top=top)
    if as_json:
        print_json(described(seen))
        return
    _print(seen)


def described(seen: Overview) -> dict[str, Any]:
    """The overview as JSON."""
    workers = []
    for one in seen.executors:
        about = asdict(one)
        worker = about.pop("executor")
        del worker["started_ms"], worker["seen_ms"]
        workers.append(worker | {"pools": list(worker["pools"])} | about)
    return {
        "slots": seen.slots,
        "executors": workers,
        "pools": [asdict(pool) for pool in seen.pools],
        "accounts": [asdict(account) for account in seen.accounts],
    }


def _print(seen: Overview) -> None:
    alive = sum(one.alive for one in seen.executors)
    queued = sum(pool.queued for pool in seen.pools)
    running = sum(pool.running for pool in seen.pools)
    out.print(f"{alive} workers with {seen.slots} slots; {running} jobs run, {queued} wait")
    if seen.executors:
        table = _table("worker", "host", "role", "slots", "pools", "running", "age", "last heard of")
        for one in seen.executors:
            worker = one.executor
            heard = f"{span(one.seen_s)} ago" if one.alive else f"[red]lost, {span(one.seen_s)} ago[/]"
            pools = escape(", ".join(worker.pools))
            table.add_row(
                worker.id, escape(f"{worker.host}:{worker.pid}"), worker.role, str(worker.slots), pools,
                str(one.running), span(one.age_s), heard,
            )  # fmt: skip
        out.print(table)
    if seen.pools:
        table = _table("pool", "slots", "running", "waiting", "oldest")
        for pool in seen.pools:
            oldest = "" if pool.oldest_s is None else span(pool.oldest_s)
            slots = "[red]none[/]" if pool.queued and not pool.slots else str(pool.slots)
            table.add_row(escape(pool.pool), slots, str(pool.running), str(pool.queued), oldest)
        out.print(table)
    if seen.accounts:
        table = _table("account", "name", "plan", "running", "waiting")
        for account in seen.accounts:
            table.add_row(
                account.account_id, escape(account.name), account.plan, str(account.running), str(account.queued)
            )
        out.print(table)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


def span(seconds: float) -> str:
    """A time in the largest unit that fits: ``12 s``, ``5 min``."""
    for unit, size_s in _UNITS:
        if seconds >= 2 * size_s:
            return f"{seconds / size_s:.0f} {unit}"
    return f"{seconds:.0f} s"
