"""An acoustic loop in numbers: what builds up is muted, what only sounds like it is not."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from livetrack_vcam.sound.feed import RATE_HZ, SoundBlock
from livetrack_vcam.sound.howling import FIRST_REST_S, HowlDetector, HowlGuard

Mono = npt.NDArray[np.float32]
BLOCK = 480


def blocks(sound: Mono) -> Iterator[Mono]:
    for first in range(0, len(sound) - BLOCK + 1, BLOCK):
        yield sound[first : first + BLOCK]


def howls_after_s(sound: Mono) -> float | None:
    detector = HowlDetector()
    for number, samples in enumerate(blocks(sound)):
        if detector.hears(samples):
            return (number + 1) * BLOCK / RATE_HZ
    return None


def voice(seconds: float, seed: int = 1) -> Mono:
    """Syllables: a pitch that glides, with overtones, between pauses."""
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    dice = np.random.default_rng(seed)
    pitch = 140 * (1 + 0.15 * np.sin(2 * np.pi * 0.9 * time) + 0.05 * np.sin(2 * np.pi * 3 * time))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    sound = sum(np.sin(k * phase) / k for k in range(1, 12))
    loudness = np.clip(np.sin(2 * np.pi * 2.2 * time), 0, 1)
    return (0.1 * sound * loudness + dice.normal(0, 0.002, len(time))).astype(np.float32)


def loop(sound: Mono, gain: float, delay_s: float, seconds: float) -> Mono:
    """What a microphone hears that also hears itself, late, from a loudspeaker that is limited.

    Loudspeaker and room carry the middle best: one resonance at 1,250 Hz, `gain` there.
    """
    delay, turn, width = int(delay_s * RATE_HZ), 2 * np.pi * 1250 / RATE_HZ, 0.995
    times = np.arange(1500)
    ringing = width**times * np.sin((times + 1) * turn)
    ringing *= gain / np.abs(np.sum(ringing * np.exp(-1j * turn * times)))
    heard = np.zeros(int(seconds * RATE_HZ) + delay, np.float32)
    heard[: len(sound)] = sound
    for first in range(delay, int(seconds * RATE_HZ), delay):
        played = heard[max(0, first - delay - len(times)) : first]
        back = np.convolve(played, ringing)[len(played) - delay : len(played)]
        now = heard[first : first + delay]
        heard[first : first + delay] = np.clip(now + back, -0.9, 0.9)
    return heard


@pytest.mark.parametrize(
    ("gain", "delay_s"), [(1.3, 0.06), (1.6, 0.15), (1.2, 0.3), (2.0, 0.25), (3.0, 0.2)]
)
def test_a_loop_that_amplifies_is_heard_howling(gain: float, delay_s: float) -> None:
    heard = loop(voice(1.0), gain, delay_s, 8.0)
    found_s = howls_after_s(heard)
    assert found_s is not None
    assert found_s < 7


def test_a_loop_that_dies_away_is_not() -> None:
    assert howls_after_s(loop(voice(4.0), 0.5, 0.15, 5.0)) is None


@pytest.mark.parametrize("seed", range(3))
def test_nobody_who_talks_howls(seed: int) -> None:
    assert howls_after_s(voice(10.0, seed)) is None


def swelling(seconds: float, overtones: int, hz: float = 440.0) -> Mono:
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    sound = sum(np.sin(2 * np.pi * hz * k * time) / k for k in range(1, overtones + 1))
    return (0.01 * 10 ** (time * 15 / 20) * sound).clip(-0.9, 0.9).astype(np.float32)


def test_an_instrument_that_swells_has_overtones() -> None:
    assert howls_after_s(swelling(2.0, overtones=6)) is None
    assert howls_after_s(swelling(2.0, overtones=1)) is not None


def test_a_steady_beep_and_silence_are_let_through() -> None:
    time = np.arange(4 * RATE_HZ) / RATE_HZ
    assert howls_after_s((0.1 * np.sin(2 * np.pi * 1000 * time)).astype(np.float32)) is None
    assert howls_after_s(np.zeros(4 * RATE_HZ, np.float32)) is None


def passed(guard: HowlGuard, sound: Mono, start_s: float) -> list[SoundBlock]:
    stereo = np.repeat((sound * 32767).astype(np.int16)[:, None], 2, axis=1)
    return [
        guard.passed(
            SoundBlock(stereo[first : first + BLOCK], round((start_s + first / RATE_HZ) * 1e9))
        )
        for first in range(0, len(stereo), BLOCK)
    ]


def test_what_howls_is_muted_for_a_while_and_longer_when_it_comes_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    guard, howl = HowlGuard(), swelling(2.5, overtones=1)
    passed(guard, howl, 0.0)
    assert guard.muted
    assert "howls" in caplog.text
    quiet = voice(1.0)
    assert not any(each.samples.any() for each in passed(guard, quiet, FIRST_REST_S - 1))
    passed(guard, quiet, FIRST_REST_S + 3)
    assert not guard.muted
    assert any(each.samples.any() for each in passed(guard, quiet, FIRST_REST_S + 5))
    passed(guard, howl, FIRST_REST_S + 6)
    passed(guard, quiet, 2.5 * FIRST_REST_S)
    assert guard.muted
    passed(guard, quiet, 3 * FIRST_REST_S + 9)
    assert not guard.muted


def test_muting_does_not_click() -> None:
    out = np.concatenate([e.samples for e in passed(HowlGuard(), swelling(2.5, 1), 0.0)])
    step = np.abs(np.diff(out[:, 0].astype(np.int32)))
    limit = 0.9 * 32767 * 2 * np.pi * 440 / RATE_HZ
    assert step.max() <= limit * 1.1
    assert not out[-RATE_HZ // 10 :].any()
