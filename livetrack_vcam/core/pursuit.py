"""Whom the picture is about: the subject chosen from the tracks, and where it is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from livetrack_vcam.core.config import DirectorSettings, SubjectPolicy, WhenLost
from livetrack_vcam.core.delay import DelayMeter
from livetrack_vcam.core.detection import SPORTS_BALL, Track
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.core.group import framed_together, joint_box
from livetrack_vcam.core.hindsight import glance_at
from livetrack_vcam.core.presence import Phase, Presence
from livetrack_vcam.core.presets import BALL, PRESETS, USUAL_DELAY_S
from livetrack_vcam.core.subject import SubjectSelector
from livetrack_vcam.core.subject_estimator import SubjectEstimator, SubjectMotion

USUAL_PREDICT_S = 0.9
"""The `lost_predict` with which a preset's fade is meant; more or less stretches the fade."""
LEAST_FADE = 1 / 3
"""The motion is predicted over the detector's latency even when nothing else is to be predicted."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """The subject was seen: `elapsed_s` after the observation before.

    `another` than until now, or the first; `returned` to a picture that had given it up.
    """

    elapsed_s: float
    another: bool
    returned: bool


class Pursuit:
    """Told every observation; knows the subject, for how long it is unseen, and its motion."""

    def __init__(self, frame: Size, settings: DirectorSettings) -> None:
        self._frame = frame
        self.configure(settings)
        self._selector = SubjectSelector(frame, settings.subject)
        self._presence = Presence()
        self._estimator: SubjectEstimator | None = None
        self._unshown = self._late = False
        self._delay = DelayMeter()
        self.framed: tuple[int, ...] = ()
        """Ids of the tracks the crop is composed for; empty until somebody was found."""
        self.tracks: tuple[Track, ...] = ()
        self.members: tuple[Track, ...] = ()
        """The tracks of the whole subject, the most important first, framed or not."""
        self.observed_ns: int | None = None

    def configure(self, settings: DirectorSettings) -> None:
        """Other choices of the same shot; who is the subject is changed by `select` alone."""
        self._settings = settings
        self._preset = PRESETS[settings.speed]
        share = settings.lost_predict / USUAL_PREDICT_S
        self._fade_s = self._preset.fade_s * max(share, LEAST_FADE)

    def observe(self, tracks: tuple[Track, ...], pts_ns: int) -> Sighting | None:
        """Tracks at `pts_ns`, later than before; None when the subject was not seen in them."""
        self.observed_ns = pts_ns
        self._unshown = True
        self.tracks = tracks
        framed = self._choose()
        fresh = any(t.seen_ns == pts_ns for t in framed)
        returned = self.phase(pts_ns) in (Phase.NEVER, Phase.LOST, Phase.GONE)
        elapsed = self._presence.looked(pts_ns, pts_ns if fresh else None)
        return Sighting(elapsed, self._measure(framed, pts_ns), returned) if fresh else None

    def look_again(self) -> Sighting | None:
        """Choose anew from the tracks known already; None when the subject is the same."""
        if self.observed_ns is None:
            return None
        framed = self._choose()
        if not framed or {t.track_id for t in framed} == set(self.framed):
            return None
        self._presence.turn_to(max(t.seen_ns for t in framed))
        return Sighting(0.0, self._measure(framed, self.observed_ns), returned=False)

    def _choose(self) -> list[Track]:
        assert self.observed_ns is not None, "chosen after the first observation"
        chosen = self._selector.update(self.tracks, self.observed_ns)
        self.members = tuple(t for i in chosen for t in self.tracks if t.track_id == i)
        return framed_together(self.members, self.framed, self._settings, self._frame)

    def _measure(self, framed: Sequence[Track], pts_ns: int) -> bool:
        """Feed the estimator, or start a new one when the subject is another: whether it is."""
        ids = tuple(track.track_id for track in framed)
        box = joint_box(framed)
        score = max(track.score for track in framed)
        face = framed[0].face if len(framed) == 1 else None
        is_new = framed[0].face_ns == pts_ns
        another = self._estimator is None or set(ids) != set(self.framed)
        self.framed = ids
        agility = BALL if framed[0].label == SPORTS_BALL else self._preset.person
        if self._estimator is None or another:
            self._estimator = SubjectEstimator(
                self._frame, box, face, score, agility, pts_ns, face_is_new=is_new
            )
        else:
            self._estimator.agility = agility
            self._estimator.update(box, face, score, self._preset, pts_ns, face_is_new=is_new)
        return another

    def phase(self, pts_ns: int) -> Phase:
        settings = self._settings
        hold_s = 0.0 if settings.when_lost is WhenLost.FULL else settings.lost_hold
        return self._presence.phase(pts_ns, settings.lost_predict, hold_s)

    def predicted(self, pts_ns: int) -> SubjectMotion | None:
        """The subject's motion at `pts_ns` told from the past alone; None if never seen."""
        return None if self._estimator is None else self._estimator.at(pts_ns, self._fade_s)

    def motion_at(self, pts_ns: int) -> SubjectMotion | None:
        """The same for a frame to be shown: in hindsight when it was looked at long ago."""
        if self._estimator is None:
            return None
        if self._unshown:
            self._late = self.observed_ns is not None and pts_ns < self.observed_ns
            self._unshown = False
        if not self._late:
            self._delay.shown(pts_ns, self._estimator.measured_ns)
            return self._estimator.at(pts_ns, self._fade_s, self._aim_s, self._delay.mean_s)
        return self._estimator.glance(glance_at(pts_ns, self._preset), self._fade_s)

    @property
    def _aim_s(self) -> float:
        """Detections that come late are made up for by aiming at where the subject was longer ago:
        the less is known of now, the more a picture that claims to know it sways.
        """
        later_s = self._delay.mean_s - USUAL_DELAY_S
        return self._preset.aim_s + self._preset.aim_by_delay * later_s

    def select(self, policy: SubjectPolicy) -> None:
        self._selector.set_policy(policy)

    def lock(self, track_id: int, now: int) -> None:
        self._selector.lock(track_id, now)

    def release(self) -> None:
        self._selector.release()

    @property
    def locked(self) -> bool:
        """Whether the user chose the subject by its number."""
        return self._selector.locked is not None

    def find(self, track_id: int) -> Track:
        """Raises ValueError, naming who is there, for a track that is not."""
        for track in self.tracks:
            if track.track_id == track_id:
                return track
        known = ", ".join(str(t.track_id) for t in self.tracks) or "none"
        raise ValueError(f"track {track_id} is not in the picture; tracks there now: {known}")

    def neighbor(self, step: int) -> int:
        """The id of the next track to the right (1) or left (-1) of the subject, around the end.

        Raises ValueError when nobody is there.
        """
        if not self.tracks:
            raise ValueError("nobody is in the picture to follow; wait until somebody is found")
        ordered = sorted(self.tracks, key=lambda t: (t.box.center.x, t.track_id))
        ids = [t.track_id for t in ordered]
        present = self.framed[0] if self.framed else None
        if present not in ids:
            return ids[0 if step > 0 else -1]
        return ids[(ids.index(present) + step) % len(ids)]
