"""The guarded client and the fetcher, against hostile servers on loopback."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from photoplay.errors import FileTooLarge, UrlForbidden, UrlUnreachable
from photoplay.media.fetch import Fetcher
from photoplay.media.guard import IPAddress, NetworkPolicy

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
Answer = Callable[[BaseHTTPRequestHandler], None]


def body(handler: BaseHTTPRequestHandler, data: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Type": "image/png", "Content-Length": str(len(data))}.items() | headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(data)


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                answer(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "198.18.0.1", "192.0.2.1",
        "::7f00:1", "::ffff:0:7f00:1", "fec0::1", "64:ff9b:1::7f00:1", "3fff::1", "5f00::1", "192.0.0.192",
        "168.63.129.16", "192.88.99.1", "100.100.100.200", "fd00:ec2::254",
    ],
)  # fmt: skip
def test_reserved_addresses_are_not_permitted(address: str) -> None:
    assert not NetworkPolicy().permits(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_public_addresses_are_permitted(address: str) -> None:
    assert NetworkPolicy().permits(ipaddress.ip_address(address))


def test_the_operator_can_allow_a_network() -> None:
    policy = NetworkPolicy([ipaddress.ip_network("10.0.0.0/8")])
    assert policy.permits(ipaddress.ip_address("10.1.2.3"))
    assert policy.permits(ipaddress.ip_address("::ffff:10.1.2.3"))
    assert not policy.permits(ipaddress.ip_address("192.168.1.1"))


def test_fetches_a_file(tmp_path: Path) -> None:
    with serving(lambda handler: body(handler, b"picture")) as base:
        fetched = Fetcher(LOOPBACK).fetch_to(f"{base}/a.png", tmp_path / "a", max_bytes=100)
    assert (tmp_path / "a").read_bytes() == b"picture"
    assert (fetched.size_bytes, fetched.content_type) == (7, "image/png")


def test_a_private_address_is_refused_before_any_connection() -> None:
    seen: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.path)
        body(handler, b"secret")

    with serving(answer) as base, pytest.raises(UrlForbidden) as caught:
        Fetcher().fetch(base, max_bytes=100)
    assert seen == []
    assert "127" not in caught.value.message


def test_a_redirect_to_a_forbidden_address_is_refused() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        body(handler, b"", 302, Location="http://169.254.169.254/latest/meta-data/")

    with serving(answer) as base, pytest.raises(UrlForbidden):
        Fetcher(LOOPBACK).fetch(base, max_bytes=100)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.com/a", "http://user:pw@example.com/"])
def test_a_redirect_to_something_else_is_refused(target: str) -> None:
    with (
        serving(lambda handler: body(handler, b"", 301, Location=target)) as base,
        pytest.raises(UrlForbidden),
    ):
        Fetcher(LOOPBACK).fetch(base, max_bytes=100)


def test_follows_a_relative_redirect_and_stops_a_loop() -> None:
    def once(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/a":
            body(handler, b"moved", 307, Location="b")
        else:
            body(handler, b"here")

    with serving(once) as base:
        assert Fetcher(LOOPBACK).fetch(f"{base}/a", max_bytes=100) == b"here"
    with (
        serving(lambda handler: body(handler, b"", 302, Location="/again")) as base,
        pytest.raises(UrlUnreachable, match="too often"),
    ):
        Fetcher(LOOPBACK).fetch(base, max_bytes=100)


@pytest.mark.parametrize(
    "url", ["", "photo.jpg", "file:///etc/passwd", "gopher://x/", "http://", "http://a:b@c/", "http://[::1", "h" * 5000]
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(UrlForbidden):
        Fetcher().fetch(url, max_bytes=100)


def test_a_file_that_says_it_is_too_large_is_refused(tmp_path: Path) -> None:
    with serving(lambda handler: body(handler, b"x" * 101)) as base, pytest.raises(FileTooLarge):
        Fetcher(LOOPBACK).fetch_to(base, tmp_path / "a", max_bytes=100)
    assert not (tmp_path / "a").exists()


def test_a_file_that_grows_without_saying_so_is_cut_off() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(10_000):
            handler.wfile.write(b"x" * 1000)

    with serving(answer) as base, pytest.raises(FileTooLarge):
        Fetcher(LOOPBACK).fetch(base, max_bytes=10_000)


@pytest.mark.parametrize("status", [204, 304, 403, 404, 500])
def test_no_success_is_unreachable(status: int) -> None:
    with serving(lambda handler: body(handler, b"", status)) as base, pytest.raises(UrlUnreachable, match=str(status)):
        Fetcher(LOOPBACK).fetch(base, max_bytes=100)


def test_compressed_content_is_refused() -> None:
    with (
        serving(lambda handler: body(handler, b"zip", Content_Encoding="gzip")) as base,
        pytest.raises(UrlUnreachable, match="compressed"),
    ):
        Fetcher(LOOPBACK).fetch(base, max_bytes=100)


def test_nobody_listening_is_unreachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(UrlUnreachable):
        Fetcher(LOOPBACK).fetch(f"http://127.0.0.1:{port}/", max_bytes=100)


def test_an_unknown_name_is_unreachable() -> None:
    def resolver(host: str, port: int) -> Sequence[IPAddress]:
        raise socket.gaierror(host)

    with pytest.raises(UrlUnreachable):
        Fetcher(resolver=resolver).fetch("http://nowhere.example/", max_bytes=100)


def test_a_dripping_server_meets_the_deadline() -> None:
    stop = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not stop.wait(0.05):
            handler.wfile.write(b"X-A: b\r\n")

    with serving(answer) as base:
        try:
            with pytest.raises(UrlUnreachable, match="in time"):
                Fetcher(LOOPBACK, timeout_s=0.4).fetch(base, max_bytes=100)
        finally:
            stop.set()


def test_a_look_up_that_hangs_meets_the_deadline() -> None:
    def resolver(host: str, port: int) -> Sequence[IPAddress]:
        time.sleep(0.5)
        return [ipaddress.ip_address("127.0.0.1")]

    with pytest.raises(UrlUnreachable, match="in time"):
        Fetcher(LOOPBACK, timeout_s=0.1, resolver=resolver).fetch("http://slow.example/", max_bytes=100)


def test_a_name_is_looked_up_once_and_the_checked_address_is_used() -> None:
    """A name that is public when checked and private when used (DNS rebinding) must not get through."""
    answers = [[ipaddress.ip_address("127.0.0.1")], [ipaddress.ip_address("169.254.169.254")]]
    asked: list[str] = []

    def resolver(host: str, port: int) -> Sequence[IPAddress]:
        asked.append(host)
        return answers[len(asked) - 1]

    with serving(lambda handler: body(handler, handler.headers["Host"].encode())) as base:
        port = base.rpartition(":")[2]
        got = Fetcher(LOOPBACK, resolver=resolver).fetch(f"http://photos.example:{port}/", max_bytes=100)
    assert got == f"photos.example:{port}".encode()
    assert asked == ["photos.example"]


def test_one_forbidden_address_among_several_is_enough() -> None:
    mixed = [ipaddress.ip_address("93.184.216.34"), ipaddress.ip_address("10.0.0.1")]
    with pytest.raises(UrlForbidden):
        Fetcher(resolver=lambda host, port: mixed).fetch("http://photos.example/", max_bytes=100)
