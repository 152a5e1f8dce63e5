"""Posts callbacks to URLs that callers gave: through the guarded client, without redirects, the answer unread."""

from __future__ import annotations

from collections.abc import Iterable

from photoplay.media.guard import GuardedClient, IPNetwork, Resolver, system_resolver
from photoplay.notify.delivery import TIMEOUT_S, Delivery


class CallbackClient:
    """Sends one callback at a time; thread-safe."""

    def __init__(
        self,
        allowed_networks: Iterable[IPNetwork] = (),
        *,
        timeout_s: float = TIMEOUT_S,
        resolver: Resolver = system_resolver,
    ) -> None:
        self._client = GuardedClient(allowed_networks, resolver=resolver)
        self._timeout_s = timeout_s

    def post(self, delivery: Delivery) -> int:
        """Sends it and returns the HTTP status of the answer, whose body nobody reads.

        Raises:
            UrlForbidden: the URL or its address is not allowed.
            UrlUnreachable: no answer, or not in time.
        """
        headers = {"content-type": "application/json"} | {
            name.lower(): value for name, value in delivery.headers.items()
        }
        with self._client.exchange(
            "POST", delivery.url, timeout_s=self._timeout_s, headers=headers, body=delivery.body
        ) as response:
            return response.status
