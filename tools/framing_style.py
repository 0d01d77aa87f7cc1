"""How the pictures of docs/how-framing-works.md look: colors, axes, and small files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
INK, QUIET, GRID = "#1b1f24", "#6b7480", "#dfe4ea"
SUBJECT, LOOK, CROP, OTHER = "#1b1f24", "#8d97a3", "#1f5fd6", "#e07b39"
"""The subject as it is, a look of the detector, our crop, what we compare it with."""
REST, GO, TURN, BAND = "#9db8ea", "#1f5fd6", "#e0533d", "#dbe7fb"
GOOD = "#118a63"
WIDE = (7.2, 3.7)
COLORS = 256

plt.rcParams.update(
    {
        "font.size": 12,
        "axes.edgecolor": QUIET,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "text.color": INK,
        "legend.frameon": False,
        "legend.fontsize": 11,
        "lines.linewidth": 2.2,
        "lines.solid_capstyle": "round",
    }
)


def panels(
    rows: int = 1, size: tuple[float, float] = WIDE, ratios: Sequence[float] | None = None
) -> tuple[Figure, list[Axes]]:
    """Panels below each other that share their time axis."""
    fig, grid = plt.subplots(
        rows,
        1,
        sharex=True,
        figsize=size,
        height_ratios=ratios,
        layout="constrained",
        squeeze=False,
    )
    axes: list[Axes] = [row[0] for row in grid]
    for ax in axes:
        ax.grid(color=GRID, lw=0.8)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
    return fig, axes


def note(ax: Axes, text: str, at: tuple[float, float], to: tuple[float, float]) -> None:
    """A few words with a thin line to what they are about; both places in data units."""
    ax.annotate(
        text, to, at, color=INK, fontsize=11, ha="center", va="center",
        arrowprops={"arrowstyle": "-", "color": QUIET, "lw": 1.0, "shrinkB": 2},
    )  # fmt: skip


def save(fig: Figure, name: str, folder: Path = FOLDER) -> Path:
    """Write NAME.png with few colors, so that it is small."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    fig.align_ylabels()
    fig.savefig(path, dpi=130)
    plt.close(fig)
    with Image.open(path) as image:
        image.convert("RGB").quantize(COLORS).save(path, optimize=True)
    return path
