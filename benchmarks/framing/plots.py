"""Pictures of single scenes: python -m benchmarks.framing.plots [--out docs/images].

Path, velocity and jerk of the crop for two of our speeds and the strongest of the others, on one
tuning seed. Needs matplotlib, which is in the development dependencies.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from benchmarks.framing.catalog import scenes_named
from benchmarks.framing.detector import detector, looks
from benchmarks.framing.play import Run, play
from benchmarks.framing.scenes import FPS, FRAME, Scene
from benchmarks.framing.table import Entry
from livetrack_vcam.core import Speed
from livetrack_vcam.core.geometry import Box

SEED = 0
COLORS = 48
"""So many are enough for a few lines with soft edges; the file is a third of the size."""
INK, GRID = "#1b1f24", "#d9dee5"
ENTRIES: tuple[tuple[Entry, str, str], ...] = (
    (Entry("AutoPTZ"), "#e07b39", "AutoPTZ"),
    (Entry("OBS-Auto-Framing"), "#b0a52f", "OBS-Auto-Framing"),
    (Entry("normal", Speed.NORMAL), "#1f5fd6", "LiveTrack, normal"),
    (Entry("cinema+10", Speed.CINEMA, 10), "#118a63", "LiveTrack, cinema (333 ms later)"),
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A scene, what of a crop is drawn, and the words beside it."""

    scene: str
    title: str
    seconds: tuple[float, float]
    value: Callable[[Box], float]
    labels: tuple[str, str, str]


def _across(crop: Box) -> float:
    return crop.center.x / FRAME.width


def _doublings(crop: Box) -> float:
    return math.log2(crop.height / FRAME.height)


PAN = ("center (W)", "velocity (W/s)", "jerk (W/s³)")
ZOOM = ("crop height\n(doublings)", "velocity\n(doublings/s)", "jerk\n(doublings/s³)")
PICTURES = (
    Picture("walk", "A person walks for four seconds, then stops", (-0.1, 7.0), _across, PAN),
    Picture("reverse", "A walker turns on the spot", (0.0, 5.5), _across, PAN),
    Picture("change", "Another person becomes the subject", (-0.1, 2.5), _across, PAN),
    Picture("approach", "A person comes near, and goes back", (0.0, 13.0), _doublings, ZOOM),
)


def derivative(values: Sequence[float], order: int) -> list[float]:
    """Differences of a path at the bench's frame rate, per second to the `order`."""
    result = list(values)
    for _ in range(order):
        result = [(b - a) * FPS for a, b in pairwise(result)]
    return result


def run_of(entry: Entry, scene: Scene) -> Run:
    found = looks(scene, detector(10, 0.01), SEED)
    return play(scene, entry.operator(scene), found, entry.look_ahead)


def _lines(axes: Sequence[Axes], picture: Picture, run: Run, color: str, label: str) -> None:
    ours = label.startswith("LiveTrack")
    path = [picture.value(crop) for crop in (*run.lead_in, *run.crops)]
    start = -len(run.lead_in)
    for order, ax in zip((0, 1, 3), axes, strict=True):
        values = derivative(path, order)
        times = [(start + order + i) / FPS for i in range(len(values))]
        width = 1.8 if ours else (1.4, 0.9, 0.0, 0.6)[order]
        ax.plot(times, values, color=color, lw=width, label=label, zorder=3 if ours else 2)


def _truth(ax: Axes, picture: Picture, run: Run) -> None:
    ideal = [picture.value(crop) for crop in run.ideals]
    times = [i / FPS for i in range(len(ideal))]
    ax.plot(times, ideal, color=INK, lw=1.2, ls=(0, (4, 2)), label="ideal crop")


def _styled(axes: Sequence[Axes], picture: Picture) -> None:
    for ax, label in zip(axes, picture.labels, strict=True):
        ax.set_ylabel(label, color=INK)
        ax.grid(color=GRID, lw=0.7)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
        ax.tick_params(colors=INK)
    axes[-1].set_yscale("symlog", linthresh=10.0)
    axes[-1].set_xlabel("seconds", color=INK)
    axes[-1].set_xlim(*picture.seconds)


def figure(picture: Picture) -> Figure:
    """Path, velocity and jerk below each other."""
    scene = scenes_named([picture.scene])[0]
    fig, grid = plt.subplots(
        3, 1, sharex=True, figsize=(9, 7.2), height_ratios=(2, 1, 1), layout="constrained"
    )
    axes: list[Axes] = list(grid)
    for i, (entry, color, label) in enumerate(ENTRIES):
        run = run_of(entry, scene)
        if i == 0:
            _truth(axes[0], picture, run)
        _lines(axes, picture, run, color, label)
    _styled(axes, picture)
    fig.suptitle(picture.title, color=INK, fontsize=13, x=0.02, ha="left")
    axes[0].legend(frameon=False, fontsize=9, loc="best")
    return fig


def draw(folder: Path, pictures: Sequence[Picture] = PICTURES) -> list[Path]:
    """Write one PNG a picture; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for picture in pictures:
        fig = figure(picture)
        files.append(folder / f"framing-{picture.scene}.png")
        fig.savefig(files[-1], dpi=100)
        plt.close(fig)
        with Image.open(files[-1]) as image:
            image.convert("RGB").quantize(COLORS).save(files[-1], optimize=True)
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the framing bench's pictures.")
    parser.add_argument("--out", type=Path, default=Path("docs/images"), metavar="DIR")
    for file in draw(parser.parse_args().out):
        print(f"{file}: {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
