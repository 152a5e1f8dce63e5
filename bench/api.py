"""How many creates and reads a second one API process answers, and how that changes as the tables grow.

One run prints everything::

    python bench/api.py [--rows 1000,20000] [--clients 1,32,256] [--databases sqlite,postgresql] [--seconds 3] [--json]

A real ``photoplay serve --no-worker`` answers over loopback; the load comes from another process. Before that the
database is filled with ``--rows`` finished jobs with all that belongs to them. Each line tells answers a second, how
long they took, and the **processor time of the server for each** (and of PostgreSQL's processes): that says what a
request costs also where other work keeps the machine busy, which the load average beside it tells.
``--rows 1000,1000000`` is the question whether reads are no slower with a million jobs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
def prepared(database: str, rows: int, folder: Path) -> Iterator[tuple[Server, list[str], list[str]]]:
    """A server on a filled database, with the requests that read and those that create."""
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
        server = Server.start(folder / "data", "--no-worker", log_level="WARNING", **places)
        with server.running():
            yield (
                server,
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
        "load": os.getloadavg()[0],
    }


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", default="1000,20000", help="finished jobs in the tables, one run each")
    parser.add_argument("--clients", default="1,32,256", help="connections at once")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each line")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    lines = []
    for database in options.databases.split(","):
        for rows in (int(text) for text in options.rows.split(",")):
            with (
                tempfile.TemporaryDirectory(prefix="photoplay-bench-") as folder,
                prepared(database, rows, Path(folder)) as (server, reads, creates),
            ):
                for what, requests in (("reads", reads), ("creates", creates)):
                    for clients in (int(text) for text in options.clients.split(",")):
                        line = {"database": database, "rows": rows, "what": what}
                        line |= measure(server, requests, clients, options.seconds)
                        lines.append(line)
                        if not options.json:
                            show(line, first=len(lines) == 1)
    if options.json:
        print(json.dumps(lines, indent=1))


def show(line: dict[str, Any], *, first: bool) -> None:
    """One line, as text."""
    if first:
        print("database         rows  what     clients      1/s   p50 ms   p99 ms  server ms  database ms   load")
    print(
        f"{line['database']:<10} {line['rows']:>10}  {line['what']:<8} {line['clients']:>6} {line['per_s']:>8.0f}"
        f" {line['p50_ms']:>8.1f} {line['p99_ms']:>8.1f} {line['server_cpu_ms']:>10.2f}"
        f" {line['database_cpu_ms']:>12.2f} {line['load']:>6.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
