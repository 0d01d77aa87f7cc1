"""Source, Detector, Sink: the three seams of the program, with their contracts."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, runtime_checkable

from livetrack_vcam.core.detection import Detection
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.media import Frame


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What an opened source delivers. `live` sources never end.

    `fps` is nominal and `duration_s` what a file says of itself; None when unknown.
    """

    name: str
    size: Size
    fps: Fraction | None
    live: bool
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class Canvas:
    """The fixed picture a sink is opened with; it never changes while the sink is open."""

    size: Size
    fps: Fraction


class Source(Protocol):
    """Where frames come from. Only a source stamps time.

    `open` is called once, from any thread, and raises SourceError with a message for the user.
    `read` is then called from one thread only. It blocks until the next frame is due (a file is
    paced like a camera unless the source was made with `paced=False`) and returns None at the end.
    It raises SourceError when the device fails; the caller may then `close` and `open` again.
    Frames have one size for as long as the source is open, even sides or not, already rotated
    upright, and strictly increasing `pts_ns`.
    `close` may be called from another thread, more than once, and makes a blocked `read` return.
    """

    def open(self) -> SourceInfo: ...

    def read(self) -> Frame | None: ...

    def close(self) -> None: ...


class Detector(Protocol):
    """Finds things in a frame.

    `open` loads the weights and raises ModelError; `detect` is then called from one thread only,
    never changes the frame, and returns boxes in that frame's pixels, best score first, without
    duplicates. With a `region` it sees only that part of the frame, at the camera's own
    resolution where it can. `close` releases the weights; no call follows it.
    """

    @property
    def name(self) -> str: ...

    @property
    def labels(self) -> frozenset[str]:
        """Everything it can find: COCO names, or "face"."""
        ...

    def open(self) -> None: ...

    def detect(self, frame: Frame, region: Box | None = None) -> tuple[Detection, ...]: ...

    def close(self) -> None: ...


class Sink(Protocol):
    """Where pictures go.

    `open`, `send` and `close` are called from one thread, which belongs to this sink alone; so a
    slow sink delays nobody. `open` is called once and raises SinkError with a message for the
    user. `send` gets I420 frames of exactly the canvas size in the output color space and raises
    SinkError when the output is gone. `close` is called exactly once after a successful `open`,
    also after a failed `send`, and no call follows it.
    """

    @property
    def name(self) -> str:
        """What the status shows: "vcam", "file", "mjpeg"."""
        ...

    @property
    def depth(self) -> int:
        """How many frames may wait for this sink before the oldest is dropped and counted."""
        ...

    @property
    def repeat_after_s(self) -> float | None:
        """Re-send the last picture when none came for so long (devices that must not starve)."""
        ...

    def open(self, canvas: Canvas) -> None: ...

    def send(self, frame: Frame) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Link:
    """How a sink stands with a server elsewhere: connecting, live, retrying or closed.

    `reason` says, without secrets, why it is not live or not as good as it should be; `dropped`
    counts the pictures that had nobody to go to.
    """

    state: str
    reason: str | None
    dropped: int


@runtime_checkable
class LinkedSink(Sink, Protocol):
    """A sink whose server may be away for a while without the sink failing.

    `give_up` may be called in any thread and never blocks: an `open` that still waits for the
    server then raises SinkError soon.
    """

    @property
    def link(self) -> Link: ...

    def give_up(self) -> None: ...


@runtime_checkable
class KeptSink(Sink, Protocol):
    """A sink of which something stays when it was closed.

    `discard` removes that, for a run that was refused and never got going. It is called at most
    once, when `open` failed or `close` has returned, from any thread, and does not raise.
    """

    def discard(self) -> None: ...


@runtime_checkable
class ReturningSink(Sink, Protocol):
    """A sink whose device may not be there yet, or be taken away and come back.

    After an `open` or a `send` that raised, `may_return` says whether to `open` it again later,
    which then happens in the same thread; what was open is closed before.
    """

    @property
    def may_return(self) -> bool: ...
