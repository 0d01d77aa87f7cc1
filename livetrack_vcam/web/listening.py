"""The sockets of the web server: plain and encrypted, and how many may connect at once."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from livetrack_vcam.errors import SinkBusyError, SinkError, SinkNotFoundError

MAX_PORT = 65535
MAX_CONNECTIONS = 768
OF_FILES = 0.5
"""And of the files that the system lets us open: the camera needs some, too."""


@dataclass(frozen=True, slots=True)
class Https:
    """The encrypted listener that is wanted beside the plain one. Port 0 takes a free one."""

    port: int
    context: ssl.SSLContext


def check_free(host: str, port: int, https_port: int | None = None) -> None:
    """Raise what `listen` would, before anything is written or sent. Port 0 is always free."""
    for number, option in ((port, "--port"), (https_port, "--https-port")):
        if not number:
            continue
        try:
            found = socket.getaddrinfo(
                host, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            for family, kind, protocol, _, address in found:
                _try_to_bind(family, kind, protocol, address, alone=len(found) == 1)
        except OSError as error:
            raise _refused(error, host, number, option) from error


def _try_to_bind(family: int, kind: int, protocol: int, address: Any, *, alone: bool) -> None:
    """As asyncio does it. Raises OSError; which of several addresses of a name this machine does
    not have, as without IPv6, is left to `listen`."""
    try:
        trial = socket.socket(family, kind, protocol)
    except OSError:
        return
    with trial:
        if os.name == "posix":
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            trial.bind(address)
        except OSError as error:
            if alone or error.errno != errno.EADDRNOTAVAIL:
                raise


async def listen(
    runner: web.AppRunner, host: str, port: int, context: ssl.SSLContext | None = None
) -> asyncio.Server:
    """A listener for the application. Raises SinkBusyError or SinkNotFoundError."""
    loop, places = asyncio.get_running_loop(), _places()
    try:
        return await loop.create_server(lambda: _admit(runner, places), host, port, ssl=context)
    except OSError as error:
        raise _refused(error, host, port, "--https-port" if context else "--port") from error


def port_of(listener: asyncio.Server) -> int:
    return int(listener.sockets[0].getsockname()[1])


def _refused(error: OSError, host: str, port: int, option: str) -> SinkError:
    place = f"port {port} on {host}"
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < MAX_PORT else 8787
        return SinkBusyError(
            f"{place} is in use, perhaps by another livetrack-vcam; choose another: "
            f"{option} {other}"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return SinkBusyError(f"this user may not open {place}; choose another: {option} 8787")
    return SinkNotFoundError(
        f"this machine has no address {host!r} ({error.strerror or error}); "
        "use --host 127.0.0.1 for this machine only, or --host 0.0.0.0 for the network"
    )


def _places() -> int:
    """How many connections there may be at once."""
    try:
        import resource
    except ImportError:  # Windows knows no such limit
        return MAX_CONNECTIONS
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_CONNECTIONS if files < 0 else min(MAX_CONNECTIONS, int(OF_FILES * files))


def _admit(runner: web.AppRunner, places: int) -> asyncio.BaseProtocol:
    """Who serves one more connection."""
    server = runner.server
    if server is None or len(server.connections) >= places:
        return _TurnedAway()
    return server()


class _TurnedAway(asyncio.Protocol):
    """Hangs up: a full house would leave the program without files for its camera."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()
