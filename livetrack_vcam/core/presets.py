"""The speed presets: how the crop follows, one row per preset of docs/how-it-works.md."""

from __future__ import annotations

from dataclasses import dataclass

from livetrack_vcam.core.config import Speed


@dataclass(frozen=True, slots=True)
class SpeedPreset:
    """Constants of one way to follow. "Crop" is the crop's width (pan) or height (tilt).

    `kp`, `kv`, `ka`: gains of the position, velocity and acceleration loops, 1/s.
    `speed`, `acceleration`, `jerk`: limits in crops/s, /s² and /s³.
    `feed_forward`: share of the subject's own velocity handed to the crop.
    `dead_zone`: share of the crop the subject may move without moving the picture.
    `inner_zone`: the same once the estimator is sure that the subject moves.
    `q_moving`: white acceleration of the moving model, frame widths²/s³.
    `wake_speed`: slowest motion that counts as motion, crops/s.
    `wake_probability`: how sure the estimator must be of it.
    `quiet_s`: how long subject and crop must be quiet before the picture rests.
    `fade_s`: time constant with which the predicted velocity fades in a gap.
    """

    kp: float
    kv: float
    ka: float
    speed: float
    acceleration: float
    jerk: float
    feed_forward: float
    dead_zone: float
    inner_zone: float
    q_moving: float = 0.4
    wake_speed: float = 0.07
    wake_probability: float = 0.72
    quiet_s: float = 0.22
    fade_s: float = 0.9


# The framing design's constants, tuned there on simulated pans; benchmarks/framing_bench.py scores
# them. Sport's ka is 40 instead of 20: its overshoot after a step goes from 13 % of the crop to 1 %
# for 10 % more jerk.
PRESETS: dict[Speed, SpeedPreset] = {
    Speed.CALM: SpeedPreset(
        1.8, 5, 15, 1.3, 2.8, 19, 0.5, 0.16, 0.05,
        q_moving=0.2, wake_speed=0.095, wake_probability=0.8, quiet_s=0.3,
    ),
    Speed.NORMAL: SpeedPreset(2.0, 5.5, 16, 2.4, 7.6, 51, 0.6, 0.14, 0.03),
    Speed.FAST: SpeedPreset(4, 9, 22, 3.8, 12.6, 126, 0.85, 0.10, 0.03, q_moving=0.6),
    Speed.SPORT: SpeedPreset(
        6.8, 16, 40, 6.3, 32, 630, 1.03, 0.07, 0.02, q_moving=0.5, fade_s=0.3
    ),
    Speed.CINEMA: SpeedPreset(1.9, 6.5, 24, 2.5, 4.4, 28, 0.77, 0.14, 0.05, q_moving=0.5),
}  # fmt: skip

# As quick as sport, but damped so that it stops at a wall: half a second across a 16:9 frame.
WHIP = SpeedPreset(5.5, 18, 50, 5.0, 26, 700, 1.0, 0.14, 0.03)
HURRIED: dict[SpeedPreset, SpeedPreset] = {
    PRESETS[Speed.CALM]: PRESETS[Speed.FAST],
    PRESETS[Speed.NORMAL]: WHIP,
    PRESETS[Speed.FAST]: WHIP,
    PRESETS[Speed.SPORT]: WHIP,
    PRESETS[Speed.CINEMA]: PRESETS[Speed.FAST],
}
"""How the crop moves from a picture without anybody to somebody: nobody watches an empty scene."""

# Between normal and fast: catches up with somebody who turned, at a third less jerk than fast.
BRISK = SpeedPreset(3, 7.2, 19, 3.0, 10, 85, 0.7, 0.14, 0.03)
GUARDED: dict[SpeedPreset, SpeedPreset] = {
    PRESETS[Speed.CALM]: PRESETS[Speed.NORMAL],
    PRESETS[Speed.NORMAL]: BRISK,
    PRESETS[Speed.FAST]: PRESETS[Speed.FAST],
    PRESETS[Speed.SPORT]: PRESETS[Speed.SPORT],
    PRESETS[Speed.CINEMA]: PRESETS[Speed.NORMAL],
}
"""How the crop moves while a part of the subject sticks out of it."""
