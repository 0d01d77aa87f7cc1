"""What a command found, as a table for people and a file for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livetrack_vcam.stats import percentile


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `target` is what the room promises, with its sign, or empty."""

    what: str
    value: float
    unit: str = ""
    target: str = ""

    @property
    def met(self) -> bool | None:
        """None when nothing is promised."""
        if not self.target:
            return None
        sign, bound = self.target.split()
        return self.value <= float(bound) if sign == "≤" else self.value >= float(bound)

    @property
    def cells(self) -> tuple[str, str, str, str]:
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        target = f"{self.target} {self.unit}".strip() if self.target else ""
        return self.what, f"{figure(self.value)} {self.unit}".strip(), target, verdict


@dataclass(slots=True)
class Report:
    """The rows of one command, and whatever else is worth keeping."""

    name: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)

    def add(self, what: str, value: float, unit: str = "", target: str = "") -> None:
        self.rows.append(Row(what, value, unit, target))

    @property
    def table(self) -> str:
        head = ("| what | measured | target | |", "| --- | --- | --- | --- |")
        rows = (f"| {' | '.join(row.cells)} |" for row in self.rows)
        return "\n".join((*head, *rows, *(f"\n{note}" for note in self.notes)))

    def write(self, folder: Path) -> None:
        """`NAME.md` and `NAME.json` into a folder that is made if need be."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self.name}.md").write_text(self.table + "\n")
        rows = [
            {"what": row.what, "value": row.value, "unit": row.unit, "target": row.target}
            for row in self.rows
        ]
        text = json.dumps({"rows": rows, "notes": self.notes, **self.data}, indent=1)
        (folder / f"{self.name}.json").write_text(text + "\n")


def figure(value: float) -> str:
    """Three significant digits, and whole numbers as such."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def share_of(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed. Raises ValueError when there is none."""
    found = percentile(values, share)
    if found is None:
        raise ValueError("nothing was measured")
    return float(found)


def middle(values: Sequence[float]) -> float:
    return share_of(values, 0.5)
