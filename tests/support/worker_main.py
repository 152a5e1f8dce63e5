"""A worker process for tests: ``python -m support.worker_main``, settings from the environment.

Registers a callback writer for the dialect ``native`` that sends the job's state and event id as JSON. Prints
``ready`` and its executor id when it takes jobs; stops on SIGTERM or when its standard input closes.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading

from photoplay.jobs.runtime import Runtime
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


def main() -> None:
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "WARNING"), stream=sys.stderr)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())

    def watch() -> None:
        sys.stdin.read()
        stop.set()

    settings = Settings.load()
    with Runtime.open(settings) as runtime:
        runtime.callbacks.register("native", write)
        runtime.launch("worker")
        print("ready", runtime.executor_id, flush=True)
        threading.Thread(target=watch, daemon=True).start()
        stop.wait()
        runtime.close(settings.drain_s)


if __name__ == "__main__":
    main()
