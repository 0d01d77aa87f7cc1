"""Where this machine can be reached: its addresses, and the links made of them."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass

import ifaddr

LOOPBACK = "127.0.0.1"
EVERY_ADDRESS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to
VIRTUAL = (
    *("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "vEthernet", "podman"),
    *("tun", "tap", "utun", "wg", "zt", "tailscale", "ppp"),
)
"""Interfaces that lead to programs of this machine or far away, not to a phone in the room."""
ANYWHERE = ("192.0.2.1", 9)  # RFC 5737: nobody's, so every machine has it behind its default route


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses of one server. `https_port` is None without the encrypted listener.

    `hosts` are those by which others in the network reach it, best first.
    """

    host: str
    port: int
    https_port: int | None = None
    hosts: tuple[str, ...] = ()

    @property
    def home(self) -> str:
        """The host by which this machine itself reaches it."""
        return LOOPBACK if self.host in EVERY_ADDRESS else self.host

    def here(self, path: str) -> str:
        """For a browser on this machine."""
        return f"http://{_authority(self.home, self.port)}{path}"

    def encrypted(self, path: str) -> str:
        """As `here`, by the encrypted listener that there must be."""
        assert self.https_port is not None
        return f"https://{_authority(self.home, self.https_port)}{path}"

    def network(self, path: str) -> tuple[str, ...]:
        """For whoever is in the same network, best first; none when nobody else is let in."""
        return tuple(f"http://{_authority(host, self.port)}{path}" for host in self.hosts)

    def secure(self, path: str) -> tuple[str, ...]:
        """The same, encrypted: what a phone's camera needs."""
        if self.https_port is None:
            return ()
        return tuple(f"https://{_authority(host, self.https_port)}{path}" for host in self.hosts)


def reachable_hosts(bound_host: str, addresses: Sequence[str]) -> tuple[str, ...]:
    """By which of this machine's `addresses` a server bound there is reached from the network.

    Of IPv6 only when there is nothing else: nobody can type it.
    """
    if bound_host in EVERY_ADDRESS:
        old = [address for address in addresses if ":" not in address]
        return tuple(old or addresses)
    return () if _is_loopback(bound_host) else (bound_host,)


def network_addresses() -> tuple[str, ...]:
    """This machine's addresses in its networks: the default route's first, IPv6 last.

    Empty when no interface is up.
    """
    found: list[tuple[tuple[bool, bool, bool], str]] = []
    first = _default_address()
    for adapter in ifaddr.get_adapters():
        virtual = str(adapter.nice_name).startswith(VIRTUAL)
        for each in adapter.ips:
            text = each.ip if isinstance(each.ip, str) else each.ip[0]
            if _is_useful(text):
                found.append(((":" in text, virtual, text != first), text))
    return tuple(dict.fromkeys(text for _, text in sorted(found, key=lambda pair: pair[0])))


def _default_address() -> str | None:
    """The address that packets to the outside would carry; none is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ANYWHERE)
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _is_useful(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return not (address.is_loopback or address.is_link_local or address.is_unspecified)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
