"""What a viewer is said to take of the upload, against what its writers put on the line."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from fractions import Fraction

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.room.renditions import kbps_of, ladder
from livetrack_vcam.room.upload import upload_kbps
from livetrack_vcam.webrtc.encoded import Codec, EncodedPicture, EncodedSound
from livetrack_vcam.webrtc.opus import KBPS
from livetrack_vcam.webrtc.packetize import PAYLOAD_BYTES
from livetrack_vcam.webrtc.rtp_extensions import ABS_SEND_TIME, MID, PLAYOUT_DELAY
from livetrack_vcam.webrtc.terms import Link, Terms
from livetrack_vcam.webrtc.writer import PictureWriter, SoundWriter

TAG_BYTES = 10  # of SRTP_AES128_CM_HMAC_SHA1_80 (RFC 3711)
UDP_AND_IP_BYTES = 28
MS = 1_000_000
FPS = Fraction(30)


@dataclass
class CountedLink(Link):
    """Counts the bytes that would leave the machine."""

    bytes: int = 0

    def ready(self) -> bool:
        return True

    def waiting(self) -> int:
        return 0

    def send(self, head: bytes, sequence: int, payloads: tuple[bytes, ...], marked: bool) -> None:
        for payload in payloads:
            self.send_again(head, sequence, marked, (payload,))

    def send_again(
        self, head: bytes, sequence: int, marked: bool, parts: tuple[bytes, ...]
    ) -> None:
        self.bytes += len(head) + sum(map(len, parts)) + TAG_BYTES + UDP_AND_IP_BYTES

    def send_rtcp(self, compound: bytes) -> None:
        self.bytes += len(compound) + TAG_BYTES + 4 + UDP_AND_IP_BYTES

    def later(self, delay_s: float, call: object) -> None:
        raise AssertionError("nothing has to wait")


def sender(kind: str) -> RTCRtpSender:
    async def make() -> RTCRtpSender:
        return RTCPeerConnection(RTCConfiguration(iceServers=[])).addTransceiver(kind).sender

    return asyncio.run(make())


def terms(clock_hz: int) -> Terms:
    ids = {MID: 1, ABS_SEND_TIME: 3, PLAYOUT_DELAY: 4}
    return Terms(1111, 100, clock_hz, "0", "cname", ids, 2222, None)


def split(size: int) -> tuple[bytes, ...]:
    """A picture in packets, as full as they go."""
    whole, rest = divmod(size, PAYLOAD_BYTES)
    return (bytes(PAYLOAD_BYTES),) * whole + ((bytes(rest),) if rest else ())


def seconds_of(link: CountedLink, kbps: int, with_sound: bool, seconds: int = 4) -> None:
    now_ns = 500_000 * MS

    def clock() -> int:
        return now_ns

    picture, sound = PictureWriter(sender("video"), clock), SoundWriter(sender("audio"), clock)
    picture.start(link, terms(90_000))
    sound.start(link, terms(48_000))
    payloads = split(kbps * 1000 // 8 // int(FPS))
    start_ns = now_ns
    for tick in range(seconds * 150):  # a picture every fifth of them, a sound every third
        now_ns = start_ns + tick * 1000 * MS // 150
        if tick % 5 == 0:
            picture.write(EncodedPicture(Codec.H264, Size(64, 64), tick == 0, now_ns, payloads))
        if with_sound and tick % 3 == 0:
            sound.write(EncodedSound(now_ns, 20 * MS, bytes(KBPS * 1000 // 8 // 50)))


@pytest.mark.parametrize("with_sound", [False, True], ids=["silent", "sound"])
@pytest.mark.parametrize("size", ladder(Size(1920, 1080)), ids=str)
def test_what_is_reckoned_is_what_goes_over_the_line(size: Size, with_sound: bool) -> None:
    link, kbps = CountedLink(), kbps_of(size, FPS)
    seconds_of(link, kbps, with_sound)
    sent_kbps = link.bytes * 8 / 1000 / 4
    reckoned = upload_kbps(kbps, FPS, with_sound)
    assert sent_kbps <= reckoned <= 1.03 * sent_kbps


def test_a_viewer_of_720p_with_sound_takes_what_the_page_on_media_servers_says() -> None:
    assert upload_kbps(kbps_of(Size(1280, 720), FPS), FPS, sound=True) == pytest.approx(
        2800, abs=49
    )
