from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path
from threading import Timer

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange as AvRange

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SourceError, SourceNotFoundError
from livetrack_vcam.media import ColorMatrix, ColorRange, Frame, PixelFormat
from livetrack_vcam.sources.video_file import VideoFile

BRIGHT, DARK = 200, 50


def corner_picture(width: int, height: int) -> av.VideoFrame:
    """Dark, with the top left quarter bright."""
    pixels = np.full((height, width, 3), DARK, np.uint8)
    pixels[: height // 2, : width // 2] = BRIGHT
    return av.VideoFrame.from_ndarray(pixels, format="rgb24")


def write_video(
    path: Path,
    frames: list[av.VideoFrame],
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    fps: int = 25,
    pts: list[int] | None = None,
    rotation: int = 0,
    options: dict[str, str] | None = None,
    sample_aspect_ratio: Fraction | None = None,
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps, options=options or {})
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, pix_fmt
        stream.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            stream.set_display_rotation(rotation)
        if sample_aspect_ratio:
            stream.codec_context.sample_aspect_ratio = sample_aspect_ratio
        for number, frame in enumerate(frames):
            frame.pts = pts[number] if pts else number * 1000 // fps
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read_all(path: Path) -> tuple[VideoFile, list[Frame]]:
    source = VideoFile(path, paced=False)
    source.open()
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    source.close()
    return source, frames


@pytest.mark.parametrize(
    ("rotation", "size", "bright"),
    [
        (0, Size(64, 32), (slice(4, 12), slice(4, 28))),
        (90, Size(32, 64), (slice(36, 60), slice(4, 12))),
        (180, Size(64, 32), (slice(20, 28), slice(36, 60))),
        (-90, Size(32, 64), (slice(4, 28), slice(20, 28))),
    ],
)
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p"])
def test_a_phone_video_is_turned_upright(
    tmp_path: Path, rotation: int, size: Size, bright: tuple[slice, slice], pix_fmt: str
) -> None:
    pictures = [corner_picture(64, 32) for _ in range(3)]
    path = write_video(tmp_path / "phone.mp4", pictures, rotation=rotation, pix_fmt=pix_fmt)
    source = VideoFile(path, paced=False)
    assert source.open().size == size
    frame = source.read()
    assert frame is not None
    assert frame.planes[0][bright].min() > 150
    assert np.count_nonzero(frame.planes[0] > 120) == pytest.approx(64 * 32 / 4, rel=0.1)
    source.close()


def test_a_variable_frame_rate_keeps_its_real_times(tmp_path: Path) -> None:
    times = [0, 40, 200, 210, 777, 1500]
    pictures = [corner_picture(32, 32) for _ in times]
    path = write_video(tmp_path / "vfr.mkv", pictures, pts=times)
    _, frames = read_all(path)
    assert [frame.pts_ns // 1_000_000 for frame in frames] == times


def test_a_frame_that_is_waited_for_while_closing_is_not_given_early(tmp_path: Path) -> None:
    pictures = [corner_picture(64, 48)] * 2
    path = write_video(
        tmp_path / "slow.mkv", pictures, codec="ffv1", pix_fmt="yuv444p", pts=[0, 3000]
    )
    source = VideoFile(path)
    source.open()
    assert source.read() is not None
    Timer(0.2, source.close).start()
    assert source.read() is None


def test_b_frames_come_in_the_order_they_are_shown(tmp_path: Path) -> None:
    pictures = []
    for number in range(24):
        pixels = np.full((32, 32, 3), 20 + number * 8, np.uint8)
        pictures.append(av.VideoFrame.from_ndarray(pixels, format="rgb24"))
    path = write_video(tmp_path / "b.mp4", pictures, options={"bf": "3", "b_strategy": "0"})
    _, frames = read_all(path)
    means = [float(frame.planes[0].mean()) for frame in frames]
    assert len(frames) == 24
    assert means == sorted(means)


@pytest.mark.parametrize("size", [Size(1, 1), Size(15, 9), Size(2, 1), Size(639, 361)])
def test_odd_sizes_are_read_as_they_are(tmp_path: Path, size: Size) -> None:
    pixels = np.full((size.height, size.width, 3), 128, np.uint8)
    pictures = [av.VideoFrame.from_ndarray(pixels, format="rgb24") for _ in range(2)]
    path = write_video(tmp_path / "odd.mkv", pictures, codec="ffv1", pix_fmt="yuv420p")
    _, frames = read_all(path)
    assert [frame.size for frame in frames] == [size, size]


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "pixel_format"),
    [
        ("ffv1", "yuv420p10le", PixelFormat.YUV420P),
        ("ffv1", "yuv422p10le", PixelFormat.YUV422P),
        ("ffv1", "yuv444p12le", PixelFormat.YUV444P),
        ("ffv1", "bgra", PixelFormat.YUV420P),
        ("ffv1", "gray", PixelFormat.YUV420P),
        ("rawvideo", "yuyv422", PixelFormat.YUV422P),
        ("rawvideo", "nv12", PixelFormat.YUV420P),
    ],
)
def test_every_pixel_format_becomes_planar_8_bit(
    tmp_path: Path, codec: str, pix_fmt: str, pixel_format: PixelFormat
) -> None:
    pictures = [corner_picture(64, 32).reformat(format=pix_fmt) for _ in range(2)]
    path = write_video(tmp_path / "clip.mkv", pictures, codec=codec, pix_fmt=pix_fmt)
    _, frames = read_all(path)
    assert frames[0].format is pixel_format
    luma = frames[0].planes[0]
    assert int(luma[8, 8]) - int(luma[24, 48]) == pytest.approx((BRIGHT - DARK) * 219 / 255, abs=25)


