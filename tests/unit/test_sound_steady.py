"""Unbroken sound from stamped blocks: what is changed, how little, and never with a click."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.sound.feed import RATE_HZ, SoundBlock
from livetrack_vcam.sound.steady import GAP_NS, SteadySound
from livetrack_vcam.sound.stretch import MAX_SHIFT, Stretcher

Mono = npt.NDArray[np.float64]
START_NS = 5_000_000_000
BLOCK = 480


def tone(seconds: float, hz: float = 997.0, rate_hz: float = RATE_HZ) -> npt.NDArray[np.int16]:
    """A sine of one fifth of full scale, as sampled by a clock of `rate_hz`."""
    wave = 6500 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz)
    return np.stack([wave, wave], axis=1).round().astype(np.int16)


def steadied(
    samples: npt.NDArray[np.int16], rate_hz: float = RATE_HZ, jitter_ns: int = 0
) -> tuple[SteadySound, npt.NDArray[np.int16]]:
    """What becomes of `samples` in blocks that a clock of `rate_hz` and some jitter stamped."""
    steady, dice = SteadySound(), np.random.default_rng(3)
    given_ns = None
    pieces = []
    for first in range(0, len(samples), BLOCK):
        pts_ns = START_NS + round(first * 1e9 / rate_hz)
        pts_ns += int(dice.integers(-jitter_ns, jitter_ns + 1)) if first else 0
        out = steady.put(SoundBlock(samples[first : first + BLOCK], pts_ns))
        assert given_ns is None or abs(out.pts_ns - given_ns) <= 1
        given_ns = out.end_ns
        pieces.append(out.samples)
    return steady, np.concatenate(pieces)


def loudest_step(samples: npt.NDArray[np.int16]) -> int:
    """The largest difference between two samples that follow each other: a click is one."""
    return int(np.abs(np.diff(samples.astype(np.int32), axis=0)).max())


def test_sound_that_keeps_time_is_not_touched() -> None:
    samples = tone(1)
    _, out = steadied(samples, jitter_ns=400_000)
    assert np.array_equal(out, samples[: len(out)])
    assert len(samples) - len(out) < 20


@pytest.mark.parametrize("ppm", [-100, 100])
def test_a_clock_that_drifts_is_followed_without_a_click(ppm: int) -> None:
    rate_hz = RATE_HZ * (1 + ppm * 1e-6)
    samples = tone(120, rate_hz=rate_hz)
    steady, out = steadied(samples, rate_hz, jitter_ns=1_000_000)
    heard_until_ns = START_NS + len(samples) * 1e9 / rate_hz
    assert steady.end_ns is not None
    # Left alone it would be 12 ms off by now.
    assert abs(steady.end_ns - heard_until_ns) < 5_000_000
    assert loudest_step(out) <= loudest_step(samples) + 2


def test_a_gap_becomes_silence_of_its_length() -> None:
    steady, samples = SteadySound(), tone(0.5)
    gap_ns = 300_000_000
    first = steady.put(SoundBlock(samples, START_NS))
    second_ns = START_NS + 500_000_000 + gap_ns
    rest = steady.put(SoundBlock(samples, second_ns))
    assert steady.end_ns == pytest.approx(second_ns + 500_000_000, abs=50_000)
    out = np.concatenate((first.samples, rest.samples))
    assert loudest_step(out) <= loudest_step(samples)
    middle = out[24_000 + 500 : 24_000 + 13_900]
    assert not middle.any()


def test_what_was_heard_already_is_left_out() -> None:
    steady, samples = SteadySound(), tone(0.5)
    first = steady.put(SoundBlock(samples, START_NS))
    rest = steady.put(SoundBlock(samples, START_NS + 400_000_000))
    assert steady.end_ns == pytest.approx(START_NS + 900_000_000, abs=50_000)
    out = np.concatenate((first.samples, rest.samples))
    assert loudest_step(out) <= 2 * loudest_step(samples)


def test_sound_that_comes_back_after_silence_takes_its_own_place_at_once() -> None:
    steady, samples = SteadySound(), tone(0.5)
    steady.put(SoundBlock(samples, START_NS))
    steady.silence_until(START_NS + 730_000_000)
    steady.put(SoundBlock(samples, START_NS + 710_000_000))
    assert steady.end_ns == pytest.approx(START_NS + 1_210_000_000, abs=50_000)


def test_silence_before_any_sound_is_silence() -> None:
    steady = SteadySound()
    steady.silence_until(START_NS)
    out = steady.silence_until(START_NS + 100_000_000)
    assert len(out.samples) == pytest.approx(4800, abs=20)
    assert not out.samples.any()


@given(st.lists(st.integers(-2_000_000_000, 2_000_000_000), min_size=1, max_size=20))
def test_whatever_the_stamps_the_result_is_unbroken(errors: list[int]) -> None:
    steady, samples = SteadySound(), tone(0.02)
    end_ns = None
    for number, error_ns in enumerate(errors):
        out = steady.put(SoundBlock(samples, START_NS + number * 20_000_000 + error_ns))
        assert end_ns is None or abs(out.pts_ns - end_ns) <= 1
        end_ns = out.end_ns
    assert steady.end_ns is not None


def test_a_block_is_moved_only_when_it_is_far_from_its_place() -> None:
    steady, samples = SteadySound(), tone(0.1)
    steady.put(SoundBlock(samples, START_NS))
    steady.put(SoundBlock(samples, START_NS + 100_000_000 + GAP_NS - 1_000_000))
    assert steady.end_ns == pytest.approx(START_NS + 200_000_000, abs=100_000)


@pytest.mark.parametrize("hz", [100.0, 5_000.0, 15_000.0])
def test_stretching_keeps_every_tone_as_loud_as_it_was(hz: float) -> None:
    stretcher, samples = Stretcher(), tone(4, hz)
    out = np.concatenate(
        [
            stretcher.put(samples[first : first + BLOCK], MAX_SHIFT)
            for first in range(0, len(samples), BLOCK)
        ]
    )
    level = [
        np.sqrt((out[first : first + 4800, 0].astype(float) ** 2).mean())
        for first in range(4800, len(out) - 4800, 4800)
    ]
    assert max(level) / min(level) < 1.03
    assert len(samples) - len(out) == pytest.approx(len(samples) * MAX_SHIFT + 16, abs=2)
