"""Hints: raised for a reason, each a sentence with a way out, and calm."""

from __future__ import annotations

from fractions import Fraction

import pytest

from livetrack_vcam.control import Hint, ShotStatus, TrackStatus
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.fields import live_settings
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.operating.hints import (
    LINGER_NS,
    Hints,
    light_hint,
    size_hint,
    sought_hint,
    sound_hint,
    upscale_hint,
)
from livetrack_vcam.sound.status import SoundStatus

FRAME = Size(1920, 1080)


def shot(
    upscale: float | None = 1.0, subject: tuple[int, ...] = (), policy: str = "auto"
) -> ShotStatus:
    return ShotStatus(
        name="main",
        aspect="16:9",
        width=1280,
        height=720,
        shot="auto",
        speed="normal",
        subject_policy=policy,
        state="follow",
        subject=subject,
        crop=None,
        zoom=None,
        upscale=upscale,
        look_ahead=0,
        delay_ms=0.0,
        settings=live_settings(DirectorSettings(aspect_ratio=Fraction(16, 9))),
        locked=False,
        home=None,
        preset=None,
    )


def track(track_id: int, height: float, label: str = "person") -> TrackStatus:
    return TrackStatus(track_id, label, (0.0, 0.0, 10.0, height), 0.9, ())


@pytest.mark.parametrize(("light", "raised"), [(None, False), (0.3, False), (0.05, True)])
def test_the_dark_is_noticed(light: float | None, raised: bool) -> None:
    hint = light_hint(light)
    assert (hint is not None) == raised
    assert hint is None or (hint.code, hint.shot) == ("low_light", None)


@pytest.mark.parametrize(("upscale", "raised"), [(None, False), (1.5, False), (1.84, True)])
def test_a_picture_enlarged_too_much_is_noticed(upscale: float | None, raised: bool) -> None:
    hint = upscale_hint(shot(upscale))
    assert (hint is not None) == raised
    assert hint is None or (hint.code, hint.shot) == ("upscale", "main")
    assert hint is None or "1.8 times" in hint.text


@pytest.mark.parametrize(
    ("tracks", "raised"),
    [
        ([], False),
        ([track(1, 400)], False),
        ([track(1, 100)], True),
        ([track(1, 100), track(2, 400)], False),  # the tallest of a group counts
        ([track(1, 100), track(3, 400)], True),  # who is not in the picture does not
        ([track(1, 20, "sports ball")], False),
    ],
)
def test_a_subject_too_small_to_be_found_reliably_is_noticed(
    tracks: list[TrackStatus], raised: bool
) -> None:
    hint = size_hint(shot(subject=(1, 2)), tracks, FRAME)
    assert (hint is not None) == raised
    assert hint is None or "9 % as tall" in hint.text


@pytest.mark.parametrize(
    ("policy", "sought", "raised"),
    [
        ("label:dog", {"person", "sports ball"}, True),
        ("label:dog", {"person", "dog"}, False),
        ("label:person", {"face"}, False),  # a face alone is followed as a person
        ("ball", {"face"}, True),
        ("ball", {"person", "sports ball"}, False),
        ("group", {"face"}, False),
        ("track:3", {"face"}, False),
    ],
)
def test_a_subject_that_nobody_looks_for_is_noticed(
    policy: str, sought: set[str], raised: bool
) -> None:
    hint = sought_hint(shot(policy=policy), sought)
    assert (hint is not None) == raised
    assert hint is None or f"--subject {policy}" in hint.text


def test_a_hint_stays_for_a_while_after_its_reason_went() -> None:
    hints, first = Hints(), Hint("upscale", "1.6 times", "main")
    assert hints.now([None, first], 0) == (first,)
    newer = Hint("upscale", "1.7 times", "main")
    other = Hint("upscale", "1.9 times", "tall")
    assert hints.now([newer, other], 10) == (newer, other)
    assert hints.now([other], 10 + LINGER_NS) == (newer, other)
    assert hints.now([], 11 + LINGER_NS) == (other,)
    assert hints.now([], 11 + 2 * LINGER_NS) == ()


def sound(howling: bool = False, trouble: str | None = None) -> SoundStatus:
    return SoundStatus(True, trouble, 1, 100, 0, howling)


def test_sound_that_was_muted_for_howling_says_what_to_do() -> None:
    hint = sound_hint(sound(howling=True))
    assert hint is not None
    assert hint.code == "howling"
    assert "headphones" in hint.text


def test_a_microphone_that_is_gone_is_told_in_its_own_words() -> None:
    hint = sound_hint(sound(trouble="the microphone 'USB' is gone; plug it in again"))
    assert hint == Hint("no_sound", "the microphone 'USB' is gone; plug it in again.")


def test_sound_that_is_as_it_should_be_raises_nothing() -> None:
    assert sound_hint(sound()) is None
    assert sound_hint(None) is None
