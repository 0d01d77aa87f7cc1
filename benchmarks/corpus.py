"""The annotated clips that the benchmarks run on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livetrack_vcam.evaluation.annotation import read_annotation, with_identities

VTEST = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
"""Where Debian's package opencv-doc puts it."""
_IDS = Path(__file__).parents[1] / "tests" / "data" / "vtest_ids.json"


@dataclass(frozen=True, slots=True)
class AnnotatedClip:
    """A clip whose video is there. vtest.avi has the ids of tests/data/vtest_ids.json."""

    name: str
    video: Path
    annotation: dict[str, Any]


def clips(corpus: Path, vtest: Path = VTEST) -> Iterator[AnnotatedClip]:
    """Every clip of the corpus, in the order of their names."""
    for path in sorted((corpus / "ann").glob("*.json")):
        video = vtest if path.stem == "vtest" else corpus / "video" / f"{path.stem}.mp4"
        if not video.exists():
            continue
        annotation = read_annotation(path)
        if path.stem == "vtest":
            annotation = with_identities(annotation, _IDS)
        yield AnnotatedClip(path.stem, video, annotation)
