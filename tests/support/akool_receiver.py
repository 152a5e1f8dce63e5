"""A receiver of AKOOL's webhooks, and the two ways to open what it gets: in Python, and with the vendor's library."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from support.node import run_node

Envelopes = queue.Queue[dict[str, Any]]

# What the vendor's page tells a Node program to do: SHA-1 over the four values, sorted and joined; then AES in CBC mode,
# with the secret as the key, the client id as the vector, and PKCS#7 padding.
NODE_RECEIVER = """
const crypto = require("crypto");
const CryptoJS = require("crypto-js");
const { envelope, clientId, clientSecret } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const { signature, dataEncrypt, timestamp, nonce } = envelope;
const sorted = [clientId, timestamp, nonce, dataEncrypt].sort().join("");
if (crypto.createHash("sha1").update(sorted).digest("hex") !== signature) throw new Error("the signature is wrong");
const decrypted = CryptoJS.AES.decrypt(dataEncrypt, CryptoJS.enc.Utf8.parse(clientSecret), {
  iv: CryptoJS.enc.Utf8.parse(clientId),
  mode: CryptoJS.mode.CBC,
  padding: CryptoJS.pad.Pkcs7,
});
process.stdout.write(decrypted.toString(CryptoJS.enc.Utf8));
"""


@contextlib.contextmanager
def receiving() -> Iterator[tuple[str, Envelopes]]:
    """A webhook receiver: its URL, and the envelopes it got."""
    got: Envelopes = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", got
        server.shutdown()
        thread.join()


def opened(envelope: dict[str, Any], client_id: str, client_secret: str) -> dict[str, Any]:
    """What the vendor's sample receiver does."""
    parts = sorted([client_id, str(envelope["timestamp"]), str(envelope["nonce"]), envelope["dataEncrypt"]])
    assert envelope["signature"] == hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
    decryptor = Cipher(algorithms.AES(client_secret.encode()), modes.CBC(client_id.encode()[:16])).decryptor()
    padded = decryptor.update(base64.b64decode(envelope["dataEncrypt"])) + decryptor.finalize()
    remover = padding.PKCS7(128).unpadder()
    message: dict[str, Any] = json.loads(remover.update(padded) + remover.finalize())
    return message


def opened_in_node(envelope: dict[str, Any], client_id: str, client_secret: str) -> dict[str, Any]:
    """The same by a Node program with crypto-js."""
    given = {"envelope": envelope, "clientId": client_id, "clientSecret": client_secret}
    message: dict[str, Any] = json.loads(run_node(NODE_RECEIVER, stdin=json.dumps(given)))
    return message
