"""The picture against an oracle: the scene at eight times the resolution, averaged per pixel."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat, Plane
from livetrack_vcam.picture.render import Renderer

FINE = 8
SOURCE = Size(480, 270)
CANVAS = Size(240, 136)

Fine = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def scene() -> Fine:
    """Shapes, text and grain at FINE times the source's resolution, 16 to 235."""
    dice = np.random.default_rng(5)
    picture = np.full((SOURCE.height * FINE, SOURCE.width * FINE), 90, np.uint8)
    for _ in range(160):
        corners = dice.integers(0, picture.shape[1], 2) + dice.integers(-300, 300, (4, 2))
        cv2.fillConvexPoly(
            picture, cv2.convexHull(corners.astype(np.int32)), int(dice.integers(20, 230))
        )
    for row in range(12):
        cv2.putText(
            picture, "LiveTrack 0123456789", (100, 250 + row * 170), cv2.FONT_HERSHEY_SIMPLEX,
            2.0 + row / 3, 225, 10 + row, cv2.LINE_AA,
        )  # fmt: skip
    grain = dice.normal(0, 10, (SOURCE.height * 2, SOURCE.width * 2))
    large = cv2.resize(grain, picture.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.clip(picture + large, 16, 235)


def source_frame(scene: Fine) -> Frame:
    luma = scene.reshape(SOURCE.height, FINE, SOURCE.width, FINE).mean(axis=(1, 3))
    chroma = np.full((SOURCE.height // 2, SOURCE.width // 2), 128, np.uint8)
    planes = (np.round(luma).astype(np.uint8), chroma, chroma)
    return Frame(planes, PixelFormat.YUV420P, OUTPUT_COLOR, 0, 0)


def ideal(scene: Fine, box: Box) -> Fine:
    """The mean of the scene over each output pixel, from its integral image."""
    integral = cv2.integral(scene)
    columns = np.linspace(box.x1 * FINE, box.x2 * FINE, CANVAS.width + 1, dtype=np.float32)
    rows = np.linspace(box.y1 * FINE, box.y2 * FINE, CANVAS.height + 1, dtype=np.float32)
    grid_x, grid_y = np.meshgrid(columns, rows)
    low_x, low_y = np.floor(grid_x).astype(int), np.floor(grid_y).astype(int)
    low_x, low_y = np.minimum(low_x, scene.shape[1] - 1), np.minimum(low_y, scene.shape[0] - 1)
    a, b = grid_x - low_x, grid_y - low_y
    corners = (
        (1 - a) * (1 - b) * integral[low_y, low_x]
        + a * (1 - b) * integral[low_y, low_x + 1]
        + (1 - a) * b * integral[low_y + 1, low_x]
        + a * b * integral[low_y + 1, low_x + 1]
    )
    sums = corners[1:, 1:] - corners[1:, :-1] - corners[:-1, 1:] + corners[:-1, :-1]
    return sums / (box.area * FINE**2 / (CANVAS.width * CANVAS.height))


def psnr(picture: Plane, truth: Fine) -> float:
    inner = (slice(4, -4), slice(4, -4))
    error = float(np.mean((picture[inner].astype(float) - truth[inner]) ** 2))
    return 10 * float(np.log10(255**2 / error))


def warped(frame: Frame, box: Box) -> Plane:
    """The one-pass alternative: bilinear `cv2.warpAffine`."""
    step = box.width / CANVAS.width
    matrix = np.array([[step, 0, box.x1 + step / 2 - 0.5], [0, step, box.y1 + step / 2 - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (CANVAS.width, CANVAS.height)
    return cv2.warpAffine(
        frame.planes[0], matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )  # type: ignore[return-value]


def boxes(step: float) -> list[Box]:
    width, height = CANVAS.width * step, CANVAS.height * step
    room_x, room_y = SOURCE.width - width, SOURCE.height - height
    return [
        Box.from_xywh(room_x * share, room_y * (1 - share), width, height)
        for share in (0.05, 0.137, 0.31, 0.52, 0.733, 0.91)
    ]


@pytest.mark.parametrize(
    ("step", "at_least", "better_by"),
    [
        (0.4, 27.5, 0.5),
        (0.7, 30.3, 0.8),
        (1.0, 34.3, 1.2),
        (1.25, 34.5, -0.6),
        (1.6, 37.0, -0.5),
        (1.95, 38.7, 2.5),
    ],
)
def test_the_crop_is_near_the_ideal_picture_and_no_worse_than_a_bilinear_warp(
    scene: Fine, step: float, at_least: float, better_by: float
) -> None:
    frame = source_frame(scene)
    ours, theirs = [], []
    for box in boxes(step):
        truth = ideal(scene, box)
        ours.append(psnr(Renderer(CANVAS).render(frame, box).planes[0], truth))
        theirs.append(psnr(warped(frame, box), truth))
    assert np.mean(ours) > at_least
    assert np.mean(ours) > np.mean(theirs) + better_by


def centroid(luma: Plane) -> tuple[float, float]:
    weight = luma.astype(float) - 16
    total = weight.sum()
    rows, columns = np.indices(luma.shape)
    return float((weight * columns).sum() / total), float((weight * rows).sum() / total)


def dot_frame(color_of_dot: int = 235) -> Frame:
    """A soft round dot on black, four pixels wide, in the middle of 320x180."""
    rows, columns = np.indices((180, 320))
    dot = np.exp(-((columns - 159.5) ** 2 + (rows - 89.5) ** 2) / (2 * 4.0**2))
    chroma = np.full((90, 160), 128, np.uint8)
    luma = np.round(16 + dot * (color_of_dot - 16)).astype(np.uint8)
    return Frame((luma, chroma, chroma), PixelFormat.YUV420P, OUTPUT_COLOR, 0, 0)


@pytest.mark.parametrize("step", [0.5, 0.83, 1.0, 1.31, 1.7, 2.0, 2.6])
def test_a_crop_that_moves_a_tenth_of_a_pixel_moves_the_picture_by_a_tenth(step: float) -> None:
    frame, canvas = dot_frame(), Size(64, 64)
    places = []
    for tenth in range(31):
        box = Box.from_cxcywh(160 + tenth / 10, 90 + tenth / 20, 64 * step, 64 * step)
        places.append(centroid(Renderer(canvas).render(frame, box).planes[0]))
    xs, ys = (np.array(axis) for axis in zip(*places, strict=True))
    moved = np.arange(31) / 10
    assert np.abs(xs - (31.5 - moved / step)).max() < 0.06
    assert np.abs(ys - (31.5 - moved / 2 / step)).max() < 0.06
    assert np.all(np.diff(xs) < 0)


@pytest.mark.parametrize(
    ("step", "at_most"), [(0.5, 0.06), (0.8, 0.2), (1.0, 0.35), (1.5, 0.15), (1.9, 0.08)]
)
def test_the_sharpness_hardly_changes_while_the_crop_moves(
    scene: Fine, step: float, at_most: float
) -> None:
    """The scene's grain, as fine as the source's pixels, is the worst case."""
    frame = source_frame(scene)

    def sharpness(picture: Plane) -> float:
        return float(np.abs(np.diff(picture[8:-8, 8:-8].astype(float), axis=1)).mean())

    def swing(values: list[float]) -> float:
        return (max(values) - min(values)) / min(values)

    path = [
        Box.from_xywh(4 + tenth / 10, 2 + tenth / 10, CANVAS.width * step, CANVAS.height * step)
        for tenth in range(11)
    ]
    ours = swing([sharpness(Renderer(CANVAS).render(frame, box).planes[0]) for box in path])
    theirs = swing([sharpness(warped(frame, box)) for box in path])
    assert ours < at_most
    if step == 1.0:
        assert ours < 0.6 * theirs


def test_zooming_through_every_scale_changes_the_picture_little_by_little(scene: Fine) -> None:
    frame = source_frame(scene)
    last: tuple[Plane, Plane] | None = None
    for height in np.arange(60.0, 268.0, 0.25):
        box = Box.from_cxcywh(240, 135, height * CANVAS.width / CANVAS.height, height)
        pictures = (Renderer(CANVAS).render(frame, box).planes[0], warped(frame, box))
        if last is not None:
            ours, theirs = (
                float(np.abs(now.astype(float) - before).mean())
                for now, before in zip(pictures, last, strict=True)
            )
            assert ours < 2.5 * theirs + 0.5
        last = pictures
