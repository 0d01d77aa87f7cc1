"""All scenes by name."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.framing.group_scenes import GROUP_SCENES
from benchmarks.framing.pan_scenes import PAN_SCENES
from benchmarks.framing.scenes import Scene
from benchmarks.framing.zoom_scenes import ZOOM_SCENES

SCENES: dict[str, Scene] = {
    scene.name: scene for scene in (*PAN_SCENES, *ZOOM_SCENES, *GROUP_SCENES)
}


def scenes_named(names: Sequence[str]) -> list[Scene]:
    """The scenes of these names. Raises ValueError that lists the names there are."""
    unknown = [name for name in names if name not in SCENES]
    if unknown:
        raise ValueError(f"there is no scene {unknown[0]!r}; scenes: {', '.join(SCENES)}")
    return [SCENES[name] for name in names]
