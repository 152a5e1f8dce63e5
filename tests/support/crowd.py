"""Fills a database with many finished jobs of many accounts, in seconds: the statements run inside the database.

The rows are such as the product writes: a job has its hold and its settlement in the books, its files, the steps that
ran and a webhook. Every fifth job is the first account's, so that there is one with a long history.
"""

from __future__ import annotations

import json

import sqlalchemy as sa

from photoplay.accounts import audit
from photoplay.db import writing
from photoplay.db.tables import FIRST_ACCOUNT_NUMBER
from photoplay.jobs.job import JobRequest, MediaRef

SPAN_MS = 30 * 86_400_000  # the time over which the jobs were made
PRICE = 5
GRANT = 1_000_000_000
QUOTE = {
    "engine": "motion", "pool": "motion", "credits": PRICE, "width": 1280, "height": 720, "fps": 24,
    "duration_s": 5.0, "quality": "std", "watermark": False, "retention_s": None,
}  # fmt: skip
REQUEST = JobRequest(
    images=(MediaRef(url="https://example.com/holiday/photo-0001.jpg", name="photo-0001.jpg"),),
    prompt="slow zoom in on the lighthouse while the waves break and gulls cry",
    duration_s=5.0,
    callback_url="https://example.com/hooks/photoplay",
    face={"client_id": "abcdefghijklmnop", "base_url": "https://clips.example.com"},
)
SNAPSHOT = {"state": "succeeded", "progress": 1.0, "credits": PRICE, "notes": [], "width": 1280, "height": 720}

# How each database counts rows and writes numbers in digits.
_WORDS = {
    "sqlite": {
        "counted": "WITH RECURSIVE counted(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM counted WHERE i + 1 < :rows)",
        "source": "counted",
        "hex12": "printf('%012x', {})",
        "hex8": "printf('%08x', {})",
        "hex16": "printf('%016x', {})",
        "hex19": "printf('%019x', {})",
        "dec6": "printf('%06d', {})",
        "json": "{}",
        "false": "0",
    },
    "postgresql": {
        "counted": "",
        "source": "generate_series(CAST(0 AS bigint), CAST(:rows AS bigint) - 1) AS counted(i)",
        "hex12": "lpad(to_hex(CAST({} AS bigint)), 12, '0')",
        "hex8": "lpad(to_hex(CAST({} AS bigint)), 8, '0')",
        "hex16": "lpad(to_hex(CAST({} AS bigint)), 16, '0')",
        "hex19": "lpad(to_hex(CAST({} AS bigint)), 19, '0')",
        "dec6": "lpad(CAST({} AS text), 6, '0')",
        "json": "CAST({} AS jsonb)",
        "false": "false",
    },
}

_STATE = """CASE WHEN i % 100 < 90 THEN 'succeeded' WHEN i % 100 < 95 THEN 'failed'
  WHEN i % 100 < 97 THEN 'canceled' WHEN i % 100 < 99 THEN 'expired' ELSE 'deleted' END"""
_DIALECT = (
    "CASE WHEN i % 10 < 4 THEN 'akool' WHEN i % 10 < 7 THEN 'native' WHEN i % 10 < 9 THEN 'openai' ELSE 'kling' END"
)
_OWNER = "CASE WHEN i % 5 = 0 THEN 0 ELSE i % :accounts END"


