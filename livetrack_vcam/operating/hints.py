"""What the operator could do better, told from what the program measures anyway."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from livetrack_vcam.control import Hint, ShotStatus, TrackStatus
from livetrack_vcam.core.detection import FACE, PERSON, SPORTS_BALL
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.shot_settings import WARN_UPSCALE
from livetrack_vcam.sound.status import SoundStatus
from livetrack_vcam.stats import NS_PER_S

LOW_LIGHT = 0.1
"""Mean luma of 0 to 1. Darkened, the pictures that yolov4-tiny is held against still give it an
AP50 of .98 at .12 and .97 at .07, but .59 at .04; and a real camera is noisier in the dark."""
SMALL = 0.12
"""Of the frame's height: below it no look at the whole frame finds a person (docs/models.md)."""
LINGER_NS = 3 * NS_PER_S
"""A hint stays so long after its reason went, lest it flicker."""


def light_hint(brightness: float | None) -> Hint | None:
    """`brightness` of the source from 0 to 1, None while there was no frame."""
    if brightness is None or brightness >= LOW_LIGHT:
        return None
    return Hint(
        "low_light",
        "The camera sees a dark picture, in which people are soon not found any more; turn on a "
        "light, or let the camera expose longer.",
    )


def upscale_hint(shot: ShotStatus) -> Hint | None:
    if shot.upscale is None or shot.upscale <= WARN_UPSCALE:
        return None
    return Hint(
        "upscale",
        f"The picture of shot {shot.name} is enlarged {shot.upscale:.1f} times and looks soft; "
        "show more around the subject, move the camera closer, or start with a smaller --size.",
        shot.name,
    )


def size_hint(shot: ShotStatus, tracks: Sequence[TrackStatus], frame: Size) -> Hint | None:
    """About the tallest person the shot is about; nobody knows how tall other things should be."""
    heights = [
        track.box[3] / frame.height
        for track in tracks
        if track.label == PERSON and track.id in shot.subject
    ]
    if not heights or max(heights) >= SMALL:
        return None
    return Hint(
        "too_small",
        f"Whom shot {shot.name} follows is {100 * max(heights):.0f} % as tall as the camera's "
        f"picture; below {100 * SMALL:.0f} % people are easily lost: move the camera closer.",
        shot.name,
    )


def sought_hint(shot: ShotStatus, sought: Collection[str]) -> Hint | None:
    """About a shot that is to follow what the detector was not started to look for."""
    kind, _, name = shot.subject_policy.partition(":")
    label = name if kind == "label" else SPORTS_BALL if kind == "ball" else None
    # A face alone is followed as a person.
    if label is None or label in sought or (label == PERSON and FACE in sought):
        return None
    return Hint(
        "not_sought",
        f"Shot {shot.name} is to follow {label}, which the detector was not started to look for; "
        f"start again with --subject {shot.subject_policy}, or choose another subject.",
        shot.name,
    )


def sound_hint(sound: SoundStatus | None) -> Hint | None:
    if sound is None:
        return None
    if sound.howling:
        return Hint(
            "howling",
            "The sound howled and is muted for a while: somebody listens in the room of the "
            "microphone; mute that listener, or let them wear headphones.",
        )
    return Hint("no_sound", f"{sound.trouble}.") if sound.trouble else None


class Hints:
    """Keeps a hint for LINGER_NS after it was last raised. One thread calls it."""

    def __init__(self) -> None:
        self._raised: dict[tuple[str, str | None], tuple[int, Hint]] = {}

    def now(self, raised: Iterable[Hint | None], now_ns: int) -> tuple[Hint, ...]:
        """What to show at `now_ns`, when `raised` holds."""
        for hint in raised:
            if hint is not None:
                self._raised[hint.code, hint.shot] = now_ns, hint
        self._raised = {
            key: (raised_ns, hint)
            for key, (raised_ns, hint) in self._raised.items()
            if now_ns - raised_ns <= LINGER_NS
        }
        return tuple(hint for _, hint in self._raised.values())
