"""Every name of aiortc, aioice and pylibsrtp that these do not promise to keep. Nowhere else.

A contract test holds each against the installed version; `available` does when the program starts,
and `stock.py` stands in where one is missing.
"""

# ruff: noqa: SLF001

from __future__ import annotations

from inspect import iscoroutinefunction, signature
from time import monotonic_ns
from typing import Any

from aioice import ice
from aiortc import RTCDtlsTransport, RTCRtpSender, codecs, rtcrtpparameters
from pylibsrtp import Session, _binding

from livetrack_vcam.webrtc.rtcp_reports import feedback_in
from livetrack_vcam.webrtc.rtp_extensions import PLAYOUT_DELAY
from livetrack_vcam.webrtc.terms import Link, Sender, Terms

_ffi = _binding.ffi
_srtp_protect = _binding.lib.srtp_protect
# A packet, and what SRTP may add to it (SRTP_MAX_TRAILER_LEN).
_PACKET_BYTES = 2048 - 144
_MARKER = 0x80
_COMPONENT = 1
# A browser sends a dozen a second; a hundred viewers' worth of one viewer's is read, no more.
_RTCP_A_SECOND = 200
_COROUTINES = (
    (RTCRtpSender, "send", ("self", "parameters")),
    (RTCRtpSender, "stop", ("self",)),
    (RTCDtlsTransport, "_handle_rtcp_data", ("self", "data")),
)


def available() -> bool:
    """Whether the installed aiortc, aioice and pylibsrtp have what this module needs of them."""
    return not missing()


def missing() -> list[str]:
    """The names that are gone or changed, for a log and for the contract test."""
    gone = [
        f"{owner.__name__}.{name}"
        for owner, name, parameters in _COROUTINES
        if not _is_coroutine(owner, name, parameters)
    ]
    parts = {
        "aiortc.codecs.HEADER_EXTENSIONS": _has_header_extensions(),
        "pylibsrtp.Session._srtp": hasattr(Session(), "_srtp"),
        "pylibsrtp._binding.lib.srtp_protect": callable(_srtp_protect),
        "aioice.ice.Connection._nominated": hasattr(ice.Connection(False), "_nominated"),
        "aioice.ice.CandidatePair.remote_addr": hasattr(ice.CandidatePair, "remote_addr"),
    }
    return gone + [name for name, there in parts.items() if not there]


def _is_coroutine(owner: type, name: str, parameters: tuple[str, ...]) -> bool:
    function = getattr(owner, name, None)
    return iscoroutinefunction(function) and tuple(signature(function).parameters) == parameters


def _has_header_extensions() -> bool:
    table = getattr(codecs, "HEADER_EXTENSIONS", None)
    return isinstance(table, dict) and isinstance(table.get("video"), list)


def answer_playout_delay() -> None:
    """Let aiortc answer and offer the extension, which it only passes over. Once is enough."""
    listed = codecs.HEADER_EXTENSIONS["video"]
    if all(extension.uri != PLAYOUT_DELAY for extension in listed):
        every = [each.id for table in codecs.HEADER_EXTENSIONS.values() for each in table]
        listed.append(
            rtcrtpparameters.RTCRtpHeaderExtensionParameters(id=max(every) + 1, uri=PLAYOUT_DELAY)
        )


def take_over(sender: RTCRtpSender, by: Sender) -> None:
    """From now on `by` sends for `sender`, which runs no task and needs no track.

    To be called before the peer connection connects.
    """
    taken = _Taken(sender, by)
    sender.send = taken.send  # type: ignore[method-assign]
    sender.stop = taken.stop  # type: ignore[method-assign]


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
            self._by.opened(_SrtpLink(transport), terms)

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


class _SrtpLink(Link):
    """Packets go from a buffer of our own through libsrtp into the datagram transport."""

    def __init__(self, dtls: RTCDtlsTransport) -> None:
        self._session: Any = dtls._tx_srtp
        self._srtp: Any = self._session._srtp
        self._connection: Any = dtls.transport._connection
        self._pair: Any = None
        self._transport: Any = None
        self._address: Any = None
        self._memory = _ffi.new("char[]", 2048)
        self._buffer: Any = _ffi.buffer(self._memory)
        self._length = _ffi.new("int *")

    def ready(self) -> bool:
        pair = self._connection._nominated.get(_COMPONENT)
        if pair is not self._pair:
            self._pair = pair
            if pair is not None:
                self._transport = pair.protocol.transport
                self._address = pair.remote_addr
        return pair is not None and not self._transport.is_closing()

    def waiting(self) -> int:
        try:
            size: int = self._transport.get_write_buffer_size()
        except (AttributeError, NotImplementedError):  # a TURN server's transport has none
            return 0
        return size

    def send(self, head: bytes, sequence: int, payloads: tuple[bytes, ...], marked: bool) -> None:
        buffer, length, memory = self._buffer, self._length, self._memory
        srtp, protect = self._srtp[0], _srtp_protect
        sendto, address = self._transport.sendto, self._address
        start = len(head)
        buffer[0:start] = head
        last = len(payloads) - 1 if marked else -1
        for index, payload in enumerate(payloads):
            end = start + len(payload)
            buffer[start:end] = payload
            buffer[2:4] = (sequence + index & 0xFFFF).to_bytes(2, "big")
            if index == last:
                buffer[1] = bytes((head[1] | _MARKER,))
            length[0] = end
            if protect(srtp, memory, length) == 0:
                sendto(buffer[0 : length[0]], address)

    def send_again(
        self, head: bytes, sequence: int, marked: bool, parts: tuple[bytes, ...]
    ) -> None:
        kind = head[1] | _MARKER if marked else head[1]
        packet = b"".join((head[:1], bytes((kind,)), sequence.to_bytes(2, "big"), head[4:], *parts))
        self._transport.sendto(self._session.protect(packet), self._address)

    def send_rtcp(self, compound: bytes) -> None:
        self._transport.sendto(self._session.protect_rtcp(compound), self._address)


class _RtcpTap:
    """Reads a transport's RTCP in place of aiortc, whose parser ends the connection on garbage."""

    def __init__(self, transport: RTCDtlsTransport) -> None:
        self.listeners: dict[int, Sender] = {}
        self._router = transport._rtp_router
        self._next = transport._handle_rtcp_data
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
            await self._next(data)

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
    return tap
