"""Every name of aiortc, aioice and pylibsrtp that these do not promise to keep. Nowhere else.

A contract test holds each against the installed version; `available` does when the program starts,
and `stock.py` stands in where one is missing.
"""

# ruff: noqa: SLF001

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from inspect import iscoroutinefunction, signature
from struct import error as StructError  # noqa: N812
from time import monotonic_ns
from typing import Any, Protocol

import aioice
import pylibsrtp
from aiortc import (
    RTCDtlsTransport,
    RTCIceTransport,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    codecs,
    rtcrtpparameters,
    rtcrtpreceiver,
)

from livetrack_vcam.webrtc.rtcp_reports import Feedback, feedback_in
from livetrack_vcam.webrtc.rtp_extensions import PLAYOUT_DELAY
from livetrack_vcam.webrtc.terms import Terms

try:
    from pylibsrtp import _binding
except ImportError:  # `missing` says so
    _binding = None

srtp_protect: Callable[[Any, Any, Any], int] | Any = getattr(
    getattr(_binding, "lib", None), "srtp_protect", None
)
"""(session, packet, length in and out): encrypts in place and appends its tag; 0 if it did."""
GATHER_S = 0.4
"""A STUN server that has not answered by then is not waited for; aioice would for 5 s."""
_COMPONENT = 1
_ESTIMATOR = "RemoteBitrateEstimator"
_MOST_JITTER = 0xFFFFFFFF
# A browser sends a dozen datagrams a second; of a flood no more than these are looked at.
_RTCP_A_SECOND = 200
_COROUTINES: tuple[tuple[type, str, tuple[str, ...]], ...] = (
    (RTCRtpSender, "send", ("self", "parameters")),
    (RTCRtpSender, "stop", ("self",)),
    (RTCDtlsTransport, "_handle_rtcp_data", ("self", "data")),
    (RTCDtlsTransport, "_handle_rtp_data", ("self", "data", "arrival_time_ms")),
)
_ATTRIBUTES: tuple[tuple[type, str], ...] = (
    (RTCRtpSender, "_ssrc"),
    (RTCRtpSender, "_rtx_ssrc"),
    (RTCDtlsTransport, "_tx_srtp"),
    (RTCDtlsTransport, "_rtp_router"),
    (RTCIceTransport, "_connection"),
    (pylibsrtp.Session, "_srtp"),
    (aioice.Connection, "_nominated"),
)


def available() -> bool:
    """Whether the installed aiortc, aioice and pylibsrtp have what this module needs of them."""
    return not missing()


def missing() -> list[str]:
    """The names that are gone or changed, for a log and for the contract test."""
    coroutines = [
        f"{owner.__name__}.{name}"
        for owner, name, parameters in _COROUTINES
        if not _is_coroutine(owner, name, parameters)
    ]
    # A constructor that sets an attribute has its name among those it uses.
    attributes = [
        f"{owner.__name__}.{name}"
        for owner, name in _ATTRIBUTES
        if name not in owner.__init__.__code__.co_names  # type: ignore[misc]
    ]
    parts = {
        "aiortc.codecs.HEADER_EXTENSIONS": _has_header_extensions(),
        "aiortc.codecs.is_rtx": callable(getattr(codecs, "is_rtx", None)),
        "pylibsrtp._binding.lib.srtp_protect": callable(srtp_protect),
        "aioice.ice.CandidatePair": _has_candidate_pairs(),
    }
    return coroutines + attributes + [name for name, there in parts.items() if not there]


def _is_coroutine(owner: type, name: str, parameters: tuple[str, ...]) -> bool:
    function = getattr(owner, name, None)
    return iscoroutinefunction(function) and tuple(signature(function).parameters) == parameters


def _has_header_extensions() -> bool:
    table = getattr(codecs, "HEADER_EXTENSIONS", None)
    return isinstance(table, dict) and isinstance(table.get("video"), list)


def _has_candidate_pairs() -> bool:
    pair: Any = getattr(getattr(aioice, "ice", None), "CandidatePair", None)
    return hasattr(pair, "remote_addr") and "protocol" in pair.__init__.__code__.co_names


