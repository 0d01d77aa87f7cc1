"""How one shot is framed and where its picture goes: settings, parsed once at the edge."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from livetrack_vcam.core.changes import (
    MAX_DEAD_ZONE,
    MAX_HEADROOM,
    MAX_LEAD_ROOM,
    MAX_LOST_S,
    MAX_ZOOM,
)
from livetrack_vcam.core.config import (
    DirectorSettings,
    Fill,
    Shot,
    Speed,
    SubjectKind,
    SubjectPolicy,
    WhenLost,
    parse_subject,
)
from livetrack_vcam.core.detection import SPORTS_BALL
from livetrack_vcam.core.fusion import Fusion
from livetrack_vcam.core.geometry import (
    Size,
    format_aspect_ratio,
    largest_height,
    parse_aspect_ratio,
)
from livetrack_vcam.errors import SettingsError
from livetrack_vcam.sink_spec import DEFAULT_SINKS, SinkSpec, parse_sink

LONG_SIDE = 1280
SHORT_SIDE = 720
MAX_SIDE = 7680
# Past this the picture is visibly soft; the crop then stops shrinking. Users are warned at 1.5.
MAX_UPSCALE = 2.0
WARN_UPSCALE = 1.5
# Frames. A third of a second at 30 fps: more makes a conversation awkward and gains nothing.
MAX_LOOK_AHEAD = CINEMA_LOOK_AHEAD = 10


def parse_size(value: object) -> Size:
    """'1280x720' as a Size with even sides, which planar 4:2:0 needs. Raises ValueError."""
    if isinstance(value, Size):
        return value
    match = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", str(value).strip())
    if match is None:
        raise ValueError(f"size {str(value)!r} is not WIDTHxHEIGHT; try 1280x720")
    size = Size(int(match[1]), int(match[2]))
    if size.width < 2 or size.height < 2 or max(size.width, size.height) > MAX_SIDE:
        raise ValueError(f"size {size} is outside 2x2 to {MAX_SIDE}x{MAX_SIDE}; try 1280x720")
    if size.width % 2 or size.height % 2:
        even = Size(size.width + size.width % 2, size.height + size.height % 2)
        raise ValueError(f"size {size} has an odd side, which video cannot carry; try {even}")
    return size


def _parse_aspect(value: object) -> Fraction:
    return value if isinstance(value, Fraction) else parse_aspect_ratio(str(value))


def _parse_subject(value: object) -> SubjectPolicy:
    return value if isinstance(value, SubjectPolicy) else parse_subject(str(value))


def one_or_more(value: object) -> object:
    """A single value where several may stand."""
    return (value,) if isinstance(value, str | SinkSpec) else value


AspectRatio = Annotated[
    Fraction, BeforeValidator(_parse_aspect), PlainSerializer(format_aspect_ratio)
]
CanvasSize = Annotated[Size, BeforeValidator(parse_size), PlainSerializer(str)]
Subject = Annotated[SubjectPolicy, BeforeValidator(_parse_subject), PlainSerializer(str)]
Sink = Annotated[SinkSpec, BeforeValidator(parse_sink), PlainSerializer(str)]


class Frozen(BaseModel):
    """Never changes after it was parsed; knows no other keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class FramingOptions(Frozen):
    """How one picture is framed."""

    aspect: AspectRatio = Field(
        Fraction(16, 9),
        description="Shape of the picture: 16:9 9:16 1:1 4:5 4:3, any W:H from 1:4 to 4:1.",
        json_schema_extra={"metavar": "W:H"},
    )
    size: CanvasSize | None = Field(
        None,
        description="Canvas of the output in pixels; without it a 720p-class size of the shape.",
        json_schema_extra={"metavar": "WxH"},
    )
    shot: Shot = Field(Shot.AUTO, description="How large the subject is shown.")
    speed: Speed = Field(Speed.NORMAL, description="How the crop moves.")
    subject: Subject = Field(
        SubjectPolicy(),
        description="Who is followed: auto, largest, center, group, ball, label:NAME, track:ID.",
        json_schema_extra={"metavar": "WHO"},
    )
    when_lost: WhenLost = Field(
        WhenLost.WIDEN, description="What the crop does when the subject is gone."
    )
    fill: Fill = Field(
        Fill.CROP,
        description="For a group too wide for the picture: show who fits (crop), everybody "
        "between bars (letterbox, blur), or two halves (split).",
    )
    headroom: float | None = Field(
        None,
        ge=0,
        le=MAX_HEADROOM,
        description="Share of the crop above the head; the shot's own if unset.",
    )
    max_zoom: float = Field(
        2.4, ge=1, le=MAX_ZOOM, description="How many times the crop may magnify the whole picture."
    )
    dead_zone: float | None = Field(
        None,
        ge=0,
        le=MAX_DEAD_ZONE,
        description="Share of the crop in which the subject moves without moving the picture.",
    )

    fusion: Fusion = Field(
        Fusion.BOTH,
        description="Of a person's body and face, both lead, or the one with the best score.",
    )

    lead_room: float = Field(
        0.0, ge=0, le=MAX_LEAD_ROOM, description="Share of the crop left ahead of whoever moves."
    )
    eyes_on_third: bool = Field(
        False, description="Put the eyes on the upper third instead of minding the headroom."
    )
    lost_predict: float = Field(
        0.9, ge=0, le=MAX_LOST_S, description="Seconds for which a lost subject is predicted."
    )
    lost_hold: float = Field(
        1.5, ge=0, le=MAX_LOST_S, description="Seconds the picture then waits before when_lost."
    )
    lost_widen: float = Field(
        1.1, ge=0, le=MAX_LOST_S, description="Seconds in which the picture then widens."
    )
    cuts: bool = Field(
        False, description="Cut to a subject further away than one crop instead of gliding there."
    )
    look_ahead: int | None = Field(
        None,
        ge=0,
        le=MAX_LOOK_AHEAD,
        description="Frames by which the picture is late to see what comes; 10 for speed cinema, "
        "else 0.",
    )

    @property
    def look_ahead_frames(self) -> int:
        """By how many frames the picture is shown late."""
        if self.look_ahead is not None:
            return self.look_ahead
        return CINEMA_LOOK_AHEAD if self.speed is Speed.CINEMA else 0

    @property
    def labels(self) -> tuple[str, ...]:
        """The COCO label the subject is chosen by, if it is: the detector must look for it."""
        if self.subject.kind is SubjectKind.BALL:
            return (SPORTS_BALL,)
        return (self.subject.label,) if self.subject.label else ()

    def canvas_size(self) -> Size:
        return self.size or default_size(self.aspect)

    def director(self, frame: Size) -> DirectorSettings:
        """These choices for a source of `frame` size."""
        smallest = self.canvas_size().height / MAX_UPSCALE
        return DirectorSettings(
            aspect_ratio=self.aspect,
            shot=self.shot,
            speed=self.speed,
            subject=self.subject,
            when_lost=self.when_lost,
            fill=self.fill,
            headroom=self.headroom,
            max_zoom=self.max_zoom,
            dead_zone=self.dead_zone,
            min_crop_height=min(smallest, largest_height(self.aspect, frame)),
            fusion=self.fusion,
            lead_room=self.lead_room,
            eyes_on_third=self.eyes_on_third,
            lost_predict=self.lost_predict,
            lost_hold=self.lost_hold,
            lost_widen=self.lost_widen,
            cuts=self.cuts,
        )


