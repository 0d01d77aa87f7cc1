"""The last minutes of every viewer, a row a second, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

ROWS = 30_000
"""Ten minutes of fifty viewers; some eight megabytes."""
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
    """Keeps the newest rows, as the lines they will be: handing out all of them takes no time."""

    def __init__(self, rows: int = ROWS) -> None:
        self._lines: deque[str] = deque(maxlen=rows)

    def add(self, row: Mapping[str, Any]) -> None:
        self._lines.append(_line(_cell(row.get(name)) for name in COLUMNS))

    def to_csv(self) -> str:
        """RFC 4180, with a header."""
        return _line(COLUMNS) + "".join(self._lines)


def _line(cells: Iterable[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
