"""Programs of others at a virtual camera: FFmpeg feeds one or reads it, and one leaves it stuck."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.vm.guest import is_camera, output, wait_until

QUIET = ("ffmpeg", "-nostdin", "-v", "error", "-y")
TEST_PICTURE = ("-re", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=5")
TEST_PICTURE_BYTES = 160 * 120 * 3 // 2
# Closed by pyvirtualcam alone, the device takes no pictures of anybody until it is mended.
_PLAIN = (
    "import pyvirtualcam as p, numpy as n; "
    "c = p.Camera(320, 240, 10, fmt=p.PixelFormat.I420, device='{device}'); "
    "[c.send(n.zeros(320 * 240 * 3 // 2, n.uint8)) for _ in range(3)]"
)


@contextmanager
def fed_by_ffmpeg(
    device: str, source: tuple[str, ...] = TEST_PICTURE
) -> Iterator[subprocess.Popen[bytes]]:
    """A device that FFmpeg feeds from the start to the end; `source`: its options for the input."""
    sink = ("-pix_fmt", "yuv420p", "-f", "v4l2", device)
    with subprocess.Popen((*QUIET, *source, *sink)) as feeder:
        try:
            wait_until(lambda: is_camera(device), feeder)
            yield feeder
            assert feeder.poll() is None, "it ended by itself"
        finally:
            feeder.kill()


def read_by_ffmpeg(device: str, pixels: str = "yuv420p") -> bytes:
    """The first picture that FFmpeg receives, in this format."""
    file = Path("/tmp/ffmpeg.raw")
    shot = ("-frames:v", "1", "-f", "rawvideo", "-pix_fmt", pixels, str(file))
    output("timeout", "60", *QUIET, "-f", "v4l2", "-i", device, *shot)
    return file.read_bytes()


def leave_stuck(device: str) -> None:
    """Feed the device three pictures and let it go."""
    output(sys.executable, "-c", _PLAIN.format(device=device))
