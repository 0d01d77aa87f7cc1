"""The table of speeds in docs/how-framing-works.md, from the presets."""

from __future__ import annotations

import re
from pathlib import Path

from livetrack_vcam.core.presets import PRESETS, SpeedPreset

PAGE = Path(__file__).resolve().parents[1] / "docs" / "how-framing-works.md"
HEAD = """\
| `--speed` | aims at | dead zone | top speed, crops/s | acceleration (urgent) | jerk (urgent) | \
jerk of a planned move |
| --- | --- | --- | --- | --- | --- | --- |
"""


def table() -> str:
    """One row a speed, in crops a second, a second², a second³."""
    return HEAD + "".join(_row(speed.value, preset) for speed, preset in PRESETS.items())


def _row(name: str, preset: SpeedPreset) -> str:
    aim = f"{-preset.aim_s:.2f} s ago" if preset.aim_s else "now, and shows it later"
    usual, urgent = preset.usual, preset.urgent
    cells = (
        name,
        aim,
        f"{100 * preset.dead_zone:g} %",
        f"{preset.speed:g}",
        f"{usual.acceleration:g} ({urgent.acceleration:g})",
        f"{usual.jerk:g} ({urgent.jerk:g})",
        f"{preset.move_jerk:g}",
    )
    return f"| {' | '.join(cells)} |\n"


def write(page: Path = PAGE) -> None:
    """Put the table of today in the place of the page's."""
    text = page.read_text(encoding="utf-8")
    page.write_text(re.sub(r"(?m)^\| `--speed`.*\n(\|.*\n)+", lambda _: table(), text), "utf-8")
