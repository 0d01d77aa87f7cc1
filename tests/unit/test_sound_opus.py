from __future__ import annotations

from itertools import pairwise

import av
import numpy as np
import numpy.typing as npt
import pytest

from livetrack_vcam.sound.feed import RATE_HZ
from livetrack_vcam.webrtc.encoded import EncodedSound
from livetrack_vcam.webrtc.opus import OpusEncoder

START_NS = 7_000_000_000


def clicks_at(*seconds: float, length_s: float = 1.0) -> npt.NDArray[np.int16]:
    """Silence with bursts of 2 ms, the left channel louder than the right."""
    samples = np.zeros((int(length_s * RATE_HZ), 2), np.int16)
    for second in seconds:
        first = int(second * RATE_HZ)
        samples[first : first + 96] = 20_000, 10_000
    return samples


def decoded(packets: list[EncodedSound]) -> npt.NDArray[np.int16]:
    decoder = av.CodecContext.create("libopus", "r")
    decoder.format, decoder.layout, decoder.sample_rate = "s16", "stereo", RATE_HZ
    frames = [frame for each in packets for frame in decoder.decode(av.Packet(each.payload))]
    return np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in frames])


def encoded(samples: npt.NDArray[np.int16], block: int) -> list[EncodedSound]:
    encoder = OpusEncoder()
    return [
        packet
        for first in range(0, len(samples), block)
        for packet in encoder.encode(
            samples[first : first + block], START_NS + first * 1_000_000_000 // RATE_HZ
        )
    ]


@pytest.mark.parametrize("block", [480, 1024, 4000])
def test_packets_of_20_ms_follow_each_other_without_a_gap(block: int) -> None:
    packets = encoded(clicks_at(0.5), block)
    assert {each.duration_ns for each in packets} == {20_000_000}
    assert all(
        b.pts_ns - a.pts_ns in (20_000_000, 19_999_999, 20_000_001) for a, b in pairwise(packets)
    )
    assert len(packets) >= 48


def test_a_packet_says_when_what_a_decoder_makes_of_it_was_heard() -> None:
    packets = encoded(clicks_at(0.5), 960)
    heard = decoded(packets)
    at = int(np.flatnonzero(np.abs(heard[:, 0]) > 8000)[0])
    assert packets[0].pts_ns + at * 1e9 / RATE_HZ == pytest.approx(START_NS + 5e8, abs=300_000)


def test_it_is_stereo() -> None:
    heard = np.abs(decoded(encoded(clicks_at(0.5), 960))).max(axis=0)
    assert heard[1] == pytest.approx(heard[0] / 2, rel=0.2)


def test_what_was_not_heard_is_sent_as_silence() -> None:
    encoder = OpusEncoder()
    packets = encoder.encode(clicks_at(0.05, length_s=0.1), START_NS)
    packets += encoder.silence_until(START_NS + 400_000_000)
    packets += encoder.encode(clicks_at(0.05, length_s=0.1), START_NS + 600_000_000)
    assert all(abs(b.pts_ns - a.pts_ns - 20_000_000) <= 1 for a, b in pairwise(packets))
    heard = np.abs(decoded(packets)[:, 0])
    clicks = np.flatnonzero(heard > 8000) / RATE_HZ + (packets[0].pts_ns - START_NS) / 1e9
    assert clicks[0] == pytest.approx(0.05, abs=0.001)
    assert clicks[-1] == pytest.approx(0.65, abs=0.003)
    assert heard[int(0.2 * RATE_HZ) : int(0.6 * RATE_HZ)].max() < 200


@pytest.mark.parametrize("silent_first", [True, False])
def test_hours_without_sound_are_not_made_of_silence(silent_first: bool) -> None:
    """As when the program was stopped, or the machine slept."""
    encoder = OpusEncoder()
    encoder.encode(clicks_at(0.05, length_s=0.1), START_NS)
    later_ns = START_NS + 3600 * 1_000_000_000
    packets = encoder.silence_until(later_ns) if silent_first else []
    packets += encoder.encode(clicks_at(0.05, length_s=0.1), later_ns)
    packets += encoder.silence_until(later_ns + 200_000_000)
    assert 5 <= len(packets) <= 10
    heard = decoded(packets)
    at = int(np.flatnonzero(np.abs(heard[:, 0]) > 8000)[0])
    moment_ns = packets[0].pts_ns + at * 1e9 / RATE_HZ
    assert moment_ns == pytest.approx(later_ns + 5e7, abs=3_000_000)
