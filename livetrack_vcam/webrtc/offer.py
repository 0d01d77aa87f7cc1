"""What somebody's SDP offer asks for, read before any connection is made for it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from aiortc.sdp import MediaDescription, SessionDescription

from livetrack_vcam.webrtc.encoded import Codec

MAX_OFFER_BYTES = 64 * 1024
"""Ten times what a browser sends."""
H264_PROFILES = ("42e0", "42c0", "4200")
"""Constrained baseline, as two sets of flags, and baseline, which contains it (H.264 annex A)."""
NO_CODECS = ("rtx", "red", "ulpfec", "flexfec-03")
MAX_SECTIONS = 8
MAX_LINES = 600
"""Three times what a browser sends. The parser takes time that grows with their square."""
MAX_CANDIDATES = 16
"""A computer has fewer addresses. Each makes a check of each of ours."""
MIN_CANDIDATE_WORDS = 6
"""Foundation, component, transport, priority, address, port (RFC 8839)."""
RECEIVING = ("recvonly", "sendrecv")


class OfferError(ValueError):
    """The offer cannot be answered; the sentence says why."""


class NoCommonCodecError(OfferError):
    """The other side can decode none of the codecs we send, or sends none that we decode."""

    def __init__(
        self, offered: tuple[str, ...], ours: tuple[str, ...], whose: str = "this room sends"
    ) -> None:
        super().__init__(
            f"the offer has only {', '.join(offered) or 'no codec'}, and {whose} "
            f"{', '.join(ours)}; use a browser with one of these"
        )
        self.offered = offered
        self.ours = ours


@dataclass(frozen=True, slots=True)
class Offer:
    """`video`: the names of the offered codecs in the order of preference, without rtx and alike.

    `codecs` are those of them that we can send, in the same order; `sound`: whether Opus is wanted.
    """

    sdp: str
    video: tuple[str, ...]
    codecs: tuple[Codec, ...]
    sound: bool


def read_offer(sdp: str) -> Offer:
    """Raises OfferError."""
    description = parse_description(sdp)
    wanted = [media for media in description.media if media.direction in RECEIVING]
    video = [media for media in wanted if media.kind == "video"]
    if not video:
        raise OfferError(
            "the offer asks for no video; add a transceiver for video with direction recvonly"
        )
    if video[0] is not next(media for media in description.media if media.kind == "video"):
        raise OfferError("the first video section of the offer asks for nothing; make it recvonly")
    if len(description.media) > MAX_SECTIONS:
        raise OfferError("the offer is for too much; ask for one video and one audio")
    names = [codec.mimeType.partition("/")[2] for codec in video[0].rtp.codecs]
    offered = dict.fromkeys(name for name in names if name.lower() not in NO_CODECS)
    sound = any(
        codec.mimeType.lower() == "audio/opus"
        for media in wanted
        if media.kind == "audio"
        for codec in media.rtp.codecs
    )
    codecs = usable_codecs(video[0])
    return Offer(without_idle_candidates(sdp), tuple(offered), codecs, sound)


def without_idle_candidates(sdp: str) -> str:
    """The description with the first MAX_CANDIDATES of its candidates that are addresses.

    A browser hides its addresses behind names (*.local), and where multicast is blocked asking for
    those takes a second; it finds us, and its first packet says where it is. For that one aioice
    waits unless it is told that there are no more candidates.
    """
    lines, kept = [], 0
    for line in sdp.splitlines():
        if line.startswith("a=candidate:"):
            if kept == MAX_CANDIDATES or _is_idle(line):
                continue
            kept += 1
        if line != "a=end-of-candidates":
            lines.append(line)
    return "\r\n".join(lines) + "\r\n"


def _is_idle(candidate: str) -> bool:
    """Whether nobody answers there: no address, or one that aioice could not send to.

    A port that is none ends the socket for every other candidate. What has too few words is left
    to the parser.
    """
    words = candidate.split()
    if len(words) < MIN_CANDIDATE_WORDS:
        return False
    try:
        address, port = ip_address(words[4]), int(words[5])
    except ValueError:
        return True
    return address.is_multicast or address.is_unspecified or not 0 < port < 1 << 16


def parse_description(sdp: str) -> SessionDescription:
    if len(sdp) > MAX_OFFER_BYTES:
        raise OfferError(f"the offer is longer than {MAX_OFFER_BYTES // 1024} KiB")
    if len(sdp.splitlines()) > MAX_LINES:
        raise OfferError(f"the offer has more than {MAX_LINES} lines")
    if sdp and not sdp.startswith("v=0"):
        raise OfferError("the offer is not valid SDP: it does not begin with v=0")
    try:
        description = SessionDescription.parse(sdp)
    except Exception as error:  # the parser raises whatever a broken line leads to
        raise OfferError(f"the offer is not valid SDP ({type(error).__name__})") from None
    for media in description.media:
        if media.ice is None or not media.ice.usernameFragment or not media.ice.password:
            raise OfferError("the offer has no ICE credentials")
        if media.dtls is None or not media.dtls.fingerprints:
            raise OfferError("the offer has no DTLS fingerprint")
    _check_bundle(description)
    return description


def _check_bundle(description: SessionDescription) -> None:
    """aiortc looks for the first section of the bundle without asking whether there is one."""
    sections = [media.rtp.muxId for media in description.media]
    for group in description.group:
        if group.semantic == "BUNDLE" and not set(map(str, group.items)) <= set(sections):
            raise OfferError("the offer bundles a section that is not there")
    if len(set(sections)) != len(sections):
        raise OfferError("two sections of the offer have the same mid")


def usable_codecs(media: MediaDescription) -> tuple[Codec, ...]:
    """Those of the section's codecs that we can send and receive, in its order."""
    found: dict[Codec, None] = {}
    for codec in media.rtp.codecs:
        name = codec.mimeType.lower()
        if name == "video/vp8":
            found[Codec.VP8] = None
        elif name == "video/h264" and _is_ours(codec.parameters):
            found[Codec.H264] = None
    return tuple(found)


def _is_ours(parameters: dict[str, int | str | None]) -> bool:
    profile = str(parameters.get("profile-level-id", "42e01f")).lower()
    mode = str(parameters.get("packetization-mode", 0))
    return mode == "1" and profile.startswith(H264_PROFILES)
