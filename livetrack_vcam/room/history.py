"""The last minutes of every viewer, a row a second, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

ROWS = 30_000
"""Ten minutes of fifty viewers; a few megabytes."""
COLUMNS = (
    "time", "viewer", "name", "state", "codec", "width", "height", "target_kbps", "sent_kbps",
    "sent_fps", "rtt_ms", "loss_pct", "jitter_ms", "nack", "resent", "pli", "skipped",
    "page_fps", "page_kbps", "page_rtt_ms", "page_jitter_ms", "page_jitter_buffer_ms",
    "page_packets_lost", "page_packets_received", "page_nack", "page_keyframe_interval_s",
    "page_frozen", "page_dropped", "page_latency_ms",
)  # fmt: skip
# A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class History:
    """Keeps the newest rows."""

    def __init__(self, rows: int = ROWS) -> None:
        self._rows: deque[tuple[Any, ...]] = deque(maxlen=rows)

    def add(self, row: Mapping[str, Any]) -> None:
        self._rows.append(tuple(row.get(name) for name in COLUMNS))

    def to_csv(self) -> str:
        """RFC 4180, with a header."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows(_cells(row) for row in self._rows)
        return text.getvalue()


def _cells(row: Iterable[Any]) -> list[Any]:
    return [_cell(value) for value in row]


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
