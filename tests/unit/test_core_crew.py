"""Commands for several shots at once."""

from __future__ import annotations

from fractions import Fraction

from livetrack_vcam.core.command import Toggle
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.crew import Crew
from livetrack_vcam.core.geometry import Size


def crew() -> Crew:
    shots = {"wide": Fraction(16, 9), "tall": Fraction(9, 16)}
    settings = {name: DirectorSettings(aspect_ratio=ratio) for name, ratio in shots.items()}
    return Crew(Size(640, 360), settings)


def paused(shots: Crew) -> list[bool]:
    return [shots.director(name).paused for name in shots.shots]


def test_a_toggle_of_all_shots_pauses_them_and_lets_them_follow_again() -> None:
    shots = crew()
    shots.command(None, Toggle())
    assert paused(shots) == [True, True]
    shots.command(None, Toggle())
    assert paused(shots) == [False, False]


def test_shots_that_differ_are_paused_by_a_toggle_instead_of_swapping() -> None:
    shots = crew()
    shots.command("tall", Toggle())
    assert paused(shots) == [False, True]
    shots.command(None, Toggle())
    assert paused(shots) == [True, True]
