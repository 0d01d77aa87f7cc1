"""The whole product on a real clip with real detections, and the programs that read its camera."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np

from livetrack_vcam.core.geometry import Box
from tests.e2e.vm import clip
from tests.e2e.vm.clip import Place, Plane
from tests.e2e.vm.guest import (
    answers,
    is_camera,
    load_devices,
    output,
    read_raw,
    status,
    wait_until,
)
from tests.e2e.vm.guest_program import Program, ended, running
from tests.e2e.vm.other_programs import read_by_ffmpeg
from tests.e2e.vm.reader import Picture, Reader, attached

WIDE, DEVICE, OPEN_DEVICE = "/dev/video14", "/dev/video11", "/dev/video12"
SIDE, PORT = 320, 8787
COMMAND = (
    *("run", "--source", WIDE, "--aspect", "1:1", "--size", f"{SIDE}x{SIDE}"),
    *("--subject", "largest", "--detector", "yolov4-tiny", "--detect-cpu", "1"),
    *("--port", str(PORT)),
    *("--sink", "vcam", "--sink", "vcam:Open Camera"),
)
# Resampling, a moment between status and picture, and the clip's own noise, in steps of luma.
ALIKE = 9.0
# Of the clip's height: the crop is on him alone and not on half of the place.
CLOSE = 0.7
LOOKS, LOOKS_S = 2, 90.0
MOVED, MOVES_S = 30, 150.0
"""How far the crop moves with him, in pixels of the clip, and how long that may take."""
# Between two questions to the program while a reader starts.
ASK_S = 0.5
EDGE, BLACK = 20, 12


@dataclass(frozen=True, slots=True)
class Stage:
    """The program while it runs, a reader that was there first, and where its pictures lay."""

    program: Program
    reader: Reader
    seen: list[Place] = field(default_factory=list)


@contextmanager
def on_stage() -> Iterator[Stage]:
    load_devices()
    with (
        clip.playing(WIDE),
        attached(OPEN_DEVICE, SIDE, SIDE) as reader,
        running(*COMMAND) as program,
    ):
        yield Stage(program, reader)


def the_camera_has_our_name_and_the_asked_size(stage: Stage) -> None:
    wait_until(lambda: is_camera(DEVICE), stage.program)
    wait_until(lambda: answers(PORT), stage.program)
    assert Path("/sys/class/video4linux/video11/name").read_text() == "LiveTrack Camera\n"
    for device in (DEVICE, OPEN_DEVICE):
        said = output("v4l2-ctl", "-d", device, "--get-fmt-video")
        assert f"Width/Height      : {SIDE}/{SIDE}" in said, said
        assert "'YU12'" in said, said
    assert len(read_raw(DEVICE)) == SIDE * SIDE * 3 // 2


def v4l2_ctl_shows_the_man_where_he_is_in_the_clip(stage: Stage) -> str:
    return _looks(stage, lambda: _luma(read_raw(DEVICE)))


def ffmpeg_shows_the_man_where_he_is_in_the_clip(stage: Stage) -> str:
    return _looks(stage, lambda: _luma(read_by_ffmpeg(DEVICE)))


def opencv_shows_the_man_where_he_is_in_the_clip(stage: Stage) -> str:
    return _looks(stage, lambda: _luma_of(_by_opencv(DEVICE)))


def a_reader_that_waited_at_a_device_without_exclusive_caps_shows_the_same(stage: Stage) -> str:
    return _looks(stage, lambda: _luma_of(stage.reader.newest()))


def the_picture_moved_with_the_man(stage: Stage) -> str:
    """A camera that stands still may have him in the picture for a part of his way, but moves not.

    He goes back and forth, so it is only a question of time where the detector is slow.
    """
    deadline = time.monotonic() + MOVES_S
    while (moved := _spread(place.crop.center.x for place in stage.seen)) <= MOVED:
        assert time.monotonic() < deadline, stage.seen
        _looks(stage, lambda: _luma_of(stage.reader.newest()))
    return f"{moved:.0f} pixels of the clip, {len(stage.seen)} pictures"


def a_reader_stays_attached_through_changes_of_aspect(stage: Stage) -> str:
    before = stage.reader.count
    for aspect, bars in (("9:16", "beside"), ("16:9", "above and below"), ("1:1", "none")):
        words = ("ctl", "--port", str(PORT), "set", f"aspect={aspect}")
        told = ended(*words)
        assert told.poll() == 0, told.words
        try:
            wait_until(partial(_has_bars, stage.reader, bars), stage.program, LOOKS_S)
        except AssertionError as error:
            late = (stage.reader.count - before, _bars(stage.reader.newest()), _shot())
            raise AssertionError(aspect, *late) from error
    assert stage.reader.odd == 0
    return f"{stage.reader.count - before} pictures"


def _looks(stage: Stage, read: Callable[[], Plane]) -> str:
    """LOOKS pictures of this reader have the man in them, large, where the program said he is.

    The detector of the guest, a picture a second, loses him now and then: then it is looked again.
    """
    deadline, found, looks = time.monotonic() + LOOKS_S, 0, 0
    while found < LOOKS:
        wait_until(_is_on_somebody, stage.program)
        with _hearing() as crops:
            luma = read()
        place = min((clip.place(luma, said) for said in crops), key=lambda p: p.difference)
        looks += 1
        if _has_man(place):
            found += 1
            stage.seen.append(place)
        assert stage.program.poll() is None, stage.program.words
        late = (place, clip.man_at(place.frame), crops, stage.reader.count, stage.reader.odd)
        assert time.monotonic() < deadline, late
    return f"{found} of {looks} looks, off by {stage.seen[-1].difference:.1f}"


def _is_on_somebody() -> bool:
    shot = _shot()
    return bool(shot["subject"]) and _is_close(Box.from_xywh(*shot["crop"]))


def _is_close(crop: Box) -> bool:
    return crop.width < CLOSE * clip.HEIGHT


def _has_man(place: Place) -> bool:
    man = clip.man_at(place.frame)
    alike = place.difference < ALIKE and _is_close(place.crop)
    return alike and place.crop.contains(man, tolerance=clip.REDUCED)


def _spread(values: Iterable[float]) -> float:
    several = list(values)
    return max(several, default=0.0) - min(several, default=0.0)


@contextmanager
def _hearing() -> Iterator[list[Box]]:
    """Every crop that the program tells of meanwhile: a reader takes seconds to start."""
    crops: list[Box] = []
    done = Event()

    def ask() -> None:
        while True:
            crop = Box.from_xywh(*_shot()["crop"])
            if crop not in crops:
                crops.append(crop)
            if done.wait(ASK_S):
                return

    thread = Thread(target=ask)
    thread.start()
    try:
        yield crops
    finally:
        done.set()
        thread.join()


def _shot() -> dict[str, Any]:
    return dict(status(PORT)["shots"][0])


def _luma(raw: bytes) -> Plane:
    return np.frombuffer(raw, np.uint8, SIDE * SIDE).reshape(SIDE, SIDE)


def _luma_of(picture: Picture) -> Plane:
    """Of full-range BGR, in limited range as the clip is."""
    import cv2

    gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.convertScaleAbs(gray, None, 219 / 255, 16), np.uint8)


def _by_opencv(device: str) -> Picture:
    import cv2

    capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
    ok, picture = capture.read()
    capture.release()
    assert ok
    assert picture.shape == (SIDE, SIDE, 3)
    return np.asarray(picture, np.uint8)


def _has_bars(reader: Reader, where: str) -> bool:
    return _bars(reader.newest()) == where


def _bars(picture: Picture) -> str:
    """Where the picture is black, of what the shapes have in common."""
    dark = picture.max(axis=2) <= BLACK
    if dark[:, :EDGE].all() and dark[:, -EDGE:].all():
        return "beside"
    if dark[:EDGE].all() and dark[-EDGE:].all():
        return "above and below"
    return "none"


# The detector takes many seconds to begin here; meanwhile the shape can be changed.
CHECKS: tuple[Callable[[Stage], str | None], ...] = (
    the_camera_has_our_name_and_the_asked_size,
    a_reader_stays_attached_through_changes_of_aspect,
    a_reader_that_waited_at_a_device_without_exclusive_caps_shows_the_same,
    v4l2_ctl_shows_the_man_where_he_is_in_the_clip,
    ffmpeg_shows_the_man_where_he_is_in_the_clip,
    opencv_shows_the_man_where_he_is_in_the_clip,
    the_picture_moved_with_the_man,
)
