"""How many creates and reads a second the API answers, and how that changes as the tables grow.

One run prints everything::

    python bench/api.py [--rows 1000,20000] [--clients 1,32,256] [--processes 1,2] [--databases sqlite,postgresql]
                        [--seconds 3] [--json]

A real ``photoplay serve --no-worker`` answers over loopback, with so many ``--processes``; the load comes from another
process, on the same machine. Before that the database is filled with ``--rows`` finished jobs with all that belongs to
them. Each line tells answers a second, how long they took, and the **processor time of the server for each** (and of
PostgreSQL's processes, and of the load itself): that says what a request costs also where other work keeps the machine
busy, which the load average beside it tells.

What is created is never rendered here: of each of the eight accounts that create, the first 64 jobs enter the render
queue and the others wait for their turn, as in a flood.

At the end each target is said to be met or not. ``--rows 1000,1000000`` is the question whether reads are no slower
with a million jobs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]  # it brings no types
import sqlalchemy as sa

from photoplay.db import make_engine, migrate
from photoplay.jobs.runtime import Runtime
from photoplay.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # where servers are started and tables filled

from support.crowd import fill  # type: ignore[import-not-found]  # see above
from support.postgres import PostgresServer  # type: ignore[import-not-found]  # see above
from support.server import Server  # type: ignore[import-not-found]  # see above

READS_PER_S = 1500
CREATES_PER_S = 200
CREATE_P99_MS = 100  # at 32 clients
NO_SLOWER = 0.9  # of the reads a second of the smallest tables
MANY = 32  # clients, where a target speaks of no other number
CALLERS = 8  # accounts that create
KNOWN = 500  # different jobs that are read
NO_LIMITS = """
[plans.enterprise]
requests_per_minute = 100000000
concurrent_jobs = 64
queued_jobs = 100000000
"""
BODY = {
    "images": ["https://example.com/holiday/photo-0001.jpg"],
    "prompt": "slow zoom in on the lighthouse while the waves break and gulls cry",
    "duration_s": 5,
    "callback_url": "https://example.com/hooks/photoplay",
}


def request(method: str, path: str, key: str, body: dict[str, Any] | None = None) -> str:
    """The text of an HTTP request."""
    text = "" if body is None else json.dumps(body)
    return (
        f"{method} {path} HTTP/1.1\r\nhost: bench\r\nx-api-key: {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(text)}\r\n\r\n{text}"
    )


@contextmanager
def prepared(
    database: str, rows: int, folder: Path, counts: list[int]
) -> Iterator[tuple[list[Callable[[], Server]], list[str], list[str]]]:
    """What starts a server of each number of processes on a filled database, and requests that read and that create."""
    with ExitStack() as stack:
        if database == "sqlite":
            url = f"sqlite:///{folder / 'bench.sqlite'}"
        else:
            url = stack.enter_context(stack.enter_context(PostgresServer.running()).database())
        engine = make_engine(url)
        migrate(engine)
        owners = fill(engine, rows=rows, now_ms=round(time.time() * 1000))
        with engine.connect() as connection:
            ids = sa.text(
                "SELECT id FROM jobs WHERE account_id = :owner AND state = 'succeeded' ORDER BY seed % 997 LIMIT :n"
            )
            known = connection.execute(ids, {"owner": owners[0], "n": KNOWN}).scalars().all()
        engine.dispose()
        (folder / "catalog.toml").write_text(NO_LIMITS)
        places = {"database_url": url, "catalog_file": str(folder / "catalog.toml")}
        with Runtime.open(Settings.model_validate({"data_dir": folder / "data"} | places)) as runtime:
            reader = runtime.accounts.create_key(owners[0]).api_key
            makers = [runtime.accounts.create(f"caller {n}", "enterprise", 10**9).api_key for n in range(CALLERS)]

        def start(count: int) -> Server:
            options = ("--no-worker", "--processes", str(count))
            return Server.start(folder / "data", *options, log_level="WARNING", **places)

        yield (
            [partial(start, count) for count in counts],
            [request("GET", f"/v1/jobs/{job_id}", reader) for job_id in known],
            [request("POST", "/v1/jobs", key, BODY) for key in makers],
        )


def processor_s(process: psutil.Process) -> float:
    """Processor time of a process and its children that live."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def postgres_of(server: Server) -> psutil.Process | None:
    """PostgreSQL's first process, found by the port in the database's URL."""
    port = urlsplit(server.settings.get("database_url", "")).port
    for each in psutil.process_iter(["cmdline"]):
        words = each.info["cmdline"] or []
        if port and "-p" in words and words[words.index("-p") + 1] == str(port):
            return each
    return None


