"""The sound beside a picture, decoded out of the same container while somebody listens."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeAlias

import av
import numpy as np
from av.container import InputContainer

from livetrack_vcam.media_time import SECOND_NS
from livetrack_vcam.sound.feed import CHANNELS, RATE_HZ, Samples, SoundBlock, SoundFeed

LEAD_NS = 100_000_000
"""Files keep sound and picture in turns; sound is read this far ahead of the picture."""
MOST_AT_ONCE = 8
"""Packets read ahead between two pictures, so that none of them is late for it."""
MOST_AHEAD = 300
"""Packets of the picture that may wait, ten seconds; where sound is further away, it is late."""
MOST_HELD = 4096
LATE_NS = SECOND_NS // 2
"""Sound that is later than this is left out."""
PROMPT_NS = 20_000_000
"""The first that is heard is no later than this: what comes late and then faster, until it has
caught up, browsers hold back for long."""
MOST_SKIPPED = 100
"""Packets, two seconds: by then it is as prompt as it will ever be."""
JUMP_NS = 20_000_000
"""Stamps this far from where the samples before end are of another piece; less is rounding."""

Place: TypeAlias = Callable[[int], int | None]
"""From a stream's time to the monotonic clock; None while nobody knows. Both in nanoseconds."""
Packet: TypeAlias = Any  # av.Packet of a stream of sound or pictures


class SoundTrack:
    """Packets of one sound stream, decoded when their time has come. Damaged ones are left out.

    It touches nothing while `feed` is not wanted. One thread calls it, that which reads pictures.
    """

    def __init__(self, stream: av.AudioStream, feed: SoundFeed) -> None:
        self.stream = stream
        self._feed = feed
        self._index = stream.index
        self._held: deque[Packet] = deque(maxlen=MOST_HELD)
        self._read_ns: int | None = None
        self._live: Place | None = None
        self._skipped: int | None = 0
        self._pieces = Pieces()

    def hear_at_once(self, place: Place) -> None:
        """The stream is live: its sound comes when it is its time."""
        self._live = place

    def pictures(self, packets: Iterator[Packet]) -> Iterator[Packet]:
        """The packets of the picture; those of the sound stay here."""
        waiting: deque[Packet] = deque()
        read = 0
        while True:
            while waiting and (read >= MOST_AT_ONCE or not self._needs_more(waiting)):
                read = 0
                yield waiting.popleft()
            packet = next(packets, None)
            if packet is None:
                break
            read += 1
            if packet.stream_index == self._index:
                self._take(packet)
            else:
                waiting.append(packet)
        yield from waiting

    def give(self, place: Place, until_ns: int) -> None:
        """Put into the feed what is to be heard until then."""
        while self._held:
            pts_ns = place(_time_ns(self._held[0]))
            if pts_ns is None or pts_ns > until_ns:
                return
            packet = self._held.popleft()
            if self._in_time(time.monotonic_ns() - pts_ns):
                self._decode(packet, place)

    def restart(self) -> None:
        """The container was turned back to its beginning."""
        self._held.clear()
        self._read_ns = None
        self._pieces = Pieces()
        self.stream.codec_context.flush_buffers()

    def _needs_more(self, waiting: deque[Packet]) -> bool:
        if self._live is not None or not self._feed.wanted or len(waiting) >= MOST_AHEAD:
            return False
        next_ns = _time_ns(waiting[0])
        return self._read_ns is None or self._read_ns < next_ns + LEAD_NS

    def _in_time(self, late_ns: int) -> bool:
        if self._skipped is None:
            return late_ns <= LATE_NS
        if late_ns <= PROMPT_NS or self._skipped >= MOST_SKIPPED:
            self._skipped = None
            return True
        self._skipped += 1
        return False

    def _take(self, packet: Packet) -> None:
        if packet.pts is None or packet.size == 0:
            return
        self._read_ns = _time_ns(packet)
        if not self._feed.wanted:
            self._held.clear()
            self._skipped = 0
        elif self._live is not None:
            self._decode(packet, self._live)
        else:
            self._held.append(packet)

    def _decode(self, packet: Packet, place: Place) -> None:
        with suppress(av.error.FFmpegError):
            for frame in packet.decode():
                samples, stream_ns = self._pieces.samples(frame)
                pts_ns = place(stream_ns)
                if len(samples) and pts_ns is not None:
                    self._feed.put(SoundBlock(samples, pts_ns))


class Pieces:
    """Decoded sound of any kind as 48 kHz stereo, and when each piece begins."""

    def __init__(self) -> None:
        self._resampler = av.AudioResampler("s16", "stereo", RATE_HZ)
        self._kind: tuple[str, str, int] | None = None
        self._start_ns = 0
        self._taken_ns = 0
        self._given = 0

    def samples(self, frame: av.AudioFrame) -> tuple[Samples, int]:
        """int16 (n, 2) and the stream's time of the first, in nanoseconds.

        The resampler holds a few samples back, so they are counted from the last jump on.
        """
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        stamp_ns = self._taken_ns
        if frame.pts is not None and frame.time_base is not None:
            stamp_ns = int(frame.pts * frame.time_base * SECOND_NS)
        if kind != self._kind or abs(stamp_ns - self._taken_ns) > JUMP_NS:
            self._resampler = av.AudioResampler("s16", "stereo", RATE_HZ)
            self._kind, self._start_ns, self._taken_ns, self._given = kind, stamp_ns, stamp_ns, 0
        self._taken_ns += frame.samples * SECOND_NS // frame.sample_rate
        frame.pts = None
        resampled = self._resampler.resample(frame)
        pieces = [piece.to_ndarray().reshape(-1, CHANNELS) for piece in resampled]
        begins_ns = self._start_ns + self._given * SECOND_NS // RATE_HZ
        samples: Samples = np.concatenate([*pieces, np.zeros((0, CHANNELS), np.int16)])
        self._given += len(samples)
        return samples, begins_ns


def sound_track(container: InputContainer, feed: SoundFeed | None) -> SoundTrack | None:
    """The container's main sound for `feed`, which learns whether there is any; None without."""
    if feed is None:
        return None
    stream = container.streams.best("audio")
    feed.offered = isinstance(stream, av.AudioStream) and stream.codec_context is not None
    return SoundTrack(stream, feed) if feed.offered and isinstance(stream, av.AudioStream) else None


def _time_ns(packet: Packet) -> int:
    """When a packet is shown or heard, by its stream; pictures in the order they are decoded."""
    stamp = packet.dts if packet.dts is not None else packet.pts
    return 0 if stamp is None else int(stamp * packet.time_base * SECOND_NS)
