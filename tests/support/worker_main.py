"""A worker process for tests: ``python -m support.worker_main``, settings from the environment.

Registers a callback writer for the dialect ``native`` that sends the job's state and event id as JSON. Prints
``ready`` and its executor id when it takes jobs; stops on SIGTERM or when its standard input closes (not where
``PHOTOPLAY_TEST_STDIN`` is ``no``). ``PHOTOPLAY_TEST_CLOCK`` names a file with a number of seconds by which this
process's clock is wrong; the number may change at any time.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from pathlib import Path

from photoplay.jobs.runtime import Runtime
from photoplay.jobs.signals import StopSignals
from photoplay.notify.delivery import Delivery
from photoplay.settings import Settings


def write(job, event, credentials, link) -> Delivery:
    video = job.artifact("video")
    body = {
        "event": event.id,
        "state": event.name,
        "job": job.id,
        "progress": job.progress,
        "client_id": credentials.client_id,
        "video": None if video is None else link(video),
    }
    return Delivery(url=job.request.callback_url, body=json.dumps(body).encode())


def bend_time(path: Path) -> None:
    """Makes the time of day wrong for everything in this process that asks Python for it."""
    right, right_ns = time.time, time.time_ns

    def shift_s() -> float:
        return float(path.read_text() or 0)

    time.time = lambda: right() + shift_s()
    time.time_ns = lambda: right_ns() + round(shift_s() * 1e9)


def main() -> None:
    if clock := os.environ.pop("PHOTOPLAY_TEST_CLOCK", None):
        bend_time(Path(clock))
    stays = os.environ.pop("PHOTOPLAY_TEST_STDIN", None) == "no"
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "WARNING"), stream=sys.stderr)
    settings = Settings.load()
    with Runtime.open(settings) as runtime:
        told = StopSignals(runtime.hurry)

        def watch() -> None:
            sys.stdin.read()
            told.stop()

        runtime.callbacks.register("native", write)
        runtime.launch("worker")
        print("ready", runtime.executor_id, flush=True)
        if not stays:
            threading.Thread(target=watch, daemon=True).start()
        told.wait()
        runtime.close(settings.drain_s)


if __name__ == "__main__":
    main()
