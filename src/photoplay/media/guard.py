"""HTTP to addresses that strangers name: checked, pinned, bounded.

Every URL from outside (an input file, a webhook) goes through :class:`GuardedClient`, so that it cannot be
used to reach what only this machine can reach:

* http and https only, no credentials in the URL, no proxy from the environment;
* the host is resolved here, *every* address it has must be public or in the operator's allowed networks, and the
  connection is made to the checked address itself: a name that changes its mind between check and use gains nothing;
* addresses that carry an IPv4 address inside (mapped, 6to4, Teredo, NAT64) are judged by it as well;
* one deadline covers everything from the look-up to the last byte, however slowly the other side drips.

TLS certificates are checked for the name in the URL.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

import httpcore
import httpx

from photoplay import __version__
from photoplay.errors import UrlForbidden, UrlUnreachable

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Sequence[IPAddress]]
"""Host and port to addresses. Raises OSError when the name has none."""

USER_AGENT = f"photoplay/{__version__}"
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
# What the standard library of some supported Python calls global, and is not for us.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291, 2.4: nothing else is handed out to the public
_NOT_PUBLIC = (
    ipaddress.IPv4Network("192.0.0.0/24"),  # RFC 6890; one cloud answers for its metadata at 192.0.0.192
    ipaddress.IPv4Network("192.88.99.0/24"),  # RFC 7526: relays of 6to4, withdrawn
    ipaddress.IPv4Network("168.63.129.16/32"),  # one cloud's host, seen from its guests only
    ipaddress.IPv6Network("3fff::/20"),  # RFC 9637: documentation
)
_MAX_URL_CHARS = 4096
# Look-ups cannot be interrupted, so they run beside; a few at a time is plenty.
_lookups = ThreadPoolExecutor(max_workers=8, thread_name_prefix="dns")


def system_resolver(host: str, port: int) -> list[IPAddress]:
    """What the machine's resolver says, without scope ids."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


class NetworkPolicy:
    """Which addresses may be reached: public ones, and those in ``allowed``."""

    def __init__(self, allowed: Iterable[IPNetwork] = ()) -> None:
        self._allowed = tuple(allowed)

    def permits(self, address: IPAddress) -> bool:
        """Whether a connection to ``address`` may be made."""
        if any(address.version == net.version and address in net for net in self._allowed):
            return True
        inner = _carried(address)
        if inner is not None:
            return self.permits(inner)
        if any(address.version == net.version and address in net for net in _NOT_PUBLIC):
            return False
        if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
            return False
        return address.is_global and not address.is_multicast


def _carried(address: IPAddress) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside a transition address, if it is one."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


class _Deadline:
    """A moment after which nothing may happen any more."""

    def __init__(self, seconds: float) -> None:
        self._end_s = time.monotonic() + seconds

    def left(self, timeout: float | None = None) -> float:
        """Seconds left, at most ``timeout``.

        Raises:
            httpcore.ReadTimeout: none.
        """
        left_s = self._end_s - time.monotonic()
        if left_s <= 0:
            raise httpcore.ReadTimeout("deadline")
        return left_s if timeout is None else min(left_s, timeout)


class _TimedStream(httpcore.NetworkStream):
    """A network stream that stops at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _TimedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class _PinnedBackend(httpcore.NetworkBackend):
    """Connects to addresses that were checked, never to names."""

    def __init__(self, policy: NetworkPolicy, resolver: Resolver, deadline: _Deadline) -> None:
        self._policy = policy
        self._resolver = resolver
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        lookup = _lookups.submit(self._resolver, host.strip("[]"), port)
        try:
            addresses = list(dict.fromkeys(lookup.result(self._deadline.left())))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("name look-up") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("name look-up") from error
        if not all(self._policy.permits(address) for address in addresses):
            raise UrlForbidden
        failure: httpcore.NetworkError | httpcore.TimeoutException = httpcore.ConnectError("no address")
        for address in addresses:
            try:
                stream = self._sockets.connect_tcp(
                    str(address), port, self._deadline.left(timeout), local_address, socket_options
                )
            except (httpcore.NetworkError, httpcore.TimeoutException) as error:
                failure = error
            else:
                return _TimedStream(stream, self._deadline)
        raise failure


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


class GuardedClient:
    """Sends requests to URLs that strangers gave."""

    def __init__(self, allowed_networks: Iterable[IPNetwork] = (), *, resolver: Resolver = system_resolver) -> None:
        self._policy = NetworkPolicy(allowed_networks)
        self._resolver = resolver

    @contextmanager
    def exchange(
        self,
        method: str,
        url: str | httpx.URL,
        *,
        timeout_s: float,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Iterator[httpcore.Response]:
        """One request; its response while the block lasts. Redirects are not followed.

        Raises:
            UrlForbidden: the URL or its address is not allowed.
            UrlUnreachable: it could not be reached, or not in time.
        """
        target = checked_url(url)
        deadline = _Deadline(timeout_s)
        backend = _PinnedBackend(self._policy, self._resolver, deadline)
        sent = {"host": target.netloc.decode("ascii"), "user-agent": USER_AGENT, "accept": "*/*"}
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        if body is not None:
            sent["content-length"] = str(len(body))
        try:
            with (
                httpcore.ConnectionPool(ssl_context=_tls(), network_backend=backend, max_connections=1) as pool,
                pool.stream(
                    method,
                    httpcore.URL(
                        scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path
                    ),
                    headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in sent.items()],
                    content=body,
                ) as response,
            ):
                yield response
        except httpcore.TimeoutException as error:
            raise UrlUnreachable("The URL did not answer in time.") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError) as error:
            raise UrlUnreachable from error


def checked_url(url: str | httpx.URL) -> httpx.URL:
    """The URL, if it is one we speak to at all.

    Raises:
        UrlForbidden: of another scheme, with credentials, or not a URL.
    """
    if isinstance(url, str) and len(url) > _MAX_URL_CHARS:
        raise UrlForbidden("The URL is too long.")
    try:
        parsed = httpx.URL(url)
        usable = parsed.scheme in ("http", "https") and bool(parsed.raw_host)
    except (httpx.InvalidURL, ValueError, UnicodeError) as error:
        raise UrlForbidden("This is not a valid URL.") from error
    if not usable:
        raise UrlForbidden("Only http and https URLs are fetched.")
    if parsed.userinfo:
        raise UrlForbidden("URLs with credentials in them are not fetched.")
    return parsed
