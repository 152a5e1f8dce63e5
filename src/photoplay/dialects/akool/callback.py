"""AKOOL's webhook: an encrypted, signed envelope.

The vendor's page says how a receiver opens it, and its sample code settles where text and code differ:

* ``dataEncrypt`` is base64 of AES-CBC over PKCS#7-padded JSON. The key is the client secret, the initialisation
  vector the client id (its first 16 bytes, padded with zeros when shorter), both as UTF-8. The page's text names
  AES-192 and padding to 24, all its code takes the AES size from the secret's length and pads to the 16-byte block.
* ``signature`` is the SHA-1, in hex, of client id, timestamp, nonce and dataEncrypt, as text, sorted, joined.

The envelope printed on that page does not verify with the credentials printed beside it, so it is no test vector.
The value of ``type`` for this product is not documented; it is the setting ``akool_callback_type``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from photoplay.accounts import Credentials
from photoplay.clock import Clock, SystemClock
from photoplay.dialects.akool import wire
from photoplay.jobs.callbacks import ArtifactUrl, CallbackWriter, JobEvent
from photoplay.jobs.job import Job, JobState
from photoplay.jobs.runtime import Runtime
from photoplay.notify.delivery import Delivery
from photoplay.settings import Settings

_AES_KEY_BYTES = (16, 24, 32)
_BLOCK_BYTES = 16
_NONCE_RANGE = 10_000

STATUS_OF_EVENT = {
    JobState.RUNNING: wire.STATUS_PROCESSING,
    JobState.SUCCEEDED: wire.STATUS_COMPLETED,
    JobState.FAILED: wire.STATUS_FAILED,
    JobState.CANCELED: wire.STATUS_FAILED,
}
"""The statuses that are told: 2, 3 and 4. A queued job is not."""


def encrypt(text: str, *, client_id: str, client_secret: str) -> str:
    """``dataEncrypt`` for ``text``.

    Raises:
        ValueError: the secret is not 16, 24 or 32 bytes long.
    """
    key = client_secret.encode()
    if len(key) not in _AES_KEY_BYTES:
        raise ValueError("the client secret must have 16, 24 or 32 bytes")
    vector = client_id.encode()[:_BLOCK_BYTES].ljust(_BLOCK_BYTES, b"\0")
    padder = padding.PKCS7(_BLOCK_BYTES * 8).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def sign(*, client_id: str, timestamp: str, nonce: str, data_encrypt: str) -> str:
    """``signature`` of an envelope."""
    joined = "".join(sorted((client_id, timestamp, nonce, data_encrypt)))
    return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()  # the vendor's receivers verify SHA-1


def writer(callback_type: str, clock: Clock, nonce: Callable[[], str]) -> CallbackWriter:
    """What writes this dialect's webhooks."""

    def write(job: Job, event: JobEvent, credentials: Credentials, link: ArtifactUrl) -> Delivery | None:
        status = STATUS_OF_EVENT.get(JobState(event.name))
        if status is None or job.request.callback_url is None:
            return None
        video = job.artifact("video") if status == wire.STATUS_COMPLETED else None
        message = {
            "_id": job.object_id,
            "status": status,
            "type": callback_type,
            "url": link(video) if video is not None else "",
        }
        data_encrypt = encrypt(
            json.dumps(message, separators=(",", ":")),
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
        )
        timestamp_ms = clock.now_ms()
        drawn = nonce()
        envelope = {
            "signature": sign(
                client_id=credentials.client_id, timestamp=str(timestamp_ms), nonce=drawn, data_encrypt=data_encrypt
            ),
            "dataEncrypt": data_encrypt,
            "timestamp": timestamp_ms,
            "nonce": drawn,
        }
        return Delivery(
            url=job.request.callback_url,
            body=json.dumps(envelope).encode(),
            headers={"content-type": "application/json"},
        )

    return write


def register_callbacks(runtime: Runtime, settings: Settings) -> None:
    """Has this dialect write the webhooks of the jobs that came in through it."""
    runtime.callbacks.register(
        wire.DIALECT,
        writer(settings.akool_callback_type, SystemClock(), lambda: str(secrets.randbelow(_NONCE_RANGE))),
    )
