"""Webhooks of an account, from the operator's command to a receiver that verifies them as the vendor's clients do.

One receiver takes everything, but only on the second try; one is dead; one never answers. None of them keeps a job.
"""

from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import openai
import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from typer.testing import CliRunner

from photoplay.cli import app
from photoplay.notify.delivery import TIMEOUT_S
from support.faces import FACES
from support.files import Page, jpeg, web
from support.node import run_node
from support.server import Server, serving, wait_for

pytestmark = pytest.mark.server

TINY = '{"motion": "support.tiny_engine:TinyEngine"}'
Call = tuple[str, bytes, dict[str, str]]


class Receiver:
    """Takes what is posted. ``/flaky`` fails the first try of each event, ``/mute`` never answers."""

    def __init__(self) -> None:
        self.calls: queue.Queue[Call] = queue.Queue()
        self.seen: set[str] = set()
        self.released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/mute":
                    outer.released.wait(TIMEOUT_S * 2)
                    return
                event_id = self.headers["webhook-id"]
                first = event_id not in outer.seen
                outer.seen.add(event_id)
                outer.calls.put((self.path, body, dict(self.headers)))
                self.send_response(500 if first else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def next(self) -> Call:
        return self.calls.get(timeout=60)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    made.thread.start()
    try:
        yield made
    finally:
        made.released.set()
        made.server.shutdown()
        made.thread.join()
        made.server.server_close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data_dir = tmp_path_factory.mktemp("webhooks") / "data"
    with serving(data_dir, engines=TINY, allowed_networks="127.0.0.1/32") as running:
        yield running


def cli(server: Server, *arguments: str) -> Any:
    done = CliRunner().invoke(app, [*arguments, "--data-dir", str(server.data_dir)])
    assert done.exit_code == 0, done.output
    return json.loads(done.output) if "--json" in arguments else done.output


def test_an_account_hears_of_the_end_of_every_video(server: Server, receiver: Receiver) -> None:
    key = server.key(name="told", credits=1000)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        dead = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    secrets = {}
    for url in (f"{receiver.url}/mute", dead, f"{receiver.url}/flaky"):
        made = cli(server, "webhooks", "endpoints", "add", url, "--account", "told", "--json")
        secrets[url] = made["secret"]
    secret = secrets[f"{receiver.url}/flaky"]
    native = next(face for face in FACES if face.name == "native")
    with web({"/photo.jpg": Page(jpeg())}) as photos, server.client(key["api_key"]) as client:
        for prompt, kind, state in (("frames=4", "video.completed", "succeeded"), ("fail", "video.failed", "failed")):
            body = native.body(prompt) | {"images": [f"{photos}/photo.jpg"]}
            job = client.post("/v1/jobs", json=body).json()
            assert wait_for(client, job["id"])["state"] == state  # whatever the receivers do
            tries = [receiver.next(), receiver.next()]
            told = [opened(secret, *call) for call in tries]
            assert [event["type"] for event in told] == [kind, kind]
            assert [event["data"] for event in told] == [{"id": f"video_{job['id']}"}] * 2
            assert len({headers["webhook-id"] for _, _, headers in tries} | {event["id"] for event in told}) == 1
            with pytest.raises(WebhookVerificationError):
                Webhook(secrets[dead]).verify(tries[0][1], tries[0][2])
            bearer = {"authorization": f"Bearer {key['api_key']}"}
            read = client.get(f"/v1/videos/{told[0]['data']['id']}", headers=bearer).json()
            assert read["status"] == {"succeeded": "completed", "failed": "failed"}[state]
        rows = cli(server, "webhooks", "list", "--job", job["id"], "--json")
        assert {row["url"] for row in rows} == set(secrets)
        (delivered,) = [row for row in rows if row["state"] == "delivered"]
        assert (delivered["tries"], delivered["last_status"]) == (2, 204)
        assert "1 to be sent again" in cli(server, "webhooks", "replay", delivered["id"])
        call = receiver.next()
        again = opened(secret, *call)
        assert opened_by_node(secret, *call) == again
        assert (again["id"], again["data"]["id"]) == (f"evt_{delivered['id']}", f"video_{job['id']}")


def opened(secret: str, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    """The event, verified by the standard's library and by the vendor's client."""
    assert path == "/flaky"
    told: dict[str, Any] = Webhook(secret).verify(body, headers)
    unwrapped: Any = openai.OpenAI(api_key="x", webhook_secret=secret).webhooks.unwrap(body, headers)
    assert (unwrapped.type, unwrapped.data.id) == (told["type"], told["data"]["id"])
    return told


def opened_by_node(secret: str, path: str, body: bytes, headers: dict[str, str]) -> Any:
    """The event, verified by the vendor's client for Node."""
    script = """
      const OpenAI = require('openai');
      const {body, headers, secret} = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
      new OpenAI({apiKey: 'x'}).webhooks.unwrap(body, headers, secret)
        .then((event) => process.stdout.write(JSON.stringify(event)));
    """
    lower = {name.lower(): value for name, value in headers.items()}
    return json.loads(run_node(script, stdin=json.dumps({"body": body.decode(), "headers": lower, "secret": secret})))
