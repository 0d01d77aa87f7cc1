"""Real browsers in the real program's room: what they show is held against the camera's picture."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.room.barcode import CELLS, PAGE_SCRIPT, TICKS_PER_S, ticks_now
from benchmarks.room.impairment import Impairment, bad_network
from benchmarks.room.programs import PLAIN_PAGE, rig
from benchmarks.room.scene import PATCHES, draw_scene
from benchmarks.room.watching import Watcher, chromium_page, firefox_page
from tests.e2e.chromium import Page, find_chromium
from tests.e2e.firefox import Page as FirefoxPage
from tests.e2e.firefox import find_firefox
from tests.e2e.room_rig import LOOP, SIZE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SMALL = (SIZE.width // 8, SIZE.height // 8)
PICTURES = 30
# Nobody promises how fast this machine is today; but an old picture is no live picture.
OLD_TICKS = 5 * TICKS_PER_S
# What the page shows from now on: the time in each picture, and the last one, made smaller.
WATCH = f"""new Promise(resolve => {{
  {PAGE_SCRIPT}
  const video = document.getElementById('video'), times = [];
  const note = () => {{
    times.push(readBarcode(video));
    if (times.length < {PICTURES}) return void video.requestVideoFrameCallback(note);
    const canvas = Object.assign(document.createElement('canvas'),
      {{width: {SMALL[0]}, height: {SMALL[1]}}});
    const small = canvas.getContext('2d');
    small.imageSmoothingQuality = 'high';
    small.drawImage(video, 0, 0, canvas.width, canvas.height);
    const pixels = [...small.getImageData(0, 0, canvas.width, canvas.height).data];
    resolve({{times, pixels, size: [video.videoWidth, video.videoHeight]}});
  }};
  video.requestVideoFrameCallback(note);
}})"""
Browser = AbstractAsyncContextManager[Page] | AbstractAsyncContextManager[FirefoxPage]
Picture = npt.NDArray[np.float32]


def browser(name: str) -> Browser:
    if name == "Firefox":
        if find_firefox() is None:
            pytest.skip("needs Firefox: sudo apt-get install firefox-esr")
        return firefox_page()
    if find_chromium() is None:
        pytest.skip("needs Chromium: sudo apt-get install chromium")
    return chromium_page()


@pytest.mark.parametrize(
    ("name", "codec"), [("Chromium", "H264"), ("Chromium", "VP8"), ("Firefox", "VP8")]
)
def test_the_room_shows_what_the_camera_takes(name: str, codec: str) -> None:
    async def main() -> None:
        async with browser(name) as page, rig() as program:
            await page.open(f"{program.root}/room/main", 1280, 800)
            await page.until("document.getElementById('join')?.hidden === false")
            await page.until(f"document.querySelector('#join-codec [value={codec}]') !== null")
            await page.run(f"document.querySelector('#join-codec [value={codec}]').click()")
            await page.run("document.getElementById('join-button').click()")
            await page.until("document.getElementById('video').videoWidth > 0")
            shown = await page.run(WATCH)
            now = ticks_now()
            (viewer,) = (await program.status())["rooms"][0]["viewers"]
        assert viewer["codec"] == codec
        assert shown["size"] == [SIZE.width, SIZE.height]
        assert None not in shown["times"], "a picture cannot be read"
        # A picture may be sent again while the next one is late.
        assert shown["times"] == sorted(shown["times"])
        assert len(set(shown["times"])) > PICTURES / 2
        assert 0 <= now - shown["times"][-1] < OLD_TICKS
        assert_the_cameras(np.array(shown["pixels"], np.float32).reshape(SMALL[1], SMALL[0], 4))

    asyncio.run(main())


def assert_the_cameras(pixels: Picture) -> None:
    """Its colors are right, and it is one of those the camera goes through, only reduced."""
    expected = [
        small_picture(planes) for planes in draw_scene(SIZE.width, SIZE.height, LOOP).pictures
    ]
    strip = SMALL[0] // CELLS + 1
    differences = [float(np.abs(pixels[strip:, :, :3] - one[strip:]).mean()) for one in expected]
    assert min(differences) < 6, differences
    # It is that one, not any: the others are less like it.
    assert min(differences) < 0.75 * float(np.median(differences))
    for k, color in enumerate(PATCHES):
        patch = pixels[-3, (2 * k + 1) * SMALL[0] // (2 * len(PATCHES)), :3]
        wanted = rgb_of(color)
        assert np.abs(patch - wanted).max() < 14, (color, patch, wanted)


def small_picture(planes: tuple[npt.NDArray[np.uint8], ...]) -> Picture:
    i420 = np.concatenate([plane.reshape(-1) for plane in planes])
    rgb = cv2.cvtColor(i420.reshape(SIZE.height * 3 // 2, SIZE.width), cv2.COLOR_YUV2RGB_I420)
    return np.asarray(cv2.resize(rgb, SMALL, interpolation=cv2.INTER_AREA), np.float32)


def rgb_of(color: tuple[int, int, int]) -> Picture:
    shapes = ((2, 2), (1, 1), (1, 1))
    planes = [np.full(shape, value, np.uint8) for shape, value in zip(shapes, color, strict=True)]
    i420 = np.concatenate([plane.reshape(-1) for plane in planes]).reshape(3, 2)
    return np.asarray(cv2.cvtColor(i420, cv2.COLOR_YUV2RGB_I420)[0, 0], np.float32)


def test_over_a_bad_network_the_picture_goes_on() -> None:
    async def main() -> None:
        async with (
            chromium_page() as page,
            rig() as program,
            bad_network(program.root, Impairment()) as (root, network),
        ):
            watcher = Watcher(page)
            await watcher.join(root, "H264", plain=PLAIN_PAGE)
            await watcher.first_ms()
            seen = await watcher.watch(8)
            (viewer,) = (await program.status())["rooms"][0]["viewers"]
        assert network.lost > 20
        assert viewer["nack"] > 0, "nothing lost was asked for again"
        assert seen.unread == 0
        # Most pictures come in spite of the loss; that machines under load decode fewer is theirs.
        assert len(seen.shown) > 8 * 30 / 3
        assert seen.latency_ms(0.5) < 1000

    if find_chromium() is None:
        pytest.skip("needs Chromium: sudo apt-get install chromium")
    asyncio.run(main())
