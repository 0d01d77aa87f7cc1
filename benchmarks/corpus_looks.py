"""What the detectors see on a clip of the corpus: looked at once, then read from a cache.

The cache is one JSON file a clip, cadence and policy, named by a digest of the clip, the weights
and what decides where the detectors look. It lies in $XDG_CACHE_HOME/livetrack-vcam/corpus.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from benchmarks.corpus import AnnotatedClip
from livetrack_vcam.clips.clip import Cadence, Clip, Span
from livetrack_vcam.clips.reframe import open_clip
from livetrack_vcam.core.config import DirectorSettings, SubjectPolicy
from livetrack_vcam.core.detection import Detection, Look, Observation
from livetrack_vcam.core.director import Director
from livetrack_vcam.core.geometry import Box, Point, Size
from livetrack_vcam.detectors import manifest, watch
from livetrack_vcam.detectors.lookout import lookout
from livetrack_vcam.detectors.registry import automatic_names, make_detector

UPRIGHT = DirectorSettings(aspect_ratio=Fraction(9, 16))


@dataclass(frozen=True, slots=True)
class Looks:
    """A clip as the detectors know it: what they saw at their cadence, and every frame's time.

    The first picture is not shown before the first `awaited` observations are known.
    """

    size: Size
    times_ns: tuple[int, ...]
    observations: tuple[Observation, ...]
    cadence: Cadence
    awaited: int = 0

    def known_at(self, look_ahead: int = 0) -> Iterator[tuple[int, list[Observation]]]:
        """Each frame's time with the observations that have become known since the last frame.

        The frame is shown `look_ahead` frames after it was taken.
        """
        waiting = deque(self.observations)
        for index, t_ns in enumerate(self.times_ns):
            shown_ns = self.times_ns[min(index + look_ahead, len(self.times_ns) - 1)]
            known = [waiting.popleft() for _ in range(0 if index else self.awaited)]
            while waiting and waiting[0].pts_ns + self.cadence.latency_ns <= shown_ns:
                known.append(waiting.popleft())
            yield t_ns, known


def looks_at(clip: AnnotatedClip, cadence: Cadence, policy: SubjectPolicy) -> Looks:
    """What the default detectors see of the clip while `policy` is followed."""
    settings = replace(UPRIGHT, subject=policy)
    path = _cache_folder() / f"{clip.name}-{_digest(clip, cadence, policy)}.json"
    if not path.is_file():
        found = _look(clip.video, settings, cadence)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(_to_json(found), separators=(",", ":")))
        draft.replace(path)
    return _from_json(json.loads(path.read_text()), cadence)


def _cache_folder() -> Path:
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "livetrack-vcam" / "corpus"


def _digest(clip: AnnotatedClip, cadence: Cadence, policy: SubjectPolicy) -> str:
    sources = [Path(manifest.__file__), Path(watch.__file__)]
    digest = hashlib.sha256(clip.video.read_bytes())
    for source in sources:
        digest.update(source.read_bytes())
    digest.update(f"{automatic_names()}/{cadence.hz}/{cadence.latency_ns}/{policy}".encode())
    return digest.hexdigest()[:16]


def _look(video: Path, settings: DirectorSettings, cadence: Cadence) -> Looks:
    """As `clip.causal_steps`: the director's attention, as late as it is, tells where to look."""
    clip: Clip = open_clip(video, Span())
    director = Director(clip.size, settings)
    detector = make_detector()
    detector.open()
    observer = watch.Watch(lookout(detector), clip.size)
    waiting: deque[Observation] = deque()
    seen: list[Observation] = []
    times: list[int] = []
    is_due = cadence.due()
    try:
        for t_ns, frame in clip.frames():
            times.append(t_ns)
            found = observer.observe(frame, director.attention, t_ns) if is_due(t_ns) else None
            if found is not None:
                waiting.append(found)
                seen.append(found)
            while waiting and waiting[0].pts_ns + cadence.latency_ns <= t_ns:
                known = waiting.popleft()
                director.observe(known.detections, known.pts_ns, known.looks)
    finally:
        detector.close()
    return Looks(clip.size, tuple(times), tuple(seen), cadence)


def _to_json(looks: Looks) -> dict[str, object]:
    return {
        "size": [looks.size.width, looks.size.height],
        "times_ns": looks.times_ns,
        "observations": [
            [
                observation.pts_ns,
                [_detection_to_json(each) for each in observation.detections],
                [[_corners(look.region), sorted(look.labels)] for look in observation.looks],
            ]
            for observation in looks.observations
        ],
    }


def _detection_to_json(found: Detection) -> list[object]:
    landmarks = [[point.x, point.y] for point in found.landmarks]
    return [_corners(found.box), found.score, found.label, landmarks, found.appearance]


def _corners(box: Box) -> list[float]:
    return [box.x1, box.y1, box.x2, box.y2]


def _from_json(data: dict[str, Sequence[list[object]]], cadence: Cadence) -> Looks:
    observations = [
        Observation(
            tuple(
                Detection(Box(*box), score, label, tuple(Point(*p) for p in points), tuple(alike))
                for box, score, label, points, alike in found  # type: ignore[attr-defined]
            ),
            int(pts_ns),  # type: ignore[call-overload]
            tuple(Look(Box(*box), frozenset(labels)) for box, labels in looks),  # type: ignore[attr-defined]
        )
        for pts_ns, found, looks in data["observations"]
    ]
    width, height = data["size"]
    times = tuple(int(t) for t in data["times_ns"])  # type: ignore[call-overload]
    return Looks(Size(int(width), int(height)), times, tuple(observations), cadence)  # type: ignore[call-overload]
