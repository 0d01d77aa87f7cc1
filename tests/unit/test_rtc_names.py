"""The names that aiortc, aioice and pylibsrtp do not promise, and what stands in without them."""

from __future__ import annotations

import ast
import asyncio
import sys
from inspect import signature
from itertools import pairwise
from pathlib import Path

import aioice
import pytest
from aiortc import (
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    rtcrtpreceiver,
)
from aiortc.rtp import RtcpReceiverInfo, RtpPacket

import livetrack_vcam
from livetrack_vcam.webrtc import aiortc_names, stock, writer, writers
from livetrack_vcam.webrtc.encoded import Codec
from tests.rtc_pair import connected_pair


def test_the_installed_version_has_every_name_we_need() -> None:
    assert aiortc_names.missing() == []
    assert aiortc_names.available()


def test_a_stun_server_is_waited_for_less_than_aioice_would() -> None:
    aiortc_names.gather_briefly()
    gather = signature(aioice.Connection.get_component_candidates)
    assert gather.parameters["timeout"].default == aiortc_names.GATHER_S < 0.5


def test_who_only_sends_does_without_an_estimate_of_what_comes() -> None:
    estimators = "_RTCRtpReceiver__remote_bitrate_estimator"

    async def make() -> tuple[RTCRtpTransceiver, RTCRtpTransceiver]:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        sending = aiortc_names.add_sending(connection, "video")
        return sending, connection.addTransceiver("video")

    sending, both = asyncio.run(make())
    assert sending.direction == "sendonly"
    assert getattr(sending.receiver, estimators) is None
    assert getattr(both.receiver, estimators) is not None


def test_a_receivers_report_has_room_for_whatever_jitter_there_was() -> None:
    aiortc_names.bound_jitter()
    statistics = rtcrtpreceiver.StreamStatistics(90_000)
    for number in range(200):
        stamp = number % 2 * 0xFFFFFFFF
        statistics.add(RtpPacket(sequence_number=number, timestamp=stamp))
        statistics._last_arrival = 0
    assert statistics._jitter_q4 >> 4 > statistics.jitter == 0xFFFFFFFF
    info = RtcpReceiverInfo(1, 0, 0, statistics.max_seq or 0, statistics.jitter, 0, 0)
    assert RtcpReceiverInfo.parse(bytes(info)).jitter == statistics.jitter


def test_a_name_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def send(self: object) -> None:
        pass

    monkeypatch.setattr(RTCRtpSender, "send", send)
    monkeypatch.delattr("aiortc.codecs.HEADER_EXTENSIONS")
    assert aiortc_names.missing() == ["RTCRtpSender.send", "aiortc.codecs.HEADER_EXTENSIONS"]


def test_without_a_name_aiortcs_own_sender_is_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def make() -> tuple[object, object]:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        video = connection.addTransceiver("video").sender
        return writers.picture_writer(video), writers.sound_writer(connection)

    writers._is_ours.cache_clear()
    try:
        with monkeypatch.context() as changed:
            changed.setattr("livetrack_vcam.webrtc.aiortc_names.srtp_protect", None)
            picture, sound = asyncio.run(make())
        assert isinstance(picture, stock.PictureWriter)
        assert isinstance(sound, stock.SoundWriter)
        assert "pylibsrtp._binding.lib.srtp_protect" in caplog.text
    finally:
        writers._is_ours.cache_clear()
    picture, sound = asyncio.run(make())
    assert isinstance(picture, writer.PictureWriter)
    assert isinstance(sound, writer.SoundWriter)


def _public(of: type) -> set[str]:
    return {name for name in vars(of) if not name.startswith("_")}


def test_both_kinds_of_writer_have_the_same_names() -> None:
    inner = {"opened", "start", "feedback", "closed"}
    assert _public(writer.PictureWriter) - inner == _public(stock.PictureWriter)
    assert _public(writer.SoundWriter) - inner - {"JUMP_NS"} == _public(stock.SoundWriter)


@pytest.mark.parametrize("codec", list(Codec))
def test_a_viewer_decodes_what_goes_through_aiortcs_own_sender(codec: Codec) -> None:
    async def run() -> None:
        async with connected_pair(codec, module=stock) as pair:
            await pair.write_until(
                lambda: len(pair.grays) >= 60 and pair.writer.stats.loss_pct is not None
            )
            assert all((after - before) % 160 < 80 for before, after in pairwise(pair.grays))
            stats = pair.writer.stats
            assert stats.pictures >= 60
            assert stats.kbps > 0
            assert stats.reports >= 1
            assert pair.keyframes_wanted >= 1
            await asyncio.wait_for(pair.sender.close(), 5)

    asyncio.run(run())


def test_linux_takes_the_bursts_of_a_real_connection() -> None:
    async def run() -> None:
        async with connected_pair() as pair:
            await pair.write_until(lambda: len(pair.grays) >= 3)
            assert pair.writer._stream is not None
            takes = pair.writer._stream.link._socket is not None
            assert takes == (sys.platform == "linux")

    asyncio.run(run())


def test_only_one_file_reaches_into_aiortc() -> None:
    """A private name of somebody else's object, anywhere in webrtc/, is in aiortc_names.py."""
    folder = Path(livetrack_vcam.__file__).parent / "webrtc"
    reaching = {
        path.name
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    }
    assert reaching == {"aiortc_names.py"}