def answer_playout_delay() -> None:
    """Let aiortc answer and offer the extension, which it only passes over. Once is enough."""
    listed = codecs.HEADER_EXTENSIONS["video"]
    if all(extension.uri != PLAYOUT_DELAY for extension in listed):
        every = [each.id for table in codecs.HEADER_EXTENSIONS.values() for each in table]
        listed.append(
            rtcrtpparameters.RTCRtpHeaderExtensionParameters(id=max(every) + 1, uri=PLAYOUT_DELAY)
        )


def gather_briefly() -> None:
    """Wait less for STUN servers, which every answer waits for. Once is enough."""
    gather = aioice.Connection.get_component_candidates
    if tuple(signature(gather).parameters)[-1] == "timeout":
        gather.__defaults__ = (GATHER_S,)


@cache
def bound_jitter() -> None:
    """Keep what a receiver reports of its jitter within the 32 bits that there are for it.

    aiortc measures it by the wall clock and by the sender's stamps. When that clock is set by nine
    days, or the stamps are garbage, its report cannot be packed; that ends the task of reports, and
    closing the connection would wait for this task for ever.
    """
    statistics: Any = getattr(rtcrtpreceiver, "StreamStatistics", None)
    measured = getattr(statistics, "jitter", None)
    if isinstance(measured, property) and measured.fget is not None:
        jitter = measured.fget
        statistics.jitter = property(lambda self: min(jitter(self), _MOST_JITTER))


def add_sending(connection: RTCPeerConnection, kind: str) -> RTCRtpTransceiver:
    """A transceiver that only sends.

    aiortc gives it a receiver all the same, and that an estimator of the rate of what comes: a
    thousand objects, half the work of a join. It allows for receivers that have none.
    """
    estimator = getattr(rtcrtpreceiver, _ESTIMATOR, None)
    if estimator is None:
        return connection.addTransceiver(kind, direction="sendonly")
    setattr(rtcrtpreceiver, _ESTIMATOR, _no_estimator)
    try:
        return connection.addTransceiver(kind, direction="sendonly")
    finally:
        setattr(rtcrtpreceiver, _ESTIMATOR, estimator)


def _no_estimator() -> None:
    return None


class Route:
    """The nominated pair of candidates and the SRTP session behind a DTLS transport."""

    def __init__(self, dtls: RTCDtlsTransport) -> None:
        self._session: pylibsrtp.Session = dtls._tx_srtp
        self.srtp: Any = self._session._srtp[0]
        self._connection: Any = dtls.transport._connection
        self._pair: Any = None
        self.transport: Any = None
        self.address: tuple[str, int] = ("", 0)

    def look_up(self) -> bool:
        """Whether there is a way now; it may have changed since."""
        pair = self._connection._nominated.get(_COMPONENT)
        if pair is None:
            return False
        if pair is not self._pair:
            self._pair = pair
            self.transport = pair.protocol.transport
            self.address = pair.remote_addr
        return not self.transport.is_closing()

    @property
    def socket(self) -> socket.socket | None:
        """The transport's own; None where there is none, as behind a TURN server."""
        wrapped = self.transport.get_extra_info("socket")
        own = getattr(wrapped, "_sock", None)
        return own if isinstance(own, socket.socket) else None

    def waiting(self) -> int:
        """Bytes that the socket has not taken yet."""
        try:
            size: int = self.transport.get_write_buffer_size()
        except (AttributeError, NotImplementedError):  # a TURN server's transport has none
            return 0
        return size

    def sendto(self, datagram: bytes) -> None:
        self.transport.sendto(datagram, self.address)

    def send_rtp(self, packet: bytes) -> None:
        """Encrypt and send, or drop what cannot be encrypted."""
        with suppress(pylibsrtp.Error):
            self.sendto(self._session.protect(packet))

    def send_rtcp(self, compound: bytes) -> None:
        with suppress(pylibsrtp.Error):
            self.sendto(self._session.protect_rtcp(compound))


class Sender(Protocol):
    """Who sends in place of aiortc's own tasks. Told its terms once, when it is connected."""

    def opened(self, route: Route, terms: Terms) -> None: ...

    def feedback(self, said: Feedback) -> None: ...

    def closed(self) -> None:
        """Nothing may be sent after this returns."""


