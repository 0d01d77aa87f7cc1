"""Addresses and answers that nobody should send: each ends in a sentence, and nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from livetrack_vcam.sink_spec import parse_sink
from livetrack_vcam.sinks.whip_endpoint import WhipEndpoint, target_of
from livetrack_vcam.webrtc.encoded import Codec
from livetrack_vcam.webrtc.publishing import AnswerError, PublishingPeer, codec_of
from tests.waiting import all_tasks_end


@given(st.sampled_from(["http://", "https://", "", "HTTPS://[::1]"]), st.text(max_size=60))
def test_every_address_that_is_accepted_can_be_gone_to(scheme: str, rest: str) -> None:
    try:
        spec = parse_sink(f"whip:{scheme}{rest}")
    except ValueError:
        return
    endpoint = WhipEndpoint(spec.argument)
    assert endpoint.place.startswith("http")


@given(st.text(max_size=80) | st.from_regex(r"\A[a-z]{0,6}:?/{0,3}[\w.:@\[\]%-]{0,30}\Z"))
def test_any_location_leads_to_the_web_or_nowhere(location: str) -> None:
    target = target_of(URL("https://live.example/whip"), location)
    assert target is None or (target.scheme == "https" and target.host)


@given(st.text(max_size=300).map("v=0\r\n".__add__) | st.text(max_size=300))
def test_any_text_is_an_answer_or_refused(text: str) -> None:
    with suppress(AnswerError):
        assert codec_of(text) in Codec


async def answer_to(offer: str) -> str:
    connection = RTCPeerConnection()
    await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
    await connection.setLocalDescription()
    answer: str = connection.localDescription.sdp
    await connection.close()
    return answer


def without(word: str) -> Callable[[str], str]:
    """The answer without the lines that contain it."""
    return lambda answer: "".join(
        line for line in answer.splitlines(keepends=True) if word not in line
    )


SPOILED: dict[str, Callable[[str], str]] = {
    "no fingerprint": without("fingerprint"),
    "no credentials": without("ice-"),
    "no candidates": without("candidate"),
    "no mid": without("a=mid"),
    "no bundle": without("BUNDLE"),
    "another mid": lambda answer: answer.replace("a=mid:0", "a=mid:7"),
    "a foreign fingerprint": lambda answer: answer.replace("sha-256 ", "sha-256 00:"),
    "twice": lambda answer: answer + answer[answer.index("m=") :],
    "cut off": lambda answer: answer[: len(answer) // 2],
    "a port out of range": lambda answer: answer.replace("m=video ", "m=video 999999999"),
    "a bad candidate": lambda answer: (
        answer + "a=candidate:1 1 udp 1 nowhere.invalid 9 typ host\r\n"
    ),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_a_spoiled_answer_connects_nothing_and_leaves_nothing(
    spoil: Callable[[str], str],
) -> None:
    async def body() -> None:
        failures: list[object] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: failures.append(context)
        )
        peer = PublishingPeer()
        answer = spoil(await answer_to(await peer.offer()))
        with suppress(AnswerError):
            await peer.take(answer)
            assert not await peer.connected(0.2)
        await peer.close()
        assert peer.state == "closed"
        await all_tasks_end()
        assert failures == []

    asyncio.run(body())


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(st.floats(0, 1), st.text(max_size=12))
def test_an_answer_with_any_letters_exchanged_raises_nothing_but_its_own_error(
    share: float, piece: str
) -> None:
    async def body() -> None:
        peer = PublishingPeer()
        answer = await answer_to(await peer.offer())
        at = int(share * len(answer))
        with suppress(AnswerError):
            await peer.take(answer[:at] + piece + answer[at + len(piece) :])
        await peer.close()

    asyncio.run(body())
