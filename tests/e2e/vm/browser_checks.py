"""A real Chromium in the guest and the virtual cameras that the program feeds.

The page is camera.html; the program's camera is vivid, whose bars of color are known.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from livetrack_vcam.doctor.facts import Facts
from livetrack_vcam.doctor.machine_loopback import gather_loopback
from livetrack_vcam.doctor.virtual_camera import check_virtual_camera
from livetrack_vcam.sinks.loopback import holders
from tests.e2e.chromium import Page, find_chromium, open_page
from tests.e2e.vm.bars import ALL, bars
from tests.e2e.vm.guest import is_camera, load_devices, output, read_raw, wait_until
from tests.e2e.vm.guest_program import Program, start
from tests.e2e.vm.numbered import feeding
from tests.e2e.vm.product_checks import CAMERA, VIVID_OPTIONS

LABEL, OPEN_LABEL = "LiveTrack Camera", "Open Camera"
DEVICE, OPEN_DEVICE = "/dev/video11", "/dev/video12"
WIDTH, HEIGHT = 640, 360
RUN = (
    *("run", "--source", CAMERA, "--detector", "blazeface", "--detect-hz", "0.1", "--no-web"),
    *("--size", f"{WIDTH}x{HEIGHT}", "--sink", "vcam", "--sink", f"vcam:{OPEN_LABEL}"),
)
PAGE = Path(__file__).with_name("camera.html")
PATIENCE_S = 200.0
DRAWN = 50
# What a slow processor can spare, and the question whether the page may have the camera.
FLAGS = (
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--enable-features=NetworkServiceInProcess2",
    "--disable-features=MediaRouter,OptimizationHints,Translate,WebRtcPipeWireCamera",
    "--disable-breakpad",
    "--disable-extensions",
    "--disable-gpu-watchdog",
    "--disable-hang-monitor",
    "--disable-sync",
    "--in-process-gpu",
    "--no-zygote",
)


@dataclass(frozen=True, slots=True)
class Stage:
    """A browser's page, and the program whose camera it plays; the last of `programs` runs."""

    programs: list[Program]
    run: Callable[[str], Any]
    listed: list[str] = field(default_factory=list)

    @property
    def program(self) -> Program:
        return self.programs[-1]

    def start_again(self) -> None:
        self.programs.append(start(*RUN))

    def play(self, label: str = "") -> str:
        """The label of the camera that was opened: this one, or any."""
        return str(self.run(f"play({label!r})"))

    def seen(self) -> dict[str, Any]:
        return dict(self.run("seen()"))

    def wait(self, goal: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """What is seen when it is as wanted."""
        deadline = time.monotonic() + PATIENCE_S
        while not goal(seen := self.seen()):
            assert self.program.poll() in (None, 0), self.program.words
            assert time.monotonic() < deadline, {**seen, "row": "left out"}
            time.sleep(0.2)
        return seen

    def wait_for_pictures(self, since: int) -> dict[str, Any]:
        """What is seen when some more pictures than `since` have come and the camera is on them:
        the program begins with a slate."""
        return self.wait(
            lambda seen: seen["frames"] > since + 3 and seen["width"] > 0 and _bars(seen) == ALL
        )


@contextmanager
def on_stage() -> Iterator[Stage]:
    """The program, and beside it a browser that is allowed to use cameras."""
    load_devices()
    output("modprobe", "vivid", *VIVID_OPTIONS)
    programs = [start(*RUN)]
    try:
        with _browser() as run:
            wait_until(lambda: is_camera(DEVICE), programs[0])
            yield Stage(programs, run)
    finally:
        programs[-1].kill()


@contextmanager
def _browser() -> Iterator[Callable[[str], Any]]:
    """Runs an expression in the page; a promise is awaited."""
    chromium = find_chromium()
    assert chromium is not None, "Chromium is not installed"
    opened = AsyncExitStack()
    profile = Path(mkdtemp(prefix="chromium-"))
    browser = open_page(chromium, profile, *FLAGS, patience_s=PATIENCE_S)
    with asyncio.Runner() as runner:
        page = runner.run(opened.enter_async_context(browser))
        try:
            runner.run(_load(page))
            yield lambda script: runner.run(page.run(script))
        finally:
            runner.run(opened.aclose())


async def _load(page: Page) -> None:
    await page.call("Page.enable")
    await page.call("Runtime.enable")
    await page.call("Page.navigate", url=PAGE.as_uri())
    await page.until("document.readyState === 'complete' && typeof seen === 'function'")


def a_browser_lists_the_camera_by_its_name(stage: Stage) -> str:
    # Until a page was allowed to open one, a browser tells no names.
    stage.play()
    stage.listed.extend(stage.run("labels()"))
    assert LABEL in stage.listed, stage.listed
    assert "OBS Virtual Camera" not in stage.listed, "nobody feeds it"
    return f"it lists {', '.join(stage.listed)}"


def a_browser_lists_no_camera_without_exclusive_caps_and_the_doctor_says_so(stage: Stage) -> None:
    assert len(read_raw(OPEN_DEVICE)) == WIDTH * HEIGHT * 3 // 2, "it is fed as the other is"
    assert LABEL in stage.listed, stage.listed
    assert OPEN_LABEL not in stage.listed, stage.listed
    loopback = gather_loopback(label=OPEN_LABEL)
    facts = Facts("linux", "3.11", packages={"pyvirtualcam": "any"}, loopback=loopback)
    (found,) = [each for each in check_virtual_camera(facts) if "exclusive_caps" in each.what]
    assert found.what == f"{OPEN_DEVICE} was made without exclusive_caps=1", found
    assert "Chrome, Meet and Teams in the browser do not list such a camera" in found.why, found


def a_page_gets_the_picture_at_its_size_and_in_its_colors(stage: Stage) -> None:
    assert stage.play(LABEL) == LABEL
    # The pictures that came before belong to the camera that was played first.
    seen = stage.wait_for_pictures(stage.seen()["frames"])
    assert (seen["width"], seen["height"]) == (WIDTH, HEIGHT), seen


def a_page_plays_on_when_the_program_was_killed_and_started_again(stage: Stage) -> str:
    stage.program.kill()
    before, began = stage.seen()["frames"], time.monotonic()
    stage.start_again()
    seen = stage.wait_for_pictures(before)
    assert seen["state"] == "live"
    return f"without a picture for about {time.monotonic() - began:.0f} s"


def a_page_that_got_no_picture_for_long_is_told_so_and_may_ask_again(stage: Stage) -> str:
    assert stage.program.end() == 0, stage.program.words
    began = time.monotonic()
    stage.wait(lambda seen: seen["state"] == "ended")
    patience_s = time.monotonic() - began
    stage.start_again()
    wait_until(lambda: is_camera(DEVICE), stage.program)
    assert stage.play(LABEL) == LABEL
    stage.wait_for_pictures(stage.seen()["frames"])
    return f"Chromium gave up after {patience_s:.0f} s"


def a_page_shows_no_torn_picture_of_a_feeder_that_waits_for_nobody(stage: Stage) -> str:
    assert stage.program.end() == 0, stage.program.words
    stage.run("halt()")
    while holders(Path(DEVICE)):
        time.sleep(0.1)
    with feeding(30) as feeder:
        assert stage.play(LABEL) == LABEL
        stage.run("video.requestVideoFrameCallback(look)")
        wait_until(lambda: stage.run("looked()")["drawn"] > DRAWN, feeder)
        looked = stage.run("looked()")
    assert looked["torn"] == 0, looked
    return f"{looked['drawn']} pictures of {feeder.newest.value}"


def _bars(seen: dict[str, Any]) -> list[str]:
    row = np.array(seen["row"], np.uint8).reshape(1, -1, 4)
    return bars(row[:, :, 2::-1])


CHECKS: tuple[Callable[[Stage], str | None], ...] = (
    a_browser_lists_the_camera_by_its_name,
    a_browser_lists_no_camera_without_exclusive_caps_and_the_doctor_says_so,
    a_page_gets_the_picture_at_its_size_and_in_its_colors,
    a_page_plays_on_when_the_program_was_killed_and_started_again,
    a_page_that_got_no_picture_for_long_is_told_so_and_may_ask_again,
    a_page_shows_no_torn_picture_of_a_feeder_that_waits_for_nobody,
)
