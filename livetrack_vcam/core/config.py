"""What a director is told to do: the choices of one shot, already checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from livetrack_vcam.core.fusion import Fusion


class Shot(Enum):
    """How large the subject is shown.

    AUTO shows all of it that the camera sees: the upper body of somebody at a desk, everything from
    head to feet of somebody further away. FULL does so with more air, WIDE with the surroundings.
    FACE, HEAD and UPPER are so many heads tall, whatever else of the subject there is.
    """

    AUTO = "auto"
    FACE = "face"
    HEAD = "head"
    UPPER = "upper"
    FULL = "full"
    WIDE = "wide"

    __hash__ = object.__hash__  # of something looked up several times a frame


class Speed(Enum):
    """How the crop moves: the presets of the framing design."""

    CALM = "calm"
    NORMAL = "normal"
    FAST = "fast"
    SPORT = "sport"
    CINEMA = "cinema"

    __hash__ = object.__hash__  # of something looked up several times a frame


class WhenLost(Enum):
    """What the crop does when the subject has been gone for a while."""

    WIDEN = "widen"
    HOLD = "hold"
    HOME = "home"
    CENTER = "center"
    FULL = "full"


class Fill(Enum):
    """What to do when the subject does not fit the crop, or the canvas has another shape.

    CROP shows whoever fits. LETTERBOX and BLUR show everybody, with black or a blurred picture
    beside them. SPLIT shows two people who are far apart in two halves of the canvas.
    """

    CROP = "crop"
    LETTERBOX = "letterbox"
    BLUR = "blur"
    SPLIT = "split"


class SubjectKind(Enum):
    """Who the picture follows."""

    AUTO = "auto"
    LARGEST = "largest"
    CENTER = "center"
    GROUP = "group"
    BALL = "ball"
    LABEL = "label"
    TRACK = "track"


@dataclass(frozen=True, slots=True)
class SubjectPolicy:
    """A subject kind with its argument: a COCO label for LABEL, a track id for TRACK."""

    kind: SubjectKind = SubjectKind.AUTO
    label: str = ""
    track_id: int = 0

    def __str__(self) -> str:
        if self.kind is SubjectKind.LABEL:
            return f"label:{self.label}"
        if self.kind is SubjectKind.TRACK:
            return f"track:{self.track_id}"
        return str(self.kind.value)


_TRACK_ID = re.compile("[1-9][0-9]{0,17}")


def parse_subject(text: str) -> SubjectPolicy:
    """'largest', 'label:dog', 'track:3' … Raises ValueError that says what to type."""
    name, _, argument = text.strip().partition(":")
    choices = "auto, largest, center, group, ball, label:NAME or track:ID"
    try:
        kind = SubjectKind(name)
    except ValueError:
        raise ValueError(f"subject {text!r} is unknown; try {choices}") from None
    if kind is SubjectKind.LABEL and argument:
        return SubjectPolicy(kind, label=argument)
    if kind is SubjectKind.TRACK and _TRACK_ID.fullmatch(argument):
        return SubjectPolicy(kind, track_id=int(argument))
    if kind in (SubjectKind.LABEL, SubjectKind.TRACK) or argument:
        raise ValueError(
            f"subject {text!r} is incomplete or has an argument too many; try {choices}"
        )
    return SubjectPolicy(kind)


@dataclass(frozen=True, slots=True)
class DirectorSettings:
    """The choices of one shot.

    `headroom` None takes the shot size's own; otherwise the share of the crop's height above the
    head, 0 to 0.5. `max_zoom` is frame height (or width) over crop height, 1 or more.
    `dead_zone` None takes the speed preset's; otherwise the share of the crop in which the subject
    may move without moving the picture, 0 to 0.45. `min_crop_height` is in source pixels: the crop
    never gets smaller, so that the picture is not enlarged past what the source carries. `fusion`
    belongs to the tracker, which all shots of a camera share: the first shot's holds.
    `lead_room` is the share of the crop, 0 to 0.12, that somebody on the move gets ahead in
    addition; `eyes_on_third` puts the eyes a third below the top instead of the head under the
    headroom. A lost subject's motion is predicted for `lost_predict` seconds, then the picture
    waits for `lost_hold` and does what `when_lost` says within `lost_widen`. `cuts` allows a jump
    to a subject further away than the crop is wide.
    """

    aspect_ratio: Fraction = Fraction(16, 9)
    shot: Shot = Shot.AUTO
    speed: Speed = Speed.NORMAL
    subject: SubjectPolicy = SubjectPolicy()
    when_lost: WhenLost = WhenLost.WIDEN
    fill: Fill = Fill.CROP
    headroom: float | None = None
    max_zoom: float = 2.4
    dead_zone: float | None = None
    min_crop_height: float = 2.0
    fusion: Fusion = Fusion.BOTH
    lead_room: float = 0.0
    eyes_on_third: bool = False
    lost_predict: float = 0.9
    lost_hold: float = 1.5
    lost_widen: float = 1.1
    cuts: bool = False
