"""What `--sink whip:URL` is told, and when its keyframes and attempts are due."""

from __future__ import annotations

import asyncio
import re
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import livetrack_vcam
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SettingsError, SinkError
from livetrack_vcam.interfaces import Canvas, LinkedSink
from livetrack_vcam.media import black_frame
from livetrack_vcam.room.renditions import kbps_of
from livetrack_vcam.room.upload_rate import UploadRate
from livetrack_vcam.settings import build_settings, to_toml
from livetrack_vcam.sink_spec import SinkSpec, parse_sink
from livetrack_vcam.sinks.whip import Keyframes, WhipSink
from livetrack_vcam.sinks.whip_endpoint import WhipEndpoint
from livetrack_vcam.sinks.whip_links import MOST, ice_servers
from livetrack_vcam.sinks.whip_token import check_one_server, given_token
from livetrack_vcam.sinks.whip_uplink import Backoff
from livetrack_vcam.webrtc.encoded import Codec
from livetrack_vcam.webrtc.publishing import AnswerError, IceServer, PublishingPeer, codec_of
from livetrack_vcam.webrtc.terms import WriterStats

URL = "https://live.example/SECRETKEY/publish?key=SECRETKEY"
MS = 1_000_000


def test_the_address_of_a_media_server_is_taken_whole_and_shown_by_its_origin() -> None:
    spec = parse_sink(f"whip:{URL}")
    assert (spec.kind, spec.argument, str(spec)) == ("whip", URL, f"whip:{URL}")
    assert spec.shown == "whip:https://live.example/…"
    assert "SECRETKEY" not in repr(spec)
    assert parse_sink("whip:http://10.0.0.7:8889/x/whip").shown == "whip:http://10.0.0.7:8889/…"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "needs the address"),
        ("live.example/SECRETKEY", "takes an http:// or https:// address"),
        ("rtmp://live.example/SECRETKEY", "takes an http:// or https:// address"),
        ("https:///SECRETKEY", "takes an http:// or https:// address"),
        ("https://live.example:99999/SECRETKEY", "is not valid"),
        ("https://[::1/SECRETKEY", "is not valid"),
        ("https://user:SECRETKEY@live.example/", "contains a login"),
        ("https://live.example/SECRETKEY\n", "spaces or controls"),
        ("https://live.example/ SECRETKEY", "spaces or controls"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused_without_repeating_it(
    url: str, sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence) as raised:
        build_settings({}, {"sink": (f"whip:{url}",)})
    assert "SECRETKEY" not in str(raised.value)


def test_the_printed_settings_lead_to_the_same_run() -> None:
    settings = build_settings({}, {"sink": (f"whip:{URL}",), "whip_kbps": 4000})
    assert build_settings(tomllib.loads(to_toml(settings)), {}) == settings
    assert "SECRETKEY" not in repr(settings)


def test_the_token_comes_from_the_file_or_else_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("Bearer abc.DEF-123==\n")
    environment = {"LIVETRACK_WHIP_TOKEN": " xyz "}
    assert given_token(file, environment) == "abc.DEF-123=="
    assert given_token(None, environment) == "xyz"
    assert given_token(None, {}) == ""


@pytest.mark.parametrize("text", [b"", b"\n", b"two words SECRETKEY", "ключ".encode(), b"\xff"])
def test_a_token_file_without_a_token_is_refused_without_repeating_it(
    tmp_path: Path, text: bytes
) -> None:
    file = tmp_path / "token"
    file.write_bytes(text)
    with pytest.raises(SettingsError, match=str(file)) as raised:
        given_token(file, {})
    assert "SECRETKEY" not in str(raised.value)
    with pytest.raises(SettingsError, match="No such file"):
        given_token(tmp_path / "none", {})


def test_one_token_is_never_shown_to_two_servers() -> None:
    specs = [SinkSpec("whip", f"https://{host}.example/x") for host in ("a", "b")]
    with pytest.raises(SettingsError, match="more than one server"):
        check_one_server(specs, "token")
    check_one_server(specs, "")
    check_one_server([*specs[:1], SinkSpec("whip", "https://a.example/y")], "token")


def test_a_keyframe_is_due_first_on_request_and_every_two_seconds() -> None:
    keyframes = Keyframes()
    assert keyframes.due(0)
    keyframes.want()
    assert not keyframes.due(299 * MS)
    assert keyframes.due(300 * MS), "a request waits, and is not forgotten"
    assert not keyframes.due(2299 * MS)
    assert keyframes.due(2300 * MS)
    keyframes.restart()
    assert keyframes.due(2301 * MS)


@given(st.lists(st.tuples(st.integers(0, 50 * MS), st.booleans()), max_size=300))
def test_however_often_it_is_asked_for_a_keyframe_comes_once_in_300_ms(
    steps: list[tuple[int, bool]],
) -> None:
    keyframes, now_ns, last_ns = Keyframes(), 0, None
    for step_ns, wanted in steps:
        now_ns += step_ns
        if wanted:
            keyframes.want()
        if keyframes.due(now_ns):
            assert last_ns is None or now_ns - last_ns >= 300 * MS
            last_ns = now_ns


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=40, max_size=40))
def test_attempts_come_ever_later_but_at_least_twice_a_minute(chances: list[float]) -> None:
    backoff = Backoff(iter(chances).__next__)
    waits = [backoff.next_s() for _ in range(38)]
    assert 0.25 <= waits[0] <= 0.5
    assert all(15 <= wait <= 30 for wait in waits[7:])
    assert backoff.next_s(at_least_s=120) == 120
    backoff.reset()
    assert backoff.next_s() <= 0.5


