"""The moment of capture, burned into a picture so that a page, or a test, can read it off.

A strip of cells across the top of the picture, each `width / CELLS` wide and as high: 32 bits of
time in tenths of a millisecond, most significant first, and 8 bits that check them. Black and
white cells of that size survive every rendition down to 160 pixels of width.
"""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt

TIME_BITS = 32
CHECK_BITS = 8
CELLS = TIME_BITS + CHECK_BITS
TICKS_PER_S = 10_000
TICKS = 1 << TIME_BITS
BLACK, WHITE, NEUTRAL = 16, 235, 128
# Added so that an all black or all white strip never checks.
CHECK_SEED = 0x5A

Plane = npt.NDArray[np.uint8]


def ticks_now() -> int:
    """The wall clock in tenths of a millisecond: a page reads the same one."""
    return int(time.time() * TICKS_PER_S) % TICKS


def check_of(ticks: int) -> int:
    check = CHECK_SEED
    for byte in ticks.to_bytes(4, "big"):
        check = (check * 31 + byte) & 0xFF
    return check


def cell_size(width: int) -> int:
    return width // CELLS


def burn(planes: tuple[Plane, Plane, Plane], ticks: int) -> None:
    """Write the time into the top of an I420 picture that may be written to."""
    luma, *chroma = planes
    cell = cell_size(luma.shape[1])
    word = ticks << CHECK_BITS | check_of(ticks)
    bits = np.array([word >> shift & 1 for shift in range(CELLS - 1, -1, -1)], bool)
    luma[:cell, : cell * CELLS] = np.repeat(np.where(bits, WHITE, BLACK).astype(np.uint8), cell)
    for plane in chroma:
        plane[: cell // 2] = NEUTRAL


def read(luma: Plane) -> int | None:
    """The time in a picture, or None where the strip does not check."""
    cell = cell_size(luma.shape[1])
    middle = luma[cell // 2, cell // 2 : cell * CELLS : cell]
    word = 0
    for bright in middle > (BLACK + WHITE) // 2:
        word = word << 1 | int(bright)
    ticks, check = word >> CHECK_BITS, word & ((1 << CHECK_BITS) - 1)
    return ticks if check == check_of(ticks) else None


# For a page: `readBarcode(video)` gives the time in ticks or null, `ticksNow()` the page's own.
PAGE_SCRIPT = f"""
const CELLS = {CELLS}, TICKS = 2 ** {TIME_BITS};
const paper = Object.assign(document.createElement('canvas'), {{width: CELLS * 4, height: 4}})
  .getContext('2d', {{willReadFrequently: true}});
function ticksNow(at = performance.now()) {{
  return Math.floor((performance.timeOrigin + at) * {TICKS_PER_S / 1000:g}) % TICKS;
}}
function readBarcode(video) {{
  const cell = Math.floor(video.videoWidth / CELLS);
  paper.drawImage(video, 0, 0, cell * CELLS, cell, 0, 0, CELLS * 4, 4);
  const row = paper.getImageData(0, 2, CELLS * 4, 1).data;
  let ticks = 0, check = 0;
  for (let i = 0; i < CELLS; i++) {{
    const bit = row[(i * 4 + 2) * 4 + 1] > 127 ? 1 : 0;
    if (i < {TIME_BITS}) ticks = ticks * 2 + bit; else check = check * 2 + bit;
  }}
  let wanted = {CHECK_SEED};
  for (const shift of [24, 16, 8, 0]) wanted = (wanted * 31 + (ticks >>> shift & 255)) & 255;
  return check === wanted ? ticks : null;
}}
"""
