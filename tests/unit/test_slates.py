"""The slate over time: it fades in when the picture stays away and out when it is back."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.crew import Crew
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.live.curtain import FADE_NS, Curtain
from livetrack_vcam.live.slates import Slates
from livetrack_vcam.live.stages import SLATE_INTERVAL_S, Render
from livetrack_vcam.mailbox import Closed, Mailbox
from livetrack_vcam.media import Frame
from livetrack_vcam.picture.slate import slate
from livetrack_vcam.sinks.recorder import Recorder
from livetrack_vcam.testing import draw_frame

SECOND_NS = 1_000_000_000
SIZE = Size(320, 180)
LINE = "The camera is away. Looking for it."


def picture(at_ns: int) -> Frame:
    return draw_frame(SIZE, Box(0, 0, 200, 180), pts_ns=at_ns)


def brightness(frame: Frame) -> float:
    return float(frame.planes[0].mean())


def a_loss(slates: Slates, gone_ns: int, back_ns: int, end_ns: int) -> list[Frame]:
    """What a shot shows 25 times a second when the camera is away in between."""
    shown = []
    for at_ns in range(0, end_ns, SECOND_NS // 25):
        if gone_ns <= at_ns < back_ns:
            shown.append(slates.instead("main", LINE, at_ns, gone_ns))
        else:
            shown.append(slates.over("main", picture(at_ns), at_ns))
    return shown


def test_the_slate_comes_and_goes_softly_and_stays_in_between() -> None:
    slates = Slates({"main": SIZE})
    shown = [brightness(each) for each in a_loss(slates, SECOND_NS, 3 * SECOND_NS, 4 * SECOND_NS)]
    full, dark = brightness(picture(0)), brightness(slate(SIZE, LINE, picture(0)))
    assert set(shown[:25]) == {full}
    assert set(shown[36:75]) == {dark}
    assert set(shown[-14:]) == {full}
    steps = [abs(b - a) for a, b in itertools.pairwise(shown)]
    assert max(steps) < 0.25 * (full - dark), "a jump"
    assert shown[25:36] == sorted(shown[25:36], reverse=True)
    assert shown[75:86] == sorted(shown[75:86])


def test_time_goes_on_through_the_loss() -> None:
    slates = Slates({"main": SIZE})
    times = [each.pts_ns for each in a_loss(slates, SECOND_NS, 3 * SECOND_NS, 4 * SECOND_NS)]
    assert all(a < b for a, b in itertools.pairwise(times))


def test_before_the_first_picture_the_slate_is_there_at_once() -> None:
    slates = Slates({"main": SIZE})
    first = slates.instead("main", LINE, 7 * SECOND_NS, 7 * SECOND_NS)
    assert brightness(first) == brightness(slate(SIZE, LINE, None))
    assert first.pts_ns == 7 * SECOND_NS


def test_a_slate_is_drawn_once_a_loss_and_again_for_another_sentence_or_picture() -> None:
    slates = Slates({"main": SIZE})
    slates.over("main", picture(0), 0)
    later = 2 * FADE_NS
    first = slates.instead("main", LINE, later, 1)
    again = slates.instead("main", LINE, later + 1, 1)
    assert first.planes[0] is again.planes[0]
    other = slates.instead("main", "Another sentence.", later + 2, 1)
    assert other.planes[0] is not first.planes[0]


def test_a_recording_carries_the_slate_for_as_long_as_the_loss(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "loss.mkv")
    recorder.open(Canvas(SIZE, Fraction(25)))
    for frame in a_loss(Slates({"main": SIZE}), SECOND_NS, 3 * SECOND_NS, 4 * SECOND_NS):
        recorder.send(frame)
    recorder.close()
    with av.open(str(tmp_path / "loss.mkv")) as recording:
        seen = {
            round(frame.time, 2): float(frame.to_ndarray(format="gray").mean())
            for frame in recording.decode(video=0)
        }
    assert len(seen) == 100
    assert seen[2.0] < 0.6 * seen[0.48]
    assert seen[3.96] == pytest.approx(seen[0.48], abs=2)


class Script(Mailbox[Frame]):
    """Gives what it was told to, in turn; `waits` are the seconds it was asked to wait."""

    def __init__(self, *gives: Frame | None) -> None:
        super().__init__()
        self._gives = list(gives)
        self.waits: list[float | None] = []

    def get(self, timeout_s: float | None = None) -> Frame | None:
        self.waits.append(timeout_s)
        if not self._gives:
            raise Closed
        return self._gives.pop(0)


def test_a_slate_that_fades_away_does_not_hurry_pictures_that_are_held() -> None:
    canvas = Canvas(SIZE, Fraction(30))
    crew = Crew(SIZE, {"main": DirectorSettings(aspect_ratio=Fraction(16, 9))})
    render = Render(crew, {"main": canvas}, [], None, lambda: 0, {"main": 5}, watched=False)
    frames = [picture(index * SECOND_NS // 30) for index in range(7)]
    render.frames = script = Script(None, *frames)
    render.run()
    assert len(script.waits) == len(frames) + 2
    assert script.waits[-1] == SLATE_INTERVAL_S


@given(
    turns=st.lists(st.integers(0, 3 * FADE_NS), max_size=6),
    later_ns=st.integers(0, 3 * FADE_NS),
)
def test_the_curtain_never_jumps_whatever_happens(turns: list[int], later_ns: int) -> None:
    curtain = Curtain()
    now_ns = 0
    for index, wait_ns in enumerate(turns):
        now_ns += wait_ns
        before = curtain.share(now_ns)
        curtain.close(now_ns) if index % 2 == 0 else curtain.open(now_ns)
        assert curtain.share(now_ns) == pytest.approx(before, abs=1e-9)
    assert 0 <= curtain.share(now_ns + later_ns) <= 1
    end = curtain.share(now_ns + 2 * FADE_NS)
    assert end == (1.0 if len(turns) % 2 else 0.0)
    assert not curtain.moves(now_ns + 2 * FADE_NS)
