"""Pictures through our writer to a real aiortc receiver over loopback, compared when decoded."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from itertools import pairwise
from time import monotonic_ns
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest

from livetrack_vcam.webrtc import stock, writer
from livetrack_vcam.webrtc.aiortc_names import shield
from livetrack_vcam.webrtc.encoded import Codec
from livetrack_vcam.webrtc.opus import OpusEncoder
from livetrack_vcam.webrtc.rtcp_reports import ntp_of
from livetrack_vcam.webrtc.rtp_stream import WALL_OFFSET_NS
from tests.rtc_pair import Pair, connected_pair


def _with_pair(
    body: Callable[[Pair], Awaitable[None]],
    codec: Codec = Codec.H264,
    rtx: bool = True,
    module: ModuleType = writer,
) -> None:
    async def run() -> None:
        async with connected_pair(codec, module, rtx) as pair:
            await body(pair)

    asyncio.run(run())


def _ascend(grays: list[int]) -> bool:
    """In the order they were written; on a busy machine the viewer may skip some."""
    steps = [(after - before) % 160 for before, after in pairwise(grays)]
    return max(steps) < 80 and sum(step <= 2 for step in steps) > 0.8 * len(steps)


def _lose(pair: Pair, every: int) -> list[int]:
    """Let every n-th RTP packet on its way to the viewer vanish; those that did."""
    receiving = pair.viewer.getReceivers()[0].transport.transport
    receive = receiving._recv
    lost: list[int] = []
    count = 0

    async def recv() -> bytes:
        nonlocal count
        while True:
            data: bytes = await receive()
            if 127 < data[0] < 192 and not 192 <= data[1] <= 223:
                count += 1
                if count % every == 0:
                    lost.append(count)
                    continue
            return data

    receiving._recv = recv
    return lost


@pytest.mark.parametrize("codec", list(Codec))
def test_a_viewer_decodes_the_pictures_that_were_written(codec: Codec) -> None:
    async def body(pair: Pair) -> None:
        await pair.write_until(lambda: len(pair.grays) >= 60)
        assert _ascend(pair.grays)
        stats = pair.writer.stats
        assert stats.pictures >= 60
        assert stats.packets > stats.pictures

    _with_pair(body, codec)


@pytest.mark.parametrize("rtx", [True, False])
def test_lost_packets_are_sent_again_when_the_viewer_asks(rtx: bool) -> None:
    async def body(pair: Pair) -> None:
        lost = _lose(pair, every=25)
        await pair.write_until(lambda: len(lost) >= 8 and len(pair.grays) >= 60)
        assert pair.writer.stats.nack >= 4
        assert pair.writer.stats.resent >= 4
        assert _ascend(pair.grays)

    _with_pair(body, rtx=rtx)


def test_the_viewers_reports_are_told() -> None:
    async def body(pair: Pair) -> None:
        assert pair.writer.stats.rtt_ms is None
        await pair.write_until(lambda: pair.writer.stats.rtt_ms is not None)
        stats = pair.writer.stats
        assert stats.rtt_ms is not None
        assert 0 <= stats.rtt_ms < 1_000
        assert stats.jitter_ms is not None
        await pair.write_until(lambda: pair.writer.stats.loss_pct is not None)
        await pair.write_until(lambda: pair.writer.stats.remb_kbps is not None)

    _with_pair(body)


def test_sender_reports_tell_the_moment_of_capture() -> None:
    async def body(pair: Pair) -> None:
        receiver = pair.viewer.getReceivers()[0]
        heard = []
        original = receiver._handle_rtcp_packet

        async def hear(packet: object) -> None:
            heard.append(packet)
            await original(packet)

        receiver._handle_rtcp_packet = hear
        await pair.write_until(lambda: any(hasattr(each, "sender_info") for each in heard))
        report = next(each.sender_info for each in heard if hasattr(each, "sender_info"))
        clock = pair.writer.clock
        assert clock is not None
        rtp, captured_ns = clock
        since_s = (ntp_of(captured_ns + WALL_OFFSET_NS) - report.ntp_timestamp) / (1 << 32)
        turned = (rtp - report.rtp_timestamp + (1 << 31)) % (1 << 32) - (1 << 31)
        assert turned / 90_000 == pytest.approx(since_s, abs=0.000_1)
        assert report.packet_count > 0

    _with_pair(body)


def _tone(milliseconds: int, since_ms: int) -> npt.NDArray[np.int16]:
    """1 kHz, as int16 (n, 2) at 48 kHz."""
    at = np.arange(48 * since_ms, 48 * (since_ms + milliseconds))
    return np.repeat((8_000 * np.sin(at * np.pi / 24)).astype(np.int16)[:, None], 2, axis=1)


@pytest.mark.parametrize("module", [writer, stock])
def test_a_viewer_hears_the_sound_that_was_written(module: ModuleType) -> None:
    async def body(pair: Pair) -> None:
        encoder = OpusEncoder()
        started_ns = monotonic_ns()
        for at_ms in range(0, 20_000, 20):
            for sound in encoder.encode(_tone(20, at_ms), started_ns + at_ms * 1_000_000):
                pair.sound_writer.write(sound)
            await asyncio.sleep(0.02)
            if sum(map(len, pair.samples)) > 48_000:
                break
        heard = np.concatenate(pair.samples)[-24_000:, 0]
        loudness = np.abs(np.fft.rfft(heard))
        assert np.argmax(loudness) * 48_000 / len(heard) == 1_000
        assert pair.sound_writer.stats.packets >= 20

    _with_pair(body, module=module)


def test_a_connection_ends_without_waiting_and_says_goodbye() -> None:
    async def body(pair: Pair) -> None:
        await pair.write_until(lambda: len(pair.grays) >= 5)
        receiver = pair.viewer.getReceivers()[0]
        await asyncio.wait_for(pair.sender.close(), 5)
        # aiortc ends a receiver's track at its BYE.
        async with asyncio.timeout(5):
            while receiver.track.readyState != "ended":
                await asyncio.sleep(0.01)
        pictures = pair.writer.stats.pictures
        pair.write(100)
        assert pair.writer.stats.pictures == pictures

    _with_pair(body)


def test_a_closed_connection_leaves_no_writer_behind() -> None:
    left: list[weakref.ref[object]] = []

    async def body(pair: Pair) -> None:
        await pair.write_until(lambda: len(pair.grays) >= 5)
        left.extend((weakref.ref(pair.writer), weakref.ref(pair.sender)))

    _with_pair(body)
    gc.collect()
    assert [each() for each in left] == [None, None]


def test_what_is_written_before_it_is_connected_is_dropped_in_silence() -> None:
    async def run() -> None:
        pair = Pair()
        try:
            pair.write(100)
            assert pair.writer.stats.pictures == 0
            assert pair.writer.clock is None
            await pair.connect()
            async with asyncio.timeout(10):
                await pair.connected.wait()
            await pair.write_until(lambda: len(pair.grays) >= 3)
        finally:
            await pair.close()

    asyncio.run(run())


def test_a_connection_that_never_was_closes_at_once() -> None:
    async def run() -> None:
        pair = Pair()
        await asyncio.wait_for(pair.close(), 5)

    asyncio.run(run())


def test_a_request_for_a_keyframe_reaches_whoever_encodes() -> None:
    async def body(pair: Pair) -> None:
        await pair.write_until(lambda: len(pair.grays) >= 5)
        wanted = pair.keyframes_wanted
        receiver = pair.viewer.getReceivers()[0]
        await asyncio.sleep(0.35)
        await receiver._send_rtcp_pli(pair.sender.getSenders()[0]._ssrc)
        await pair.write_until(lambda: pair.keyframes_wanted > wanted)
        assert pair.writer.stats.pli >= 1

    _with_pair(body)


def test_a_shielded_receiver_survives_garbage_of_its_sender() -> None:
    async def body(pair: Pair) -> None:
        await pair.write_until(lambda: len(pair.grays) >= 5)
        shield(pair.viewer)
        transport = pair.sender.getSenders()[0].transport
        await transport._send_rtp(b"\x8f\xce\x00\x04" + bytes(8) + b"REMB" + b"\x09\x03\xff\xff")
        send_time_too_short = b"\xbe\xde\x00\x01\x30\x00\x00\x00"
        await transport._send_rtp(b"\x90\x63" + bytes(10) + send_time_too_short)
        before = len(pair.grays)
        await pair.write_until(lambda: len(pair.grays) >= before + 20)
        assert pair.viewer.connectionState == "connected"

    _with_pair(body)


def test_a_flood_of_broken_rtcp_neither_ends_the_connection_nor_stops_the_pictures() -> None:
    async def body(pair: Pair) -> None:
        transport = pair.viewer.getReceivers()[0].transport
        ssrc = pair.sender.getSenders()[0]._ssrc.to_bytes(4, "big")
        truncated_remb = b"\x8f\xce\x00\x04" + bytes(8) + b"REMB" + b"\x09\x03\xff\xff"
        nack = b"\x81\xcd\x00\x03" + bytes(4) + ssrc + b"\x00\x01\xff\xff"
        extension_too_short = b"\x90\x63" + bytes(10) + b"\xbe\xde\x00\x01\x30\x00\x00\x00"
        await transport._send_rtp(extension_too_short)
        for _ in range(400):
            await transport._send_rtp(truncated_remb)
            await transport._send_rtp(nack)
        before = len(pair.grays)
        await pair.write_until(lambda: len(pair.grays) >= before + 20)
        assert pair.writer.stats.nack <= 17 * 200 * 2
        assert pair.sender.connectionState == "connected"

    _with_pair(body)
