"""What one picture costs for one viewer, ours and through aiortc's own sender, in turns.

    python -m benchmarks.room.writer [--kbps 2500] [--pictures 200] [--viewers 8]

Both are connected over loopback to receivers of aiortc in this process. Only the time that the
sending thread spends between taking a picture and having handed its last packet to the system is
counted; encoding is in neither, and what the receivers do happens outside of it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
from fractions import Fraction
from secrets import token_bytes
from time import monotonic_ns, thread_time
from typing import Any

import av
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
)

from benchmarks.room.report import Report, share_of
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.webrtc.encoded import VIDEO_CLOCK_HZ, Codec, EncodedPicture
from livetrack_vcam.webrtc.packetize import payloads_of
from livetrack_vcam.webrtc.writer import PictureWriter

FPS = 30
SIZE = Size(1280, 720)
# Between pictures, so that the receivers keep up.
PAUSE_S = 0.003


class Turns(MediaStreamTrack):
    """Hands the same picture to aiortc's sender, each time it is let; `costs` is what each took.

    Between two calls of `recv` the sender packs and sends, and awaits nothing that would suspend.
    """

    kind = "video"

    def __init__(self, access_unit: bytes) -> None:
        super().__init__()
        self.costs: list[float] = []
        self.reading = asyncio.Event()
        self._access_unit = access_unit
        self._turn = asyncio.Semaphore(0)
        self._began: float | None = None

    def let_one(self) -> None:
        self._turn.release()

    async def recv(self) -> av.Packet[Any]:
        if self._began is not None:
            self.costs.append(thread_time() - self._began)
        self.reading.set()
        await self._turn.acquire()
        packet: av.Packet[Any] = av.Packet(self._access_unit)
        packet.pts = monotonic_ns() * VIDEO_CLOCK_HZ // 1_000_000_000
        packet.time_base = Fraction(1, VIDEO_CLOCK_HZ)
        self._began = thread_time()
        return packet


async def measured(kbps: int, pictures: int, viewers: int) -> Report:
    access_unit = b"\0\0\0\1\x65" + token_bytes(kbps * 125 // FPS).replace(b"\0", b"\1")
    payloads = payloads_of(Codec.H264, access_unit)
    connections: list[RTCPeerConnection] = []
    writers = [await _own(connections) for _ in range(viewers)]
    turns = [Turns(access_unit) for _ in range(viewers)]
    for each in turns:
        await _connect(connections, each)
    await asyncio.gather(*(each.reading.wait() for each in turns))
    own: list[float] = []
    for _ in range(pictures):
        for each in turns:
            each.let_one()
        await asyncio.sleep(PAUSE_S * viewers)
        picture = EncodedPicture(Codec.H264, SIZE, True, monotonic_ns(), payloads)
        began = thread_time()
        for writer in writers:
            writer.write(picture)
        own.append((thread_time() - began) / viewers)
        await asyncio.sleep(PAUSE_S * viewers)
    for connection in connections:
        await connection.close()
    return _report(len(payloads), own, [cost for each in turns for cost in each.costs])


def _report(packets: int, own: list[float], stock: list[float]) -> Report:
    report = Report("writer")
    report.add("packets a picture", packets)
    for name, costs in (("LiveTrack's writer", own), ("aiortc's pack and send", stock)):
        half = share_of(costs, 0.5)
        report.add(f"{name}, a picture and viewer, p50", half * 1e6, "µs")
        report.add(f"{name}, a picture and viewer, p95", share_of(costs, 0.95) * 1e6, "µs")
        target = "≤ 0.25" if costs is own else ""
        report.add(f"{name}, of a core at {FPS} pictures a second", half * FPS * 100, "%", target)
    report.add("aiortc's cost, in ours", share_of(stock, 0.5) / share_of(own, 0.5), "times")
    report.data["own_s"], report.data["stock_s"] = own, stock
    return report


async def _own(connections: list[RTCPeerConnection]) -> PictureWriter:
    writer = await _connect(connections, None)
    assert writer is not None
    opened = asyncio.Event()
    writer.on_keyframe_wanted = opened.set
    await opened.wait()
    return writer


async def _connect(
    connections: list[RTCPeerConnection], track: MediaStreamTrack | None
) -> PictureWriter | None:
    """A sender, of `track` or else by a writer of ours, and its viewer."""
    configuration = RTCConfiguration(iceServers=[])
    sender, viewer = RTCPeerConnection(configuration), RTCPeerConnection(configuration)
    connections += (sender, viewer)
    viewer.addTransceiver("video", direction="recvonly")
    transceiver = sender.addTransceiver(track or "video", direction="sendonly")
    _prefer_h264(transceiver)
    writer = PictureWriter(transceiver.sender) if track is None else None
    await viewer.setLocalDescription(await viewer.createOffer())
    await sender.setRemoteDescription(viewer.localDescription)
    await sender.setLocalDescription(await sender.createAnswer())
    await viewer.setRemoteDescription(sender.localDescription)
    return writer


def _prefer_h264(transceiver: RTCRtpTransceiver) -> None:
    kinds = ("video/H264", "video/rtx")
    capabilities = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([each for each in capabilities if each.mimeType in kinds])


def main() -> None:
    parser = argparse.ArgumentParser(description="What one picture costs for one viewer.")
    parser.add_argument("--kbps", type=int, default=2_500)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--viewers", type=int, default=8)
    options = parser.parse_args()
    # The receivers cannot decode noise, and would say so for every picture.
    logging.getLogger("aiortc").setLevel(logging.ERROR)
    logging.getLogger("libav").setLevel(logging.CRITICAL)
    print(asyncio.run(measured(options.kbps, options.pictures, options.viewers)).table)


if __name__ == "__main__":
    main()
