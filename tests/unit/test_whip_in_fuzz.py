"""Offers as no honest publisher makes them: a sentence each, and nothing left behind."""

from __future__ import annotations

import asyncio
import random
import threading

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.webrtc.offer import OfferError
from livetrack_vcam.webrtc.receiving import (
    BitRates,
    ReceivingPeer,
    check_publication,
    with_bit_rates,
)
from tests.publisher import GrayCamera
from tests.waiting import all_tasks_end


async def make_offer() -> str:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTrack(GrayCamera())
    connection.addTransceiver("audio", direction="sendonly")
    await connection.setLocalDescription()
    sdp = connection.localDescription.sdp
    await connection.close()
    return sdp


OFFER = asyncio.run(make_offer())
LINES = OFFER.splitlines()


def spoilt(seed: int) -> str:
    """The offer with some lines lost, doubled, swapped, cut or sprinkled with other characters."""
    chance = random.Random(seed)
    lines = list(LINES)
    for _ in range(chance.randint(1, 6)):
        index = chance.randrange(len(lines))
        line = lines[index]
        cut = chance.randrange(len(line) + 1)
        odd = chance.choice(["", "\x00", "ü", "-1", "9" * 30, " ", ":", "=", "a=", "m=video 9"])
        lines[index : index + 1] = chance.choice(
            [[], [line, line], [line[:cut]], [line[:cut] + odd + line[cut:]], [odd], [line[cut:]]]
        )
    chance.random() < 0.2 and chance.shuffle(lines)
    return "\r\n".join(lines) + "\r\n"


@given(st.text(max_size=400) | st.integers().map(spoilt))
def test_any_text_is_an_offer_or_gets_a_sentence(text: str) -> None:
    sentence = "good"
    try:
        assert check_publication(text)
    except OfferError as error:
        sentence = str(error)
    assert sentence


@given(st.text(max_size=400) | st.integers().map(spoilt))
def test_bit_rates_change_nothing_but_the_lines_that_are_theirs(text: str) -> None:
    before = [line for line in text.splitlines() if "abs-send-time" not in line]
    after = with_bit_rates(text, BitRates()).splitlines()
    kept = [line for line in after if "x-google" not in line]
    assert [line for line in before if line in kept] == [line for line in kept if line in before]
    assert len(after) >= len(before)


def test_spoilt_offers_leave_no_connection_and_no_thread() -> None:
    async def run() -> int:
        answered = 0
        for seed in range(40):
            peer = ReceivingPeer()
            ends: list[int] = []
            peer.on_end = lambda ends=ends: ends.append(1)  # type: ignore[misc]
            try:
                async with asyncio.timeout(20):
                    answer = await peer.answer(spoilt(seed))
            except OfferError:
                answer = ""
            answered += "m=video" in answer
            assert bool(answer) is not (peer.state == "closed")
            await peer.close()
            assert ends == [1]
        await all_tasks_end()
        return answered

    before = threading.active_count()
    answered = asyncio.run(run())
    assert 0 < answered < 40
    assert threading.active_count() <= before


GARBAGE = (
    b"\x8f\xce\x00\x04" + bytes(8) + b"REMB" + b"\x09\x03\xff\xff",
    b"\x90\x63" + bytes(10) + b"\xbe\xde\x00\x01\x30\x00\x00\x00",
    b"\x80\xc8\x00\x01" + bytes(4),
)
"""A REMB of more sources than it names, an RTP extension cut short, an empty sender report."""


def test_a_publisher_that_sends_garbage_loses_only_that() -> None:
    async def run() -> None:
        phone = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        sender = phone.addTrack(GrayCamera())
        await phone.setLocalDescription()
        peer = ReceivingPeer()
        pictures: list[int] = []
        peer.on_picture = lambda _frame, arrived_ns: pictures.append(arrived_ns)
        try:
            answer = await peer.answer(phone.localDescription.sdp)
            await phone.setRemoteDescription(RTCSessionDescription(answer, "answer"))
            await _more(pictures, 3)
            for garbage in GARBAGE:
                await sender.transport._send_rtp(garbage)
            await _more(pictures, 20)
            assert peer.state == "connected"
        finally:
            await peer.close()
            await phone.close()

    asyncio.run(run())


async def _more(pictures: list[int], count: int) -> None:
    wanted = len(pictures) + count
    async with asyncio.timeout(20):
        while len(pictures) < wanted:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("level", ["42e01f", "42001f"])
def test_h264_gets_the_level_that_1080p_needs(level: str) -> None:
    sdp = f"a=rtpmap:99 H264/90000\r\na=fmtp:99 profile-level-id={level};packetization-mode=1\r\n"
    assert f"profile-level-id={level[:4]}2a;packetization-mode=1;x-google" in with_bit_rates(
        sdp, BitRates()
    )
