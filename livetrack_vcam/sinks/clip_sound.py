"""The sound of a finished clip on its way into another: at its place, whatever the stamps say."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

from livetrack_vcam.media_time import RESTART_NS, SECOND_NS, Timeline
from livetrack_vcam.picture.av_frames import main_video

# Sound that may be copied as it is; everything else becomes AAC.
COPYABLE = {
    ".mp4": frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"}),
    ".mkv": None,  # Matroska takes nearly any
}
AAC_BIT_RATE = 160_000
AAC_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 8_000)
MAY_START_OVER = 0x0200
"""AVFMT_TS_DISCONT, FFmpeg's flag of containers whose stamps may jump: those of transport streams,
whose pieces are put one behind the other."""
MOST_WAITING = 1024
"""Packets of sound, some twenty seconds: whoever started over without its pictures by then did
so alone."""
Packet: TypeAlias = Any  # av.Packet of a stream of sound or pictures


class ClipSound:
    """The audio streams of the file at `path`, fed into `output` as far as its pictures are.

    `left_out` counts packets that were damaged.
    """

    def __init__(
        self,
        path: Path,
        output: OutputContainer,
        suffix: str,
        interval_ns: int,
        from_s: float = 0.0,
        to_s: float | None = None,
    ) -> None:
        self._span = (from_s, to_s)
        self.left_out = 0
        self._input: InputContainer = av.open(str(path), metadata_errors="replace")
        self._tracks = {
            stream.index: _SoundTrack(stream, output, suffix)
            for stream in self._input.streams.audio
        }
        video = main_video(self._input)
        self._places = _Places(_first_shown_ns(path) if self._tracks else 0, interval_ns)
        jumps = bool(self._input.format.flags & MAY_START_OVER)
        self._video = video if jumps else None
        self._packets = self._placed()
        self._waiting: tuple[float, Packet] | None = None
        if from_s > 1 and self._tracks and not jumps:
            self._input.seek(int((from_s - 1) * 1_000_000 + self._places.first_ns / 1000))

    def copy_until(self, end_ns: int) -> None:
        """Mux every packet that begins before `end_ns` of the clip."""
        end_s = end_ns / SECOND_NS
        while True:
            if self._waiting is None:
                self._waiting = next(self._packets, None)
            if self._waiting is None or self._waiting[0] >= end_s:
                return
            at_s, packet = self._waiting
            self._waiting = None
            try:
                self._tracks[packet.stream_index].put(packet, at_s)
            except av.error.InvalidDataError:
                self.left_out += 1

    def finish(self, end_ns: int) -> None:
        self.copy_until(end_ns)
        for track in self._tracks.values():
            track.finish()
        self.close()

    def close(self) -> None:
        self._input.close()

    def _placed(self) -> Iterator[tuple[float, Packet]]:
        """Packets of the wanted span with their time in the clip; damaged ones end the sound."""
        if not self._tracks:
            return
        from_s, to_s = self._span
        # The pictures are read again only where their stamps can jump.
        pictures = [] if self._video is None else [self._video]
        with contextlib.suppress(av.error.InvalidDataError):
            for packet in self._input.demux([*self._input.streams.audio, *pictures]):
                if packet.pts is None or packet.time_base is None:
                    continue
                if packet.stream_index in self._tracks:
                    self._places.hear(packet)
                else:
                    self._places.see(packet)
                for at_ns, placed in self._places.ready():
                    at_s = at_ns / SECOND_NS
                    if from_s <= at_s and (to_s is None or at_s < to_s):
                        yield at_s - from_s, placed


class _Places:
    """When each packet of sound is heard, in nanoseconds since the first picture.

    Where a stream starts over, its sound stays with the pictures it was recorded with: each piece
    of it has the origin of that piece of the picture, which may come a little later in the file.
    """

    def __init__(self, first_ns: int, interval_ns: int) -> None:
        self.first_ns = first_ns
        self._timeline = Timeline(interval_ns)
        self._shown = False
        self._picture_origin_ns = first_ns
        self._origins_ns = [first_ns]
        self._heard: dict[int, _Heard] = {}
        self._waiting: deque[tuple[Packet, int]] = deque()
        self._last_ns = 0

    def see(self, packet: Packet) -> None:
        """A packet of the picture: it tells where a piece begins."""
        stamp_ns = _stamp_ns(packet)
        # What comes before the first picture that can be decoded is never shown.
        self._shown = self._shown or stamp_ns >= self.first_ns
        if not self._shown:
            return
        self._timeline.place(stamp_ns)
        origin_ns = stamp_ns - (self._timeline.at(stamp_ns) or 0)
        if origin_ns != self._picture_origin_ns:
            self._picture_origin_ns = origin_ns
            self._origins_ns.append(origin_ns)

    def hear(self, packet: Packet) -> None:
        """A packet of sound; `ready` gives it back as soon as its place is known."""
        stamp_ns = _stamp_ns(packet)
        heard = self._heard.setdefault(packet.stream_index, _Heard(stamp_ns))
        if stamp_ns < heard.stamp_ns - RESTART_NS:
            heard.piece = max(heard.piece + 1, len(self._origins_ns) - 1)
        heard.stamp_ns = stamp_ns
        self._waiting.append((packet, heard.piece))
        if len(self._waiting) > MOST_WAITING:
            self._origins_ns.append(_stamp_ns(self._waiting[0][0]) - self._last_ns)

    def ready(self) -> Iterator[tuple[int, Packet]]:
        """What can be placed now, in the order of the file."""
        while self._waiting and self._waiting[0][1] < len(self._origins_ns):
            packet, piece = self._waiting.popleft()
            self._last_ns = _stamp_ns(packet) - self._origins_ns[piece]
            yield self._last_ns, packet


@dataclass(slots=True)
class _Heard:
    """How far a stream of sound has been read: its last stamp, and the piece that is in."""

    stamp_ns: int
    piece: int = 0


class _SoundTrack:
    """One audio stream on its way: packets as they are, or decoded and encoded as AAC."""

    def __init__(self, source: AudioStream, output: OutputContainer, suffix: str) -> None:
        self._output = output
        copyable = COPYABLE[suffix]
        template = self._template(source) if copyable is None or _name(source) in copyable else None
        self._copied = template is not None
        self._target = template or self._aac(source)
        self._last_dts: int | None = None

    def _template(self, source: AudioStream) -> AudioStream | None:
        try:
            return self._output.add_stream_from_template(source)
        except ValueError:  # the container does not know this codec after all
            return None

    def _aac(self, source: AudioStream) -> AudioStream:
        rate = source.rate if source.rate in AAC_RATES else 48_000
        target: AudioStream = self._output.add_stream("aac", rate=rate)
        target.bit_rate = AAC_BIT_RATE
        # Raw sound often names no layout; AAC must have one, and two channels are enough.
        target.codec_context.layout = "mono" if source.channels == 1 else "stereo"
        return target

    def put(self, packet: Packet, at_s: float) -> None:
        """Raises InvalidDataError for a damaged packet; the next one can be put."""
        if not self._copied:
            self._encode(packet, at_s)
            return
        begin = round(at_s / packet.time_base)
        delay = 0 if packet.dts is None or packet.pts is None else packet.pts - packet.dts
        dts = begin - delay
        if self._last_dts is not None and dts <= self._last_dts:
            return  # a piece begins before the sound of the one before it ends
        self._last_dts = dts
        packet.pts, packet.dts = begin, dts
        packet.stream = self._target
        self._output.mux(packet)

    def _encode(self, packet: Packet, at_s: float) -> None:
        shift = Fraction(at_s) - (packet.pts or 0) * packet.time_base
        for frame in packet.decode():
            if frame.pts is not None and frame.time_base is not None:
                moved = frame.pts * frame.time_base + shift
                frame.time_base = Fraction(1, frame.sample_rate)
                frame.pts = round(moved * frame.sample_rate)
            self._output.mux(self._target.encode(frame))

    def finish(self) -> None:
        if not self._copied:
            self._output.mux(self._target.encode(None))


def _name(source: AudioStream) -> str:
    return source.codec_context.name


def _stamp_ns(packet: Packet) -> int:
    return int(packet.pts * packet.time_base * SECOND_NS)


def _first_shown_ns(path: Path) -> int:
    """The stamp of the first picture that can be decoded: a stream that was recorded from its
    middle begins with some that cannot."""
    with av.open(str(path), metadata_errors="replace") as container:
        video = main_video(container)
        for packet in container.demux(video) if video is not None else ():
            with contextlib.suppress(av.error.InvalidDataError):
                for frame in packet.decode():
                    if frame.pts is None or frame.time_base is None:
                        return 0
                    return int(frame.pts * frame.time_base * SECOND_NS)
    return 0