def take_over(sender: RTCRtpSender, by: Sender) -> None:
    """From now on `by` sends for `sender`, which runs no task and needs no track.

    To be called before the peer connection connects.
    """
    taken = _Taken(sender, by)
    sender.send = taken.send  # type: ignore[method-assign]
    sender.stop = taken.stop  # type: ignore[method-assign]


def shield(connection: RTCPeerConnection) -> None:
    """Let garbage from the other side cost it a packet, where aiortc ends the connection.

    To be called when both descriptions are set.
    """
    for transceiver in connection.getTransceivers():
        _tap_of(transceiver.receiver.transport)


class _Taken:
    """What aiortc's peer connection starts and stops in place of the sender's own tasks."""

    def __init__(self, sender: RTCRtpSender, by: Sender) -> None:
        self._sender = sender
        self._by = by
        self._tap: _RtcpTap | None = None

    async def send(self, parameters: rtcrtpparameters.RTCRtpSendParameters) -> None:
        if self._tap is None:
            transport = self._sender.transport
            self._tap = _tap_of(transport)
            terms = _terms_of(self._sender, parameters)
            self._tap.listeners[terms.ssrc] = self._by
            self._by.opened(Route(transport), terms)

    async def stop(self) -> None:
        if self._tap is not None:
            self._tap.listeners.pop(self._sender._ssrc, None)
            self._by.closed()


def _terms_of(sender: RTCRtpSender, parameters: rtcrtpparameters.RTCRtpSendParameters) -> Terms:
    codec = parameters.codecs[0]
    rtx = [
        each.payloadType
        for each in parameters.codecs
        if codecs.is_rtx(each) and each.parameters.get("apt") == codec.payloadType
    ]
    return Terms(
        ssrc=sender._ssrc,
        payload_type=int(codec.payloadType or 0),
        clock_hz=codec.clockRate,
        mid=parameters.muxId,
        cname=parameters.rtcp.cname or "livetrack",
        extension_ids={each.uri: each.id for each in parameters.headerExtensions},
        rtx_ssrc=sender._rtx_ssrc,
        rtx_payload_type=rtx[0] if rtx else None,
    )


def srtp_memory(size: int) -> tuple[Any, Any, memoryview]:
    """Room for `srtp_protect`: where packets lie, how long one is, and a view to write them."""
    ffi = _binding.ffi
    memory = ffi.new("char[]", size)
    return memory, ffi.new("int *"), memoryview(ffi.buffer(memory)).cast("B")


class _RtcpTap:
    """Reads what a transport receives before aiortc, whose parsers end it on garbage."""

    def __init__(self, transport: RTCDtlsTransport) -> None:
        self.listeners: dict[int, Sender] = {}
        self._router = transport._rtp_router
        self._next_rtcp = transport._handle_rtcp_data
        self._next_rtp = transport._handle_rtp_data
        self._window_ns = 0
        self._read = 0

    async def received(self, data: bytes) -> None:
        if not self._may_read():
            return
        for said in feedback_in(data):
            listener = self.listeners.get(said.ssrc)
            if listener is not None:
                listener.feedback(said)
        if self._router.receivers:
            with suppress(StructError, LookupError):
                await self._next_rtcp(data)

    async def received_rtp(self, data: bytes, arrival_time_ms: int) -> None:
        """Nobody may send to us what we did not ask for."""
        if self._router.receivers:
            with suppress(StructError, LookupError):
                await self._next_rtp(data, arrival_time_ms)

    def _may_read(self) -> bool:
        now_ns = monotonic_ns()
        if now_ns - self._window_ns > 1_000_000_000:
            self._window_ns, self._read = now_ns, 0
        self._read += 1
        return self._read <= _RTCP_A_SECOND


def _tap_of(transport: RTCDtlsTransport) -> _RtcpTap:
    """The same for all senders that are bundled on a transport."""
    present = getattr(transport._handle_rtcp_data, "__self__", None)
    if isinstance(present, _RtcpTap):
        return present
    tap = _RtcpTap(transport)
    transport._handle_rtcp_data = tap.received  # type: ignore[method-assign]
    transport._handle_rtp_data = tap.received_rtp  # type: ignore[method-assign]
    return tap
