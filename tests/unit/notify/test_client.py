"""The client for callbacks: what is sent, and where it refuses to go."""

from __future__ import annotations

import ipaddress
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from photoplay.errors import UrlForbidden, UrlUnreachable
from photoplay.notify.client import CallbackClient
from photoplay.notify.delivery import Delivery

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


@pytest.fixture
def receiver():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            server.requests.append((self.path, dict(self.headers.items()), body))
            self.send_response(server.answer)
            if server.answer == 302:
                self.send_header("location", "/elsewhere")
            self.end_headers()
            self.wfile.write(b"ignored")

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.requests = []
    server.answer = 200
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def url(receiver, path="/hook?x=1") -> str:
    return f"http://127.0.0.1:{receiver.server_port}{path}"


def test_body_and_headers_arrive_as_written(receiver):
    message = Delivery(url=url(receiver), body=b'{"a":1}', headers={"Webhook-Id": "evt_1"})
    assert CallbackClient(LOOPBACK).post(message) == 200
    ((path, headers, body),) = receiver.requests
    lowered = {name.lower(): value for name, value in headers.items()}
    assert (path, body) == ("/hook?x=1", b'{"a":1}')
    assert (lowered["webhook-id"], lowered["content-type"]) == ("evt_1", "application/json")


def test_redirects_are_not_followed(receiver):
    receiver.answer = 302
    assert CallbackClient(LOOPBACK).post(Delivery(url=url(receiver), body=b"")) == 302
    assert len(receiver.requests) == 1


def test_private_addresses_are_refused_unless_allowed(receiver):
    with pytest.raises(UrlForbidden):
        CallbackClient().post(Delivery(url=url(receiver), body=b""))
    assert receiver.requests == []


@pytest.mark.parametrize("bad", ["ftp://127.0.0.1/x", "http://", "not a url", "http://u:p@127.0.0.1/"])
def test_other_urls_are_refused(bad):
    with pytest.raises(UrlForbidden):
        CallbackClient(LOOPBACK).post(Delivery(url=bad, body=b""))


def test_nobody_there():
    with pytest.raises(UrlUnreachable):
        CallbackClient(LOOPBACK).post(Delivery(url="http://127.0.0.1:9/", body=b""))
