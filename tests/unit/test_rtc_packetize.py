"""Access units into RTP payloads, held against aiortc's own depacketizers."""

from __future__ import annotations

from contextlib import suppress

import pytest
from aiortc.codecs import h264_depayload, vp8_depayload
from aiortc.codecs.vpx import VpxPayloadDescriptor
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.webrtc.encoded import Codec
from livetrack_vcam.webrtc.packetize import PAYLOAD_BYTES, access_unit_of, nal_units, payloads_of

LONG_START = b"\0\0\0\1"


def _unescaped(body: bytes) -> bytes:
    """Bytes in which no start code can be found, and no zero at the end."""
    return body.replace(b"\0", b"\x80")


nal = st.builds(
    lambda kind, importance, size, seed: (
        bytes((importance << 5 | kind,)) + _unescaped((bytes(range(seed, 256)) * 40)[:size])
    ),
    kind=st.integers(1, 23),
    importance=st.integers(0, 3),
    size=st.integers(1, 6_000),
    seed=st.integers(1, 200),
)
access_unit = st.lists(
    st.tuples(st.sampled_from([LONG_START, b"\0\0\1"]), nal, st.sampled_from([b"", b"\0"])),
    min_size=1,
    max_size=12,
)


@given(access_unit)
def test_every_nal_unit_comes_out_of_aiortcs_depacketizer_as_it_went_in(
    parts: list[tuple[bytes, bytes, bytes]],
) -> None:
    payloads = payloads_of(Codec.H264, b"".join(start + unit + zero for start, unit, zero in parts))
    assert b"".join(map(h264_depayload, payloads)) == b"".join(
        LONG_START + unit for _, unit, _ in parts
    )
    assert max(map(len, payloads)) <= PAYLOAD_BYTES
    assert access_unit_of(Codec.H264, payloads) == b"".join(map(h264_depayload, payloads))


@given(st.binary(min_size=1, max_size=20_000), st.none() | st.integers(0, 1 << 20))
def test_every_vp8_frame_comes_out_of_aiortcs_depacketizer_as_it_went_in(
    frame: bytes, picture_id: int | None
) -> None:
    payloads = payloads_of(Codec.VP8, frame, picture_id)
    assert b"".join(map(vp8_depayload, payloads)) == frame
    assert access_unit_of(Codec.VP8, payloads) == frame
    assert max(map(len, payloads)) <= PAYLOAD_BYTES
    descriptors = [VpxPayloadDescriptor.parse(payload)[0] for payload in payloads]
    assert [each.partition_start for each in descriptors] == [1] + [0] * (len(payloads) - 1)
    told = None if picture_id is None else picture_id % 32_768
    assert {each.picture_id for each in descriptors} == {told}


@given(st.binary(max_size=4_000), st.sampled_from(Codec))
def test_any_bytes_give_payloads_or_a_value_error(garbage: bytes, codec: Codec) -> None:
    with suppress(ValueError):
        assert all(0 < len(payload) <= PAYLOAD_BYTES for payload in payloads_of(codec, garbage))


def test_small_nal_units_travel_together_and_the_picture_in_equal_fragments() -> None:
    small = [b"\x67" + b"s" * 20, b"\x68" + b"p" * 6]
    picture = b"\x65" + b"i" * 10_000
    payloads = payloads_of(Codec.H264, b"".join(LONG_START + unit for unit in (*small, picture)))
    sizes = [len(payload) for payload in payloads]
    assert payloads[0][0] & 0x1F == 24
    assert len(set(sizes[1:-1])) == 1
    assert sizes[-1] <= sizes[1]
    assert len(payloads) == 1 + 9


def test_an_emulation_prevention_byte_is_no_start_code() -> None:
    unit = b"\x65\x11\0\0\x03\x01\x80"
    assert [bytes(each) for each in nal_units(LONG_START + unit)] == [unit]


@pytest.mark.parametrize("codec", list(Codec))
def test_an_empty_access_unit_is_refused(codec: Codec) -> None:
    with pytest.raises(ValueError, match=codec.value.replace("H264", "H.264")):
        payloads_of(codec, b"")
