"""Draws docs/images/doctor.svg: what the doctor says of a machine recorded in tests/data/machines.

`python -m tools.make_doctor_picture`; `-- NAME` prints another machine's report instead.
"""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from livetrack_vcam.doctor import render_text
from livetrack_vcam.doctor.checks import check_all
from livetrack_vcam.doctor.facts_json import facts_from_json

ROOT = Path(__file__).resolve().parents[1]
MACHINES = ROOT / "tests/data/machines"
PICTURE = ROOT / "docs/images/doctor.svg"
MACHINE = "debian-not-installed"
WIDTH = 104


def report(name: str) -> str:
    """The report of a recorded machine, with colors."""
    data = json.loads((MACHINES / f"{name}.json").read_text(encoding="utf-8"))
    facts, _ = facts_from_json(data["facts"])
    return render_text(check_all(facts), WIDTH, color=True)


def draw(text: str) -> str:
    """The terminal as SVG that loads nothing: rich's would fetch a font."""
    console = Console(
        width=WIDTH, record=True, file=io.StringIO(), color_system="standard", force_terminal=True
    )
    console.print(Text.from_ansi(f"$ livetrack-vcam doctor\n{text}"), soft_wrap=False)
    svg = console.export_svg(title="livetrack-vcam doctor", unique_id="doctor")
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return re.sub(r"Fira Code, ?", "", svg)


def main() -> None:
    if len(sys.argv) > 1:
        print(report(sys.argv[-1]))
        return
    PICTURE.write_text(draw(report(MACHINE)), encoding="utf-8")


if __name__ == "__main__":
    main()
