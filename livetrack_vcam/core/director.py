"""The whole decision behind three calls: observe(), command(), crop_at()."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from livetrack_vcam.core.attention import Attention
from livetrack_vcam.core.changes import changed, check_settings
from livetrack_vcam.core.command import (
    Command,
    GoHome,
    LockTrack,
    NextSubject,
    Pause,
    PreviousSubject,
    Recenter,
    ReleaseTrack,
    Resume,
    SelectSubject,
    SetAspectRatio,
    SetHeadroom,
    SetHome,
    SetShot,
)
from livetrack_vcam.core.config import DirectorSettings, SubjectKind, SubjectPolicy, WhenLost
from livetrack_vcam.core.detection import Detection, Look, Observation, Track
from livetrack_vcam.core.framing import (
    SubjectShape,
    height_bounds,
    wanted_center,
    wanted_height,
)
from livetrack_vcam.core.geometry import Box, Crop, Point, Size
from livetrack_vcam.core.group import framed_together, joint_box
from livetrack_vcam.core.hindsight import glance_at
from livetrack_vcam.core.panes import Panes
from livetrack_vcam.core.presence import HOLD_S, Phase, Presence, State
from livetrack_vcam.core.presets import PRESETS, SpeedPreset
from livetrack_vcam.core.rig import CameraRig
from livetrack_vcam.core.subject import SubjectSelector
from livetrack_vcam.core.subject_estimator import SubjectEstimator, SubjectMotion
from livetrack_vcam.core.tracker import Tracker, TrackerSettings


class Mode(Enum):
    """What the user asked the picture to do."""

    AUTOMATIC = "automatic"
    HOME = "home"
    PAUSED = "paused"


class Director:
    """Decides one crop a frame for one shot. Not thread-safe: one thread calls everything.

    Feed it with `observe` (it tracks by itself) or `observe_tracks` (a shared tracker), never
    both. Observations may be late: each carries the time of the frame it was made from. The same
    calls in the same order give the same crops, bit for bit.
    """

    def __init__(self, frame: Size, settings: DirectorSettings) -> None:
        check_settings(settings)
        self._frame = frame
        self._settings = settings
        self._tracker = Tracker(frame, TrackerSettings(fusion=settings.fusion))
        self._selector = SubjectSelector(frame, settings.subject)
        self._presence = Presence()
        self._rig = CameraRig(frame, settings)
        self._panes = Panes(frame, settings, Director)
        self._shown: tuple[Box, ...] = (self._rig.crop.box,)
        self._estimator: SubjectEstimator | None = None
        self._framed: tuple[int, ...] = ()
        self._tracks: tuple[Track, ...] = ()
        self._mode = Mode.AUTOMATIC
        self._state = State.WIDE
        self._home: Box | None = None
        self._observed_ns: int | None = None
        self._pts_ns: int | None = None
        self._unshown = self._late = False

    @property
    def state(self) -> State:
        return self._state

    @property
    def subject(self) -> tuple[int, ...]:
        """Ids of the tracks the crop is composed for; empty until somebody was found."""
        return self._panes.subject or self._framed

    @property
    def panes(self) -> tuple[Box, ...]:
        """What the canvas shows since the last `crop_at`: usually the crop alone (see Panes)."""
        return self._shown

    @property
    def tracks(self) -> tuple[Track, ...]:
        return self._tracks

    @property
    def attention(self) -> Attention:
        """What the detectors should know of this shot to look in the right places."""
        return Attention(
            tracks=self._tracks,
            subject=self.subject,
            ball=self._settings.subject.kind is SubjectKind.BALL,
            pts_ns=self._observed_ns or 0,
        )

    @property
    def settings(self) -> DirectorSettings:
        return self._settings

    @property
    def _preset(self) -> SpeedPreset:
        return PRESETS[self._settings.speed]

    @property
    def _now(self) -> int:
        return max(self._observed_ns or 0, self._pts_ns or 0)

    def observe(
        self, detections: tuple[Detection, ...], pts_ns: int, looks: tuple[Look, ...] = ()
    ) -> None:
        """What the detectors found in the frame of `pts_ns`; ignored if not newer than the last."""
        self.observe_tracks(self._tracker.update(Observation(detections, pts_ns, looks)), pts_ns)

    def observe_tracks(self, tracks: tuple[Track, ...], pts_ns: int) -> None:
        """What a tracker made of the frame of `pts_ns`; one not newer than the last is ignored."""
        if self._observed_ns is not None and pts_ns <= self._observed_ns:
            return
        self._observed_ns = pts_ns
        self._unshown = True
        self._tracks = tracks
        chosen = self._selector.update(tracks, pts_ns)
        members = [t for i in chosen for t in tracks if t.track_id == i]
        if self._mode is Mode.AUTOMATIC:
            self._panes.observe(members, pts_ns)
        framed = framed_together(members, self._framed, self._settings, self._frame)
        fresh = [t for t in framed if t.seen_ns == pts_ns]
        if fresh and self._presence.phase(pts_ns) in (Phase.NEVER, Phase.LOST, Phase.GONE):
            self._rig.hurry()
        elapsed = self._presence.looked(pts_ns, pts_ns if fresh else None)
        if fresh:
            self._measure(framed, pts_ns, elapsed)

    def _measure(self, framed: list[Track], pts_ns: int, elapsed_s: float) -> None:
        """Feed the estimator, or start a new one when the subject is another."""
        ids = tuple(track.track_id for track in framed)
        box = joint_box(framed)
        score = max(track.score for track in framed)
        face = framed[0].face if len(framed) == 1 else None
        new = self._estimator is None or set(ids) != set(self._framed)
        self._framed = ids
        if self._estimator is None or new:
            self._estimator = SubjectEstimator(self._frame, box, face, score, pts_ns)
            self._rig.travel()
        else:
            self._estimator.update(box, face, score, self._preset, pts_ns)
        if self._mode is Mode.AUTOMATIC:
            self._ask_zoom(self._estimator.at(pts_ns, self._preset.fade_s).shape, elapsed_s)

    def _ask_zoom(self, shape: SubjectShape, elapsed_s: float) -> None:
        """Zoom out whenever it is needed, but in only on somebody who is in the picture."""
        height = wanted_height(shape, self._settings, self._frame)
        zooms_in = height < self._rig.crop.box.height
        if zooms_in and not self._rig.shows(shape):
            return
        if self._rig.zoom.ask(height, elapsed_s):
            self._rig.wake()

    def crop_at(self, pts_ns: int) -> Crop:
        """The crop for the frame of `pts_ns`; called once a frame, in order, at any frame rate."""
        dt = 0.0 if self._pts_ns is None else (pts_ns - self._pts_ns) / 1e9
        if self._pts_ns is None or dt > 0:
            self._pts_ns = pts_ns
            self._state = self._step(pts_ns, max(dt, 0.0))
            moved_s = 0.0 if self._mode is Mode.PAUSED else max(dt, 0.0)
            self._shown = self._panes.at(self._rig.crop, pts_ns, moved_s)
        return self._rig.crop

    def _step(self, pts_ns: int, dt: float) -> State:
        if self._mode is Mode.PAUSED:
            self._rig.rest(dt)
            return State.PAUSED
        if self._mode is Mode.HOME:
            self._glide_home(dt)
            return State.HOLD if self._rig.resting else State.FOLLOW
        hold_s = 0.0 if self._settings.when_lost is WhenLost.FULL else HOLD_S
        phase = self._presence.phase(pts_ns, hold_s)
        if self._estimator is None or phase is Phase.NEVER:
            return self._go_wide(dt)
        if phase in (Phase.SEEN, Phase.COAST):
            self._rig.follow(self._motion(self._estimator, pts_ns), dt)
            if phase is Phase.COAST:
                return State.COAST
            return State.HOLD if self._rig.resting else State.FOLLOW
        if phase is Phase.LOST or self._settings.when_lost is WhenLost.HOLD:
            self._rig.rest(dt)
            return State.LOST
        return self._fall_back(dt)

    def _motion(self, estimator: SubjectEstimator, pts_ns: int) -> SubjectMotion:
        """Predicted, or told in hindsight when pictures are shown after they were looked at."""
        if self._unshown:
            self._late = self._observed_ns is not None and pts_ns < self._observed_ns
            self._unshown = False
        if not self._late:
            return estimator.at(pts_ns, self._preset.fade_s)
        return estimator.glance(glance_at(pts_ns, self._preset), self._preset.fade_s)

    def _fall_back(self, dt: float) -> State:
        """What `when_lost` says about an empty picture."""
        if self._settings.when_lost is WhenLost.HOME:
            self._glide_home(dt)
        elif self._settings.when_lost is WhenLost.CENTER:
            self._rig.glide(self._middle, self._rig.crop.box.height, dt)
        else:
            return self._go_wide(dt)
        return State.WIDE if self._rig.resting else State.WIDEN

    def _go_wide(self, dt: float) -> State:
        self._rig.glide(self._middle, height_bounds(self._settings, self._frame)[1], dt)
        return State.WIDE if self._rig.resting else State.WIDEN

    @property
    def _middle(self) -> Point:
        return Point(self._frame.width / 2, self._frame.height / 2)

    def _glide_home(self, dt: float) -> None:
        if self._home is None:
            self._go_wide(dt)
        else:
            self._rig.glide(self._home.center, self._home.height, dt)

    def command(self, command: Command) -> None:
        """Obey at once; raises ValueError with a clear sentence, changing nothing, if it cannot."""
        settings = changed(self._settings, command)
        if settings is not None:
            self._configure(settings, command)
        else:
            self._obey(command)
        self._panes.command(command, self._settings)
        self._shown = self._panes.at(self._rig.crop, self._pts_ns or 0, 0.0)

    def _obey(self, command: Command) -> None:
        match command:
            case SelectSubject(policy):
                self._select(policy)
            case LockTrack(track_id):
                self._lock(track_id)
            case ReleaseTrack():
                self._release()
            case NextSubject():
                self._lock(self._neighbor(1))
            case PreviousSubject():
                self._lock(self._neighbor(-1))
            case Recenter():
                self._leave_home()
                self._reframe()
            case SetHome():
                self._home = self._rig.crop.box
            case GoHome():
                self._mode = Mode.HOME
            case Pause():
                self._mode = Mode.PAUSED
            case Resume():
                self._mode = Mode.AUTOMATIC

    def _configure(self, settings: DirectorSettings, command: Command) -> None:
        self._settings = settings
        self._rig.configure(settings)
        if isinstance(command, SetAspectRatio):
            self._cut_to_shape()
        elif isinstance(command, (SetShot, SetHeadroom)):
            self._reframe()

    def _cut_to_shape(self) -> None:
        """Another shape is a cut anyway: begin it well composed, or as wide as it goes."""
        if self._estimator is None or self._state in (State.WIDEN, State.WIDE):
            self._rig.cut_to(self._middle, height_bounds(self._settings, self._frame)[1])
            return
        shape = self._estimator.at(self._now, self._preset.fade_s).shape
        height = wanted_height(shape, self._settings, self._frame)
        self._rig.cut_to(wanted_center(shape, self._settings, self._frame, height), height)

    def _reframe(self) -> None:
        """Glide to the ideal framing of a subject that is there, dead zone or not."""
        if self._estimator is not None and self._mode is Mode.AUTOMATIC:
            shape = self._estimator.at(self._now, self._preset.fade_s).shape
            self._rig.zoom.go_to(wanted_height(shape, self._settings, self._frame))
            self._rig.wake()

    def _select(self, policy: SubjectPolicy) -> None:
        if policy.kind is SubjectKind.TRACK:
            self._find(policy.track_id)
        self._settings = replace(self._settings, subject=policy)
        self._selector.set_policy(policy)
        self._leave_home()
        self._look_again()

    def _lock(self, track_id: int) -> None:
        self._find(track_id)
        self._selector.lock(track_id, self._now)
        self._leave_home()
        self._look_again()

    def _release(self) -> None:
        if self._settings.subject.kind is SubjectKind.TRACK:
            self._settings = replace(self._settings, subject=SubjectPolicy())
        self._selector.release(self._now)
        self._leave_home()

    def _leave_home(self) -> None:
        """A subject command ends the stay at home, but never a pause."""
        if self._mode is Mode.HOME:
            self._mode = Mode.AUTOMATIC

    def _look_again(self) -> None:
        """Choose the subject anew from the tracks already known, without waiting for more."""
        if self._observed_ns is None:
            return
        chosen = self._selector.update(self._tracks, self._observed_ns)
        members = [t for i in chosen for t in self._tracks if t.track_id == i]
        framed = framed_together(members, self._framed, self._settings, self._frame)
        if framed and {t.track_id for t in framed} != set(self._framed):
            self._presence.turn_to(max(t.seen_ns for t in framed))
            self._measure(framed, self._observed_ns, 0.0)

    def _find(self, track_id: int) -> Track:
        for track in self._tracks:
            if track.track_id == track_id:
                return track
        known = ", ".join(str(t.track_id) for t in self._tracks) or "none"
        raise ValueError(f"track {track_id} is not in the picture; tracks there now: {known}")

    def _neighbor(self, step: int) -> int:
        """The id of the next track to the right (1) or left (-1) of the subject, around the end."""
        if not self._tracks:
            raise ValueError("nobody is in the picture to follow; wait until somebody is found")
        ordered = sorted(self._tracks, key=lambda t: (t.box.center.x, t.track_id))
        ids = [t.track_id for t in ordered]
        present = self._framed[0] if self._framed else None
        if present not in ids:
            return ids[0 if step > 0 else -1]
        return ids[(ids.index(present) + step) % len(ids)]
