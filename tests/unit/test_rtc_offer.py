"""Offers are made small before anything is made of them: they come from anybody."""

from __future__ import annotations

import asyncio

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from livetrack_vcam.webrtc.offer import (
    MAX_CANDIDATES,
    MAX_LINES,
    OfferError,
    read_offer,
    without_idle_candidates,
)
from tests.room_program import an_offer

OFFER = asyncio.run(an_offer())
CANDIDATE = "a=candidate:{0} 1 udp 2113937151 192.0.2.2 {0} typ host\r\n"
NAMED = "a=candidate:1 1 udp 2113937151 47aeff90-ef91.local 50000 typ host\r\n"


async def _two_videos() -> str:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTransceiver("video", direction="sendonly")
    connection.addTransceiver("video", direction="recvonly")
    await connection.setLocalDescription()
    sdp = connection.localDescription.sdp
    await connection.close()
    return sdp


@pytest.mark.parametrize("line", ["a=ssrc:1 c:x", "a=rtcp-fb:* x", "m=x 1 R 1", "a=rtpmap:99 X/1"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028"])
def test_an_offer_of_more_lines_than_the_parser_bears_is_not_parsed(line: str, end: str) -> None:
    with pytest.raises(OfferError, match=f"more than {MAX_LINES} lines"):
        read_offer(OFFER + (line + end) * MAX_LINES)


def test_few_addresses_of_an_offer_are_tried_and_no_names() -> None:
    many = OFFER + NAMED + "".join(CANDIDATE.format(port) for port in range(1, 300)) + NAMED
    tried = [line for line in read_offer(many).sdp.splitlines() if "a=candidate" in line]
    assert len(tried) == MAX_CANDIDATES
    assert not [line for line in tried if ".local" in line]


@pytest.mark.parametrize(
    "place",
    [
        "192.0.2.9 70000",
        "192.0.2.9 -5",
        "192.0.2.9 0",
        "192.0.2.9 x",
        "999.1.1.1 500",
        "example.com 500",
        "\x01 500",
        "224.0.0.1 500",
        "ff02::1 500",
        "0.0.0.0 500",
    ],
)
def test_a_candidate_that_nothing_can_be_sent_to_is_not_tried(place: str) -> None:
    line = f"a=candidate:1 1 udp 1 {place} typ host\r\n"
    assert without_idle_candidates(OFFER + line) == without_idle_candidates(OFFER)


def test_a_candidate_that_is_cut_short_is_left_to_be_refused() -> None:
    assert "a=candidate:x" in without_idle_candidates("a=candidate:x\r\n")


def test_nothing_else_of_an_offer_changes_and_it_may_have_more_addresses_than_it_says() -> None:
    before = [line for line in OFFER.splitlines() if line != "a=end-of-candidates"]
    assert len(before) < len(OFFER.splitlines())
    assert without_idle_candidates(OFFER).splitlines() == before


def test_an_offer_whose_first_video_wants_nothing_is_told_so() -> None:
    with pytest.raises(OfferError, match="first video section of the offer asks for nothing"):
        read_offer(asyncio.run(_two_videos()))
