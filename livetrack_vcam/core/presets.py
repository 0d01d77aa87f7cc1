"""The speed presets: how the crop follows, one row per preset of docs/how-framing-works.md."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from livetrack_vcam.core.config import Speed
from livetrack_vcam.core.estimator import Agility

# How things move, in frame widths: nobody leaps as a ball does. A crop that is to be quick expects
# more of people, and believes the newest look more.
PERSON = Agility(0.057, 2.8, (0.988, 0.954, 0.33))
QUICK_PERSON = replace(PERSON, steady=0.09)
BALL = replace(PERSON, huber=4, gate=36, witnesses=0)


@dataclass(frozen=True, slots=True)
class Gains:
    """How hard the crop is pulled. "Crop" is the crop's width (pan) or height (tilt).

    `kp`, `kv`, `ka`: gains of the position, velocity and acceleration loops, 1/s.
    `acceleration`, `jerk`: limits in crops/s² and /s³.
    """

    kp: float
    kv: float
    ka: float
    acceleration: float
    jerk: float

    def quicker(self, factor: float) -> Gains:
        """As if time ran `factor` times as fast for what the crop does after it has noticed."""
        gain = math.cbrt(factor)
        return Gains(
            gain * self.kp,
            gain * self.kv,
            gain * self.ka,
            factor * self.acceleration,
            factor**2 * self.jerk,
        )


@dataclass(frozen=True, slots=True)
class SpeedPreset:
    """Constants of one way to follow.

    `usual`, `urgent`: gains in general, and while the crop moves away from the subject or the
    subject sticks out of it. `tilt_kp`: the `kp` of `usual` for tilt, where another suits: nobody
    walks up and down, but heads near the edge rise when somebody comes closer.
    `speed`: limit in crops/s.
    `aim_s`: the crop is taken to where the subject is so many seconds from now; negative: to
    where it was. `aim_by_delay`: seconds more for each second that detections come later than
    USUAL_DELAY_S. `feed_forward`: share of the subject's own velocity handed to the crop.
    `dead_zone`: share of the crop the subject may move without moving the picture.
    `inner_zone`: the same once the estimator is sure that the subject moves.
    `wake_speed`: slowest motion that counts as motion, crops/s. `sway_speed`: the same in widths
    of the subject a second. `wake_probability`: how sure the estimator must be of it.
    `confirm_s`: how long the subject must have left the dead zone. `witnessed`: how far off two
    looks in a row must have seen it for that, as a share of the crop.
    `quiet_s`: how long subject and crop must be quiet before the picture rests.
    `fade_s`: time constant with which the predicted velocity fades in a gap.
    `move_jerk`: limit of a planned move to another subject, crops/s³.
    `person`: how people are expected to move.
    `hurry`: gains from a picture without anybody to somebody, up to HURRY_SPEED: nobody
    watches an empty scene.
    """

    usual: Gains
    urgent: Gains
    speed: float
    aim_s: float
    dead_zone: float
    inner_zone: float
    move_jerk: float
    hurry: Gains
    feed_forward: float = 1.0
    aim_by_delay: float = -0.7
    wake_speed: float = 0.06
    sway_speed: float = 0.45
    wake_probability: float = 0.3
    confirm_s: float = 0.22
    witnessed: float = 0.05
    quiet_s: float = 0.3
    fade_s: float = 1.3
    person: Agility = PERSON
    tilt_kp: float | None = None

    def for_tilt(self) -> SpeedPreset:
        """The same for tilt."""
        if self.tilt_kp is None:
            return self
        return replace(self, usual=replace(self.usual, kp=self.tilt_kp))


HURRY_SPEED = 5.0
"""Speed limit of every hurried move, crops/s."""
USUAL_DELAY_S = 0.117
"""Mean age of the newest detection at 10 Hz and 67 ms, for which the presets were tuned."""

# As quick as sport, but damped so that it stops at a wall: half a second across a 16:9 frame.
WHIP = Gains(5.5, 18, 50, 26, 700)
SWEEP = Gains(4, 9, 22, 12.6, 126)
"""As WHIP, for pictures that never do anything suddenly."""

# Tuned on the tuning seeds of `python -m benchmarks.framing`, which scores them on others.
PRESETS: dict[Speed, SpeedPreset] = {
    Speed.CALM: SpeedPreset(
        usual=Gains(3, 9, 26, 4, 60), urgent=Gains(3.5, 12, 32, 8, 150), speed=1.3,
        aim_s=-0.3, dead_zone=0.17, inner_zone=0.05, move_jerk=25, hurry=SWEEP,
    ),
    Speed.NORMAL: SpeedPreset(
        usual=Gains(3, 12, 36, 7, 110), urgent=Gains(3.6, 18, 45, 17, 420), speed=2.4,
        aim_s=-0.196, dead_zone=0.155, inner_zone=0.05, move_jerk=56, hurry=WHIP,
    ),
    Speed.FAST: SpeedPreset(
        usual=Gains(2.8, 28, 98, 14, 490), urgent=Gains(5.4, 27, 70, 34, 1600), speed=3.8,
        aim_s=-0.041, dead_zone=0.15, inner_zone=0.05, move_jerk=56, hurry=WHIP,
        quiet_s=0.4, person=QUICK_PERSON, tilt_kp=4.5,
    ),
    Speed.SPORT: SpeedPreset(
        usual=Gains(4.2, 34, 120, 33, 800), urgent=Gains(6.6, 29, 66, 38, 1500), speed=6.3,
        aim_s=-0.032, dead_zone=0.14, inner_zone=0.045, move_jerk=63, hurry=WHIP,
        quiet_s=0.4, person=QUICK_PERSON, tilt_kp=6.5,
    ),
    Speed.CINEMA: SpeedPreset(
        usual=Gains(1.9, 6.5, 24, 4.4, 28), urgent=Gains(2.0, 5.5, 16, 7.6, 51), speed=2.5,
        aim_s=0.0, dead_zone=0.15, inner_zone=0.05, move_jerk=42,
        hurry=SWEEP, feed_forward=0.77, wake_probability=0.72,
    ),
}  # fmt: skip

QUICKER = (0.6, 2.0)
"""Slowest and quickest that a preset becomes with the detector's delay."""


class Suit:
    """The preset for detections that are so old on average: late ones call for haste."""

    def __init__(self) -> None:
        self._key: tuple[SpeedPreset | None, int] = (None, 0)
        self._suited: tuple[SpeedPreset, SpeedPreset] | None = None

    def of(self, preset: SpeedPreset, delay_s: float) -> tuple[SpeedPreset, SpeedPreset]:
        """For pan and tilt; the same objects as long as preset and delay stay about the same."""
        share = min(max(delay_s / USUAL_DELAY_S, QUICKER[0]), QUICKER[1])
        twentieths = round(20 * share)
        if self._suited is None or self._key[0] is not preset or self._key[1] != twentieths:
            self._suited = (
                _suited(preset, twentieths / 20),
                _suited(preset.for_tilt(), twentieths / 20),
            )
            self._key = (preset, twentieths)
        return self._suited


def _suited(preset: SpeedPreset, factor: float) -> SpeedPreset:
    usual, urgent = preset.usual.quicker(factor), preset.urgent.quicker(factor)
    witnessed = preset.witnessed * min(QUICKER[1] - factor, 1.0)
    return replace(preset, usual=usual, urgent=urgent, witnessed=witnessed)
