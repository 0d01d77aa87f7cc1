"""What encoding a rendition costs, and what it leaves of the picture.

    python -m benchmarks.room.encoders [--clip FILE]… [--frames 150] [--all]

Each clip (the demo scene with a camera's noise, unless given) is shown in 1280x720 by a crop that
pans and zooms, as LiveTrack moves it: a picture that moves as a whole is what costs an encoder
most. Milliseconds are processor time of the encoding thread a frame, mean and dearest; dB is the
PSNR of luma over all frames against the picture that went in; % is the bit rate asked for that
came out. `--all` tries the presets that were not chosen, too.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext

from benchmarks.rendering import cpu_ms
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.media import Frame, Plane
from livetrack_vcam.picture.av_frames import picture_of, to_av
from livetrack_vcam.picture.render import Renderer
from livetrack_vcam.room.reduction import Reduction
from livetrack_vcam.room.renditions import kbps_of, ladder
from livetrack_vcam.sources.demo import DemoSource
from livetrack_vcam.webrtc.encoded import Codec
from livetrack_vcam.webrtc.encoder import OPTIONS, SOFTWARE, AvEncoder
from livetrack_vcam.webrtc.encoder_choice import DECODERS
from livetrack_vcam.webrtc.packetize import access_unit_of

CANVAS = Size(1280, 720)
FPS = Fraction(30)
NOISE = 2.0  # standard deviation of a camera indoors, in levels


@dataclass(frozen=True, slots=True)
class Candidate:
    label: str
    codec: Codec
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Result:
    mean_ms: float
    dearest_ms: float
    psnr_db: float
    rate: float
    largest_bytes: int


def candidates(every: bool) -> list[Candidate]:
    x264, vpx = OPTIONS["libx264"], OPTIONS["libvpx"]
    if not every:
        return [Candidate("x264", Codec.H264, x264), Candidate("vp8", Codec.VP8, vpx)]
    presets = ("ultrafast", "superfast", "veryfast")
    speeds = (-4, -6, -8, -10, -12, -14, -16)
    return [
        *(Candidate(name, Codec.H264, {**x264, "preset": name}) for name in presets),
        *(Candidate(f"vp8 {n}", Codec.VP8, {**vpx, "cpu-used": str(n)}) for n in speeds),
    ]


def shown(clip: Path | None, count: int) -> list[Frame]:
    """The first frames of a clip, as a slow pan and zoom shows them."""
    renderer = Renderer(CANVAS)
    frames = islice(_demo() if clip is None else _decoded(clip), count)
    return [
        renderer.render(frame, _box(i / float(FPS), frame.size)) for i, frame in enumerate(frames)
    ]


def _box(t: float, size: Size) -> Box:
    zoom = 1.5 + 0.3 * math.sin(t * 0.8)
    width = min(size.width, size.height * 16 / 9) / zoom
    height = width * 9 / 16
    x = (size.width - width) * (0.5 + 0.45 * math.sin(t * 0.9))
    y = (size.height - height) * (0.5 + 0.3 * math.sin(t * 0.5))
    return Box.from_xywh(x, y, width, height)


def _demo() -> Iterator[Frame]:
    dice = np.random.default_rng(1)
    source = DemoSource(paced=False)
    source.open()
    while (frame := source.read()) is not None:
        luma = frame.planes[0] + dice.normal(0, NOISE, frame.planes[0].shape)
        noisy = np.clip(np.rint(luma), 16, 235).astype(np.uint8)
        yield Frame((noisy, *frame.planes[1:]), frame.format, frame.color, frame.pts_ns, frame.seq)


def _decoded(clip: Path) -> Iterator[Frame]:
    with av.open(str(clip)) as container:
        for seq, frame in enumerate(container.decode(video=0)):
            picture = picture_of(frame)
            pts_ns = int(seq * 1e9 / FPS)
            yield Frame(picture.planes, picture.format, picture.color, pts_ns, seq)


def measure(candidate: Candidate, frames: Sequence[Frame], kbps: int) -> Result:
    codec, size = candidate.codec, frames[0].size
    encoder = AvEncoder(SOFTWARE[codec], codec, size, kbps, FPS, candidate.options)
    decoder = av.CodecContext.create(DECODERS[codec], "r")
    assert isinstance(decoder, VideoCodecContext)
    costs, sizes, errors = [], [], []
    for frame in frames:
        begin = time.thread_time_ns()
        encoded = encoder.encode(frame, keyframe=frame is frames[0])
        costs.append((time.thread_time_ns() - begin) / 1e6)
        if encoded is None:
            continue
        sizes.append(encoded.bytes)
        packet = av.Packet(access_unit_of(codec, encoded.payloads))
        errors += [_squared_error(frame.planes[0], image) for image in decoder.decode(packet)]
    encoder.close()
    rate = sum(sizes) * 8 / (len(frames) / float(FPS)) / (kbps * 1000)
    psnr = 10 * math.log10(255**2 / max(float(np.mean(errors)), 1e-9))
    return Result(float(np.mean(costs)), max(costs), psnr, rate, max(sizes))


def _squared_error(luma: Plane, image: av.VideoFrame) -> float:
    difference = cv2.subtract(luma, picture_of(image).planes[0], dtype=cv2.CV_16S)
    return float(np.mean(np.square(difference, dtype=float)))


def print_encoders(name: str, frames: Sequence[Frame], every: bool) -> None:
    print(f"\n{name}, {len(frames)} frames")
    print(_row("", "size", "kbit/s", "mean ms", "dearest", "dB", "rate %", "largest kB"))
    for size in ladder(CANVAS):
        reduction = Reduction(size)
        small = [reduction.of(frame) for frame in frames]
        kbps = kbps_of(size, FPS)
        for candidate in candidates(every):
            result = measure(candidate, small, kbps)
            print(
                _row(
                    candidate.label,
                    size,
                    kbps,
                    f"{result.mean_ms:.2f}",
                    f"{result.dearest_ms:.2f}",
                    f"{result.psnr_db:.2f}",
                    f"{100 * result.rate:.0f}",
                    f"{result.largest_bytes / 1000:.0f}",
                )
            )


def _row(first: str, *cells: object) -> str:
    return f"{first:12}" + "".join(f"{cell!s:>11}" for cell in cells)


def print_scaling(frame: Frame) -> None:
    print(f"\nscaling {CANVAS}, processor ms a frame (all three planes)")
    print(_row("", "ours", "AREA", "LINEAR", "swscale", "copy"))
    source = to_av(frame)
    for size in ladder(CANVAS)[1:]:
        ways: list[Callable[[], object]] = [
            partial(Renderer(size).render, frame, Box(0, 0, CANVAS.width, CANVAS.height)),
            partial(_with_cv2, frame, size, cv2.INTER_AREA),
            partial(_with_cv2, frame, size, cv2.INTER_LINEAR),
            partial(source.reformat, size.width, size.height, interpolation="AREA"),
            partial(to_av, frame),
        ]
        print(_row(str(size), *(f"{cpu_ms(way):.2f}" for way in ways)))


def _with_cv2(frame: Frame, size: Size, interpolation: int) -> None:
    chroma = frame.format.chroma_size(size)
    for plane, part in zip(frame.planes, (size, chroma, chroma), strict=True):
        cv2.resize(plane, (part.width, part.height), interpolation=interpolation)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, action="append", help="a video file; may be repeated")
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--all", action="store_true", help="the presets not chosen, too")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    for clip in args.clip or [None]:
        frames = shown(clip, args.frames)
        print_encoders(clip.name if clip else "demo scene", frames, args.all)
    print_scaling(frames[0])


if __name__ == "__main__":
    main()
