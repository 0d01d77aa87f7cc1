"""Picture files of every kind become frames, or one clear sentence."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.detectors.pixels import letterbox, whole
from livetrack_vcam.errors import SourceError, SourceNotFoundError
from livetrack_vcam.evaluation.pictures import check_pictures, read_picture
from livetrack_vcam.media import Frame

# Big-endian TIFF with one entry: orientation 6, "turn a quarter clockwise to see it upright".
EXIF_TURNED = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"


def scene(width: int, height: int) -> npt.NDArray[np.uint8]:
    """BGR; the left half blue, the right half orange."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2] = (200, 60, 20)
    picture[:, width // 2 :] = (20, 120, 220)
    return picture


def encoded(picture: npt.NDArray[np.uint8], ending: str = ".jpg") -> bytes:
    return cv2.imencode(ending, picture)[1].tobytes()


def written(folder: Path, content: bytes, name: str = "picture.jpg") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def turned(jpeg: bytes) -> bytes:
    segment = b"\xff\xe1" + (len(EXIF_TURNED) + 2).to_bytes(2, "big") + EXIF_TURNED
    return jpeg[:2] + segment + jpeg[2:]


def colors(frame: Frame) -> npt.NDArray[np.uint8]:
    rgb, _ = letterbox(frame, whole(frame), frame.size, 0, centered=False)
    return rgb


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".bmp", ".tiff"])
@pytest.mark.parametrize("size", [(64, 48), (65, 47), (1, 1), (3, 2)])
def test_every_kind_and_size_is_read(tmp_path: Path, ending: str, size: tuple[int, int]) -> None:
    frame = read_picture(written(tmp_path, encoded(scene(*size), ending)), size)
    assert frame.size == Size(*size)


def test_the_colors_arrive(tmp_path: Path) -> None:
    rgb = colors(read_picture(written(tmp_path, encoded(scene(64, 48), ".png"))))
    assert np.abs(rgb[24, 10].astype(int) - (20, 60, 200)).max() < 8
    assert np.abs(rgb[24, 54].astype(int) - (220, 120, 20)).max() < 8


def test_a_gray_picture_is_read(tmp_path: Path) -> None:
    gray = np.full((48, 64), 100, np.uint8)
    rgb = colors(read_picture(written(tmp_path, encoded(gray, ".png"))))
    assert np.abs(rgb.astype(int) - 100).max() < 5


def test_a_cmyk_jpeg_is_read_in_its_colors(tmp_path: Path) -> None:
    images = pytest.importorskip("PIL.Image", reason="Pillow makes the CMYK file")
    file = io.BytesIO()
    images.fromarray(scene(64, 48)[:, :, ::-1]).convert("CMYK").save(file, "JPEG", quality=95)
    rgb = colors(read_picture(written(tmp_path, file.getvalue())))
    assert np.abs(rgb[24, 10].astype(int) - (20, 60, 200)).max() < 12


def test_a_turned_picture_stands_upright_unless_its_annotation_says_it_lies(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, turned(encoded(scene(64, 48))))
    assert read_picture(path).size == Size(48, 64)
    assert read_picture(path, (48, 64)).size == Size(48, 64)
    assert read_picture(path, (64, 48)).size == Size(64, 48)


def test_a_picture_of_another_size_than_annotated_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, encoded(scene(64, 48)))
    with pytest.raises(SourceError, match="is 64x48, its annotation says 640x480"):
        read_picture(path, (640, 480))


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("kept", [0, 10, 50, 95])
def test_a_cut_off_picture_is_refused_without_a_word_from_the_decoder(
    tmp_path: Path, ending: str, kept: int, capfd: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8)
    content = encoded(noise, ending)
    path = written(tmp_path, turned(content) if ending == ".jpg" else content)
    path.write_bytes(path.read_bytes()[: len(content) * kept // 100])
    with pytest.raises(SourceError, match="is not a picture, or it is damaged"):
        read_picture(path)
    assert capfd.readouterr().err == ""


def test_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not a picture"):
        read_picture(written(tmp_path, b"hello" * 100))
    with pytest.raises(SourceNotFoundError, match="there is no picture"):
        read_picture(tmp_path / "nothing.jpg")
    with pytest.raises(SourceError):
        read_picture(tmp_path)


def test_missing_pictures_are_counted_before_anything_is_done(tmp_path: Path) -> None:
    written(tmp_path, b"", "a.jpg")
    check_pictures(tmp_path, ("a.jpg",))
    with pytest.raises(SourceNotFoundError, match=r"lacks 2 of 3 .* first b\.jpg"):
        check_pictures(tmp_path, ("a.jpg", "b.jpg", "c/d.jpg"))
    with pytest.raises(SourceNotFoundError, match="lacks 1 of 1"):
        check_pictures(tmp_path, ("x" * 5000,))
    with pytest.raises(SourceNotFoundError, match="there is no folder"):
        check_pictures(tmp_path / "none", ("a.jpg",))
