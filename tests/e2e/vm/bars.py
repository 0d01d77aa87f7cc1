"""The eight bars that vivid, the kernel's own test camera, shows; told from what a reader got."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]

# BGR, as vivid means them: three quarters of full color.
COLORS = {
    "white": (191, 191, 191),
    "yellow": (0, 191, 191),
    "cyan": (191, 191, 0),
    "green": (0, 191, 0),
    "magenta": (191, 0, 191),
    "red": (0, 0, 191),
    "blue": (191, 0, 0),
    "black": (0, 0, 0),
}
ALL = list(COLORS)
IN_9_16 = ALL[2:6]
IN_1_1 = ALL[1:7]


def bars(picture: Picture) -> list[str]:
    """The colors from left to right at middle height, each as often as it comes anew."""
    row = picture[picture.shape[0] // 2]
    step = max(1, len(row) // 80)
    names = [_color(pixel) for pixel in row[step // 2 :: step]]
    # One sample alone may be a mixture of two neighbors.
    wide = [b for a, b, c in zip(names, names[1:], names[2:], strict=False) if b in (a, c)]
    return [name for name, before in zip(wide, [None, *wide], strict=False) if name != before]


def _color(pixel: Picture) -> str:
    return min(COLORS, key=lambda name: int(abs(pixel.astype(int) - COLORS[name]).sum()))


def color_difference(picture: Picture) -> float:
    """How far the worst of the eight bars is from what it should be: CIE76, in units of Lab.

    Of each bar the middle is taken, for its neighbors bleed into its edges where chroma is halved.
    """
    eighth = picture.shape[1] / len(ALL)
    rows = slice(picture.shape[0] // 3, picture.shape[0] * 2 // 3)
    shown = [
        picture[rows, round((n + 0.3) * eighth) : round((n + 0.7) * eighth)].mean(axis=(0, 1))
        for n in range(len(ALL))
    ]
    apart = _lab(np.array(shown)) - _lab(np.array(list(COLORS.values())))
    return float(np.linalg.norm(apart, axis=-1).max())


def _lab(colors: npt.NDArray[np.float64] | npt.NDArray[np.int_]) -> npt.NDArray[np.float64]:
    """L*a*b* of BGR from 0 to 255, taken as sRGB."""
    import cv2

    scaled = (colors / 255).astype(np.float32)[None]
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_BGR2Lab)[0], np.float64)