def test_the_color_tags_are_read(tmp_path: Path) -> None:
    pictures = [corner_picture(64, 32) for _ in range(2)]
    path = write_video(tmp_path / "jpeg.mkv", pictures, codec="mjpeg", pix_fmt="yuvj422p")
    _, frames = read_all(path)
    assert frames[0].color.range is ColorRange.FULL
    assert frames[0].color.matrix is ColorMatrix.BT601
    hd = [av.VideoFrame(1280, 720, "yuv420p") for _ in range(2)]
    for picture in hd:
        picture.color_range = AvRange.MPEG
    _, frames = read_all(write_video(tmp_path / "hd.mp4", hd, options={"preset": "ultrafast"}))
    assert frames[0].color.matrix is ColorMatrix.BT709


def test_anamorphic_pictures_get_square_pixels(tmp_path: Path) -> None:
    pictures = [corner_picture(72, 48) for _ in range(2)]
    path = write_video(tmp_path / "dv.mkv", pictures, sample_aspect_ratio=Fraction(4, 3))
    _, frames = read_all(path)
    assert frames[0].size == Size(96, 48)
    assert frames[0].planes[0][10, 40] > 120


def test_a_file_with_sound_only_has_no_video_stream(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(SourceError, match="no video stream"):
        VideoFile(path).open()


def test_an_empty_file_a_folder_text_and_nothing_are_told_apart(tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.mp4", tmp_path / "text.mp4"
    empty.touch()
    text.write_text("this is not a video " * 100)
    for path, error, words in (
        (empty, SourceError, "empty"),
        (text, SourceError, "not a video"),
        (tmp_path, SourceError, "folder"),
        (tmp_path / "nothing.mp4", SourceNotFoundError, "no file"),
    ):
        with pytest.raises(error, match=words) as caught:
            VideoFile(path).open()
        assert str(path) in str(caught.value)


def test_a_truncated_file_plays_what_there_is_and_says_so(tmp_path: Path) -> None:
    dice = np.random.default_rng(3)
    pictures = [
        av.VideoFrame.from_ndarray(dice.integers(0, 255, (64, 64, 3)).astype(np.uint8), "rgb24")
        for _ in range(150)
    ]
    whole = write_video(tmp_path / "whole.mp4", pictures)
    with (
        av.open(str(whole)) as source,
        av.open(str(tmp_path / "fast.mp4"), "w", options={"movflags": "faststart"}) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    data = (tmp_path / "fast.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(data[: len(data) // 2])
    video, frames = read_all(cut)
    assert 40 < len(frames) < 120
    assert video.note is not None
    assert "cut off or damaged" in video.note
    assert read_all(whole)[0].note is None


@pytest.mark.parametrize(
    ("codec", "suffix", "pix_fmt"),
    [
        ("flv1", ".flv", "yuv420p"),
        ("mjpeg", ".avi", "yuvj420p"),
        ("prores", ".mov", "yuv422p10le"),
    ],
)
def test_damage_of_any_kind_costs_pictures_or_is_told_in_a_sentence(
    tmp_path: Path, codec: str, suffix: str, pix_fmt: str
) -> None:
    pictures = [corner_picture(64, 48) for _ in range(12)]
    whole = write_video(tmp_path / f"whole{suffix}", pictures, codec=codec, pix_fmt=pix_fmt)
    data = whole.read_bytes()
    path = tmp_path / f"damaged{suffix}"
    played = 0
    for seed in range(400):
        dice = random.Random(seed)
        damaged = bytearray(data)
        for _ in range(dice.choice((1, 3, 10, 60))):
            damaged[dice.randrange(len(data))] = dice.randrange(256)
        path.write_bytes(damaged)
        sentence = str(path)
        try:
            played += bool(read_all(path)[1])
        except SourceError as error:
            sentence = str(error)
        assert str(path) in sentence
    assert played > 40


def test_a_file_that_is_closed_before_its_end_is_not_called_damaged(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", [corner_picture(32, 32) for _ in range(150)])
    source = VideoFile(path)
    source.open()
    assert source.read() is not None
    source.close()
    assert source.read() is None
    assert source.note is None


def test_a_loop_goes_on_in_time(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", [corner_picture(32, 32) for _ in range(5)])
    source = VideoFile(path, paced=False, loop=True)
    source.open()
    times = [frame.pts_ns // 1_000_000 for _ in range(12) if (frame := source.read())]
    assert times == [number * 40 for number in range(12)]
    source.close()
    assert source.read() is None


def test_frames_outlive_their_source(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", [corner_picture(64, 32) for _ in range(30)])
    _, frames = read_all(path)
    for frame in frames:
        assert frame.planes[0][4:12, 4:28].min() > 150
