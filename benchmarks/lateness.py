"""Whether detection makes the picture late: time from capture to rendered picture, on and off.

    python -m benchmarks.lateness --source ../shared/corpus/video/syn_cross.mp4 [--seconds 20]

The file is played at its own pace, looped, through the product's own pipeline into a sink that
throws pictures away, in turns without and with the default detectors, so that a busy neighbor
disturbs both alike. Printed are the medians over the rounds, and their ratio.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from fractions import Fraction
from queue import Queue

import cv2

from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.crew import Crew
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.core.schedule import DEFAULT_CPU
from livetrack_vcam.daemon import SWITCH_INTERVAL_S
from livetrack_vcam.detectors.lookout import lookout
from livetrack_vcam.detectors.registry import make_detector
from livetrack_vcam.detectors.watch import Watch
from livetrack_vcam.events import Finished, PipelineEvent
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.live.pipeline import Pipeline
from livetrack_vcam.sinks.discard import Discard
from livetrack_vcam.sources.registry import open_source
from livetrack_vcam.stats import FlowSnapshot

CANVAS = Canvas(Size(1280, 720), Fraction(30))


def play(source_spec: str, detector: str | None, seconds: float) -> tuple[FlowSnapshot, int]:
    """One round: the render thread's flow, and how many frames it never drew."""
    source = open_source(source_spec, paced=True)
    info = source.open()

    def open_watch() -> Watch:
        eyes = lookout(make_detector(detector or "auto"))
        eyes.open()
        return Watch(eyes, info.size, DEFAULT_CPU, time.thread_time)

    events: Queue[PipelineEvent] = Queue()
    pipeline = Pipeline(
        source=source,
        info=info,
        open_watch=open_watch if detector else None,
        detect_hz=60.0,
        decider=Crew(info.size, {"main": DirectorSettings()}),
        shots={"main": (CANVAS, [Discard()])},
        report=events.put,
    )
    pipeline.start()
    end = time.monotonic() + seconds
    while time.monotonic() < end and events.empty():
        time.sleep(0.1)
    pipeline.stop()
    while not isinstance(events.get(timeout=30), Finished):
        pass
    pipeline.join()
    return pipeline.render.flow.snapshot(time.monotonic_ns()), pipeline.render.frames.dropped


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", required=True)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--detector", default="auto")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    figures: dict[str, list[tuple[float, float]]] = {"off": [], "on": []}
    for _ in range(arguments.rounds):
        for mode, detector in (("off", None), ("on", arguments.detector)):
            flow, dropped = play(arguments.source, detector, arguments.seconds)
            figures[mode].append((flow.latency_p50_ms or 0.0, flow.latency_p99_ms or 0.0))
            p50, p99 = figures[mode][-1]
            print(f"{mode:>4}: p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  {dropped} dropped", flush=True)
    off, on = (tuple(map(statistics.median, zip(*figures[m], strict=True))) for m in figures)
    print("\n| detection | p50 ms | p99 ms |\n|---|---|---|")
    print(f"| off | {off[0]:.2f} | {off[1]:.2f} |\n| on | {on[0]:.2f} | {on[1]:.2f} |")
    print(f"| ratio | {on[0] / off[0]:.2f} | {on[1] / off[1]:.2f} |")


if __name__ == "__main__":
    main()