class ShotSettings(FramingOptions):
    """One framing of the camera and where its picture goes."""

    name: str = Field(
        "main", pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$", description="Name of the shot."
    )
    sink: Annotated[tuple[Sink, ...], BeforeValidator(one_or_more)] = Field(
        DEFAULT_SINKS,
        min_length=1,
        description="Where it goes: vcam[:NAME], file:PATH, mjpeg, room, whip:URL, none; "
        "repeatable.",
        json_schema_extra={"metavar": "SINK"},
    )


def default_size(ratio: Fraction) -> Size:
    """The largest 720p-class size of exactly `ratio`; sides even, long side <= 1280, short <= 720.

    Ratios of large numbers that have no such size get the nearest even one.
    """
    wide = ratio >= 1
    limit = Size(LONG_SIDE, SHORT_SIDE) if wide else Size(SHORT_SIDE, LONG_SIDE)
    step = 1 if ratio.numerator % 2 == 0 and ratio.denominator % 2 == 0 else 2
    unit = Size(ratio.numerator * step, ratio.denominator * step)
    count = min(limit.width // unit.width, limit.height // unit.height)
    if count >= 1 and unit.height * count >= largest_height(ratio, limit) * 0.8:
        return Size(unit.width * count, unit.height * count)
    height = largest_height(ratio, limit)
    return Size(max(2, 2 * round(height * ratio / 2)), max(2, 2 * round(height / 2)))


def check_canvas(options: FramingOptions, frame: Size) -> None:
    """Refuse an asked size that only enlarges the source. Raises SettingsError."""
    size = options.size
    if size is not None and size.width * size.height > frame.width * frame.height:
        raise SettingsError(
            f"size {size} has more pixels than the source's {frame}; "
            f"ask for less, or leave --size out to get {default_size(options.aspect)}"
        )
