"""Sizes, points, boxes and crops in float source pixels, origin top left."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

MAX_ASPECT_RATIO = Fraction(4)
MIN_ASPECT_RATIO = Fraction(1, 4)


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in whole pixels."""

    width: int
    height: int

    @property
    def aspect_ratio(self) -> Fraction:
        return Fraction(self.width, self.height)

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True)
class Point:
    """A position in source pixels."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned rectangle as corners (xyxy) in source pixels; x2 >= x1 and y2 >= y1."""

    x1: float
    y1: float
    x2: float
    y2: float

    @classmethod
    def from_xywh(cls, x: float, y: float, width: float, height: float) -> Box:
        return cls(x, y, x + width, y + height)

    @classmethod
    def from_cxcywh(cls, cx: float, cy: float, width: float, height: float) -> Box:
        return cls(cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)

    @property
    def xywh(self) -> tuple[float, float, float, float]:
        return (self.x1, self.y1, self.width, self.height)

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def center(self) -> Point:
        return Point((self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2)

    @property
    def area(self) -> float:
        return self.width * self.height

    def contains(self, other: Box, tolerance: float = 0.0) -> bool:
        """Whether `other` lies inside this box, give or take `tolerance` pixels on each side."""
        return (
            other.x1 >= self.x1 - tolerance
            and other.y1 >= self.y1 - tolerance
            and other.x2 <= self.x2 + tolerance
            and other.y2 <= self.y2 + tolerance
        )

    def shifted(self, dx: float, dy: float) -> Box:
        return Box(self.x1 + dx, self.y1 + dy, self.x2 + dx, self.y2 + dy)

    def clipped(self, size: Size) -> Box:
        """The part of the box inside a frame of `size`; empty (zero area) when there is none."""
        x1 = min(max(self.x1, 0.0), size.width)
        y1 = min(max(self.y1, 0.0), size.height)
        return Box(x1, y1, max(x1, min(self.x2, size.width)), max(y1, min(self.y2, size.height)))


def intersection_area(a: Box, b: Box) -> float:
    width = min(a.x2, b.x2) - max(a.x1, b.x1)
    height = min(a.y2, b.y2) - max(a.y1, b.y1)
    return width * height if width > 0 and height > 0 else 0.0


def iou(a: Box, b: Box) -> float:
    """Intersection over union, 0 to 1."""
    shared = intersection_area(a, b)
    return shared / (a.area + b.area - shared) if shared > 0 else 0.0


def union(boxes: list[Box]) -> Box:
    """The smallest box that holds all `boxes`. Raises ValueError when there are none."""
    if not boxes:
        raise ValueError("union of no boxes")
    return Box(
        min(b.x1 for b in boxes),
        min(b.y1 for b in boxes),
        max(b.x2 for b in boxes),
        max(b.y2 for b in boxes),
    )


def parse_aspect_ratio(text: str) -> Fraction:
    """'16:9' as an exact Fraction. Raises ValueError that says what is wrong and what to type."""
    parts = text.strip().split(":")
    if len(parts) != 2 or not all(_is_number(part) for part in parts):
        raise ValueError(f"aspect ratio {text!r} is not W:H; try 16:9, 9:16, 1:1 or 4:5")
    width, height = int(parts[0]), int(parts[1])
    if width == 0 or height == 0:
        raise ValueError(f"aspect ratio {text!r} has a zero side; try 16:9, 9:16, 1:1 or 4:5")
    ratio = Fraction(width, height)
    if not MIN_ASPECT_RATIO <= ratio <= MAX_ASPECT_RATIO:
        raise ValueError(f"aspect ratio {text!r} is outside 1:4 to 4:1; try 16:9, 9:16 or 4:1")
    return ratio


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def format_aspect_ratio(ratio: Fraction) -> str:
    return f"{ratio.numerator}:{ratio.denominator}"


@dataclass(frozen=True, slots=True)
class Crop:
    """What we show. Made only by `fit_inside`: it lies inside the frame and has the ratio."""

    box: Box
    aspect_ratio: Fraction


def as_float(ratio: Fraction) -> float:
    """The same as `float(ratio)`, in a third of the time: several are needed a frame."""
    width, height = ratio.as_integer_ratio()
    return width / height


def fit_inside(
    center: Point, height: float, aspect_ratio: Fraction, frame: Size, min_height: float = 2.0
) -> Crop:
    """The crop of `aspect_ratio` nearest to the asked center and height that lies inside `frame`.

    The height is first brought between `min_height` and the largest height that fits, then the
    center is moved in as far as needed. The box never leaves the frame, not even by rounding.
    """
    ratio = as_float(aspect_ratio)
    largest = largest_height(aspect_ratio, frame)
    height = min(max(height, min(min_height, largest)), largest)
    width = min(height * ratio, float(frame.width))
    x1 = min(max(center.x - width / 2, 0.0), frame.width - width)
    y1 = min(max(center.y - height / 2, 0.0), frame.height - height)
    return Crop(
        Box(x1, y1, min(x1 + width, float(frame.width)), min(y1 + height, float(frame.height))),
        aspect_ratio,
    )


def largest_height(aspect_ratio: Fraction, frame: Size) -> float:
    """Height in pixels of the largest box of `aspect_ratio` inside `frame`."""
    width, height = aspect_ratio.as_integer_ratio()
    return min(float(frame.height), frame.width * height / width)
