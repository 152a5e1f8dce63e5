"""Sends webhooks through the guarded client: a receiver's address is as hostile as any URL from outside."""

from __future__ import annotations

from collections.abc import Iterable

from photoplay.media.guard import GuardedClient, IPNetwork
from photoplay.notify.delivery import Delivery

TIMEOUT_S = 15.0  # for one try, from the look-up to the end of the answer
_MAX_ANSWER_BYTES = 64 * 1024  # read so that a receiver is not cut off in mid-answer, and no more


class CallbackClient:
    """Posts deliveries. Redirects are not followed: a receiver that moved must be named anew."""

    def __init__(self, allowed_networks: Iterable[IPNetwork] = ()) -> None:
        self._client = GuardedClient(allowed_networks)

    def post(self, delivery: Delivery) -> int:
        """Sends it and returns the HTTP status.

        Raises:
            UrlForbidden: the address is not allowed.
            UrlUnreachable: no answer, or not in time.
        """
        with self._client.exchange(
            "POST", delivery.url, timeout_s=TIMEOUT_S, headers=delivery.headers, body=delivery.body
        ) as response:
            received = 0
            for piece in response.iter_stream():
                received += len(piece)
                if received > _MAX_ANSWER_BYTES:
                    break
            return response.status
