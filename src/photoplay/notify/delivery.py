"""Sends what is in the outbox: many receivers at once, and only a few messages to each of them, so that a slow one
with a long queue holds nobody else up.

One thread asks the outbox what is due and hands it to a small pool. A receiver that does not answer within
:data:`TIMEOUT_S` has failed that try. Every try bears the same event id. Redirects are not followed, and private
addresses are refused by the guarded client, since the URL came from outside.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from photoplay.errors import InputError, PhotoplayError, UrlForbidden
from photoplay.notify.outbox import Event, Outbox

log = logging.getLogger("photoplay.notify")

TIMEOUT_S = 15.0
SENDERS = 24
SENDERS_PER_RECEIVER = 3
POLL_INTERVAL_S = 1.0
HASTEN_INTERVAL_S = 5.0
_GONE = 410  # the receiver says that it will never want this again


@dataclass(frozen=True)
class Delivery:
    """One HTTP POST, ready to be sent. Signed when it is written, so that each try has a fresh signature."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


Compose = Callable[[Event], Delivery | None]
"""Writes the message for an event; None when nobody wants it. Raises PhotoplayError when it cannot."""

Post = Callable[[Delivery], int]
"""Sends it and returns the HTTP status. Raises InputError (unreachable, forbidden address)."""


class Deliverer:
    """The sending loop of one worker."""

    def __init__(self, outbox: Outbox, compose: Compose, post: Post) -> None:
        self._outbox = outbox
        self._compose = compose
        self._post = post
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._room = threading.BoundedSemaphore(SENDERS)
        self._under_way: Counter[str] = Counter()  # messages by receiver
        self._counting = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts sending in the background."""
        self._thread = threading.Thread(target=self._run, name="photoplay-notify", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Says that there may be something due now."""
        self._wake.set()

    def stop(self) -> None:
        """Finishes the tries that are being made, then stops."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=TIMEOUT_S + 5)

    def _run(self) -> None:
        hastened_s = -math.inf
        with ThreadPoolExecutor(SENDERS, thread_name_prefix="photoplay-notify") as pool:
            while not self._stop.is_set():
                self._wake.wait(POLL_INTERVAL_S)
                self._wake.clear()
                try:
                    if time.monotonic() - hastened_s >= HASTEN_INTERVAL_S:
                        self._outbox.hasten()
                        hastened_s = time.monotonic()
                    while not self._stop.is_set() and self._hand_out(pool):
                        pass
                # The rim of this thread: it must outlive a database that is away for a while.
                except Exception:
                    log.exception("the outbox could not be read")
                    self._stop.wait(POLL_INTERVAL_S)

    def _hand_out(self, pool: ThreadPoolExecutor) -> bool:
        """Gives what is due to the pool, never more than it can send at once. Whether there was anything."""
        if not self._room.acquire(timeout=POLL_INTERVAL_S):
            return True  # every sender is busy; look again
        with self._counting:
            busy = [receiver for receiver, count in self._under_way.items() if count >= SENDERS_PER_RECEIVER]
        claimed = self._outbox.claim(limit=1, busy=busy)
        if not claimed:
            self._room.release()
            return False
        with self._counting:
            self._under_way[claimed[0].receiver] += 1
        pool.submit(self._send_and_make_room, claimed[0])
        return True

    def _send_and_make_room(self, event: Event) -> None:
        try:
            self.send(event)
        # The rim of this thread: a writer with a fault must not stop the others' callbacks.
        except Exception:
            log.exception("event %s could not be written or sent", event.id)
            self._outbox.failed(event, url=None, status=None, error="the message could not be written")
        finally:
            with self._counting:
                self._under_way[event.receiver] -= 1
                self._under_way += Counter()  # forgets those at nought
            self._room.release()
            self._wake.set()  # a later event of the same job may have waited for this one

    def send(self, event: Event) -> None:
        """Makes one try and notes how it went."""
        delivery: Delivery | None = None
        try:
            delivery = self._compose(event)
            if delivery is None:
                self._outbox.skip(event, "nobody is told of this")
                return
            status = self._post(delivery)
        except UrlForbidden as error:
            self._outbox.failed(event, url=_url(delivery), status=None, error=error.message, final=True)
        except (InputError, PhotoplayError) as error:
            self._outbox.failed(event, url=_url(delivery), status=None, error=error.message)
        else:
            if 200 <= status < 300:
                self._outbox.delivered(event, url=delivery.url, status=status)
                return
            error_text = f"the receiver answered {status}"
            self._outbox.failed(event, url=delivery.url, status=status, error=error_text, final=status == _GONE)
            log.info("event %s of job %s: %s", event.id, event.job_id, error_text)


def _url(delivery: Delivery | None) -> str | None:
    return None if delivery is None else delivery.url
