"""Picture files as frames, such as a camera that saw them would deliver."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np

from livetrack_vcam.errors import SourceBusyError, SourceError, SourceNotFoundError
from livetrack_vcam.media import Frame, Plane
from livetrack_vcam.picture.av_frames import picture_of

_JPEG, _JPEG_SCAN, _JPEG_END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"
_PNG, _PNG_END = b"\x89PNG", b"IEND"


def read_picture(path: Path, size: tuple[int | None, int | None] = (None, None)) -> Frame:
    """The picture in a file of any kind OpenCV reads, gray or CMYK too, turned upright.

    `size` is the width and height its annotation gives: a picture that has them only as it lies
    in the file is left lying. Raises SourceError when it cannot be read or has another size.
    """
    content = _content(path)
    wanted = tuple(size)
    for flag in (cv2.IMREAD_COLOR_RGB, cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION):
        rgb = _decoded(content, flag, path)
        height, width = rgb.shape[:2]
        if wanted in ((width, height), (None, None)):
            return _frame(rgb)
    raise SourceError(
        f"{path} is {width}x{height}, its annotation says {wanted[0]}x{wanted[1]}; "
        "are --images and the annotation file of the same set?"
    )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise SourceNotFoundError(
            f"there is no picture {path}; name its folder with --images"
        ) from None
    except PermissionError:
        raise SourceBusyError(
            f"{path} may not be read by this user; try: chmod u+r {path}"
        ) from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read ({error}); check its name") from None


def _decoded(content: bytes, flag: int, path: Path) -> Plane:
    rgb = None
    if content and not _cut_off(content):
        try:
            rgb = cv2.imdecode(np.frombuffer(content, np.uint8), flag)
        except cv2.error:  # more pixels than OpenCV allows
            rgb = None
    if rgb is None:
        raise SourceError(
            f"{path} is not a picture, or it is damaged; get it again or leave it out"
        )
    return np.asarray(rgb, np.uint8)


def _cut_off(content: bytes) -> bool:
    """Whether a JPEG's or PNG's end is missing, of which their decoders print lines of their own.

    Scan data has no markers, and a thumbnail with an end of its own comes before the scan.
    """
    if content.startswith(_JPEG):
        return _JPEG_END not in content[max(content.rfind(_JPEG_SCAN), 0) :]
    return content.startswith(_PNG) and _PNG_END not in content[-64:]


def _frame(rgb: Plane) -> Frame:
    picture = picture_of(av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24"))
    return Frame(picture.planes, picture.format, picture.color, 0, 0)


def check_pictures(folder: Path, file_names: tuple[str, ...]) -> None:
    """Raise SourceNotFoundError at once, before hours of work, when a file is missing."""
    if not folder.is_dir():
        raise SourceNotFoundError(f"there is no folder {folder}; name it with --images")
    missing = [name for name in file_names if not _is_file(folder / name)]
    if missing:
        raise SourceNotFoundError(
            f"{folder} lacks {len(missing)} of {len(file_names)} annotated pictures, "
            f"first {missing[0]:.99}; name their folder with --images"
        )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name longer than any file's
        return False
