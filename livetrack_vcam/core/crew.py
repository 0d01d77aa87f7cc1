"""Several shots of one camera: one tracker, one director a shot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from livetrack_vcam.core.attention import Attention, combined
from livetrack_vcam.core.command import Command, Pause, Toggle
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.detection import Detection, Look, Observation, Track
from livetrack_vcam.core.director import Director
from livetrack_vcam.core.geometry import Crop, Size
from livetrack_vcam.core.tracker import Tracker, TrackerSettings


def no_shot(asked: object, shots: Iterable[str]) -> str:
    """The sentence for a shot that does not exist."""
    return f"there is no shot {asked!r}; there is: {', '.join(shots)}"


class Crew:
    """Everything seen is tracked once; every shot frames it its own way. Not thread-safe."""

    def __init__(self, frame: Size, shots: Mapping[str, DirectorSettings]) -> None:
        """Raises ValueError when there is no shot, or one has settings out of range."""
        if not shots:
            raise ValueError("a crew needs at least one shot")
        fusion = next(iter(shots.values())).fusion
        self._tracker = Tracker(frame, TrackerSettings(fusion=fusion))
        self._directors = {name: Director(frame, settings) for name, settings in shots.items()}

    @property
    def shots(self) -> tuple[str, ...]:
        return tuple(self._directors)

    @property
    def tracks(self) -> tuple[Track, ...]:
        return self._tracker.tracks

    @property
    def attention(self) -> Attention:
        """What all shots together are about."""
        return combined([director.attention for director in self._directors.values()])

    def director(self, shot: str) -> Director:
        """The director of a shot. Raises ValueError, naming the shots there are, for another."""
        try:
            return self._directors[shot]
        except KeyError:
            raise ValueError(no_shot(shot, self.shots)) from None

    def observe(
        self, detections: tuple[Detection, ...], pts_ns: int, looks: tuple[Look, ...] = ()
    ) -> None:
        """What the detectors found in the frame of `pts_ns`, told to every director."""
        tracks = self._tracker.update(Observation(detections, pts_ns, looks))
        for director in self._directors.values():
            director.observe_tracks(tracks, pts_ns)

    def command(self, shot: str | None, command: Command) -> None:
        """Command one shot, or all with None. Raises ValueError and changes nothing if one cannot.

        A command is refused for the same reasons by every director that shares the tracker, so
        all of them obey or none does. Shots that differ are paused by a toggle, instead of
        swapping.
        """
        directors = list(self._directors.values()) if shot is None else [self.director(shot)]
        if isinstance(command, Toggle) and len({d.paused for d in directors}) > 1:
            command = Pause()
        for director in directors:
            director.command(command)

    def crop_at(self, shot: str, pts_ns: int) -> Crop:
        """The crop of a shot for the frame of `pts_ns`."""
        return self.director(shot).crop_at(pts_ns)
