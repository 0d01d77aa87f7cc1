"""Bursts of packets through libsrtp, decrypted and compared, whatever the system takes."""

from __future__ import annotations

import asyncio
from itertools import groupby
from struct import unpack

import pytest
from aiortc.rtp import RtpPacket
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from livetrack_vcam.webrtc import srtp_link
from livetrack_vcam.webrtc.srtp_link import SrtpLink
from tests.rtc_pair import connected_pair

KEY = bytes(range(44))
HEAD = b"\x90\x60" + bytes(6) + b"ssrc" + b"\xbe\xde\0\1\x10\x30\0\0"


def _session(kind: int) -> Session:
    profile = Policy.SRTP_PROFILE_AEAD_AES_256_GCM
    return Session(Policy(key=KEY, ssrc_type=kind, srtp_profile=profile))


class System:
    """A datagram socket that takes bursts, or refuses them with `refuses`."""

    def __init__(self, refuses: type[OSError] | None = None) -> None:
        self.refuses = refuses
        self.asked = 0
        self.bursts: list[list[bytes]] = []

    def sendmsg(
        self, parts: tuple[memoryview], options: tuple[tuple[int, int, bytes]], *rest: object
    ) -> None:
        self.asked += 1
        if self.refuses is not None:
            raise self.refuses
        ((_, _, packed),) = options
        (size,) = unpack("H", packed)
        data = bytes(parts[0])
        self.bursts.append([data[at : at + size] for at in range(0, len(data), size)])

    def getsockopt(self, level: int, name: int) -> int:
        return 0


class Route:
    """Stands for aiortc_names.Route; everything that leaves is in `datagrams`, in order."""

    address = ("viewer", 1)
    transport = object()

    def __init__(self, system: System | None) -> None:
        self._session = _session(Policy.SSRC_ANY_OUTBOUND)
        self.srtp = self._session._srtp[0]
        self.socket = system
        self.backlog = 0
        self.alone: list[bytes] = []

    def look_up(self) -> bool:
        return True

    def waiting(self) -> int:
        return self.backlog

    def sendto(self, datagram: bytes) -> None:
        if self.socket is not None:
            self.socket.bursts.append([datagram])
        self.alone.append(datagram)

    @property
    def datagrams(self) -> list[bytes]:
        if self.socket is None:
            return self.alone
        return [each for burst in self.socket.bursts for each in burst]


def _link(route: Route) -> SrtpLink:
    async def make() -> SrtpLink:
        return SrtpLink(route)  # type: ignore[arg-type]

    link = asyncio.run(make())
    assert link.ready()
    return link


def _arrived(route: Route) -> list[RtpPacket]:
    session = _session(Policy.SSRC_ANY_INBOUND)
    return [RtpPacket.parse(session.unprotect(each)) for each in route.datagrams]


@given(st.lists(st.integers(1, 1_200) | st.sampled_from([1_000, 1_200]), min_size=1, max_size=120))
def test_every_packet_arrives_whole_and_in_order_whatever_their_sizes(sizes: list[int]) -> None:
    system = System()
    route = Route(system)
    payloads = tuple(bytes((index,)) * size for index, size in enumerate(sizes))
    _link(route).send(HEAD, 65_530, payloads, marked=True)
    packets = _arrived(route)
    assert tuple(each.payload for each in packets) == payloads
    numbers = [each.sequence_number for each in packets]
    assert numbers == [65_530 + index & 0xFFFF for index in range(len(sizes))]
    assert [each.marker for each in packets] == [0] * (len(sizes) - 1) + [1]
    for burst in system.bursts:
        assert len(burst) <= 64
        assert sum(map(len, burst)) <= 65_507
        assert len({len(each) for each in burst[:-1]}) <= 1
        assert len(burst[-1]) <= len(burst[0])


def test_equal_packets_leave_in_one_call() -> None:
    system = System()
    _link(Route(system)).send(HEAD, 1, (b"s" * 12, *[b"f" * 1_158] * 8, b"f" * 900), marked=True)
    assert [len(burst) for burst in system.bursts] == [1, 9]
    assert system.asked == 1


def test_a_device_that_takes_no_bursts_is_asked_once() -> None:
    system = System(refuses=OSError)
    route = Route(system)
    link = _link(route)
    for first in (1, 11):
        link.send(HEAD, first, (b"f" * 1_000,) * 5, marked=True)
    assert system.asked == 1
    assert len(_arrived(route)) == 10


def test_what_a_full_socket_refuses_waits_in_order() -> None:
    system = System(refuses=BlockingIOError)
    route = Route(system)
    link = _link(route)
    link.send(HEAD, 1, (b"f" * 1_000,) * 5, marked=True)
    system.refuses = None
    route.backlog = 5_000
    link.send(HEAD, 6, (b"f" * 1_000,) * 5, marked=True)
    assert [each.sequence_number for each in _arrived(route)] == list(range(1, 11))
    assert [len(list(group)) for _, group in groupby(map(len, system.bursts))] == [10]
    route.backlog = 0
    link.send(HEAD, 11, (b"f" * 1_000,) * 5, marked=True)
    assert len(system.bursts[-1]) == 5


def test_without_bursts_every_packet_arrives_too() -> None:
    route = Route(None)
    _link(route).send(HEAD, 1, (b"f" * 1_000,) * 5, marked=False)
    assert [(each.sequence_number, each.marker) for each in _arrived(route)] == [
        (number, 0) for number in range(1, 6)
    ]


def test_a_viewer_decodes_where_the_system_takes_no_bursts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(srtp_link, "_taking_bursts", _none)

    async def run() -> None:
        async with connected_pair() as pair:
            await pair.write_until(lambda: len(pair.grays) >= 30)
            assert pair.grays == sorted(pair.grays)

    asyncio.run(run())


def _none(plain: object) -> None:
    return None
