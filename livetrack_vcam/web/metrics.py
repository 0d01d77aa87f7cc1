"""Numbers as Prometheus text (exposition format 0.0.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "livetrack"

# Under these keys the next level holds names, which become a label instead of a part of the name.
_LABELED = {"shots": "shot", "sinks": "sink", "feeds": "shot", "stages": "stage"}

Labels = tuple[tuple[str, str], ...]


def prometheus_text(stats: Mapping[str, Any]) -> str:
    """One sample a number; what is no number is left out.

    {"shots": {"main": {"zoom": 2}}} becomes `livetrack_shot_zoom{shot="main"} 2`. Names that end
    in `_total` are counters, all others gauges.
    """
    families: dict[str, list[tuple[Labels, float]]] = {}
    for name, labels, value in _samples(stats, PREFIX, ()):
        families.setdefault(name, []).append((labels, value))
    lines: list[str] = []
    for name, samples in families.items():
        kind = "counter" if name.endswith("_total") else "gauge"
        lines.append(f"# TYPE {name} {kind}")
        lines.extend(
            f"{name}{_label_text(labels)} {_number_text(value)}" for labels, value in samples
        )
    return "\n".join(lines) + "\n"


def _samples(
    stats: Mapping[str, Any], prefix: str, labels: Labels
) -> Iterator[tuple[str, Labels, float]]:
    for key, value in stats.items():
        name = f"{prefix}_{re.sub(r'[^a-zA-Z0-9_]', '_', str(key))}"
        if isinstance(value, Mapping) and key in _LABELED:
            label = _LABELED[key]
            for item, inner in value.items():
                if isinstance(inner, Mapping):
                    yield from _samples(inner, f"{prefix}_{label}", (*labels, (label, str(item))))
        elif isinstance(value, Mapping):
            yield from _samples(value, name, labels)
        elif isinstance(value, bool | int | float):
            yield name, labels, float(value)


def _number_text(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _label_text(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
