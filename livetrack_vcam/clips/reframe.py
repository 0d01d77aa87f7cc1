"""`reframe`: a video file in, the tracked crop out, with its sound."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from livetrack_vcam.clips.clip import (
    Cadence,
    Clip,
    Span,
    Step,
    causal_steps,
    foresighted_steps,
    observe_clip,
)
from livetrack_vcam.clips.shot_boundaries import ShotBoundaries
from livetrack_vcam.core.config import DirectorSettings, Fill, SubjectKind
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.registry import make_detector_of
from livetrack_vcam.errors import SettingsError, SourceError
from livetrack_vcam.interfaces import Detector, Source
from livetrack_vcam.interrupts import Interrupts
from livetrack_vcam.journal import TextDraft
from livetrack_vcam.media import Frame
from livetrack_vcam.outputs import check_outputs, expanded
from livetrack_vcam.picture.overlay import draw_overlay, overlay_size
from livetrack_vcam.picture.render import Renderer
from livetrack_vcam.progress import progress
from livetrack_vcam.shot_settings import FramingOptions, check_canvas
from livetrack_vcam.sinks.clip_writer import ClipWriter
from livetrack_vcam.sources.registry import open_source
from livetrack_vcam.sources.video_file import VideoFile
from livetrack_vcam.stats import NS_PER_S
from livetrack_vcam.trace import frame_line, header, to_line

PANES_LOOK_AHEAD = 10
"""Frames of the future that the bars or panes of a group are decided with."""
LIVE_ONLY = ("lead_room", "lost_hold", "lost_widen", "cuts", "look_ahead")
"""Framing options that the best path does not mind: it knows what comes, and takes its time."""
LOOKING_THREADS = min(2, os.cpu_count() or 1)
"""Nothing else has much to do meanwhile."""


@dataclass(frozen=True, slots=True)
class ReframeJob:
    """One call of `reframe`. `output` None writes no video; `live` decides causally."""

    source: Path
    output: Path | None
    trace: Path | None
    framing: FramingOptions
    detector: str
    live: bool
    cadence: Cadence
    span: Span
    show_overlay: bool
    overwrite: bool
    quiet: bool = False

    @property
    def one_path(self) -> bool:
        """Whether the clip gets its best path; bars and panes are decided picture by picture."""
        group = self.framing.subject.kind is SubjectKind.GROUP
        return not self.live and not (group and self.framing.fill is not Fill.CROP)

    @property
    def without_effect(self) -> tuple[str, ...]:
        """Settings asked for that only whoever decides picture by picture has a use for."""
        if self.live:
            return ()
        of_no_use = LIVE_ONLY if self.one_path else ("look_ahead",)
        return tuple(name for name in of_no_use if name in self.framing.model_fields_set)


class StepSink(Protocol):
    """Takes every step in order, then `complete` and `publish`; `abort` at any time takes it all
    back. Raises SinkError, of `publish` almost never.

    `note` is a sentence for the user about what could not be kept.
    """

    @property
    def note(self) -> str | None: ...

    def write(self, step: Step) -> None: ...

    def complete(self) -> None: ...

    def publish(self) -> None: ...

    def abort(self) -> None: ...


class TraceFile:
    """The crop trace of a clip."""

    note: str | None = None

    def __init__(
        self, path: Path, clip: Clip, settings: DirectorSettings, canvas: Size, overwrite: bool
    ) -> None:
        self._file = TextDraft(path, overwrite)
        self._canvas = canvas
        self._index = 0
        self._file.write(to_line(header(clip.info.name, clip.size, clip.info.fps, settings)))

    def write(self, step: Step) -> None:
        self._file.write(to_line(step_line(self._index, step, self._canvas)))
        self._index += 1

    def complete(self) -> None:
        self._file.complete()

    def publish(self) -> None:
        self._file.publish()

    def abort(self) -> None:
        self._file.abort()


class Picture:
    """The rendered video of a clip, or its overlay."""

    def __init__(self, job: ReframeJob, output: Path, clip: Clip) -> None:
        self._fill = job.framing.fill
        self._overlay = job.show_overlay
        self._whole = Box(0, 0, clip.size.width, clip.size.height)
        canvas = overlay_size(clip.size) if job.show_overlay else job.framing.canvas_size()
        self._renderer = Renderer(canvas)
        self._writer = ClipWriter(
            output,
            canvas,
            clip.info.fps,
            audio_from=_sound_of(job.source),
            from_s=job.span.start_s,
            to_s=job.span.end_s,
            overwrite=job.overwrite,
        )

    def write(self, step: Step) -> None:
        self._writer.write(self._picture(step), step.t_ns)

    def complete(self) -> None:
        self._writer.complete()

    def publish(self) -> None:
        self._writer.publish()

    def abort(self) -> None:
        self._writer.abort()

    @property
    def note(self) -> str | None:
        return self._writer.note

    def _picture(self, step: Step) -> Frame:
        if not self._overlay:
            shown = step.panes or (step.crop.box,)
            return self._renderer.render_panes(step.frame, shown, self._fill)
        whole = self._renderer.render(step.frame, self._whole, Fill.LETTERBOX)
        return draw_overlay(whole, step.crop, step.subject, step.tracks, step.panes)


def step_line(index: int, step: Step, canvas: Size) -> dict[str, object]:
    frame = step.frame.size
    return frame_line(
        index,
        step.t_ns,
        step.t_ns,
        step.crop,
        step.state,
        step.subject,
        step.tracks,
        frame,
        canvas,
        step.panes,
    )


def open_clip(path: Path, span: Span) -> Clip:
    """The clip at `path`, decoded as fast as it can be. Raises SourceError."""
    return Clip(lambda: _open_file(path), span)


def _open_file(path: Path) -> Source:
    """A file comes before the demo of the same name."""
    path = expanded(path)
    if _is_pipe(path):
        raise SourceError(f"{path} is a pipe, which cannot be read twice; save it to a file first")
    if str(path) == "demo" and not path.exists():
        return open_source("demo", paced=False)
    return VideoFile(path, paced=False)


def _sound_of(source: Path) -> Path | None:
    """The file of an open clip; the demo is none, and silent."""
    path = expanded(source)
    return path if path.exists() else None


def _is_pipe(path: Path) -> bool:
    try:
        return path.is_fifo()
    except OSError:
        return False  # opening it says why


def steps(
    clip: Clip, detector: Detector, settings: DirectorSettings, job: ReframeJob
) -> Iterator[Step]:
    if job.live:
        look_ahead = job.framing.look_ahead_frames
        return causal_steps(clip, detector, settings, job.cadence, look_ahead)
    if not job.one_path:
        foresight = replace(job.cadence, latency_ns=0)
        return causal_steps(clip, detector, settings, foresight, PANES_LOOK_AHEAD)
    boundaries = ShotBoundaries()
    with progress("Looking", _length_s(clip, job.span), job.quiet) as update:
        observations, times = observe_clip(
            clip,
            detector,
            settings,
            job.cadence,
            lambda t_ns: update(t_ns / NS_PER_S - job.span.start_s),
            boundaries,
            sparing=True,
        )
    return foresighted_steps(clip, settings, observations, times, boundaries.cuts_ns)


@dataclass(frozen=True, slots=True)
class Reframed:
    """What came of a job: frames written, and a sentence when the clip was damaged."""

    frames: int
    note: str | None


def reframe(job: ReframeJob) -> Reframed:
    """Do the job.

    Raises LiveTrackError. Ctrl-C or SIGTERM leave a finished, playable file of what was done so
    far and raise KeyboardInterrupt; any other failure leaves nothing.
    """
    outputs = [path for path in (job.output, job.trace) if path is not None]
    interrupts = Interrupts()
    with interrupts.caught(), ExitStack() as stack:
        clip = open_clip(job.source, job.span)
        check_outputs(outputs, str(job.source), job.overwrite)
        check_canvas(job.framing, clip.size)
        settings = job.framing.director(clip.size)
        detector = make_detector_of(job.framing.labels, job.detector, LOOKING_THREADS)
        detector.open()
        stack.callback(detector.close)
        sinks: list[StepSink] = []
        stack.callback(_abort, sinks)
        with interrupts.held():
            _open_sinks(sinks, job, clip, settings)
        opened = tuple(sinks)
        frames = _write_all(sinks, clip, detector, settings, job, interrupts)
        notes = (clip.note, *(sink.note for sink in opened))
        return Reframed(frames, "; ".join(filter(None, notes)) or None)


def _open_sinks(
    sinks: list[StepSink], job: ReframeJob, clip: Clip, settings: DirectorSettings
) -> None:
    """Add each as soon as it is there."""
    if job.trace is not None:
        canvas = job.framing.canvas_size()
        sinks.append(TraceFile(job.trace, clip, settings, canvas, job.overwrite))
    if job.output is not None:
        sinks.append(Picture(job, expanded(job.output), clip))


def _write_all(
    sinks: list[StepSink],
    clip: Clip,
    detector: Detector,
    settings: DirectorSettings,
    job: ReframeJob,
    interrupts: Interrupts,
) -> int:
    """The number of steps. The caller takes back what is still in `sinks` when this raises."""
    count = 0
    try:
        decided = steps(clip, detector, settings, job)
        with progress("Framing", _length_s(clip, job.span), job.quiet) as update:
            for step in decided:
                with interrupts.held():
                    count += 1
                    for sink in sinks:
                        sink.write(step)
                update(step.t_ns / NS_PER_S - job.span.start_s)
        if count == 0:
            raise SettingsError(_nothing_there(clip, job))
        with interrupts.held():
            _finish(sinks)
    except KeyboardInterrupt:
        if count:
            _finish(sinks)
        raise
    return count


def _nothing_there(clip: Clip, job: ReframeJob) -> str:
    length_s = clip.info.duration_s
    end = f"; it is {length_s:.1f} s long" if length_s else ""
    return f"{job.source} has no picture after --from {job.span.start_s:g}{end}"


def _finish(sinks: list[StepSink]) -> None:
    """All get their names, or none does: what may fail comes first."""
    try:
        for sink in sinks:
            sink.complete()
        for sink in sinks:
            sink.publish()
    except BaseException:
        _abort(sinks)
        raise
    sinks.clear()


def _abort(sinks: list[StepSink]) -> None:
    while sinks:
        sinks.pop().abort()


def _length_s(clip: Clip, span: Span) -> float | None:
    end_s = span.end_s if span.end_s is not None else clip.info.duration_s
    return None if end_s is None else max(end_s - span.start_s, 0.0)
