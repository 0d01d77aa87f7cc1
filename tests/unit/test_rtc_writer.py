"""What a writer makes of pictures, sounds and feedback, over a link in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from struct import unpack_from

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender
from aiortc.rtp import RtcpPacket, RtcpSrPacket, RtpPacket

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.webrtc.encoded import Codec, EncodedPicture, EncodedSound
from livetrack_vcam.webrtc.rtcp_reports import (
    KeyframeRequest,
    Nack,
    ReceiverReport,
    Remb,
    ntp_of,
)
from livetrack_vcam.webrtc.rtp_extensions import ABS_SEND_TIME, MID, PLAYOUT_DELAY
from livetrack_vcam.webrtc.rtp_stream import WALL_OFFSET_NS
from livetrack_vcam.webrtc.terms import Link, Terms
from livetrack_vcam.webrtc.writer import FULL_BYTES, PictureWriter, SoundWriter

SSRC, RTX_SSRC = 1_111, 2_222
HD, SD = Size(1280, 720), Size(640, 360)
MS = 1_000_000
SECOND = 1_000 * MS


@dataclass
class MemoryLink(Link):
    """Keeps what is sent, unencrypted."""

    packets: list[RtpPacket] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    rtcp: list[bytes] = field(default_factory=list)
    calls: list[Callable[[], None]] = field(default_factory=list)
    backlog: int = 0
    is_up: bool = True

    def ready(self) -> bool:
        return self.is_up

    def waiting(self) -> int:
        return self.backlog

    def send(self, head: bytes, sequence: int, payloads: tuple[bytes, ...], marked: bool) -> None:
        for index, payload in enumerate(payloads):
            last = marked and index == len(payloads) - 1
            self.send_again(head, sequence + index & 0xFFFF, last, (payload,))

    def send_again(
        self, head: bytes, sequence: int, marked: bool, parts: tuple[bytes, ...]
    ) -> None:
        kind = bytes((head[1] | marked << 7,))
        packet = head[:1] + kind + sequence.to_bytes(2, "big") + head[4:] + b"".join(parts)
        self.heads.append(head)
        self.packets.append(RtpPacket.parse(packet))

    def send_rtcp(self, compound: bytes) -> None:
        self.rtcp.append(compound)

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        self.calls.append(call)

    def pass_time(self) -> None:
        """Call what was to be called, once."""
        calls, self.calls = self.calls, []
        for call in calls:
            call()


class Clock:
    def __init__(self) -> None:
        self.now_ns = 500 * SECOND

    def __call__(self) -> int:
        return self.now_ns


class Bench:
    """A picture writer with a clock that is set by hand."""

    def __init__(self, rtx: int | None = 101) -> None:
        self.clock = Clock()
        self.link = MemoryLink()
        self.asked = 0
        sender = _sender("video")
        self.writer = PictureWriter(sender, self.clock)
        self.writer.on_keyframe_wanted = self._ask
        self.writer.start(self.link, _terms(100, rtx))

    def _ask(self) -> None:
        self.asked += 1

    def write(self, keyframe: bool = False, packets: int = 3, size: Size = HD) -> int:
        """How many packets it made; 33 ms pass."""
        before = len(self.link.packets)
        payloads = tuple(bytes((index,)) * 1_000 for index in range(packets))
        self.writer.write(EncodedPicture(Codec.H264, size, keyframe, self.clock.now_ns, payloads))
        self.clock.now_ns += 33 * MS
        return len(self.link.packets) - before


def _sender(kind: str) -> RTCRtpSender:
    async def make() -> RTCRtpSender:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        return connection.addTransceiver(kind).sender

    return asyncio.run(make())


def _terms(payload_type: int, rtx: int | None = None, clock_hz: int = 90_000) -> Terms:
    ids = {MID: 1, ABS_SEND_TIME: 3, PLAYOUT_DELAY: 4}
    return Terms(SSRC, payload_type, clock_hz, "0", "cname", ids, RTX_SSRC, rtx)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_packets_count_on_and_the_last_of_a_picture_is_marked(bench: Bench) -> None:
    bench.write(keyframe=True)
    bench.write()
    packets = bench.link.packets
    assert [each.marker for each in packets] == [0, 0, 1, 0, 0, 1]
    first = packets[0].sequence_number
    assert [each.sequence_number - first & 0xFFFF for each in packets] == list(range(6))
    assert {each.ssrc for each in packets} == {SSRC}
    assert {each.payload_type for each in packets} == {100}
    assert packets[3].timestamp - packets[0].timestamp & 0xFFFFFFFF == 2_970


def test_a_keyframe_is_asked_for_at_once_and_nothing_sent_before_it(bench: Bench) -> None:
    assert bench.asked == 1
    assert bench.write() == 0
    assert bench.write(keyframe=True) == 3
    assert bench.write() == 3
    assert bench.writer.stats.dropped == 1


def test_a_keyframe_that_does_not_come_is_asked_for_again(bench: Bench) -> None:
    for _ in range(100):
        bench.write()
    assert bench.asked == pytest.approx(1 + 3.3 / 1.0, abs=1)


def test_after_a_switch_only_a_keyframe_goes_on(bench: Bench) -> None:
    bench.write(keyframe=True)
    bench.writer.switch()
    assert bench.write() == 0
    assert bench.write(keyframe=True, size=SD) == 3
    assert bench.write(size=SD) == 3


def test_no_picture_of_another_size_follows_without_a_keyframe(bench: Bench) -> None:
    bench.write(keyframe=True)
    assert bench.write(size=SD) == 0
    assert bench.write() == 0
    assert bench.write(keyframe=True, size=SD) == 3


def test_a_socket_that_backs_up_loses_pictures_until_the_next_keyframe(bench: Bench) -> None:
    bench.write(keyframe=True)
    bench.clock.now_ns += SECOND
    bench.link.backlog = FULL_BYTES + 1
    assert bench.write(keyframe=True) == 0
    bench.link.backlog = FULL_BYTES // 2
    assert bench.write(keyframe=True) == 0
    asked = bench.asked
    bench.link.backlog = 0
    assert bench.write() == 0
    assert bench.asked == asked + 1
    assert bench.write(keyframe=True) == 3
    assert bench.write() == 3
    stats = bench.writer.stats
    assert (stats.backed_up, stats.dropped) == (1, 3)


def test_a_receiver_that_never_says_a_word_gets_every_picture(bench: Bench) -> None:
    sent = [bench.write(keyframe=number == 0) for number in range(300)]
    assert sent == [3] * 300
    stats = bench.writer.stats
    assert (stats.rtt_ms, stats.loss_pct, stats.packets_lost) == (None, None, None)
    assert (stats.jitter_ms, stats.remb_kbps, stats.reports) == (None, None, 0)


def test_after_a_while_without_a_path_it_goes_on_with_a_keyframe(bench: Bench) -> None:
    bench.write(keyframe=True)
    bench.clock.now_ns += 2 * SECOND
    bench.link.is_up = False
    assert bench.write() == 0
    bench.link.is_up = True
    asked = bench.asked
    assert bench.write() == 0
    assert bench.asked == asked + 1
    assert bench.write(keyframe=True) == 3


def test_nothing_is_sent_while_there_is_no_path(bench: Bench) -> None:
    bench.link.is_up = False
    assert bench.write(keyframe=True) == 0
    bench.writer.feedback(Nack(SSRC, (1,)))
    bench.writer.closed()
    assert bench.link.rtcp == []


def test_keyframe_requests_by_the_thousand_reach_the_encoder_three_times_a_second(
    bench: Bench,
) -> None:
    bench.write(keyframe=True)
    for number in range(2_000):
        bench.clock.now_ns += MS
        bench.writer.feedback(KeyframeRequest(SSRC, full=bool(number % 2)))
    assert bench.asked <= 1 + 7
    assert (bench.writer.stats.pli, bench.writer.stats.fir) == (1_000, 1_000)


def test_a_lost_packet_is_sent_again_on_the_stream_for_that(bench: Bench) -> None:
    bench.write(keyframe=True)
    lost = bench.link.packets[2]
    bench.writer.feedback(Nack(SSRC, (lost.sequence_number,)))
    again = bench.link.packets[-1]
    assert (again.ssrc, again.payload_type, again.marker) == (RTX_SSRC, 101, 1)
    assert again.timestamp == lost.timestamp
    assert again.payload == lost.sequence_number.to_bytes(2, "big") + lost.payload
    assert (bench.writer.stats.nack, bench.writer.stats.resent) == (1, 1)
    bench.writer.feedback(Nack(SSRC, (bench.link.packets[1].sequence_number,)))
    assert bench.link.packets[-1].sequence_number == again.sequence_number + 1 & 0xFFFF


def test_a_second_copy_follows_in_case_the_first_is_lost_too(bench: Bench) -> None:
    bench.write(keyframe=True)
    bench.writer.feedback(Nack(SSRC, (bench.link.packets[2].sequence_number,)))
    first, before = bench.link.packets[-1], len(bench.link.packets)
    bench.link.pass_time()
    second = bench.link.packets[-1]
    assert len(bench.link.packets) == before + 1
    assert second.payload == first.payload
    assert second.sequence_number == first.sequence_number + 1 & 0xFFFF
    assert bench.writer.stats.resent == 1
    bench.link.pass_time()
    assert len(bench.link.packets) == before + 1


def test_no_copy_comes_after_the_goodbye(bench: Bench) -> None:
    bench.write(keyframe=True)
    bench.writer.feedback(Nack(SSRC, (bench.link.packets[2].sequence_number,)))
    before = len(bench.link.packets)
    bench.writer.closed()
    bench.link.pass_time()
    assert len(bench.link.packets) == before


def test_without_that_stream_the_same_bytes_are_sent_again() -> None:
    """Anything else under the same number would use a key of AES-GCM twice."""
    bench = Bench(rtx=None)
    bench.write(keyframe=True)
    lost, head = bench.link.packets[0], bench.link.heads[0]
    bench.clock.now_ns += 100 * MS
    bench.writer.feedback(Nack(SSRC, (lost.sequence_number,)))
    again = bench.link.packets[-1]
    assert again.serialize() == lost.serialize()
    assert bench.link.heads[-1] == head


def test_a_flood_of_nacks_is_answered_with_less_than_the_pictures_themselves(bench: Bench) -> None:
    bench.write(keyframe=True, packets=9)
    own = resent = 0
    for _ in range(300):
        own += bench.write(packets=9)
        recent = tuple(each.sequence_number for each in bench.link.packets[-9:])
        before = len(bench.link.packets)
        for _ in range(50):
            bench.writer.feedback(Nack(SSRC, recent))
        resent += len(bench.link.packets) - before
    assert 0 < resent <= own * 0.6 + 60
    assert bench.writer.stats.nack == 300 * 50 * 9


def test_a_picture_of_many_packets_leaves_in_bursts_and_the_next_waits_behind_it(
    bench: Bench,
) -> None:
    sent = [bench.write(keyframe=True, packets=60), bench.write()]
    while bench.link.calls:
        before = len(bench.link.packets)
        bench.link.pass_time()
        sent.append(len(bench.link.packets) - before)
    assert sent == [24, 0, 24, 12, 3]
    packets = bench.link.packets
    first = packets[0].sequence_number
    assert [each.sequence_number - first & 0xFFFF for each in packets] == list(range(63))
    assert [index for index, each in enumerate(packets) if each.marker] == [59, 62]
    assert len({each.timestamp for each in packets[:60]}) == 1
    bench.writer.feedback(Nack(SSRC, (packets[23].sequence_number, packets[59].sequence_number)))
    assert [each.marker for each in bench.link.packets[63:]] == [0, 1]
    assert bench.write() == 3


def test_nothing_of_a_picture_leaves_once_the_path_is_gone(bench: Bench) -> None:
    bench.write(keyframe=True, packets=60)
    bench.link.is_up = False
    bench.link.pass_time()
    bench.link.is_up = True
    bench.link.pass_time()
    assert len(bench.link.packets) == 24
    assert bench.write(keyframe=True) == 3


def test_reports_of_the_receiver_become_figures(bench: Bench) -> None:
    assert bench.writer.stats.loss_pct is None
    sent = ntp_of(bench.clock.now_ns + WALL_OFFSET_NS) >> 16 & 0xFFFFFFFF
    bench.clock.now_ns += 150 * MS
    bench.writer.feedback(ReceiverReport(SSRC, 0.25, 17, 900, sent, 65_536 // 10))
    bench.writer.feedback(Remb(SSRC, 1_234_000))
    stats = bench.writer.stats
    assert stats.rtt_ms == pytest.approx(50, abs=0.1)
    assert (stats.packets_lost, stats.jitter_ms) == (17, 10)
    assert stats.remb_kbps == 1_234


def test_the_loss_is_that_of_a_second_whatever_a_report_says_of_a_moment(bench: Bench) -> None:
    bench.write(keyframe=True, packets=20)
    bench.clock.now_ns += SECOND
    bench.writer.feedback(ReceiverReport(SSRC, 0.5, 2, 0, 0, 0))
    assert bench.writer.stats.loss_pct == 10
    bench.write(packets=2)
    bench.writer.feedback(ReceiverReport(SSRC, 0.9, 4, 0, 0, 0))
    assert bench.writer.stats.loss_pct == 10
    bench.write(packets=18)
    bench.clock.now_ns += SECOND
    bench.writer.feedback(ReceiverReport(SSRC, 0.0, 3, 0, 0, 0))
    assert bench.writer.stats.loss_pct == 5


def test_a_report_that_claims_the_future_tells_no_round_trip(bench: Bench) -> None:
    ahead = (ntp_of(bench.clock.now_ns + WALL_OFFSET_NS) >> 16) + 65_536 & 0xFFFFFFFF
    bench.writer.feedback(ReceiverReport(SSRC, 0, 0, 0, ahead, 0))
    assert bench.writer.stats.rtt_ms is None


def test_a_sender_report_leaves_every_second_with_the_right_counts(bench: Bench) -> None:
    bench.write(keyframe=True)
    for _ in range(90):
        bench.write()
    reports = [RtcpPacket.parse(each)[0] for each in bench.link.rtcp]
    assert len(reports) == pytest.approx(3, abs=1)
    last = reports[-1]
    assert isinstance(last, RtcpSrPacket)
    pictures = last.sender_info.packet_count // 3
    assert last.sender_info.octet_count == pictures * 3_000
    assert 60 <= pictures <= 91


def test_the_clock_names_the_last_picture(bench: Bench) -> None:
    captured_ns = bench.clock.now_ns
    bench.write(keyframe=True)
    assert bench.writer.clock == (bench.link.packets[-1].timestamp, captured_ns)


def test_a_picture_shown_again_has_a_later_timestamp(bench: Bench) -> None:
    bench.write(keyframe=True)
    bench.clock.now_ns -= 33 * MS
    bench.write()
    assert bench.link.packets[-1].timestamp - bench.link.packets[0].timestamp == 1


def test_bit_rate_is_that_of_the_last_second(bench: Bench) -> None:
    bench.write(keyframe=True)
    for _ in range(90):
        bench.write()
    assert bench.writer.stats.kbps == pytest.approx(3_000 * 8 / 33, rel=0.05)
    bench.clock.now_ns += 5 * SECOND
    assert bench.writer.stats.kbps == 0


def test_the_playout_delay_is_in_every_packet_and_can_be_changed(bench: Bench) -> None:
    bench.write(keyframe=True)
    assert b"\x42" + bytes(3) in bench.link.heads[-1][16:]
    bench.writer.set_playout_delay(100, 400)
    bench.write()
    assert b"\x42" + (10 << 12 | 40).to_bytes(3, "big") in bench.link.heads[-1][16:]


def test_a_closed_writer_says_goodbye_and_keeps_its_figures(bench: Bench) -> None:
    bench.write(keyframe=True)
    bench.writer.closed()
    assert bench.link.rtcp[-1][1] == 203
    assert bench.writer.stats.pictures == 1
    assert bench.write(keyframe=True) == 0


def _sound_writer() -> tuple[SoundWriter, MemoryLink, Clock]:
    clock, link = Clock(), MemoryLink()
    writer = SoundWriter(_sender("audio"), clock)
    writer.start(link, _terms(96, clock_hz=48_000))
    return writer, link, clock


def test_sounds_follow_each_other_without_a_gap_though_their_clock_drifts() -> None:
    writer, link, clock = _sound_writer()
    for _ in range(100):
        writer.write(EncodedSound(clock.now_ns, 20 * MS, b"opus"))
        clock.now_ns += 20 * MS + 20_000  # a card that is a thousandth slow
    stamps = [each.timestamp for each in link.packets]
    assert {later - before & 0xFFFFFFFF for before, later in pairwise(stamps)} == {960}
    assert [each.marker for each in link.packets] == [1] + [0] * 99
    # A report goes out with a sound, and says that this was heard now, drift and all.
    assert unpack_from("!L", link.rtcp[-1], 16)[0] in stamps[40:]


def test_silence_between_sounds_is_a_jump_of_their_timestamps() -> None:
    writer, link, clock = _sound_writer()
    writer.write(EncodedSound(clock.now_ns, 20 * MS, b"opus"))
    clock.now_ns += SECOND
    writer.write(EncodedSound(clock.now_ns, 20 * MS, b"opus"))
    first, second = link.packets
    assert second.timestamp - first.timestamp & 0xFFFFFFFF == 48_000
    assert second.marker == 1
