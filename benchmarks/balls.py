"""How often the ball is found: whole frame only against looks where the ball may be.

    python -m benchmarks.balls --corpus ../shared/corpus [--scales 1 0.5] [--clips NAME ...]
    python -m benchmarks.balls --corpus ../shared/corpus --sizes

Every frame goes through the tracker; the detector looks as its row says:

named 10 Hz   the whole frame, ten times a second, only what the network itself calls a ball
whole 10 Hz   the same, frisbees being balls (detectors/ball_alike.py)
whole         every frame, whole
scheduled     every frame, in turn whole and the best region of core/ball_search.py
finder        scheduled, and detectors/ball_finder.py in every frame
finder 15 Hz  the same in every second frame or so, as a slower machine would

Scales below 1 shrink the clip and put it into a gray frame of the old size, so that the ball is
small in it. `ball %` is its diameter, % of the frame's height. Frames without a look only predict.
direct %      labeled frames whose track was seen in this very frame, IoU at least .5
predicted %   validated prediction, its center within half a ball of the label's
error         median distance of the shown center from the label's, in diameters
wrong         labeled frames with a ball shown more than a diameter from the true one
false tracks  numbers given to what is never within a diameter of a ball (in clips without a ball:
              all numbers)

With --sizes instead: labeled frames in which one look, its middle up to a diameter off, shows the
ball (IoU at least .5), by how large the ball is in the part of the frame looked at; and how many
of these the network itself calls a ball.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from livetrack_vcam.core import Box, Observation, Size, Track, Tracker
from livetrack_vcam.core.ball_search import BallSearch
from livetrack_vcam.core.detection import PERSON, SPORTS_BALL, Detection, Look
from livetrack_vcam.core.geometry import iou
from livetrack_vcam.detectors import yolo
from livetrack_vcam.detectors.ball_finder import BallFinder
from livetrack_vcam.detectors.yolo import YoloDetector
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.media import Frame
from livetrack_vcam.sources.video_file import VideoFile

BALL_CLIPS = ("sam2_juggle_a", "syn_ball")
MIN_SCORE = 0.1
MIN_VISIBLE = 0.3
LABELS = frozenset((PERSON, SPORTS_BALL))


@dataclass(frozen=True, slots=True)
class Mode:
    """A row of the table: how often the detector looks (0: every frame), and whether at regions."""

    name: str
    hz: float
    regions: bool
    alike: bool = True
    finder: bool = False


MODES = (
    Mode("named 10 Hz", 10, regions=False, alike=False),
    Mode("whole 10 Hz", 10, regions=False),
    Mode("whole", 0, regions=False),
    Mode("scheduled", 0, regions=True),
    Mode("finder", 0, regions=True, finder=True),
    Mode("finder 15 Hz", 15, regions=True, finder=True),
)


@dataclass(slots=True)
class Score:
    """What the table shows of one run."""

    labeled: int = 0
    direct: int = 0
    predicted: int = 0
    wrong: int = 0
    errors: list[float] = field(default_factory=list)
    true_ids: set[int] = field(default_factory=set)
    shown_ids: set[int] = field(default_factory=set)

    @property
    def found(self) -> float:
        return (self.direct + self.predicted) / self.labeled if self.labeled else math.nan

    def add(self, tracks: Sequence[Track], truth: Box, pts_ns: int) -> None:
        self.labeled += 1
        diameter = max(truth.width, truth.height)
        away = {t.track_id: _distance(t.box, truth) / diameter for t in tracks}
        self.true_ids |= {number for number, distance in away.items() if distance < 1}
        self.wrong += any(distance > 1 for distance in away.values())
        nearest = min(tracks, key=lambda t: away[t.track_id], default=None)
        if nearest is None:
            return
        if nearest.seen_ns == pts_ns and iou(nearest.box, truth) >= 0.5:
            self.direct += 1
        elif nearest.seen_ns != pts_ns and away[nearest.track_id] <= 0.5:
            self.predicted += 1
        else:
            return
        self.errors.append(away[nearest.track_id])


def _distance(a: Box, b: Box) -> float:
    return math.hypot(a.center.x - b.center.x, a.center.y - b.center.y)


def follow(frames: Sequence[Frame], detector: Detector, mode: Mode) -> Iterator[tuple[Track, ...]]:
    """The tracks at every frame."""
    size = frames[0].size
    tracker, search, finder = Tracker(size), BallSearch(size), BallFinder()
    outline = Box(0.0, 0.0, float(size.width), float(size.height))
    due_ns = last_ns = frames[0].pts_ns
    last: tuple[Track, ...] = ()
    count = 0
    for frame in frames:
        now = frame.pts_ns
        looks: tuple[Look, ...] = (Look(outline, frozenset()),)
        seen: tuple[Detection, ...] = ()
        if now >= due_ns:
            region = outline
            if mode.regions and count % 2:
                best = search.regions(last, last_ns, now)
                region = best[0] if best else outline
            count += 1
            looks = (Look(region, LABELS),)
            seen = detector.detect(frame, None if region is outline else region)
            search.saw(seen, now)
            due_ns = now if mode.hz == 0 else due_ns + round(1e9 / mode.hz)
            if mode.finder:
                seen += finder.find(frame, last, last_ns, seen)
        tracks = tracker.update(Observation(seen, now, looks))
        if looks[0].labels:
            last, last_ns = tracks, now
        yield tracks


def score(frames: Sequence[Frame], truths: dict[int, Box], detector: Detector, mode: Mode) -> Score:
    """Follow a clip and hold what is shown against the labels."""
    result = Score()
    for index, tracks in enumerate(follow(frames, detector, mode)):
        balls = [t for t in tracks if t.label == SPORTS_BALL]
        result.shown_ids |= {t.track_id for t in balls}
        if index in truths:
            result.add(balls, truths[index], frames[index].pts_ns)
    return result


def read_clip(path: Path, scale: float = 1.0) -> list[Frame]:
    """Every frame of a clip, shrunk by `scale` into the upper left of a gray frame."""
    source = VideoFile(path, paced=False)
    source.open()
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame if scale == 1 else shrunk(frame, scale))
    source.close()
    return frames


def shrunk(frame: Frame, scale: float) -> Frame:
    """The picture at `scale` in a frame of the old size; the rest is gray."""
    planes = []
    for plane, gray in zip(frame.planes, (110, 128, 128), strict=True):
        canvas = np.full(plane.shape, gray, np.uint8)
        width, height = (round(side * scale / 2) * 2 for side in plane.shape[::-1])
        canvas[:height, :width] = cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
        planes.append(canvas)
    y, u, v = planes
    return Frame((y, u, v), frame.format, frame.color, frame.pts_ns, frame.seq)


def read_truths(path: Path, scale: float = 1.0) -> dict[int, Box]:
    """Frame number to the box of its ball, in annotated frames where it can be seen."""
    return {
        frame["index"]: Box.from_xywh(*(side * scale for side in box["xywh"]))
        for frame in json.loads(path.read_text())["frames"]
        for box in frame["boxes"]
        if box["label"] == SPORTS_BALL and box.get("visible", 1.0) >= MIN_VISIBLE
    }


def make_detector(mode: Mode) -> Detector:
    labels = (PERSON, SPORTS_BALL)
    if not mode.alike:
        return YoloDetector(labels, MIN_SCORE)
    return yolo.make(yolo.NAME, labels)


def print_row(name: str, truths: dict[int, Box], size: Size, mode: Mode, result: Score) -> None:
    heights = [max(box.width, box.height) for box in truths.values()]
    ball = 100 * statistics.median(heights) / size.height if heights else math.nan
    labeled = max(result.labeled, 1)
    error = statistics.median(result.errors) if result.errors else math.nan
    print(
        f"{name:22}{ball:7.1f}  {mode.name:12}{100 * result.found:9.1f}"
        f"{100 * result.direct / labeled:10.1f}{100 * result.predicted / labeled:12.1f}"
        f"{error:8.3f}{result.wrong:7}{len(result.shown_ids):6}"
        f"{len(result.shown_ids - result.true_ids):7}",
        flush=True,
    )


def print_sizes(corpus: Path) -> None:
    """How well one look shows the ball, by its size in what is looked at."""
    detector = make_detector(MODES[-1])
    named = make_detector(MODES[0])
    detector.open()
    named.open()
    print(f"{'clip':16}{'ball, % of the look':>20}{'looks':>7}{'found':>7}{'named':>7}")
    for name in BALL_CLIPS:
        frames = read_clip(corpus / "video" / f"{name}.mp4")
        truths = read_truths(corpus / "ann" / f"{name}.json")
        used = dict(list(truths.items())[:: max(1, len(truths) // 40)])
        for share in (0.08, 0.11, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4):
            found = [_shows(detector, frames[i], box, share, i) for i, box in used.items()]
            called = [_shows(named, frames[i], box, share, i) for i, box in used.items()]
            print(f"{name:16}{100 * share:20.0f}{len(used):7}{sum(found):7}{sum(called):7}")


def _shows(detector: Detector, frame: Frame, ball: Box, share: float, seed: int) -> bool:
    chance = random.Random(seed)
    size, diameter = frame.size, max(ball.width, ball.height)
    height = min(diameter / share, float(size.height))
    width = height * size.width / size.height
    x = ball.center.x + chance.uniform(-1, 1) * diameter - width / 2
    y = ball.center.y + chance.uniform(-0.6, 0.6) * diameter - height / 2
    x, y = min(max(x, 0.0), size.width - width), min(max(y, 0.0), size.height - height)
    found = detector.detect(frame, Box.from_xywh(x, y, width, height))
    return any(d.label == SPORTS_BALL and iou(d.box, ball) >= 0.5 for d in found)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how often the ball is found.")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--scales", type=float, nargs="*", default=[1.0, 0.67, 0.45])
    parser.add_argument("--clips", nargs="*", help="default: all")
    parser.add_argument("--modes", nargs="*", help="default: all")
    parser.add_argument("--sizes", action="store_true", help="one look at a time instead")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    if arguments.sizes:
        print_sizes(arguments.corpus)
        return
    modes = [m for m in MODES if not arguments.modes or m.name in arguments.modes]
    detectors = {mode.name: make_detector(mode) for mode in modes}
    for detector in detectors.values():
        detector.open()
    print(
        f"{'clip':22}{'ball %':>7}  {'mode':12}{'found %':>9}{'direct %':>10}{'predicted %':>12}"
        f"{'error':>8}{'wrong':>7}{'ids':>6}{'false':>7}"
    )
    names = arguments.clips or sorted(p.stem for p in (arguments.corpus / "video").glob("*.mp4"))
    for name in names:
        has_ball = name in BALL_CLIPS
        for scale in arguments.scales if has_ball else [1.0]:
            frames = read_clip(arguments.corpus / "video" / f"{name}.mp4", scale)
            path = arguments.corpus / "ann" / f"{name}.json"
            truths = read_truths(path, scale) if has_ball else {}
            for mode in modes:
                result = score(frames, truths, detectors[mode.name], mode)
                print_row(f"{name} x{scale:g}", truths, frames[0].size, mode, result)


if __name__ == "__main__":
    main()
