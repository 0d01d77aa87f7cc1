"""One account of which sightings are one ball, and how likely it is: a hypothesis.

Evidence is a log-likelihood ratio, ball against chance, summed over the sightings (Blackman and
Popoli, "Design and Analysis of Modern Tracking Systems", 1999, section 6.2). Lengths are in ball
diameters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from livetrack_vcam.core.ballistics import Arc, Gravity, Kind, Sighting, fit_arc
from livetrack_vcam.core.detection import Look
from livetrack_vcam.core.fusion import Measurement
from livetrack_vcam.core.geometry import Box, Point, Size

CENTER_NOISE = 0.06
"""Standard deviation of the center of a ball that the detector sees large."""
PIXEL_NOISE = 0.004
"""The same in heights of the part of the frame it was seen in: a pixel of a network's 250."""
CUT_NOISE = 0.35
"""The same for a ball cut off by the frame's edge."""
SIZE_NOISE = 0.16
"""Standard deviation of the logarithm of a detected diameter: blur, hands and feet change it."""
MAX_GROWTH = 0.4
"""Logarithm of the largest ratio of diameters between two sightings."""
TOP_SPEED = 40.0
"""The fastest plausible ball, diameters a second: a football at 32 km/h, a tennis ball at 10."""
GATE = 3.5
"""Standard deviations from the arc beyond which a sighting is a bounce or a kick."""
KICK_ODDS = 0.2
"""How likely a bounce, kick or throw is between two sightings."""
CLUTTER = 1e-3
"""False balls of score .3 per square diameter and picture."""
SCORE_WEIGHT = 6.0
"""How fast false balls get rarer with their score: this times the score is a logarithm."""
ARC_S = 0.6
ARC_SIGHTINGS = 16
STILL = 0.5
"""A ball that never got farther than this from where it was first seen lies still."""


@dataclass(frozen=True, slots=True)
class BallPath:
    """Where one ball was seen, oldest first since the last bounce or kick.

    `best` is its best score, `reach` how far it got from `start`, `as_head` how many of its `hits`
    were where a head is, `bounces` how many arcs came before this one.
    """

    sightings: tuple[Sighting, ...]
    arc: Arc
    evidence: float
    box: Box
    score: float
    best: float
    hits: int
    start: Point
    reach: float
    as_head: int
    misses: int = 0
    bounces: int = 0

    @property
    def seen_ns(self) -> int:
        return self.sightings[-1].pts_ns

    @property
    def diameter(self) -> float:
        return self.arc.diameter

    @property
    def moved(self) -> bool:
        return self.reach > STILL

    @property
    def head(self) -> bool:
        """Whether it was mostly where a head is."""
        return 2 * self.as_head > self.hits

    def unseen_s(self, now: int) -> float:
        return (now - self.seen_ns) / 1e9

    def box_at(self, now: int) -> Box:
        """As detected when seen at `now`, else where the arc leads."""
        if now == self.seen_ns:
            return self.box
        center = self.arc.center(now)
        return Box.from_cxcywh(center.x, center.y, self.diameter, self.diameter)

    def poorer(self, evidence: float) -> BallPath:
        return replace(self, evidence=self.evidence - evidence)

    def missed(self) -> BallPath:
        """Not seen though looked for; the chance to be missed is about a half."""
        return replace(self, evidence=self.evidence - 0.7, misses=self.misses + 1)


def sighting_of(seen: Measurement, now: int, frame: Size, looks: Sequence[Look]) -> Sighting:
    """The diameter is of the disk as large as the box; a cut-off box says less of its center."""
    box = seen.box
    edge = 1.0
    cut = (
        box.x1 < edge
        or box.y1 < edge
        or box.x2 > frame.width - edge
        or box.y2 > frame.height - edge
    )
    diameter = max(box.width, box.height) if cut else math.sqrt(box.area)
    heights = [look.region.height for look in looks if look.region.contains(box, edge)]
    coarse = PIXEL_NOISE * min(heights, default=float(frame.height)) / diameter
    noise = CUT_NOISE if cut else math.hypot(CENTER_NOISE, coarse)
    return Sighting(now, box.center, diameter, noise, cut)


def begin(seen: Measurement, sighting: Sighting, gravity: Gravity, as_head: bool) -> BallPath:
    """A ball nobody knew."""
    return BallPath(
        (sighting,),
        fit_arc((sighting,), gravity),
        _of_score(seen.score),
        seen.box,
        seen.score,
        seen.score,
        1,
        sighting.center,
        0.0,
        int(as_head),
    )


def _of_score(score: float) -> float:
    return SCORE_WEIGHT * (score - 0.3)


def extended(
    path: BallPath, seen: Measurement, sighting: Sighting, gravity: Gravity, as_head: bool
) -> BallPath | None:
    """The path with one more sighting: along its arc, else after a bounce; None: not this ball."""
    growth = math.log(sighting.diameter / path.diameter)
    if not sighting.cut and abs(growth) > MAX_GROWTH:
        return None
    center = path.arc.center(sighting.pts_ns)
    scale = path.diameter
    distance = math.hypot(center.x - sighting.center.x, center.y - sighting.center.y) / scale
    spread = math.hypot(path.arc.doubt(sighting.pts_ns), sighting.noise)
    same = math.log(0.9 / (2 * math.pi * spread**2)) - (distance / spread) ** 2 / 2
    radius = 0.5 + TOP_SPEED * path.unseen_s(sighting.pts_ns)
    last = path.sightings[-1].center
    step = math.hypot(last.x - sighting.center.x, last.y - sighting.center.y) / scale
    kicked = math.log(KICK_ODDS / (math.pi * radius**2)) if step <= radius else -math.inf
    if step > radius or (distance > GATE * spread and kicked == -math.inf):
        return None
    bounce = kicked > same
    fit = 0.0 if sighting.cut else -((growth / SIZE_NOISE) ** 2) / 2
    gain = max(same, kicked) - math.log(CLUTTER) + fit + _of_score(seen.score)
    return _with(path, seen, sighting, gravity, bounce, gain, as_head)


def _with(
    path: BallPath,
    seen: Measurement,
    sighting: Sighting,
    gravity: Gravity,
    bounce: bool,
    gain: float,
    as_head: bool,
) -> BallPath:
    oldest = sighting.pts_ns - round(ARC_S * 1e9)
    kept = path.sightings[-1:] if bounce else path.sightings[1 - ARC_SIGHTINGS :]
    recent = tuple(s for s in kept if s.pts_ns >= oldest and not bounce)
    sightings = (*recent, sighting)
    center, start = sighting.center, path.start
    far = math.hypot(center.x - start.x, center.y - start.y) / path.diameter
    return replace(
        path,
        sightings=sightings,
        arc=fit_arc(sightings, gravity),
        evidence=path.evidence + gain,
        box=seen.box,
        score=seen.score,
        best=max(path.best, seen.score),
        hits=path.hits + 1,
        reach=max(path.reach, far),
        as_head=path.as_head + as_head,
        misses=0,
        bounces=path.bounces + bounce,
    )


def is_flight(path: BallPath) -> bool:
    """Whether its arc tells how strong gravity is."""
    return path.arc.kind is Kind.FLIGHT and path.arc.count >= 5 and path.arc.gravity[1] < 10
