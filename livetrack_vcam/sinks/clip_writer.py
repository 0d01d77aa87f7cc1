"""Writes the result of `reframe`: new pictures, the old sound, all or nothing."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SinkError
from livetrack_vcam.media import Frame
from livetrack_vcam.outputs import Draft, write_error
from livetrack_vcam.picture.av_frames import to_av
from livetrack_vcam.sinks.clip_sound import ClipSound
from livetrack_vcam.sinks.recorder import SECOND_NS, TIME_BASE, add_h264, muxer_options

DEFAULT_FPS = Fraction(30)


class ClipWriter:
    """One clip at `out` (.mp4 or .mkv), visible there only after `finish`.

    `write` takes canvas-size frames in OUTPUT_COLOR with their media time `t_ns` since the first
    frame of the source; the clip starts at `from_s`. The sound of `audio_from` between `from_s`
    and `to_s` goes along, copied without loss where the container allows. `complete` and `publish`,
    or `finish` for both, make a clip of what was written so far (also after Ctrl-C); `abort` leaves
    nothing behind.
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
        self._out = out
        self._draft = Draft(out, overwrite)
        self._from_ns = round(from_s * SECOND_NS)
        self._interval_ns = round(SECOND_NS / (fps or DEFAULT_FPS))
        self._last_pts = -1
        self._end_ns = 0
        self._sound: ClipSound | None = None
        options = {"movflags": "+faststart"} if out.suffix.lower() == ".mp4" else {}
        try:
            self._container: OutputContainer = av.open(str(self._draft.path), "w", options=options)
            self._video = add_h264(self._container, canvas, fps or DEFAULT_FPS, live=False)
            if audio_from is not None:
                self._sound = ClipSound(
                    *(audio_from, self._container, out.suffix.lower()),
                    *(self._interval_ns, from_s, to_s),
                )
            self._container.start_encoding()  # a full disk is known now, not after the first pass
        except (OSError, av.error.FFmpegError) as error:
            self.abort()
            raise write_error(out, error) from None
        except SinkError:
            self.abort()
            raise

    @property
    def note(self) -> str | None:
        """A sentence for the user when sound was damaged."""
        count = 0 if self._sound is None else self._sound.left_out
        return f"packets of damaged sound left out: {count}" if count else None

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
        self.complete()
        self.publish()

    def complete(self) -> None:
        """Write what is left; nothing but the name is missing then."""
        try:
            self._container.mux(self._video.encode(None))
            if self._sound is not None:
                self._sound.finish(self._end_ns)
            self._container.close()
        except (OSError, av.error.FFmpegError) as error:
            self.abort()
            raise write_error(self._out, error) from None

    def publish(self) -> None:
        """Give the completed clip its name."""
        self._draft.publish()

    def abort(self) -> None:
        """Remove what was written, under either name; safe after a failure and more than once."""
        if self._sound is not None:
            self._sound.close()
        container = getattr(self, "_container", None)
        if container is not None:
            with contextlib.suppress(OSError, av.error.FFmpegError):
                container.close()
        self._draft.abort()
