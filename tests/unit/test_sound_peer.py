"""What a browser must find in our answer to play sound and picture together."""

from __future__ import annotations

import asyncio
import re

from aiortc import RTCPeerConnection

from livetrack_vcam.webrtc.encoded import Codec
from livetrack_vcam.webrtc.offer import read_offer
from livetrack_vcam.webrtc.peer import SendingPeer


async def answer() -> str:
    viewer = RTCPeerConnection()
    for kind in ("video", "audio"):
        viewer.addTransceiver(kind, direction="recvonly")
    await viewer.setLocalDescription(await viewer.createOffer())
    peer = SendingPeer(Codec.VP8)
    try:
        return await peer.answer(read_offer(viewer.localDescription.sdp), sound=True)
    finally:
        await peer.close()
        await viewer.close()


def test_picture_and_sound_belong_to_one_stream_of_one_sender() -> None:
    sdp = asyncio.run(answer())
    streams = re.findall(r"^a=msid:(\S+) (\S+)", sdp, re.M)
    names = re.findall(r"^a=ssrc:\d+ cname:(\S+)", sdp, re.M)
    assert len(streams) == 2
    assert len({stream for stream, _ in streams}) == 1
    assert len({track for _, track in streams}) == 2
    assert len(names) >= 2
    assert len(set(names)) == 1


def test_the_sound_is_opus_in_packets_that_need_no_other_codec() -> None:
    sound = asyncio.run(answer()).partition("m=audio")[2]
    assert re.findall(r"^a=rtpmap:\d+ (\S+)", sound, re.M) == ["opus/48000/2"]
    assert "a=sendonly" in sound
