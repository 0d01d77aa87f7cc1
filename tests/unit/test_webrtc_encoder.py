"""Encoders: what comes out of them, decoded again, and which one is chosen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from threading import Event, Thread

import av
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat
from livetrack_vcam.picture.av_frames import picture_of
from livetrack_vcam.webrtc.encoded import Codec, EncodedPicture
from livetrack_vcam.webrtc.encoder import AvEncoder, EncoderError, VideoEncoder, open_encoder
from livetrack_vcam.webrtc.encoder_choice import DECODERS, EncoderChoice
from livetrack_vcam.webrtc.packetize import access_unit_of, nal_units

SIZE = Size(320, 180)
KBPS = 400
FPS = Fraction(30)
NOW_NS = 7_000_000_000_000  # a machine that has been up for two hours
BOTH = pytest.mark.parametrize("codec", list(Codec))


def frame_of(index: int, size: Size = SIZE, noise: float = 0.0) -> Frame:
    """A bright bar that wanders over a colored ramp."""
    dice = np.random.default_rng(index)
    luma = np.repeat(np.linspace(40, 180, size.width)[None], size.height, axis=0)
    at = index * 6 % (size.width - 20)
    luma[:, at : at + 20] = 220
    luma += dice.normal(0, noise, luma.shape)
    chroma = PixelFormat.YUV420P.chroma_size(size)
    u = np.full((chroma.height, chroma.width), 100, np.uint8)
    v = np.full((chroma.height, chroma.width), 160, np.uint8)
    planes = (np.clip(luma, 16, 235).astype(np.uint8), u, v)
    return Frame(planes, PixelFormat.YUV420P, OUTPUT_COLOR, NOW_NS + index * 33_333_333, index)


def encoded(encoder: VideoEncoder, frame: Frame, keyframe: bool = False) -> EncodedPicture:
    picture = encoder.encode(frame, keyframe)
    assert picture is not None
    assert encoder.take() is None
    return picture


class Decoding:
    def __init__(self, codec: Codec) -> None:
        context = av.CodecContext.create(DECODERS[codec], "r")
        assert isinstance(context, VideoCodecContext)
        self._codec, self._context = codec, context

    def of(self, picture: EncodedPicture) -> av.VideoFrame:
        unit = access_unit_of(self._codec, picture.payloads)
        (frame,) = self._context.decode(av.Packet(unit))
        return frame


def psnr(frame: Frame, shown: av.VideoFrame) -> float:
    errors = [
        float(np.mean((ours.astype(float) - theirs) ** 2))
        for ours, theirs in zip(frame.planes, picture_of(shown).planes, strict=True)
    ]
    return min(10 * math.log10(255**2 / max(error, 1e-6)) for error in errors)


def nal_types(picture: EncodedPicture) -> list[int]:
    return [nal[0] & 0x1F for nal in nal_units(access_unit_of(picture.codec, picture.payloads))]


@BOTH
def test_every_picture_comes_at_once_and_shows_what_went_in(codec: Codec) -> None:
    encoder, decoding = open_encoder(codec, SIZE, KBPS, FPS), Decoding(codec)
    for i in range(30):
        frame = frame_of(i)
        picture = encoded(encoder, frame)
        assert (picture.codec, picture.size, picture.pts_ns) == (codec, SIZE, frame.pts_ns)
        assert psnr(frame, decoding.of(picture)) > 30
    encoder.close()


@BOTH
def test_a_keyframe_comes_first_then_when_told_and_not_otherwise(codec: Codec) -> None:
    encoder = open_encoder(codec, SIZE, KBPS, FPS)
    keys = [encoded(encoder, frame_of(i), keyframe=i in (7, 20)).keyframe for i in range(40)]
    encoder.close()

    assert [i for i, key in enumerate(keys) if key] == [0, 7, 20]


@BOTH
def test_a_decoder_that_comes_late_starts_at_any_keyframe(codec: Codec) -> None:
    encoder = open_encoder(codec, SIZE, KBPS, FPS)
    for i in range(12):
        encoded(encoder, frame_of(i))
    late = Decoding(codec)
    for i in range(12, 20):
        frame = frame_of(i)
        picture = encoded(encoder, frame, keyframe=i == 12)
        assert psnr(frame, late.of(picture)) > 30
    encoder.close()


@BOTH
def test_keyframes_come_every_ten_seconds_though_nobody_asks(codec: Codec) -> None:
    encoder = open_encoder(codec, Size(64, 64), 150, Fraction(5))
    keys = [encoded(encoder, frame_of(i, Size(64, 64))).keyframe for i in range(120)]
    encoder.close()

    assert [i for i, key in enumerate(keys) if key] == [0, 50, 100]


@BOTH
def test_frames_of_one_and_the_same_time_are_encoded_all_the_same(codec: Codec) -> None:
    encoder, decoding = open_encoder(codec, SIZE, KBPS, FPS), Decoding(codec)
    for _ in range(5):
        picture = encoded(encoder, frame_of(3))
        assert picture.pts_ns == frame_of(3).pts_ns
        assert psnr(frame_of(3), decoding.of(picture)) > 30
    encoder.close()


@BOTH
def test_the_bit_rate_is_kept_though_everybody_asks_for_keyframes(codec: Codec) -> None:
    encoder = open_encoder(codec, SIZE, KBPS, FPS)
    sizes = [
        encoded(encoder, frame_of(i, noise=12), keyframe=i % 30 == 0).bytes for i in range(150)
    ]
    encoder.close()

    assert 0.7 < sum(sizes[30:]) * 8 / 4 / (KBPS * 1000) < 1.2


def test_an_h264_keyframe_of_a_sudden_difficult_picture_bursts_by_half_a_second_at_most() -> None:
    encoder = open_encoder(Codec.H264, SIZE, KBPS, FPS)
    for _ in range(60):
        encoded(encoder, frame_of(0))
    burst = encoded(encoder, frame_of(60, noise=60), keyframe=True)
    encoder.close()

    assert burst.bytes * 8 < KBPS * 500


def test_h264_repeats_its_parameter_sets_before_each_keyframe_and_has_no_b_frames() -> None:
    encoder = open_encoder(Codec.H264, Size(1280, 720), 2500, FPS)
    pictures = [encoded(encoder, frame_of(i, Size(1280, 720)), i == 2) for i in range(4)]
    encoder.close()

    for index in (0, 2):
        types = [kind for kind in nal_types(pictures[index]) if kind != 6]  # 6: SEI
        assert types[:3] == [7, 8, 5]
    assert nal_types(pictures[1]) == [1]
    first = access_unit_of(Codec.H264, pictures[0].payloads)
    sps = bytes(next(nal for nal in nal_units(first) if nal[0] & 0x1F == 7))
    profile, constraints, level = sps[1:4]
    assert profile == 66
    assert constraints & 0x40  # constraint_set1: constrained baseline, as 42e01f promises
    assert level == 31  # what 720p30 fits into


@BOTH
def test_a_large_picture_is_encoded_as_well(codec: Codec) -> None:
    size = Size(1920, 1080)
    encoder, decoding = open_encoder(codec, size, 4600, FPS), Decoding(codec)
    for i in range(3):
        assert psnr(frame_of(i, size), decoding.of(encoded(encoder, frame_of(i, size)))) > 30
    encoder.close()


def test_h264_tells_the_decoder_its_colors() -> None:
    encoder = open_encoder(Codec.H264, SIZE, KBPS, FPS)
    shown = Decoding(Codec.H264).of(encoded(encoder, frame_of(0)))
    encoder.close()

    assert shown.color_range == 1  # limited
    assert shown.colorspace == 6  # SMPTE 170M, which is BT.601
    assert (shown.color_primaries, shown.color_trc) == (1, 1)  # BT.709, as sRGB has them


@pytest.mark.parametrize(
    ("name", "size", "said"),
    [
        ("h264_of_nobody", SIZE, "not part of this installation"),
        ("libopus", SIZE, "encodes no video"),
        ("libx264", Size(0, 0), "0x0"),
    ],
)
def test_what_cannot_encode_says_so_in_a_sentence(name: str, size: Size, said: str) -> None:
    with pytest.raises(EncoderError, match=said) as raised:
        AvEncoder(name, Codec.H264, size, KBPS, FPS)
    assert name in str(raised.value)


def start_thread(run: object, name: str) -> None:
    Thread(target=run, name=name, daemon=True).start()  # type: ignore[arg-type]


class Scripted:
    """Hardware as it may be: x264 behind one fault."""

    def __init__(self, fault: str) -> None:
        self.name = "h264_scripted"
        self._fault = fault
        self._real = AvEncoder("libx264", Codec.H264, SIZE, KBPS, FPS)
        self._held: list[EncodedPicture] = []

    def encode(self, frame: Frame, keyframe: bool) -> EncodedPicture | None:
        if self._fault == "fails":
            raise EncoderError("h264_scripted failed")
        if self._fault == "crashes":
            raise RuntimeError("driver")
        if self._fault == "hangs":
            Event().wait()
        if self._fault == "silent":
            return None
        if self._fault == "dark":
            black = np.full_like(frame.planes[0], 16)
            frame = Frame((black, *frame.planes[1:]), frame.format, frame.color, frame.pts_ns, 0)
        picture = self._real.encode(frame, keyframe and self._fault != "deaf")
        if self._fault != "holds back":
            return picture
        assert picture is not None
        self._held.append(picture)
        return self._held.pop(0) if len(self._held) > 1 else None

    def take(self) -> EncodedPicture | None:
        return None

    def close(self) -> None:
        self._real.close()


def choice_of(fault: str, limit_s: float = 60.0) -> tuple[EncoderChoice, list[str]]:
    """A choice with one hardware encoder, and the names of what it opened."""
    opened: list[str] = []

    def opener(name: str, codec: Codec, size: Size, kbps: int, fps: Fraction) -> VideoEncoder:
        opened.append(name)
        if name == "h264_scripted":
            return Scripted(fault)
        return AvEncoder(name, codec, size, kbps, fps)

    hardware = {Codec.H264: ("h264_of_nobody", "h264_scripted")}
    return EncoderChoice(start_thread, hardware, limit_s, opener), opened


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("fails", "failed"),
        ("crashes", "driver"),
        ("silent", "0 pictures"),
        ("deaf", "no keyframe"),
        ("dark", "not the one"),
    ],
)
def test_hardware_that_does_not_prove_itself_is_left_alone(fault: str, said: str) -> None:
    choice, opened = choice_of(fault)
    for _ in range(2):
        assert choice.open(Codec.H264, SIZE, KBPS, FPS).name == "libx264"

    assert said in choice.rejected["h264_scripted"]
    assert "not part of this installation" in choice.rejected["h264_of_nobody"]
    assert opened.count("h264_scripted") == opened.count("h264_of_nobody") == 1


def test_hardware_that_does_not_answer_is_left_behind() -> None:
    choice, _ = choice_of("hangs", limit_s=0.2)

    assert choice.open(Codec.H264, SIZE, KBPS, FPS).name == "libx264"
    assert "did not answer" in choice.rejected["h264_scripted"]


@pytest.mark.parametrize("kind", ["none", "holds back"])
def test_hardware_that_proves_itself_is_used_even_if_it_holds_a_picture_back(kind: str) -> None:
    choice, opened = choice_of(kind)
    names = {choice.open(Codec.H264, SIZE, KBPS, FPS).name for _ in range(3)}

    assert names == {"h264_scripted"}
    assert opened.count("h264_scripted") == 1 + 3  # one of them the trial


def test_renditions_that_start_at_once_try_hardware_only_once() -> None:
    choice, opened = choice_of("none")
    names: list[str] = []
    threads = [
        Thread(target=lambda: names.append(choice.open(Codec.H264, SIZE, KBPS, FPS).name))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert names == ["h264_scripted"] * 4
    assert opened.count("h264_of_nobody") == 1
    assert opened.count("h264_scripted") == 1 + 4


def test_hardware_is_not_tried_for_a_codec_it_was_not_named_for() -> None:
    choice, opened = choice_of("none")

    assert choice.open(Codec.VP8, SIZE, KBPS, FPS).name == "libvpx"
    assert opened == ["libvpx"]


def test_what_failed_while_it_ran_is_not_opened_again_and_software_has_no_stand_in() -> None:
    choice, _ = choice_of("none")
    assert choice.open(Codec.H264, SIZE, KBPS, FPS).name == "h264_scripted"

    assert choice.give_up("h264_scripted", "the driver was unloaded")
    assert choice.open(Codec.H264, SIZE, KBPS, FPS).name == "libx264"
    assert not choice.give_up("libx264", "out of memory")


@pytest.fixture(scope="module")
def machine() -> Iterator[EncoderChoice]:
    return EncoderChoice(start_thread)


@BOTH
def test_this_machine_encodes_with_whatever_it_has(machine: EncoderChoice, codec: Codec) -> None:
    size = Size(640, 360)
    encoder, decoding = machine.open(codec, size, 900, FPS), Decoding(codec)
    shown = []
    for i in range(12):
        picture = encoder.encode(frame_of(i, size), keyframe=i == 0)
        while picture is not None:
            index = (picture.pts_ns - NOW_NS) // 33_333_333
            shown.append(psnr(frame_of(index, size), decoding.of(picture)))
            picture = encoder.take()
    encoder.close()

    assert len(shown) >= 11
    assert min(shown) > 30
    assert encoder.name not in machine.rejected
