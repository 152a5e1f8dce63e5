"""One time for all machines of a cluster: that of the database's server.

Leases, due times and ages are written by one machine and read by another. Were each to go by its own clock, a machine
whose clock is an hour off would take others' leases for over, or keep its own for an hour after its death. So where the
database is a server all go by its clock; SQLite's file is shared by processes of one machine, which has one clock.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import sqlalchemy as sa

from photoplay.clock import Clock

log = logging.getLogger("photoplay.clock")

SYNC_INTERVAL_S = 30.0
NOTICED_MS = 1_000  # a jump of our own clock by more than that means that time has passed unnoticed, or was set
WORTH_A_WORD_MS = 10_000
_NOW = sa.text("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)")


def shared_clock(engine: sa.Engine, own: Clock) -> Clock:
    """The clock that every process on this database goes by."""
    return DatabaseClock(engine, own) if engine.dialect.name == "postgresql" else own


class DatabaseClock:
    """The database server's clock. Asked now and then, in the background; this machine's monotonic clock in between."""

    def __init__(self, engine: sa.Engine, own: Clock, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Asks for the time once.

        Raises:
            sqlalchemy.exc.OperationalError: the database does not answer.
        """
        self._engine = engine
        self._own = own
        self._monotonic = monotonic
        self._asking = threading.Lock()
        self._base = (0, 0.0, 0)  # the server's time, our monotonic one and our own clock's, of one moment
        self.sync()

    def now_ms(self) -> int:
        """Milliseconds since the epoch, as the database's server has it. Never waits for it."""
        base_ms, base_s, base_own_ms = self._base
        passed_s = self._monotonic() - base_s
        jumped_ms = self._own.now_ms() - base_own_ms - passed_s * 1000
        if (passed_s > SYNC_INTERVAL_S or abs(jumped_ms) > NOTICED_MS) and self._asking.acquire(blocking=False):
            threading.Thread(target=self._ask, name="photoplay-clock", daemon=True).start()
        return base_ms + round(passed_s * 1000)

    def sync(self) -> None:
        """Asks for the time. The answer is as old as half the way there and back, at most."""
        with self._engine.connect() as connection:
            connection.execute(sa.select(1))  # what a first query takes longer is not the way
            sent_s = self._monotonic()
            server_ms = int(connection.execute(_NOW).scalar_one())
            got_s = self._monotonic()
        own_ms = self._own.now_ms()
        moment_ms = server_ms + round((got_s - sent_s) * 500)
        apart_ms = own_ms - moment_ms
        if abs(apart_ms) > WORTH_A_WORD_MS:
            log.warning("this machine's clock differs from the database's by %.0f s; it is set wrong", apart_ms / 1000)
        self._base = (moment_ms, got_s, own_ms)

    def _ask(self) -> None:
        try:
            self.sync()
        except sa.exc.SQLAlchemyError as error:
            # Goes on by the monotonic clock; not asked again before the next interval is over.
            log.warning("the database could not be asked for the time: %s", type(error).__name__)
            base_ms, base_s, _ = self._base
            now_s = self._monotonic()
            self._base = (base_ms + round((now_s - base_s) * 1000), now_s, self._own.now_ms())
        finally:
            self._asking.release()