TURN = (
    '<turn:turn.example:3478?transport=udp>; rel="ice-server"; username="u,1"; '
    'credential="S\\"E;C"; credential-type="password"'
)


def test_ice_servers_are_read_from_link_headers() -> None:
    headers = [
        '<stun:stun.example>; rel="ice-server", <https://x.example/>; rel="help"',
        TURN,
        "<http://evil.example/>; rel=ice-server",
        "garbage, <",
    ]
    stun, turn = ice_servers(headers)
    assert stun == IceServer("stun:stun.example")
    assert turn == IceServer("turn:turn.example:3478?transport=udp", "u,1", 'S"E;C')
    assert "E;C" not in repr(turn)
    assert len(ice_servers(['<stun:a>; rel="ice-server"'] * 99)) == MOST


@pytest.mark.parametrize(
    "address",
    [
        "stun:[::1]:3478",
        "stun:::::",
        "stun:a:b:c",
        "stun:a:0",
        "stun:a:70000",
        "turn:a?transport=x",
    ],
)
def test_an_ice_server_that_aiortc_could_not_ask_is_left_out(address: str) -> None:
    assert ice_servers([f'<{address}>; rel="ice-server"']) == ()


@given(st.from_regex(r"\A(stun|turns?):[^<>]{0,30}\Z"))
def test_no_address_that_is_left_in_is_too_much_for_aiortc(address: str) -> None:
    async def body() -> None:
        for server in ice_servers([f'<{address}>; rel="ice-server"']):
            await PublishingPeer([server]).close()

    asyncio.run(body())


@given(st.text())
def test_any_link_header_is_read_without_an_error(text: str) -> None:
    assert all(server.url for server in ice_servers([text]))


ANSWER = """v=0
o=- 1 1 IN IP4 0.0.0.0
s=-
t=0 0
m=video {port} UDP/TLS/RTP/SAVPF 96 97
c=IN IP4 0.0.0.0
a=mid:0
a=recvonly
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuv
a=fingerprint:sha-256 AA:BB
a=setup:active
a=rtpmap:96 {first}/90000
a=rtpmap:97 {second}/90000
""".replace("\n", "\r\n")


def test_h264_is_sent_wherever_it_is_taken_else_vp8_else_nothing() -> None:
    assert codec_of(ANSWER.format(port=9, first="VP8", second="H264")) is Codec.H264
    assert codec_of(ANSWER.format(port=9, first="AV1", second="vp8")) is Codec.VP8
    for refusal in (
        ANSWER.format(port=9, first="AV1", second="VP9"),
        ANSWER.format(port=0, first="H264", second="VP8"),
    ):
        with pytest.raises(AnswerError, match="neither H264 nor VP8"):
            codec_of(refusal)
    with pytest.raises(AnswerError, match="not valid SDP"):
        codec_of("v=0\r\nm=video x\r\n")


def test_an_upload_that_loses_packets_is_given_less_and_later_what_it_wants_again() -> None:
    rate = UploadRate(2500)
    seen = []
    for second in range(1, 120):
        lossy = 10 < second < 30
        rate.observe(WriterStats(reports=second, kbps=rate.kbps, loss_pct=12.0 if lossy else 0.0))
        seen.append(rate.kbps)
    assert seen[:10] == [2500] * 10
    assert min(seen) == 625
    assert seen[-1] == 2500
    rate.observe(WriterStats(reports=200, backed_up=1))
    assert rate.kbps < 2500
    rate.restart()
    assert rate.kbps == 2500


def test_pictures_that_nobody_can_take_yet_are_dropped_and_counted() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    sink = WhipSink(WhipEndpoint("http://127.0.0.1:9/x"), UploadRate(1000), loop)
    assert isinstance(sink, LinkedSink)
    assert sink.link.state == "connecting"
    sink.send(black_frame(Size(64, 48)))
    assert sink.link.dropped == 1
    with pytest.raises(SinkError, match="the program is ending"):
        sink.open(Canvas(Size(64, 48), Fraction(30)))
    sink.close()


HD, FPS = Size(1280, 720), Fraction(30)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "whip.md"


def test_the_page_about_media_servers_quotes_what_is_said() -> None:
    said = "".join(
        file.read_text(encoding="utf-8")
        for file in (Path(livetrack_vcam.__file__).parent / "sinks").glob("whip*.py")
    )
    table = PAGE.read_text(encoding="utf-8").partition("| LiveTrack says |")[2]
    sentences = re.findall(r'"([^"]+)"', "".join(re.findall(r"^\| \"[^|]*\|", table, re.MULTILINE)))
    assert len(sentences) >= 9
    assert [each for each in sentences if each not in said] == []


def test_the_page_about_media_servers_counts_right() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"({kbps_of(HD, FPS)} for 720p, {kbps_of(Size(640, 360), FPS)} for 640x360)" in text
    one = (kbps_of(HD, FPS) + 100) * 1.06 / 1000
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) Mbit/s \| ([\d.]+) Mbit/s \|", text, re.MULTILINE)
    assert len(rows) == 5
    for viewers, room, server in rows:
        assert float(room) == pytest.approx(int(viewers) * one, rel=0.03)
        assert float(server) == pytest.approx(one, rel=0.03)
