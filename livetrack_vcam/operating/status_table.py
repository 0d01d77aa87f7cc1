"""The status of the running program as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Json = Mapping[str, Any]


def status_view(status: Json) -> RenderableType:
    """What `GET /api/status` answers: the program, its shots, who is seen, the outputs."""
    hints = [_plain(f"hint: {hint['text']}") for hint in status.get("hints", ())]
    tables = [_program(status), _shots(status), _tracks(status), _sinks(status)]
    tables += [_viewers(status), _encodings(status)]
    spaced = [each for table in tables if table is not None for each in (table, Text())]
    return Group(*spaced[:-1], *hints)


def settings_view(settings: Json) -> RenderableType:
    """What `GET /api/settings` answers: the live settings of every shot, side by side."""
    shots: Json = settings["shots"]
    names = dict.fromkeys(name for values in shots.values() for name in values)
    live = _table("setting", *shots)
    for name in names:
        _add(live, name.replace("_", "-"), *(_value(shots[shot].get(name)) for shot in shots))
    fixed = _table("fixed until a restart", "")
    for name, value in _rows(settings["fixed"]):
        _add(fixed, name.replace("_", "-"), _value(value))
    return Group(live, Text(), fixed)


def _rows(values: Json, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Name and value of each, one level after the other: "main size"."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _rows(value, "" if name == "shots" else f"{name} ")
        else:
            yield prefix + name, value


def _program(status: Json) -> RenderableType:
    source = status["source"]
    facts: dict[str, str] = {
        "source": f"{source['name']}  {source['width']}x{source['height']}  {source['state']}",
        "rate": f"{status['fps']:.1f} fps, {status['dropped']} dropped",
        "latency": _latency(status),
        "detector": _detector(status),
        "up": f"{status['uptime_s']:.0f} s" + _cpu(status),
    }
    if status.get("presets"):
        facts["presets"] = ", ".join(status["presets"])
    if status.get("scenes"):
        facts["scenes"] = ", ".join(f"{scene}: {name}" for scene, name in status["scenes"].items())
    if status.get("obs"):
        facts["OBS"] = _obs(status["obs"])
    facts |= status.get("links", {})
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, fact in facts.items():
        table.add_row(Text(name, "bold"), _plain(fact))
    return table


def _latency(status: Json) -> str:
    parts = [
        f"{name.removesuffix('_ms')} {value:.0f}"
        for name, value in (status.get("latency") or {}).items()
        if value is not None
    ]
    stages = f"  ({', '.join(parts)})" if parts else ""
    return f"{_ms(status['latency_p50_ms'])}, 99 % within {_ms(status['latency_p99_ms'])}{stages}"


def _detector(status: Json) -> str:
    if status.get("standby"):
        return "resting: standby"
    state = f"{status['detector']}, {status['detector_state']}, {status['detect_hz']:.0f} Hz"
    error = status.get("detector_error")
    return f"{state}: {error}" if error else state


def _cpu(status: Json) -> str:
    cpu_pct = status.get("cpu_pct")
    return f", {cpu_pct:.0f} % of a core" if cpu_pct is not None else ""


def _obs(obs: Json) -> str:
    if not obs["connected"]:
        return f"not connected: {obs['error']}" if obs["error"] else "not connected"
    program = "on program" if obs["on_program"] else "not on program"
    return f"{obs['scene']}, {program}" if obs["scene"] else program


def _shots(status: Json) -> Table:
    table = _table("shot", "state", "follows", "subject", "aspect", "size", "speed", "zoom")
    for shot in status["shots"]:
        who = " ".join(f"#{track_id}" for track_id in shot["subject"]) or "nobody"
        _add(
            table,
            shot["name"],
            shot["state"],
            f"{who} (locked)" if shot.get("locked") else who,
            shot["subject_policy"],
            shot["aspect"],
            f"{shot['width']}x{shot['height']}",
            shot["speed"],
            f"{shot['zoom']:.2f}" if shot["zoom"] is not None else "–",
        )
    return table


def _tracks(status: Json) -> Table | None:
    if not status["tracks"]:
        return None
    table = _table("track", "what", "score", "x", "y", "width", "height", "subject of")
    for track in status["tracks"]:
        box = [f"{side:.0f}" for side in track["box"]]
        of = ", ".join(track.get("subject_of", ()))
        _add(table, f"#{track['id']}", track["label"], f"{track['score']:.2f}", *box, of)
    return table


def _sinks(status: Json) -> Table | None:
    if not status["sinks"]:
        return None
    table = _table("output", "shot", "state", "frames", "dropped", "latency")
    for sink in status["sinks"]:
        late = _ms(sink["latency_p50_ms"])
        counts = (str(sink["frames"]), str(sink["dropped"]))
        _add(table, sink["name"], sink["shot"], _sink_state(sink), *counts, late)
    return table


def _viewers(status: Json) -> Table | None:
    viewers = [(room["shot"], each) for room in status.get("rooms", ()) for each in room["viewers"]]
    if not viewers:
        return None
    table = _table("viewer", "room", "state", "picture", "fps", "round trip", "lost", "on screen")
    for shot, viewer in viewers:
        lost = viewer["loss_pct"]
        _add(
            table,
            str(viewer["number"]),
            shot,
            viewer["state"],
            f"{viewer['codec']} {viewer['width']}x{viewer['height']}",
            f"{viewer['fps']:.0f}" if viewer["fps"] is not None else "–",
            _ms(viewer["rtt_ms"]),
            f"{lost:.1f} %" if lost is not None else "–",
            _ms(viewer["latency_ms"]),
        )
    return table


def _encodings(status: Json) -> Table | None:
    """Those that somebody watches, and those that nobody can."""
    encodings = [
        (room["shot"], each)
        for room in status.get("rooms", ())
        for each in room["encodings"]
        if each["encoder"] or each["error"]
    ]
    if not encodings:
        return None
    table = _table("encoding", "room", "encoder", "kbit/s", "fps", "viewers")
    for shot, encoding in encodings:
        _add(
            table,
            f"{encoding['codec']} {encoding['width']}x{encoding['height']}",
            shot,
            encoding["error"] or encoding["encoder"],
            str(encoding["kbps"]),
            f"{encoding['fps']:.0f}",
            str(encoding["viewers"]),
        )
    return table


def _sink_state(sink: Json) -> str:
    """Of an output with a server elsewhere, how it stands with that."""
    link = sink.get("link") if sink["state"] == "open" else None
    state = link or sink["state"]
    return f"{state}: {sink['reason']}" if link and sink.get("reason") else state


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(_plain(column), overflow="fold")
    return table


def _add(table: Table, *cells: str) -> None:
    table.add_row(*map(_plain, cells))


def _plain(text: str) -> Text:
    """The text as it is: no markup in it, and nothing that moves the cursor."""
    return Text(
        "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
    )


def _value(value: object) -> str:
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return str(value)


def _ms(value: float | None) -> str:
    return f"{value:.0f} ms" if value is not None else "–"
