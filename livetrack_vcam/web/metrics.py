"""Numbers as Prometheus text (exposition format 0.0.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "livetrack"

# Under these keys the next level holds names, which become a label instead of a part of the name.
_LABELED = {
    "shots": "shot",
    "sinks": "sink",
    "rooms": "room",
    "viewers": "viewer",
    "encodings": "encoding",
}

HELP = {
    "uptime_seconds": "Time since the program began to work.",
    "fps": "Pictures drawn a second.",
    "source_fps": "Frames the source delivers a second.",
    "source_lost": "1 while the source is away and looked for.",
    "detect_hz": "Frames looked at a second.",
    "detector_failed": "1 while nobody looks though somebody should.",
    "detect_latency_ms": "Median age of a frame when it is known who is in it.",
    "latency_p50_ms": "Median age of a picture when the slowest open output has it.",
    "latency_p99_ms": "Age that 99 of 100 pictures stay under at the slowest open output.",
    "capture_latency_ms": "Median age of a frame when it reaches the program.",
    "render_latency_ms": "Median age of a frame when its picture is drawn.",
    "send_latency_ms": "Median age of a picture when the slowest open output has it.",
    "cpu_pct": "Processor time of the program, in percent of one core, over two seconds.",
    "standby": "1 while the picture rests and nobody is looked for.",
    "hints": "Things the operator could do better.",
    "dropped_frames_total": "Frames that were not drawn, or came too late for an output.",
    "tracks": "People and things followed now.",
    "shot_zoom": "Width or height of the frame over that of the crop.",
    "shot_upscale": "Size of the canvas over that of the crop; above 1 the picture is enlarged.",
    "shot_subjects": "People and things in the subject.",
    "shot_look_ahead_frames": "Frames by which the picture is held back.",
    "shot_delay_ms": "Time by which the picture is held back.",
    "shot_sink_frames_total": "Pictures the output has taken.",
    "shot_sink_dropped_frames_total": "Pictures that waited too long for the output.",
    "shot_sink_latency_p50_ms": "Median age of a picture when the output has it.",
    "shot_sink_latency_p99_ms": "Age that 99 of 100 pictures stay under at the output.",
    "shot_sink_failed": "1 when the output could not be opened or was lost.",
    "shot_sink_away": "1 while the media server that the output publishes to is away.",
    "room_watching": "Viewers in the room.",
    "room_upload_kbps": "Kilobits a second that the room's viewers are sent together, as encoded.",
    "room_joined_total": "Viewers that were let in.",
    "room_turned_away_total": "Viewers that found no place.",
    "room_viewer_kbps": "Kilobits a second the viewer's rendition is made for.",
    "room_viewer_fps": "Pictures sent to the viewer a second.",
    "room_viewer_rtt_ms": "Round trip to the viewer, by its receiver reports.",
    "room_viewer_loss_pct": "Packets lost on the way to the viewer, by its last report.",
    "room_viewer_jitter_ms": "Jitter of the viewer's packets.",
    "room_viewer_latency_ms": "From capture to the viewer's screen, by its page.",
    "room_viewer_nacks_total": "Packets the viewer reported missing.",
    "room_viewer_plis_total": "Keyframes the viewer asked for.",
    "room_viewer_resent_packets_total": "Packets sent to the viewer again.",
    "room_viewer_skipped_frames_total": "Pictures the viewer's connection had no room for.",
    "room_encoding_watching": "Viewers of the rendition.",
    "room_encoding_fps": "Pictures encoded a second.",
    "room_encoding_frames_total": "Pictures encoded.",
    "room_encoding_keyframes_total": "Keyframes among them.",
    "room_encoding_skipped_frames_total": "Pictures that came faster than they could be encoded.",
    "room_encoding_failed": "1 when no encoder could be had.",
}
"""What each number is, by its name without the prefix."""

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
        help_text = HELP.get(name.removeprefix(f"{PREFIX}_"))
        if help_text is not None:
            lines.append(f"# HELP {name} {help_text}")
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
