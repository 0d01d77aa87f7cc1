"""Longer stories for docs/how-framing-works.md: look-ahead, loss, zoom, a whole clip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.framing.catalog import scenes_named
from benchmarks.framing.detector import detector, looks
from benchmarks.framing.scenes import FPS, FRAME, NARROW
from livetrack_vcam.core import Director, Speed
from livetrack_vcam.core.detection import Observation
from livetrack_vcam.core.offline import best_path
from tools.framing_style import (
    BAND,
    CROP,
    GOOD,
    LOOK,
    OTHER,
    SUBJECT,
    panels,
)  # fmt: skip
from tools.framing_takes import CROP_W, PERCENT, off_center, pan_axis, person, seconds_axis, take


def look_ahead() -> Figure:
    scene = scenes_named(["reverse"])[0]
    fig, (ax, below) = panels(2, (7.2, 5.0), (2, 1))
    for shot, color, label in (
        (take(scene, sigma=0.004), CROP, "normal, at once"),
        (take(scene, Speed.CINEMA, 10, 0.004), GOOD, "cinema, shown 333 ms later"),
    ):
        if color == CROP:
            ax.plot(shot.times, shot.truth, color=SUBJECT, lw=1.4, label="the person")
        ax.plot(shot.times, shot.xs, color=color, label=label)
        below.plot(shot.times, off_center(shot), color=color)
    below.axhline(0, color=SUBJECT, lw=1)
    ax.set_ylabel("across, % of the frame")
    below.set_ylabel("off,\n% of the crop")
    seconds_axis(below, 6)
    ax.legend(loc="upper right")
    return fig


def lost() -> Figure:
    """Somebody walks, is gone after 2.5 s: what the crop does, state by state."""
    director = Director(FRAME, replace(NARROW, max_zoom=2.4))
    scene = person(lambda t: 0.4 + 0.06 * t, 9.0)
    pending = list(reversed(looks(scene, detector(10, 0.0025), 3)))
    times, heights, centers, states = [], [], [], []
    for i in range(60 + 9 * FPS):
        while pending and pending[-1].known <= i:
            look = pending.pop()
            seen = look.detections if look.frame < 60 + 75 else ()
            director.observe(seen, round(look.frame * 1e9 / FPS))
        crop = director.crop_at(round(i * 1e9 / FPS)).box
        times.append(i / FPS - 2)
        heights.append(100 * crop.height / FRAME.height)
        centers.append(PERCENT * crop.center.x / FRAME.width)
        states.append(director.state.value)
    fig, (bar, ax, below) = panels(3, (7.2, 5.0), (0.28, 1, 1))
    _state_bar(bar, times, states)
    true = [t for t in times if 0 <= t <= 2.5]
    ax.plot(true, [40 + 6 * t for t in true], color=SUBJECT, lw=1.4, label="the person")
    ax.plot(times, centers, color=CROP, label="the picture")
    ax.legend(loc="upper right")
    below.plot(times, heights, color=CROP)
    ax.set_ylabel("across,\n% of the frame")
    below.set_ylabel("crop height,\n% of the frame")
    below.set_ylim(0, 105)
    seconds_axis(below, 7.5)
    return fig


NAMES = {
    "hold": "seen", "follow": "seen", "coast": "predict", "lost": "wait", "widen": "widen",
    "wide": "the whole scene",
}  # fmt: skip
STATE_COLORS = {
    "seen": BAND,
    "predict": "#f6d9a8",
    "wait": "#e6e8ec",
    "widen": "#bfe3d3",
    "the whole scene": "#dff1e9",
}


def _state_bar(ax: Axes, times: list[float], states: list[str]) -> None:
    ax.axis("off")
    start = 0
    for i in range(1, len(states) + 1):
        if i == len(states) or NAMES[states[i]] != NAMES[states[start]]:
            begin, end = max(times[start], 0.0), min(times[i - 1] + 1 / FPS, 7.5)
            name = NAMES[states[start]]
            if end > begin:
                ax.axvspan(begin, end, color=STATE_COLORS[name], lw=0)
                ax.text((begin + end) / 2, 0.5, name, ha="center", va="center", fontsize=10)
            start = i
    ax.set_ylim(0, 1)


def zoom() -> Figure:
    fig, axes = panels(2, (7.2, 5.0))
    for ax, name in zip(axes, ("approach", "gestures"), strict=True):
        scene = scenes_named([name])[0]
        shot = take(scene)
        seen = scene.actors[0].seen_at or scene.actors[0].box_at
        widths = [100 * seen(t).width / FRAME.height for t in shot.times]
        boxes = [100 * seen(t).height / FRAME.height for t in shot.times]
        ax.plot(shot.times, boxes, color=LOOK, lw=1.5, label="height of the box")
        ax.plot(shot.times, widths, color=OTHER, lw=1.2, label="width of the box")
        crops = [100 * crop.height / FRAME.height for crop in shot.run.crops]
        ax.plot(shot.times, crops, color=CROP, label="height of the crop")
        ax.set_ylabel("% of the\nframe's height")
        ax.set_ylim(0, 118)
    axes[0].set_title("comes near, goes back: the zoom goes along", fontsize=12, loc="left")
    axes[1].set_title("waves: the zoom rests", fontsize=12, loc="left")
    axes[0].legend(loc="upper right", ncols=3, fontsize=10)
    seconds_axis(axes[1], 13)
    return fig


def foresight() -> Figure:
    """A whole clip: the live crop and the shortest path through the dead zone."""
    scene = person(_wandering, 14.0)
    shot = take(scene, sigma=0.0025)
    found = looks(scene, detector(10, 0.0025), 3)
    observations = [Observation(x.detections, round(x.frame * 1e9 / FPS)) for x in found]
    frame_times = [round((60 + i) * 1e9 / FPS) for i in range(14 * FPS)]
    points = best_path(FRAME, NARROW, observations, frame_times)
    path = [PERCENT * p.crop.box.center.x / FRAME.width for p in points]
    fig, (ax,) = panels(1)
    room = 0.14 * CROP_W * PERCENT
    low, high = [x - room for x in shot.truth], [x + room for x in shot.truth]
    ax.fill_between(shot.times, low, high, color="#dff1e9", lw=0, label="the person is well placed")
    ax.plot(shot.times, shot.truth, color=SUBJECT, lw=1.0)
    ax.plot(shot.times, shot.xs, color=CROP, lw=1.6, label="live")
    ax.plot(shot.times, path, color=GOOD, lw=2.6, label="with the whole clip known")
    pan_axis(ax, 14)
    ax.set_ylim(27, 86)
    ax.legend(loc="upper right")
    return fig


def _wandering(t: float) -> float:
    legs = ((1.0, 0.15, 2.0), (4.0, -0.1, 0.8), (6.0, 0.05, 1.0), (8.5, -0.14, 2.0))
    return 0.35 + sum(v * max(0.0, min(t - start, lasts)) for start, v, lasts in legs)


STORIES: dict[str, Callable[[], Figure]] = {
    "how-ahead": look_ahead,
    "how-lost": lost,
    "how-zoom": zoom,
    "how-offline": foresight,
}
