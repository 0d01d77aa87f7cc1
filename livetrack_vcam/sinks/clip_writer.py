"""Writes the result of `reframe`: new pictures, the old sound, all or nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av import Packet
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.stream import Disposition

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SinkError
from livetrack_vcam.media import Frame
from livetrack_vcam.outputs import check_writable, discard, draft_of, publish, write_error
from livetrack_vcam.picture.av_frames import to_av
from livetrack_vcam.sinks.recorder import SECOND_NS, TIME_BASE, add_h264, muxer_options

DEFAULT_FPS = Fraction(30)
# Sound that may be copied as it is; everything else becomes AAC.
COPYABLE = {
    ".mp4": frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"}),
    ".mkv": None,  # Matroska takes nearly any
}
AAC_BIT_RATE = 160_000
AAC_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 8_000)


class ClipWriter:
    """One clip at `out` (.mp4 or .mkv), visible there only after `finish`.

    `write` takes canvas-size frames in OUTPUT_COLOR with their media time `t_ns` since the first
    frame of the source; the clip starts at `from_s`. The sound of `audio_from` between `from_s`
    and `to_s` goes along, copied without loss where the container allows. `finish` completes what
    was written so far (also after Ctrl-C); `abort` leaves nothing behind.
    """

    def __init__(
        self,
        out: Path,
        canvas: Size,
        fps: Fraction | None,
        audio_from: Path | None = None,
        from_s: float = 0.0,
        to_s: float | None = None,
        overwrite: bool = False,
    ) -> None:
        muxer_options(out)
        check_writable(out, overwrite)
        self._out = out
        self._draft = draft_of(out)
        self._from_ns = round(from_s * SECOND_NS)
        self._interval_ns = round(SECOND_NS / (fps or DEFAULT_FPS))
        self._last_pts = -1
        self._end_ns = 0
        self._sound: _Sound | None = None
        options = {"movflags": "+faststart"} if out.suffix.lower() == ".mp4" else {}
        try:
            self._container: OutputContainer = av.open(str(self._draft), "w", options=options)
            self._video = add_h264(self._container, canvas, fps or DEFAULT_FPS, live=False)
            if audio_from is not None:
                self._sound = _Sound(audio_from, self._container, out.suffix.lower(), from_s, to_s)
            self._container.start_encoding()  # a full disk is known now, not after the first pass
        except (OSError, av.error.FFmpegError) as error:
            self.abort()
            raise write_error(out, error) from None
        except SinkError:
            self.abort()
            raise

    def write(self, frame: Frame, t_ns: int) -> None:
        """Append one picture; raises SinkError (and aborts) when it cannot be written."""
        clip_ns = max(0, t_ns - self._from_ns)
        pts = clip_ns * 9 // 100_000
        if pts <= self._last_pts:
            return
        self._last_pts = pts
        self._end_ns = clip_ns + self._interval_ns
        picture = to_av(frame)
        picture.pts, picture.time_base = pts, TIME_BASE
        try:
            self._container.mux(self._video.encode(picture))
            if self._sound is not None:
                self._sound.copy_until(self._end_ns)
        except (OSError, av.error.FFmpegError) as error:
            self.abort()
            raise write_error(self._out, error) from None

    def finish(self) -> None:
        """Complete the file and give it its name."""
        try:
            self._container.mux(self._video.encode(None))
            if self._sound is not None:
                self._sound.finish(self._end_ns)
            self._container.close()
            publish(self._draft, self._out)
        except (OSError, av.error.FFmpegError) as error:
            self.abort()
            raise write_error(self._out, error) from None

    def abort(self) -> None:
        """Remove what was written; safe after a failure and more than once."""
        if self._sound is not None:
            self._sound.close()
        container = getattr(self, "_container", None)
        if container is not None:
            with contextlib.suppress(OSError, av.error.FFmpegError):
                container.close()
        discard(self._draft, self._out)


class _Sound:
    """The audio streams of a file, fed into the output as far as its pictures are."""

    def __init__(
        self,
        path: Path,
        output: OutputContainer,
        suffix: str,
        from_s: float,
        to_s: float | None,
    ) -> None:
        self._output = output
        self._from_s = from_s
        self._to_s = to_s
        self._input: InputContainer = av.open(str(path), metadata_errors="replace")
        self._zero_s = _first_picture_s(self._input)
        self._streams = {
            stream.index: _SoundTrack(stream, output, suffix)
            for stream in self._input.streams.audio
        }
        self._packets = self._demuxed()
        self._waiting: tuple[float, Packet[AudioStream]] | None = None
        if from_s > 1 and self._streams:
            self._input.seek(int((from_s + self._zero_s - 1) * 1_000_000))

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
            self._streams[packet.stream.index].put(packet, at_s)

    def finish(self, end_ns: int) -> None:
        self.copy_until(end_ns)
        for track in self._streams.values():
            track.finish()
        self.close()

    def close(self) -> None:
        self._input.close()

    def _demuxed(self) -> Iterator[tuple[float, Packet[AudioStream]]]:
        """Packets of the wanted span with their time in the clip; damaged ones end the sound."""
        if not self._streams:
            return
        with contextlib.suppress(av.error.InvalidDataError):
            for packet in self._input.demux(self._input.streams.audio):
                if packet.pts is None or packet.time_base is None:
                    continue
                at_s = float(packet.pts * packet.time_base) - self._zero_s
                if self._to_s is not None and at_s >= self._to_s:
                    continue
                if at_s >= self._from_s:
                    yield at_s - self._from_s, packet


class _SoundTrack:
    """One audio stream on its way: packets as they are, or decoded and encoded as AAC."""

    def __init__(self, source: AudioStream, output: OutputContainer, suffix: str) -> None:
        self._output = output
        copyable = COPYABLE[suffix]
        template = self._template(source) if copyable is None or _name(source) in copyable else None
        self._copied = template is not None
        self._target = template or self._aac(source)

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

    def put(self, packet: Packet[AudioStream], at_s: float) -> None:
        if not self._copied:
            self._encode(packet, at_s)
            return
        begin = round(at_s / packet.time_base)
        delay = 0 if packet.dts is None or packet.pts is None else packet.pts - packet.dts
        packet.pts, packet.dts = begin, begin - delay
        packet.stream = self._target
        self._output.mux(packet)

    def _encode(self, packet: Packet[AudioStream], at_s: float) -> None:
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


def _first_picture_s(container: InputContainer) -> float:
    """When the first picture is shown, in the container's own time."""
    for stream in container.streams.video:
        if stream.disposition & Disposition.attached_pic:
            continue
        if stream.start_time is not None and stream.time_base is not None:
            return float(stream.start_time * stream.time_base)
    return 0.0
