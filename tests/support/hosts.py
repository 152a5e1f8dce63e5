"""Several hosts on this machine: network namespaces, joined by a bridge, whose links can be cut and healed.

Each host has network interfaces, routes and a name of its own; processes and files it shares with the rest of the
machine, so every process of a host is given a data folder of its own. The bridge lies in a namespace of its own too,
where this machine's filters do not reach. The tests' process is joined to it by one link and can look at every host.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

LINK = "eth0"
NETWORK = "198.18"  # set aside for measuring networks (RFC 2544): no real host has such an address
OBSERVER = 254
NOBODY = "02:00:00:00:00:01"  # a hardware address that no card here has


def ip(*arguments: str) -> None:
    """Runs ``ip`` and fails with what it says."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


@dataclass(frozen=True)
class Host:
    """A network namespace with one link to the bridge."""

    name: str
    namespace: str
    address: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """The command that runs the rest of a command line on this host."""
        named = ("unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', self.name)
        return ("ip", "netns", "exec", self.namespace, *named)

    def cut(self) -> None:
        """Pulls the plug: packets are lost from now on, both ways, and nobody is told."""
        self._ip("link", "set", LINK, "down")

    def heal(self) -> None:
        """Puts the plug back."""
        self._ip("link", "set", LINK, "up")

    def lose(self, address: str) -> None:
        """Loses every packet to one address without a word; all others stay within reach."""
        self._ip("neigh", "replace", address, "lladdr", NOBODY, "nud", "permanent", "dev", LINK)

    def find(self, address: str) -> None:
        """Takes :meth:`lose` back."""
        self._ip("neigh", "del", address, "dev", LINK)

    def also(self, address: str) -> None:
        """Gives the host a further address."""
        self._ip("address", "add", f"{address}/24", "dev", LINK)

    def _ip(self, *arguments: str) -> None:
        ip("-n", self.namespace, *arguments)


class Net:
    """A bridge, and what is joined to it."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._tag = secrets.token_hex(3)
        self._subnet = f"{NETWORK}.{secrets.randbelow(254) + 1}"
        self._bridge = self._namespace("bridge")
        ip("-n", self._bridge, "link", "add", "bridge", "type", "bridge")
        ip("-n", self._bridge, "link", "set", "bridge", "up")
        observer = f"pp{self._tag}"
        ip("link", "add", observer, "type", "veth", "peer", "name", "observer", "netns", self._bridge)
        # Gone with the namespace of its other end.
        ip("-n", self._bridge, "link", "set", "observer", "master", "bridge", "up")
        ip("address", "add", f"{self.address(OBSERVER)}/24", "dev", observer)
        ip("link", "set", observer, "up")

    def address(self, number: int) -> str:
        """An address of this network, 1..253."""
        return f"{self._subnet}.{number}"

    def host(self, name: str, number: int) -> Host:
        """A host of that name, joined to the bridge."""
        host = Host(name, self._namespace(name), self.address(number))
        ip("-n", self._bridge, "link", "add", name, "type", "veth", "peer", "name", LINK, "netns", host.namespace)
        ip("-n", self._bridge, "link", "set", name, "master", "bridge", "up")
        ip("-n", host.namespace, "link", "set", "lo", "up")
        ip("-n", host.namespace, "address", "add", f"{host.address}/24", "dev", LINK)
        ip("-n", host.namespace, "link", "set", LINK, "up")
        return host

    def _namespace(self, name: str) -> str:
        namespace = f"photoplay-{self._tag}-{name}"
        ip("netns", "add", namespace)
        self._stack.callback(ip, "netns", "delete", namespace)
        return namespace


@contextmanager
def network() -> Iterator[Net]:
    """A network that goes when the block ends. Skips the test where none can be made."""
    if os.geteuid() != 0:
        pytest.skip("only root can lay out networks")
    for program in ("ip", "unshare", "setpriv", "hostname"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (Debian: apt-get install iproute2 util-linux hostname)")
    with ExitStack() as stack:
        try:
            net = Net(stack)
        except OSError as error:
            pytest.skip(f"networks cannot be laid out here: {error}")
        yield net
