"""Webhook bodies: opened and verified the way their receivers do it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from standardwebhooks import Webhook, WebhookVerificationError

from photoplay.accounts import Credentials
from photoplay.clock import SystemClock
from photoplay.dialects.akool import callback as akool
from photoplay.dialects.native import callback as native
from photoplay.jobs.callbacks import JobEvent
from photoplay.jobs.job import Artifact, Job, JobRequest, JobState, MediaRef

CREDENTIALS = Credentials(
    key_id="k",
    account_id="a",
    name="n",
    client_id="AbCdEfGh12345678",
    api_key="abcdefghijklmnopqrstuvwx",
    access_key="x" * 32,
    secret_key="y" * 32,
    webhook_secret="whsec_" + base64.b64encode(bytes(range(32))).decode(),
    created_ms=0,
)
VIDEO = Artifact(
    kind="video", key="jobs/j/video.mp4", content_type="video/mp4", size_bytes=1, sha256="0" * 64, duration_s=5.0
)


def job(state: JobState, **changes: Any) -> Job:
    return Job(
        id="1" * 32,
        object_id="2" * 24,
        number="3" * 18,
        account_id="a",
        state=state,
        request=JobRequest(
            images=(MediaRef(url="https://example.com/a.jpg"),),
            callback_url=changes.pop("callback_url", "https://example.com/hook"),
            external_id="mine",
        ),
        credits=20,
        created_ms=1_760_000_000_000,
        updated_ms=1_760_000_000_500,
        artifacts=(VIDEO,) if state is JobState.SUCCEEDED else (),
        **changes,
    )


def event(state: JobState) -> JobEvent:
    return JobEvent(id="event-1", name=state.value, created_ms=1_760_000_000_500)


def link(artifact: Artifact) -> str:
    return f"https://clips.example.com/{artifact.key}"


# AKOOL --------------------------------------------------------------------------------


def opened(envelope: dict[str, Any], client_id: str, client_secret: str) -> dict[str, Any]:
    """What the vendor's sample receiver does: verify the signature, decrypt, parse."""
    parts = sorted([client_id, str(envelope["timestamp"]), str(envelope["nonce"]), envelope["dataEncrypt"]])
    assert envelope["signature"] == hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
    vector = client_id.encode()[:16].ljust(16, b"\0")
    decryptor = Cipher(algorithms.AES(client_secret.encode()), modes.CBC(vector)).decryptor()
    padded = decryptor.update(base64.b64decode(envelope["dataEncrypt"])) + decryptor.finalize()
    remover = padding.PKCS7(128).unpadder()
    message: dict[str, Any] = json.loads(remover.update(padded) + remover.finalize())
    return message


def written(state: JobState, **changes: Any) -> dict[str, Any] | None:
    write = akool.writer("image2video", SystemClock(), lambda: "1529")
    delivery = write(job(state, **changes), event(state), CREDENTIALS, link)
    if delivery is None:
        return None
    assert delivery.url == "https://example.com/hook"
    assert delivery.headers["content-type"] == "application/json"
    envelope: dict[str, Any] = json.loads(delivery.body)
    return envelope


@pytest.mark.parametrize(
    ("state", "status", "url"),
    [
        (JobState.RUNNING, 2, ""),
        (JobState.SUCCEEDED, 3, "https://clips.example.com/jobs/j/video.mp4"),
        (JobState.FAILED, 4, ""),
        (JobState.CANCELED, 4, ""),
    ],
)
def test_akool_receivers_can_open_the_envelope(state: JobState, status: int, url: str) -> None:
    envelope = written(state)
    assert envelope is not None
    assert {name: type(value) for name, value in envelope.items()} == {
        "signature": str,
        "dataEncrypt": str,
        "timestamp": int,
        "nonce": str,
    }
    message = opened(envelope, CREDENTIALS.client_id, CREDENTIALS.client_secret)
    assert message == {"_id": "2" * 24, "status": status, "type": "image2video", "url": url}


def test_akool_does_not_tell_of_a_queued_job() -> None:
    assert written(JobState.QUEUED) is None


def test_nobody_is_told_without_an_address() -> None:
    assert written(JobState.FAILED, callback_url=None) is None
    assert (
        native.writer(SystemClock())(job(JobState.FAILED, callback_url=None), event(JobState.FAILED), CREDENTIALS, link)
        is None
    )


def test_an_envelope_of_another_secret_does_not_open() -> None:
    envelope = written(JobState.FAILED)
    assert envelope is not None
    with pytest.raises((ValueError, UnicodeDecodeError)):
        opened(envelope, CREDENTIALS.client_id, "z" * 24)
    envelope["nonce"] = "1530"
    with pytest.raises(AssertionError):
        opened(envelope, CREDENTIALS.client_id, CREDENTIALS.client_secret)


@pytest.mark.parametrize("secret", ["s" * 16, "s" * 24, "s" * 32])
@pytest.mark.parametrize("client_id", ["short", "exactly16letters", "longer than sixteen bytes"])
@pytest.mark.parametrize("text", ["", "x", "y" * 15, "z" * 16, "ü" * 100])
def test_every_size_of_secret_and_id_round_trips(secret: str, client_id: str, text: str) -> None:
    sealed = akool.encrypt(json.dumps({"t": text}), client_id=client_id, client_secret=secret)
    signature = akool.sign(client_id=client_id, timestamp="1", nonce="2", data_encrypt=sealed)
    envelope = {"signature": signature, "dataEncrypt": sealed, "timestamp": 1, "nonce": "2"}
    assert opened(envelope, client_id, secret) == {"t": text}


def test_a_secret_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="16, 24 or 32 bytes"):
        akool.encrypt("{}", client_id="a", client_secret="s" * 20)


# photoplay's own --------------------------------------------------------------------------------


def test_our_own_webhook_verifies_as_standard_webhooks() -> None:
    done = job(JobState.SUCCEEDED, width=1280, height=720, duration_s=5.0, progress=1.0)
    delivery = native.writer(SystemClock())(done, event(JobState.SUCCEEDED), CREDENTIALS, link)
    assert delivery is not None
    message = Webhook(CREDENTIALS.webhook_secret).verify(delivery.body.decode(), dict(delivery.headers))
    assert message["type"] == "job.succeeded"
    assert message["data"] == {
        "id": "1" * 32,
        "external_id": "mine",
        "state": "succeeded",
        "progress": 1.0,
        "width": 1280,
        "height": 720,
        "duration_s": 5.0,
        "video_url": "https://clips.example.com/jobs/j/video.mp4",
        "error": None,
    }
    assert delivery.headers["webhook-id"] == "event-1"
    with pytest.raises(WebhookVerificationError):
        Webhook(CREDENTIALS.webhook_secret).verify(delivery.body.decode() + " ", dict(delivery.headers))


def test_our_own_webhook_does_not_tell_of_a_queued_job() -> None:
    assert native.writer(SystemClock())(job(JobState.QUEUED), event(JobState.QUEUED), CREDENTIALS, link) is None


def test_our_own_webhook_says_why_a_job_failed() -> None:
    failed = job(JobState.FAILED, error_code="url_unreachable", error_message="The URL could not be fetched.")
    delivery = native.writer(SystemClock())(failed, event(JobState.FAILED), CREDENTIALS, link)
    assert delivery is not None
    data = json.loads(delivery.body)["data"]
    assert data["error"] == {"code": "url_unreachable", "message": "The URL could not be fetched."}
    assert data["video_url"] is None
