"""Header extensions, held against aiortc's own parser."""

from __future__ import annotations

from struct import unpack_from

from aiortc.rtp import unpack_header_extensions
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.webrtc.rtp_extensions import (
    ABS_SEND_TIME,
    MID,
    PLAYOUT_DELAY,
    abs_send_time,
    extension_block,
    playout_delay,
)

URIS = (MID, ABS_SEND_TIME, PLAYOUT_DELAY)


def _read(block: bytes) -> dict[int, bytes]:
    profile, words = unpack_from("!HH", block)
    assert len(block) == 4 + 4 * words
    return dict(unpack_header_extensions(profile, block[4:]))


@given(
    st.dictionaries(st.sampled_from(URIS), st.integers(1, 255), min_size=1).filter(
        lambda ids: len(set(ids.values())) == len(ids)
    ),
    st.text("0123456789abc", min_size=1, max_size=20),
)
def test_only_negotiated_extensions_are_sent_under_their_ids(ids: dict[str, int], mid: str) -> None:
    block = extension_block(ids, mid, (0, 0))
    values = {MID: mid.encode(), ABS_SEND_TIME: bytes(3), PLAYOUT_DELAY: bytes(3)}
    assert _read(block.data) == {ids[uri]: values[uri] for uri in ids}
    at = block.abs_send_time_at
    assert (at is None) == (ABS_SEND_TIME not in ids)
    if at is not None:
        filled = block.data[:at] + b"\1\2\3" + block.data[at + 3 :]
        assert _read(filled)[ids[ABS_SEND_TIME]] == b"\1\2\3"


def test_without_any_there_is_no_block() -> None:
    assert extension_block({}, "0", (0, 0)).data == b""


def test_a_playout_delay_is_two_limits_in_steps_of_ten_ms() -> None:
    assert playout_delay(0, 0) == bytes(3)
    assert playout_delay(100, 400) == (10 << 12 | 40).to_bytes(3, "big")
    assert playout_delay(-5, 10**9) == 0xFFF.to_bytes(3, "big")
    assert playout_delay(400, 100) == (40 << 12 | 40).to_bytes(3, "big")


def test_the_send_time_is_seconds_with_18_bits_of_fraction() -> None:
    assert abs_send_time(1_500_000_000) == (3 << 17).to_bytes(3, "big")
    assert abs_send_time(64_000_000_000) == bytes(3)
