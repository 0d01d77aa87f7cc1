"""Whether this processor keeps up, found by a little of the real work."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from livetrack_vcam.core.schedule import DEFAULT_CPU
from livetrack_vcam.device_nodes import THIS_MACHINE, Roots, read_line
from livetrack_vcam.doctor.report import Finding, Level
from livetrack_vcam.errors import LiveTrackError

if TYPE_CHECKING:
    from livetrack_vcam.doctor.facts import Facts

NAME = "speed"
# CPU milliseconds of `machine.resize_ms`; the machine of docs/performance.md needs about 3.
SLOW_RESIZE_MS = 8.0
# Looks a second that following somebody is tuned for (docs/performance.md), at the default share
# of one core (--detect-cpu).
ENOUGH_LOOKS = 10.0
LOOKS = 3
# One look as long as this says enough.
HOPELESS_MS = 1000.0
# With these drivers "powersave" is the usual governor and no brake (the kernel's
# admin-guide/pm/intel_pstate and amd-pstate).
_SELF_GOVERNED = ("intel_pstate", "amd-pstate-epp")


@dataclass(frozen=True, slots=True)
class SpeedFacts:
    """`look_ms`: CPU milliseconds of one look at a 1080p frame by the usual detectors, 0 when not
    measured; `governor`, `driver` and `profile`: how Linux saves power; `avx2`: None: not known."""

    look_ms: float = 0.0
    avx2: bool | None = None
    governor: str = ""
    driver: str = ""
    profile: str = ""


def gather_speed(roots: Roots = THIS_MACHINE) -> SpeedFacts:
    """In about half a second, most of it loading the detectors."""
    scaling = roots.sys / "devices/system/cpu/cpu0/cpufreq"
    brakes = (
        read_line(scaling / "scaling_governor"),
        read_line(scaling / "scaling_driver"),
        read_line(roots.sys / "firmware/acpi/platform_profile"),
    )
    return SpeedFacts(look_ms(brakes), _avx2(roots.proc / "cpuinfo"), *brakes)


def look_ms(brakes: tuple[str, ...]) -> float:
    """What is measured once as long as the `brakes` stay: `--fix` asks twice.

    0 where the detectors do not open: check_models says why.
    """
    try:
        return _measured_ms(brakes)
    except LiveTrackError:
        return 0.0


@cache
def _measured_ms(_brakes: tuple[str, ...]) -> float:
    """The best of a few, of all threads."""
    import numpy as np

    from livetrack_vcam.detectors.registry import make_detector
    from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat

    luma, chroma = np.full((1080, 1920), 60, np.uint8), np.full((540, 960), 128, np.uint8)
    frame = Frame((luma, chroma, chroma.copy()), PixelFormat.YUV420P, OUTPUT_COLOR, 0, 0)
    detector = make_detector()
    try:
        detector.open()
        first_ms = _cpu_ms(lambda: detector.detect(frame))
        if first_ms > HOPELESS_MS:
            return first_ms
        return min(_cpu_ms(lambda: detector.detect(frame)) for _ in range(LOOKS))
    finally:
        detector.close()


def check_speed(facts: Facts) -> list[Finding]:
    """Rendering, detection, and what slows the processor down."""
    return [_pace(facts), *_power(facts.speed)]


def _pace(facts: Facts) -> Finding:
    cores = f"{facts.cpu_count} core{'' if facts.cpu_count == 1 else 's'}"
    what = f"{cores}, {facts.resize_ms:.1f} ms to shrink a 1080p plane"
    looks = ENOUGH_LOOKS
    if facts.speed.look_ms:
        looks = DEFAULT_CPU * 1000 / facts.speed.look_ms
        what += f", {facts.speed.look_ms:.0f} ms to look for people: {looks:.0f} looks a second"
    if facts.speed.avx2 is False:
        what += ", no AVX2"
    why, less = [], ["livetrack-vcam"]
    if facts.resize_ms > SLOW_RESIZE_MS or facts.cpu_count == 1:
        why.append("That is slow for 1080p at 30 frames a second with two detectors.")
        less.append("--size 854x480")
    if looks < ENOUGH_LOOKS:
        why.append(f"With fewer than {ENOUGH_LOOKS:.0f} looks a second the picture follows late.")
        less.append("--detect-cpu 1")
    if not why:
        return Finding(Level.OK, NAME, what)
    advice = "see what is reached, and then ask for less"
    by_hand = ("livetrack-vcam bench", " ".join(less))
    return Finding(Level.WARN, NAME, what, " ".join(why), advice, by_hand=by_hand)


def _power(speed: SpeedFacts) -> list[Finding]:
    why = "The processor is held at a low clock, and pictures come late or not at all."
    if speed.profile == "low-power":
        what = "the computer is set to save power"
        fix = "powerprofilesctl set balanced"
        return [Finding(Level.WARN, NAME, what, why, "set it back", (fix,))]
    if speed.governor == "powersave" and speed.driver not in _SELF_GOVERNED:
        what = f"the frequency governor is powersave ({speed.driver or 'unknown driver'})"
        by_hand = ("sudo cpupower frequency-set -g schedutil",)
        advice = "choose another one, until the next restart"
        return [Finding(Level.WARN, NAME, what, why, advice, by_hand=by_hand)]
    return []


def _cpu_ms(work: Callable[[], object]) -> float:
    start = time.process_time_ns()
    work()
    return (time.process_time_ns() - start) / 1e6


def _avx2(cpuinfo: Path) -> bool | None:
    """None where the kernel lists no flags: other systems, and processors that are none of x86."""
    for line in read_line(cpuinfo).splitlines():
        name, _, flags = line.partition(":")
        if name.strip() == "flags":
            return "avx2" in flags.split()
    return None
