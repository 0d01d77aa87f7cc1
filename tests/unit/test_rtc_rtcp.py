"""RTCP in and out, held against aiortc's own parser and writer."""

from __future__ import annotations

from struct import pack

import pytest
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    pack_remb_fci,
)
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.webrtc.rtcp_reports import (
    KeyframeRequest,
    Nack,
    ReceiverReport,
    Remb,
    bye,
    feedback_in,
    ntp_of,
    sender_report,
    source_description,
)

word = st.integers(0, (1 << 32) - 1)
info = st.builds(
    RtcpReceiverInfo,
    ssrc=word,
    fraction_lost=st.integers(0, 255),
    packets_lost=st.integers(-(1 << 23), (1 << 23) - 1),
    highest_sequence=word,
    jitter=word,
    lsr=word,
    dlsr=word,
)


@given(st.lists(info, max_size=4), st.booleans())
def test_reports_are_read_as_aiortc_writes_them(
    reports: list[RtcpReceiverInfo], sends_too: bool
) -> None:
    packet = (
        RtcpSrPacket(1, RtcpSenderInfo(1, 2, 3, 4), reports)
        if sends_too
        else RtcpRrPacket(1, reports)
    )
    assert feedback_in(bytes(packet)) == [
        ReceiverReport(
            each.ssrc,
            each.fraction_lost / 256,
            each.packets_lost,
            each.jitter,
            each.lsr,
            each.dlsr,
        )
        for each in reports
    ]


@given(st.integers(0, 65_000), st.sets(st.integers(1, 400), max_size=40))
def test_nacks_are_read_as_aiortc_writes_them(first: int, following: set[int]) -> None:
    lost = [first, *(first + each for each in sorted(following))]
    packet = RtcpRtpfbPacket(RTCP_RTPFB_NACK, 1, 77, lost)
    (nack,) = feedback_in(bytes(packet))
    assert isinstance(nack, Nack)
    assert nack.ssrc == 77
    assert sorted(nack.lost) == lost


def test_a_nack_across_the_wrap_of_sequence_numbers_names_small_ones() -> None:
    datagram = pack("!BBHLLHH", 0x81, 205, 3, 1, 77, 0xFFFF, 0b11)
    assert feedback_in(datagram) == [Nack(77, (0xFFFF, 0, 1))]


def test_a_nack_of_a_thousand_packets_is_cut() -> None:
    datagram = pack("!BBHLL", 0x81, 205, 302, 1, 77) + b"\0\0\xff\xff" * 300
    (nack,) = feedback_in(datagram)
    assert isinstance(nack, Nack)
    assert len(nack.lost) == 512


def test_requests_for_a_keyframe_are_told_apart() -> None:
    pli = bytes(RtcpPsfbPacket(RTCP_PSFB_PLI, 1, 77))
    fir = bytes(RtcpPsfbPacket(RTCP_PSFB_FIR, 1, 0, pack("!LBxxx", 78, 3)))
    assert feedback_in(pli + fir) == [KeyframeRequest(77, False), KeyframeRequest(78, True)]


@given(st.integers(0, 10**10), st.lists(word, max_size=3))
def test_remb_is_read_as_aiortc_writes_it(bps: int, ssrcs: list[int]) -> None:
    said = feedback_in(bytes(RtcpPsfbPacket(RTCP_PSFB_APP, 1, 0, pack_remb_fci(bps, ssrcs))))
    assert [each.ssrc for each in said] == ssrcs
    for each in said:
        assert isinstance(each, Remb)
        assert each.bps == pytest.approx(bps, rel=1 / (1 << 17), abs=1)


@given(st.binary(max_size=600))
def test_garbage_is_passed_over(garbage: bytes) -> None:
    feedback_in(garbage)


@given(
    st.binary(max_size=60), st.integers(0, 31), st.sampled_from([200, 201, 202, 203, 204, 205, 206])
)
def test_a_packet_with_a_lying_inside_is_passed_over(body: bytes, count: int, kind: int) -> None:
    body += bytes(-len(body) % 4)
    whole = pack("!BBH", 0x80 | count, kind, len(body) // 4) + body
    pli = bytes(RtcpPsfbPacket(RTCP_PSFB_PLI, 1, 77))
    assert feedback_in(pli + whole)[0] == KeyframeRequest(77, False)


def test_aiortc_reads_our_reports() -> None:
    compound = (
        sender_report(7, 11 << 32, 12, 13, (1 << 32) + 14) + source_description(7, "ä") + bye(7)
    )
    report, description, goodbye = RtcpPacket.parse(compound)
    assert report == RtcpSrPacket(7, RtcpSenderInfo(11 << 32, 12, 13, 14))
    assert isinstance(description, RtcpSdesPacket)
    assert [(each.ssrc, each.items) for each in description.chunks] == [(7, [(1, "ä".encode())])]
    assert goodbye == RtcpByePacket([7])


def test_ntp_time_counts_from_1900_in_fractions() -> None:
    assert ntp_of(0) == 2_208_988_800 << 32
    assert ntp_of(500_000_000) & 0xFFFFFFFF == 1 << 31
