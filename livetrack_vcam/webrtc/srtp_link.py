"""The way of a picture's packets to one receiver: encrypted in one buffer, sent in one call.

Where the system takes a burst of equal datagrams at once (Linux, UDP_SEGMENT), a picture of nine
packets costs the system a quarter of what nine calls do.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from struct import pack
from threading import local

from livetrack_vcam.webrtc.aiortc_names import Route, srtp_memory, srtp_protect
from livetrack_vcam.webrtc.terms import Link

_MARKER = 0x80
# linux/udp.h; the socket module names neither.
_SOL_UDP = 17
_UDP_SEGMENT = 103
# The system takes 64 datagrams and 65,507 bytes.
_BURST_PACKETS = 48
_MEMORY_BYTES = 1 << 16


class _Scratch(local):
    """Shared by all links of a thread, so that it stays in the processor's cache."""

    def __init__(self) -> None:
        self.memory, self.length, self.view = srtp_memory(_MEMORY_BYTES)


_scratch = _Scratch()


class SrtpLink(Link):
    """See Link. What the system refuses for now waits in the asyncio transport."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._transport: object = None
        self._socket: socket.socket | None = None
        self._loop = asyncio.get_running_loop()

    def ready(self) -> bool:
        route = self._route
        if not route.look_up():
            return False
        if self._transport is not route.transport:
            self._transport = route.transport
            self._socket = _taking_bursts(route.socket)
        return True

    def waiting(self) -> int:
        return self._route.waiting()

    def send(self, head: bytes, sequence: int, payloads: tuple[bytes, ...], marked: bool) -> None:
        memory, length, view = _scratch.memory, _scratch.length, _scratch.view
        srtp = self._route.srtp
        start = len(head)
        last = len(payloads) - 1 if marked else -1
        at = packets = segment = equal = before = 0
        for index, payload in enumerate(payloads):
            size = start + len(payload)
            if packets and (size > equal or before < equal or packets == _BURST_PACKETS):
                self._release(view[:at], segment)
                at = packets = 0
            if not packets:
                equal = size
            before = size
            begin = at + start
            view[at:begin] = head
            view[begin : at + size] = payload
            view[at + 2 : at + 4] = (sequence + index & 0xFFFF).to_bytes(2, "big")
            if index == last:
                view[at + 1] |= _MARKER
            length[0] = size
            if srtp_protect(srtp, memory + at, length) == 0:
                segment = segment if packets else length[0]
                at += length[0]
                packets += 1
        if packets:
            self._release(view[:at], segment)

    def send_again(
        self, head: bytes, sequence: int, marked: bool, parts: tuple[bytes, ...]
    ) -> None:
        kind = head[1] | _MARKER if marked else head[1]
        head = b"".join((head[:1], bytes((kind,)), sequence.to_bytes(2, "big"), head[4:]))
        self._route.send_rtp(head + b"".join(parts))

    def send_rtcp(self, compound: bytes) -> None:
        self._route.send_rtcp(compound)

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        self._loop.call_later(delay_s, call)

    def _release(self, burst: memoryview, segment: int) -> None:
        """`burst`: datagrams of `segment` bytes each, the last perhaps smaller."""
        route = self._route
        # What waits goes first.
        if self._socket is not None and len(burst) > segment and not route.waiting():
            option = (_SOL_UDP, _UDP_SEGMENT, pack("H", segment))
            try:
                self._socket.sendmsg((burst,), (option,), 0, route.address)
            except BlockingIOError:
                pass
            except OSError:  # a path or a device that cannot
                self._socket = None
            else:
                return
        for at in range(0, len(burst), segment):
            route.sendto(bytes(burst[at : at + segment]))


def _taking_bursts(plain: socket.socket | None) -> socket.socket | None:
    if plain is None or not hasattr(plain, "sendmsg"):
        return None
    try:
        # A system that does not know the option might pass over it, and send one huge datagram.
        plain.getsockopt(_SOL_UDP, _UDP_SEGMENT)
    except OSError:
        return None
    return plain
