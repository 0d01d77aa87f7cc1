"""The manifest of the pictures in docs: who drew each, under what licence, and its sha256."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

IMAGES = Path(__file__).resolve().parents[1] / "docs/images"
DRAWN = "ours (MIT)"
PHOTOGRAPH = "ours (MIT); the photograph in it: NASA, public domain"


@dataclass(frozen=True, slots=True)
class Series:
    """Pictures whose names fit `pattern`, drawn by `command`; `shows` what."""

    pattern: str
    command: str
    licence: str
    shows: str


PHOTOGRAPHED = ("how-sees.png", "how-shots.png", "how-groups.png")
"""Of the how-* pictures those of the demo scene; the others are curves."""
SERIES = (
    Series(
        "framing.jpg", "python -m tools.make_readme_picture", PHOTOGRAPH,
        "three moments of the demo scene with the crop, and what `reframe` makes of them",
    ),
    Series(
        "framing-*.png", "python -m benchmarks.framing.plots", DRAWN,
        "path, velocity and jerk in four scenes of the framing bench",
    ),
    Series(
        "how-*.png", "python -m tools.make_framing_pictures", DRAWN,
        "how LiveTrack frames: runs of the core in simulated scenes, and the demo scene as "
        "detectors, director and renderer have it",
    ),
    Series(
        "control-*.png", "python -m tools.make_control_pictures", PHOTOGRAPH,
        "the operator's page in Chromium before a real daemon with two shots",
    ),
    Series(
        "room-*.png", "python -m tools.make_room_pictures", PHOTOGRAPH,
        "the viewers' page in Chromium before a real daemon with the demo scene",
    ),
    Series(
        "camera-phone.png", "python -m tools.make_camera_picture", DRAWN,
        "the phone's page in Chromium, whose camera is made up, before a real daemon",
    ),
    Series(
        "doctor.svg", "python -m tools.make_doctor_picture", DRAWN,
        "what `livetrack-vcam doctor` says of a recorded machine without the virtual camera",
    ),
    Series(
        "slate.png", "python -m tools.make_slate_picture", PHOTOGRAPH,
        "what the outputs carry while the camera is away: the last picture dimmed, one sentence",
    ),
    Series(
        "obs-panel.png", "python -m tools.make_obs_pictures", PHOTOGRAPH,
        "our panel in a real OBS Studio 29; the window around it is OBS's",
    ),
)  # fmt: skip


def picture_page() -> str:
    """Raises ValueError for a picture that no series names: it would have no source."""
    lines = [
        "# Pictures",
        "",
        "All are drawn by the commands below; whoever draws anew runs `make docs` after it. The",
        "photograph is the demo's presenter: livetrack_vcam/sources/assets/README.md.",
        "This page is generated.",
        "",
        "| pictures | drawn by | show |",
        "| --- | --- | --- |",
        *(f"| `{each.pattern}` | `{each.command}` | {each.shows} |" for each in SERIES),
        "",
        "| picture | licence | sha256 |",
        "| --- | --- | --- |",
    ]
    for path in sorted(IMAGES.iterdir()):
        if path.suffix != ".md":
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            lines.append(f"| `{path.name}` | {_licence(path)} | `{digest}` |")
    return "\n".join([*lines, ""])


def _licence(path: Path) -> str:
    for each in SERIES:
        if path.match(each.pattern):
            return PHOTOGRAPH if path.name in PHOTOGRAPHED else each.licence
    raise ValueError(f"nobody says where {path} comes from; name it in {__name__}.SERIES")
