"""AKOOL's envelope, opened by the vendor's library (crypto-js) as the vendor's page tells a Node program to."""

from __future__ import annotations

import json

import pytest

from photoplay.dialects.akool.callback import encrypt, sign
from support.akool_receiver import opened, opened_in_node

CLIENT_ID = "PjI91Lm5yKFXDN6D"


def envelope(message: object, client_secret: str, nonce: str | int, client_id: str = CLIENT_ID) -> dict[str, object]:
    data = encrypt(json.dumps(message), client_id=client_id, client_secret=client_secret)
    signature = sign(client_id=client_id, timestamp="1710757981609", nonce=str(nonce), data_encrypt=data)
    return {"signature": signature, "dataEncrypt": data, "timestamp": 1710757981609, "nonce": nonce}


@pytest.mark.parametrize("secret_chars", [16, 24, 32])
@pytest.mark.parametrize("url", ["", "https://videos.example.com/a.mp4?x=1&y=ü%20", "https://example.com/" + "a" * 900])
def test_crypto_js_opens_it(secret_chars: int, url: str) -> None:
    secret = "Vx0aYqBc7ZPo5mWnTs4RkJ2LVx0aYqBc"[:secret_chars]
    message = {"_id": "689174694b4dbdd4ab3d28c9", "status": 3, "type": "image2video", "url": url}
    made = envelope(message, secret, "1529")
    assert opened_in_node(made, CLIENT_ID, secret) == message == opened(made, CLIENT_ID, secret)


def test_what_was_changed_on_the_way_is_noticed() -> None:
    secret = "Vx0aYqBc7ZPo5mWnTs4RkJ2L"
    made = envelope({"status": 2}, secret, "1529")
    for changed in ({"nonce": "1530"}, {"timestamp": 1710757981610}, {"signature": "0" * 40}):
        with pytest.raises(AssertionError, match="the signature is wrong"):
            opened_in_node(made | changed, CLIENT_ID, secret)


@pytest.mark.parametrize("secret_chars", [0, 15, 23, 25, 33])
def test_a_secret_of_another_length_is_refused(secret_chars: int) -> None:
    with pytest.raises(ValueError, match="16, 24 or 32"):
        encrypt("{}", client_id=CLIENT_ID, client_secret="x" * secret_chars)
