"""A PostgreSQL server of the tests' own, from the programs that Debian's package brings."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import psycopg
import pytest
import sqlalchemy as sa

USER = "photoplay"
DEBIAN_FOLDER = Path("/usr/lib/postgresql")
START_TIMEOUT_S = 150.0
LOOPBACK = "127.0.0.1"
SETTINGS = {
    "unix_socket_directories": "",
    "max_connections": "300",
    # A killed server loses nothing by it; only a power cut would, and no test makes one.
    "fsync": "off",
    "shared_buffers": "64MB",
}


def programs() -> Path:
    """The folder of ``initdb`` and ``postgres``. Skips the test where there is none."""
    found = shutil.which("postgres")
    folders = sorted(DEBIAN_FOLDER.glob("*/bin/postgres"), key=lambda path: _version(path.parent.parent.name))
    if found is None and not folders:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return folders[-1].parent if folders else Path(str(found)).parent


def _version(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", name))


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class PostgresServer:
    """A server on a port of its own, with databases made for single tests. It can be killed and started again."""

    def __init__(self, folder: Path, port: int, address: str = LOOPBACK, prefix: Sequence[str] = ()) -> None:
        """``prefix`` is a command that runs the server elsewhere: in another network, where ``address`` is its own."""
        self.folder = folder
        self.port = port
        self.address = address
        self._prefix = tuple(prefix)
        self._process: subprocess.Popen[bytes] | None = None
        self._template: str | None = None

    @classmethod
    @contextmanager
    def running(cls, *, address: str = LOOPBACK, prefix: Sequence[str] = ()) -> Iterator[Self]:
        """A server for the length of a ``with`` block."""
        bin_folder = programs()
        # Not in the tests' own folder: the server refuses to run as root, and another user may not enter that one.
        folder = Path(tempfile.mkdtemp(prefix="photoplay-postgres-"))
        try:
            if (user := _other_user()) is not None:
                shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
            subprocess.run(
                [bin_folder / "initdb", "--pgdata", folder / "data", "--username", USER, "--auth", "trust",
                 "--encoding", "UTF8", "--no-locale", "--no-sync"],
                check=True, capture_output=True, cwd=folder, user=user,
            )  # fmt: skip
            if address != LOOPBACK:
                with (folder / "data" / "pg_hba.conf").open("a") as access:
                    access.write("host all all samenet trust\n")
            server = cls(folder, free_port(), address, prefix)
            server.start()
            try:
                yield server
            finally:
                server.stop()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def start(self) -> None:
        """Starts it and waits until it takes connections."""
        settings = SETTINGS | {"listen_addresses": self.address}
        options = [f"--{name}={value}" for name, value in settings.items()]
        user = _other_user()
        # The prefix needs our rights, the server must not have them: it changes the user itself then.
        prefix = [*self._prefix, *_as_user(user)] if self._prefix else []
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*prefix, programs() / "postgres", "-D", self.folder / "data", "-p", str(self.port), *options],
                stdout=log, stderr=log, cwd=self.folder, user=None if prefix else user, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                psycopg.connect(self._conninfo("postgres"), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError("PostgreSQL did not start:\n" + (self.folder / "log").read_text()) from None
                time.sleep(0.1)

    def stop(self) -> None:
        """Stops it, cutting its connections."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """kill -9, of the server and all the processes it made."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            if how == signal.SIGKILL:
                os.killpg(self._process.pid, how)
            else:
                self._process.send_signal(how)
            self._process.wait(timeout=60)

    def _conninfo(self, database: str) -> str:
        return f"host={self.address} port={self.port} user={USER} dbname={database}"

    def url(self, database: str) -> str:
        """The URL under which the product reaches a database."""
        return f"postgresql://{USER}@{self.address}:{self.port}/{database}"

    @contextmanager
    def database(self, *, prepared: bool = True) -> Iterator[str]:
        """The URL of a database that goes when the block ends: with the product's tables, or empty."""
        template = "template0"
        if prepared:
            self._template = self._template or self._make_template()
            template = self._template
        name = self._create(template)
        try:
            yield self.url(name)
        finally:
            with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())

    def _create(self, template: str) -> str:
        name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return name

    def _make_template(self) -> str:
        from photoplay.db import make_engine, migrate
        from photoplay.jobs.queue import RenderQueue

        name = self._create("template0")
        engine: sa.Engine = make_engine(self.url(name))
        migrate(engine)
        queue = RenderQueue(engine, self.url(name))
        queue.prepare()
        queue.close()
        engine.dispose()
        return name


def _as_user(user: str | None) -> list[str]:
    """What runs a command as that user."""
    if user is None:
        return []
    entry = pwd.getpwnam(user)
    return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]


def _other_user() -> str | None:
    """Whom the server runs as when we are root, which it refuses to be."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