def fill(engine: sa.Engine, *, rows: int, now_ms: int, accounts: int = 200) -> list[str]:
    """Adds ``rows`` finished jobs, made in the thirty days up to ``now_ms``. The ids of the accounts, the largest first.

    For an empty database with the product's tables.
    """
    words = _WORDS[engine.dialect.name]
    step_ms = max(1, SPAN_MS // rows)
    made = f"(:first_ms + i * {step_ms})"

    def say(name: str, what: str) -> str:
        return words[name].format(what)

    owner = "'acc' || " + say("dec6", f"({_OWNER})")
    job = say("hex12", made) + " || '7' || " + say("hex19", "i")
    parameters = {
        "rows": rows,
        "accounts": accounts,
        "first_ms": now_ms - rows * step_ms,
        "request": json.dumps(REQUEST.model_dump(mode="json", exclude_defaults=True)),
        "quote": json.dumps(QUOTE),
        "plan": json.dumps({"understood": ["zoom in"], "sounds": ["waves"]}),
        "snapshot": json.dumps(SNAPSHOT),
    }

    def insert(table: str, columns: dict[str, str], where: str = "1 = 1") -> None:
        text = (
            f"INSERT INTO {table} ({', '.join(columns)}) {words['counted']} "  # noqa: S608 - all of it stands here
            f"SELECT {', '.join(columns.values())} FROM {words['source']} WHERE {where}"
        )
        used = {name: value for name, value in parameters.items() if f":{name}" in text}
        connection.execute(sa.text(text), used)

    with writing(engine) as connection:
        made_of_accounts = {
            "id": "'acc' || " + say("dec6", "i"), "name": "'account'", "plan": "'enterprise'",
            "number": f"{FIRST_ACCOUNT_NUMBER} + i", "object_id": say("hex8", "65000000") + " || " + say("hex16", "i"),
            "blocked": words["false"], "credits_available": "0", "credits_held": "0", "created_ms": ":first_ms",
        }  # fmt: skip
        parameters["rows"] = accounts
        insert("accounts", made_of_accounts)
        insert(
            "ledger",
            {
                "account_id": "'acc' || " + say("dec6", "i"), "kind": "'grant'", "debit_book": "'issued'",
                "credit_book": "'available'", "amount": str(GRANT), "created_ms": ":first_ms",
            },
        )  # fmt: skip
        parameters["rows"] = rows
        insert(
            "jobs",
            {
                "id": job,
                "object_id": say("hex8", f"({made} / 1000)") + " || " + say("hex16", "i"),
                "number": "'1' || " + say("dec6", "(i / 1000000)") + " || '00000' || " + say("dec6", "(i % 1000000)"),
                "account_id": owner, "dialect": _DIALECT, "model": "'motion'", "pool": "'motion'", "state": _STATE,
                "external_id": "CASE WHEN i % 4 = 0 THEN 'order-' || i END",
                "progress": "CASE WHEN i % 100 < 90 THEN 1.0 ELSE 0.0 END", "priority": "i + 1", "credits": str(PRICE),
                "seed": "i", "request": say("json", ":request"), "quote": say("json", ":quote"),
                "plan": say("json", ":plan"), "cues": say("json", "'[]'"), "scene": say("json", "'{}'"),
                "notes": say("json", "'[]'"), "width": "1280", "height": "720", "fps": "24", "duration_s": "5.0",
                "executor_id": "'host-worker'", "created_ms": made, "updated_ms": f"{made} + 9000",
                "started_ms": f"{made} + 200", "finished_ms": f"{made} + 9000",
                "expires_ms": f"CASE WHEN i % 100 < 97 THEN {made} + {SPAN_MS} * 2 END",
            },
        )  # fmt: skip
        book = {"account_id": owner, "job_id": job, "amount": str(PRICE), "created_ms": made}
        insert("ledger", book | {"kind": "'hold'", "debit_book": "'available'", "credit_book": "'held'"})
        captured = "(i % 100 < 90 OR i % 100 >= 97)"
        settled = {
            "kind": f"CASE WHEN {captured} THEN 'capture' ELSE 'release' END",
            "debit_book": "'held'",
            "credit_book": f"CASE WHEN {captured} THEN 'spent' ELSE 'available' END",
        }
        insert("ledger", book | settled)
        for kind, content_type in (("video", "video/mp4"), ("thumbnail", "image/webp")):
            insert(
                "artifacts",
                {
                    "job_id": job, "kind": f"'{kind}'", "key": f"'jobs/' || {job} || '/{kind}'",
                    "content_type": f"'{content_type}'", "size_bytes": "2000000 + i",
                    "sha256": f"{say('hex19', 'i')} || {say('hex19', 'i')}", "created_ms": made,
                },
                "i % 100 < 90",
            )  # fmt: skip
        for order, step in enumerate(("gather", "render", "sound", "publish")):
            insert(
                "job_steps",
                {
                    "job_id": job, "step": f"'{step}'", "attempt": "1", "executor_id": "'host-worker'",
                    "started_ms": f"{made} + {order}000", "finished_ms": f"{made} + {order}900",
                },
                "i % 100 < 95",
            )  # fmt: skip
        insert(
            "webhooks",
            {
                "id": job, "job_id": job, "account_id": owner, "dialect": _DIALECT, "event": _STATE, "seq": "1",
                "snapshot": say("json", ":snapshot"), "state": "'delivered'", "attempts": "1",
                "due_ms": f"{made} + 9000", "url": "'https://example.com/hooks/photoplay'", "last_status": "200",
                "created_ms": f"{made} + 9000", "finished_ms": f"{made} + 9100",
            },
        )  # fmt: skip
        insert(
            "idempotency_keys",
            {"account_id": owner, "key": "'try-' || i", "request_sha256": "'0'", "job_id": job, "created_ms": made},
            "i % 2 = 0",
        )
        insert(
            "uploads",
            {
                "id": job, "account_id": owner, "key": f"'uploads/' || {job}", "name": "'photo.jpg'",
                "content_type": "'image/jpeg'", "size_bytes": "300000", "sha256": "'0'", "created_ms": made,
                "expires_ms": f"{made} + {SPAN_MS} * 2",
            },
            "i % 3 = 0",
        )  # fmt: skip
        spent = sa.text(
            "UPDATE accounts SET credits_available = (SELECT coalesce(sum(CASE WHEN credit_book = 'available' THEN amount"
            " WHEN debit_book = 'available' THEN -amount ELSE 0 END), 0) FROM ledger WHERE account_id = accounts.id)"
        )
        connection.execute(spent)
    if engine.dialect.name == "postgresql":  # which does so by itself, in time; SQLite never does
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    return [f"acc{number:06d}" for number in range(accounts)]


def check(engine: sa.Engine) -> None:
    """Makes sure that the books of what was filled in are right, so that nobody measures nonsense."""
    wrong = audit(engine)
    assert wrong == [], wrong[:5]
