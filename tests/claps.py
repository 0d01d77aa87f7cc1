"""Clips in which somebody claps: the picture turns white and a tone begins in the same instant."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.media import Frame
from livetrack_vcam.sound.feed import RATE_HZ, SoundBlock

FPS = 30
SMALL = Size(320, 180)
FIRST_S = 0.5
"""Of the first clap; one follows each second."""
FLASH_FRAMES = 3
TONE_S, TONE_HZ = 0.04, 1000.0


def write_claps(
    out: Path | io.BytesIO,
    seconds: int,
    *,
    size: Size = SMALL,
    codec: str = "aac",
    rate_hz: int = 44_100,
    layout: str = "stereo",
    form: str | None = None,
    sound_last: bool = False,
) -> None:
    """`sound_last`: the sound lies in the file behind all pictures."""
    with av.open(str(out) if isinstance(out, Path) else out, "w", format=form) as container:
        picture = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        picture.width, picture.height, picture.pix_fmt = size.width, size.height, "yuv420p"
        sound = container.add_stream(codec, rate=rate_hz, layout=layout)
        pictures = (p for frame in _flashes(seconds, size) for p in picture.encode(frame))
        packets = [*pictures, *picture.encode(None)]
        packets += [p for frame in _tones(seconds, rate_hz, layout) for p in sound.encode(frame)]
        packets += sound.encode(None)
        if not sound_last:
            packets.sort(key=lambda p: float(p.dts * p.time_base))
        for packet in packets:
            container.mux(packet)


def _flashes(seconds: int, size: Size) -> Iterator[av.VideoFrame]:
    for number in range(seconds * FPS):
        lit = (number - FIRST_S * FPS) % FPS < FLASH_FRAMES and number >= FIRST_S * FPS
        pixels = np.full((size.height, size.width, 3), 235 if lit else 20, np.uint8)
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        yield frame


def _tones(seconds: int, rate_hz: int, layout: str) -> Iterator[av.AudioFrame]:
    samples = np.zeros(seconds * rate_hz, np.int16)
    tone = 26_000 * np.sin(2 * np.pi * TONE_HZ * np.arange(int(TONE_S * rate_hz)) / rate_hz)
    for clap in range(seconds):
        first = int((clap + FIRST_S) * rate_hz)
        samples[first : first + len(tone)] = tone
    channels = 2 if layout == "stereo" else 1
    for first in range(0, len(samples), 1024):
        piece = np.repeat(samples[first : first + 1024], channels)[None, :]
        frame = av.AudioFrame.from_ndarray(piece, format="s16", layout=layout)
        frame.sample_rate, frame.time_base, frame.pts = rate_hz, Fraction(1, rate_hz), first
        yield frame


def flashes(frames: Iterable[Frame]) -> list[float]:
    """When the picture turned white, in seconds."""
    lit = [(frame.pts_ns / 1e9, float(frame.planes[0].mean()) > 128) for frame in frames]
    return [at for (_, before), (at, now) in pairwise(lit) if now and not before]


def clicks(blocks: Iterable[SoundBlock]) -> list[float]:
    """When a tone began, in seconds."""
    begun: list[float] = []
    last_s = -1.0
    for block in blocks:
        loud: npt.NDArray[np.intp] = np.flatnonzero(np.abs(block.samples[:, 0]) > 6000)
        for at_s in block.pts_ns / 1e9 + loud / RATE_HZ:
            if at_s - last_s > 0.3:
                begun.append(float(at_s))
            last_s = float(at_s)
    return begun