def measure(server: Server, requests: list[str], clients: int, seconds: float) -> dict[str, Any]:
    """One line of the table."""
    parts = urlsplit(server.url)
    order = {"host": parts.hostname, "port": parts.port, "clients": clients, "seconds": seconds, "requests": requests}
    process = psutil.Process(server.process.pid)
    database = postgres_of(server)
    before = processor_s(process), processor_s(database) if database else 0.0
    load = Path(__file__).with_name("_load.py")
    done = subprocess.run(
        [sys.executable, str(load)], input=json.dumps(order), capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    if found["wrong"]:
        raise SystemExit(f"{found['wrong']} of {found['done']} answers were wrong: {found['example']}")
    # The warm-up is answered too: what each cost is told for the time that was measured.
    share = found["seconds"] / (found["seconds"] + 0.5) / max(1, found["done"])
    return {
        "clients": clients,
        "per_s": found["done"] / found["seconds"],
        "p50_ms": found["p50_ms"],
        "p99_ms": found["p99_ms"],
        "server_cpu_ms": 1000 * (processor_s(process) - before[0]) * share,
        "database_cpu_ms": 1000 * (processor_s(database) - before[1]) * share if database else 0.0,
        "client_cpu_ms": found["cpu_ms"],
        "load": os.getloadavg()[0],
    }


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", default="1000,20000", help="finished jobs in the tables, one run each")
    parser.add_argument("--clients", default="1,32,256", help="connections at once")
    parser.add_argument("--processes", default="1,2", help="of the server, one run each")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each line")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    lines = []
    counts = [int(text) for text in options.processes.split(",")]
    clients = [int(text) for text in options.clients.split(",")]
    for database in options.databases.split(","):
        for rows in (int(text) for text in options.rows.split(",")):
            with (
                tempfile.TemporaryDirectory(prefix="photoplay-bench-") as folder,
                prepared(database, rows, Path(folder), counts) as (starts, reads, creates),
            ):
                for count, start in zip(counts, starts, strict=True):
                    with start().running() as server:
                        for what, requests in (("reads", reads), ("creates", creates)):
                            for number in clients:
                                line = {"database": database, "rows": rows, "processes": count, "what": what}
                                line |= measure(server, requests, number, options.seconds)
                                lines.append(line)
                                if not options.json:
                                    show(line, first=len(lines) == 1)
    if options.json:
        print(json.dumps(lines, indent=1))
    else:
        judge(lines)


def show(line: dict[str, Any], *, first: bool) -> None:
    """One line, as text."""
    if first:
        print(
            "database         rows  processes  what     clients      1/s   p50 ms   p99 ms  server ms  database ms"
            "  client ms   load"
        )
    print(
        f"{line['database']:<10} {line['rows']:>10} {line['processes']:>10}  {line['what']:<8} {line['clients']:>6}"
        f" {line['per_s']:>8.0f} {line['p50_ms']:>8.1f} {line['p99_ms']:>8.1f} {line['server_cpu_ms']:>10.2f}"
        f" {line['database_cpu_ms']:>12.2f} {line['client_cpu_ms']:>10.2f} {line['load']:>6.1f}",
        flush=True,
    )


def judge(lines: list[dict[str, Any]]) -> None:
    """Says of each target whether it is met, at the number of processes that does best."""

    def best(what: str, rows: int, field: str, pick: Callable[[Iterable[float]], float]) -> float | None:
        found = [
            float(line[field])
            for line in lines
            if (line["database"], line["what"], line["rows"], line["clients"]) == (database, what, rows, MANY)
        ]
        return pick(found) if found else None

    def say(question: str, answer: float | None, met: Callable[[float], bool]) -> None:
        if answer is not None:
            print(f"{database:<10} {question:<58} {answer:>8.2f}  {'met' if met(answer) else 'NOT MET'}")

    print(f"\ntargets, at {MANY} clients; the machine's load is in the last column above")
    for database in dict.fromkeys(line["database"] for line in lines):
        sizes = sorted({line["rows"] for line in lines if line["database"] == database})
        for rows in sizes:
            at = f"with {rows} rows"
            say(f"reads a second {at} >= {READS_PER_S}", best("reads", rows, "per_s", max), lambda n: n >= READS_PER_S)
            say(
                f"creates a second {at} >= {CREATES_PER_S}",
                best("creates", rows, "per_s", max),
                lambda n: n >= CREATES_PER_S,
            )
            say(
                f"p99 of a create {at} <= {CREATE_P99_MS} ms",
                best("creates", rows, "p99_ms", min),
                lambda n: n <= CREATE_P99_MS,
            )
        few, many = best("reads", sizes[0], "per_s", max), best("reads", sizes[-1], "per_s", max)
        if len(sizes) > 1 and few and many:
            say(
                f"reads with {sizes[-1]} rows over those with {sizes[0]} >= {NO_SLOWER}",
                many / few,
                lambda n: n >= NO_SLOWER,
            )


if __name__ == "__main__":
    main()
