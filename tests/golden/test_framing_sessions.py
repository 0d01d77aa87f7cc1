"""Sessions whose every crop was looked at once: a change of the picture must be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from livetrack_vcam.core.session import replay
from tests.framing_plays import PLAYS
from tools.framing_goldens import FOLDER, SAME_PX, compared, read
from tools.framing_plot import save
from tools.make_framing_goldens import FOOTAGE

NAMES = sorted(path.name.removesuffix(".jsonl.gz") for path in FOLDER.glob("*.jsonl.gz"))


def test_every_scene_and_every_chosen_clip_has_a_golden_session() -> None:
    assert sorted((*PLAYS, *FOOTAGE)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_session_gives_the_crops_it_was_approved_with(name: str) -> None:
    moments = compared(read(FOLDER / f"{name}.jsonl.gz"))
    assert len(moments) >= 35
    off = [moment for moment in moments if not moment.off_px <= SAME_PX]
    if off:
        pictures = ", ".join(str(path) for path in save(moments, name))
        worst = max(off, key=lambda moment: moment.off_px)
        pytest.fail(
            f"{len(off)} of {len(moments)} crops differ, first at {off[0].t:.2f} s in shot "
            f"{off[0].shot}, by {worst.off_px:.2f} px at most. Look at {pictures} (gray: expected, "
            f"red: now); if it is better: python -m tools.make_framing_goldens {name}"
        )


@pytest.mark.parametrize("name", NAMES)
def test_the_golden_sessions_are_small_enough_to_keep(name: str) -> None:
    assert (FOLDER / f"{name}.jsonl.gz").stat().st_size < 150_000


def test_a_changed_crop_is_noticed_and_drawn(tmp_path: Path) -> None:
    lines = read(FOLDER / "walk_60_fps.jsonl.gz")
    at = next(i for i, line in enumerate(lines) if i > 400 and line.startswith('{"crop"'))
    crop = next(iter(replay(lines, strict=False))).crop.box
    lines[at] = lines[at].replace(
        lines[at][: lines[at].index("]") + 1], f'{{"crop":[1,2,3,{crop.y2}]'
    )
    off = [moment for moment in compared(lines) if moment.off_px > SAME_PX]
    assert len(off) == 1
    pictures = save(compared(lines), "walk", tmp_path)
    assert [path.name for path in pictures] == ["walk-tall.png"]
    assert pictures[0].stat().st_size > 5_000
