"""``photoplay serve --processes``: any process answers for any job, what dies is started anew, a stop ends all."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from photoplay.errors import SettingsError
from photoplay.server import listen_all
from support.server import Server, run_cli

pytestmark = pytest.mark.server


def _until(true: Callable[[], bool], timeout_s: float = 90.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _children(server: Server) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children()


def _answers(server: Server, path: str, key: str, times: int = 12) -> set[int]:
    """Statuses over as many new connections."""
    found = set()
    for _ in range(times):
        with httpx.Client(base_url=server.url, headers={"x-api-key": key}, timeout=60) as client:
            found.add(client.get(path).status_code)
    return found


def test_any_process_answers_and_the_dead_are_replaced(tmp_path: Path) -> None:
    with Server.start(tmp_path / "data", "--no-worker", "--processes", "2").running() as server:
        first = _children(server)
        assert len(first) == 2
        key = server.key()["api_key"]
        with server.client(key) as client:
            made = client.post("/v1/jobs", json={"images": ["https://example.com/a.jpg"]})
            assert made.status_code == 201, made.text
        path = f"/v1/jobs/{made.json()['id']}"
        assert _answers(server, path, key) == {200}
        first[0].kill()
        _until(lambda: len(_children(server)) == 2 and first[0] not in _children(server))
        assert _answers(server, path, key) == {200}
        assert server.stop() == 0
        assert not [each for each in first if each.is_running()]
        assert not (server.data_dir / "server.json").exists()
        assert server.log().count("photoplay is serving at") == 1
        assert server.log().count("stopped") == 1


def test_one_of_them_alone_renders(tmp_path: Path) -> None:
    with Server.start(tmp_path / "data", "--processes", "2").running() as server:
        done = run_cli("cluster", "--json", "--data-dir", str(server.data_dir))
        assert done.returncode == 0, done.stderr
        assert done.stdout.count('"executor_id"') + done.stdout.count('"id"') == 1, done.stdout
        server.process.send_signal(signal.SIGINT)
        server.process.wait(timeout=90)
        assert server.process.returncode == 0


def test_when_the_one_that_watches_is_killed_the_others_end(tmp_path: Path) -> None:
    with Server.start(tmp_path / "data", "--no-worker", "--processes", "2").running() as server:
        children = _children(server)
        server.kill()
        _, alive = psutil.wait_procs(children, timeout=60)
        assert alive == []


def test_what_cannot_start_ends_with_an_error(tmp_path: Path) -> None:
    done = run_cli(
        "serve", "--no-worker", "--processes", "2", "--port", "0", "--data-dir", str(tmp_path / "data"),
        catalog_file=str(tmp_path / "missing.toml"),
    )  # fmt: skip
    assert done.returncode != 0
    assert "missing.toml" in done.stderr + done.stdout


def test_a_port_that_is_taken_is_not_shared_with_a_stranger() -> None:
    for taken in (listen_all("127.0.0.1", 0, 2), listen_all("127.0.0.1", 0, 1)):
        port = taken[0].getsockname()[1]
        for count in (1, 2):
            with pytest.raises(SettingsError, match="cannot listen"):
                listen_all("127.0.0.1", port, count)
        for each in taken:
            each.close()


def test_connections_are_shared_out() -> None:
    listening = listen_all("127.0.0.1", 0, 2)
    port = listening[0].getsockname()[1]
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(64)]
    got = []
    for each in listening:
        each.setblocking(False)
        got.append(0)
        while True:
            try:
                each.accept()[0].close()
            except BlockingIOError:
                break
            got[-1] += 1
    for one in (*clients, *listening):
        one.close()
    assert sum(got) == 64
    assert min(got) >= 10
