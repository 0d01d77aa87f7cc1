"""The whole decision behind three calls: observe(), command(), crop_at()."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from livetrack_vcam.core.absence import Absence
from livetrack_vcam.core.attention import Attention
from livetrack_vcam.core.changes import changed, check_settings
from livetrack_vcam.core.command import (
    Command,
    Configure,
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
    ShowWide,
    Toggle,
)
from livetrack_vcam.core.composition import Composition
from livetrack_vcam.core.config import DirectorSettings, SubjectKind, SubjectPolicy
from livetrack_vcam.core.detection import Detection, Look, Observation, Track
from livetrack_vcam.core.framing import (
    SubjectShape,
    height_bounds,
    wanted_center,
    wanted_height,
)
from livetrack_vcam.core.geometry import Box, Crop, Point, Size, as_float
from livetrack_vcam.core.panes import Panes
from livetrack_vcam.core.presence import Phase, State
from livetrack_vcam.core.presets import PRESETS, SpeedPreset
from livetrack_vcam.core.pursuit import Pursuit, Sighting
from livetrack_vcam.core.rig import CameraRig
from livetrack_vcam.core.subject_estimator import SubjectMotion
from livetrack_vcam.core.tracker import Tracker, TrackerSettings

MOST_MOVED_S = 0.5


class Mode(Enum):
    """What the user asked the picture to do."""

    AUTOMATIC = "automatic"
    HOME = "home"
    WIDE = "wide"
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
        self._pursuit = Pursuit(frame, settings)
        self._rig = CameraRig(frame, settings)
        self._absence = Absence(frame)
        self._composition = Composition()
        self._panes = Panes(frame, settings, Director)
        self._shown: tuple[Box, ...] = (self._rig.crop.box,)
        self._mode = Mode.AUTOMATIC
        self._state = State.WIDE
        self._home: Box | None = None
        self._pts_ns: int | None = None
        self._in_sight = False

    @property
    def state(self) -> State:
        return self._state

    @property
    def paused(self) -> bool:
        """Whether it was told to pause; `state` says so from the next frame on."""
        return self._mode is Mode.PAUSED

    @property
    def subject(self) -> tuple[int, ...]:
        """Ids of the tracks the crop is composed for; empty until somebody was found."""
        return self._panes.subject or self._pursuit.framed

    @property
    def panes(self) -> tuple[Box, ...]:
        """What the canvas shows since the last `crop_at`: usually the crop alone (see Panes)."""
        return self._shown

    @property
    def tracks(self) -> tuple[Track, ...]:
        return self._pursuit.tracks

    def tracks_at(self, pts_ns: int) -> tuple[Track, ...]:
        """The tracks moved to the time of a frame: for showing them with its picture.

        Inside the frame, and for half a second at most: nobody goes on as they did for longer.
        """
        observed_ns = self._pursuit.observed_ns
        since_s = 0.0 if observed_ns is None else (pts_ns - observed_ns) / 1e9
        moved = (t.moved(min(max(since_s, -MOST_MOVED_S), MOST_MOVED_S)) for t in self.tracks)
        inside = (replace(t, box=t.box.clipped(self._frame)) for t in moved)
        return tuple(t for t in inside if t.box.area > 0)

    @property
    def attention(self) -> Attention:
        """What the detectors should know of this shot to look in the right places."""
        return Attention(
            tracks=self._pursuit.tracks,
            subject=self.subject,
            ball=self._settings.subject.kind is SubjectKind.BALL,
            pts_ns=self._pursuit.observed_ns or 0,
        )

    @property
    def settings(self) -> DirectorSettings:
        return self._settings

    @property
    def locked(self) -> bool:
        """Whether the user chose the subject by its number, so that nobody else can become it."""
        return self._pursuit.locked

    @property
    def home(self) -> Box | None:
        """The home framing, if the user set one."""
        return self._home

    @property
    def _preset(self) -> SpeedPreset:
        return PRESETS[self._settings.speed]

    @property
    def _now(self) -> int:
        return max(self._pursuit.observed_ns or 0, self._pts_ns or 0)

    def observe(
        self, detections: tuple[Detection, ...], pts_ns: int, looks: tuple[Look, ...] = ()
    ) -> None:
        """What the detectors found in the frame of `pts_ns`; ignored if not newer than the last."""
        self.observe_tracks(self._tracker.update(Observation(detections, pts_ns, looks)), pts_ns)

    def observe_tracks(self, tracks: tuple[Track, ...], pts_ns: int) -> None:
        """What a tracker made of the frame of `pts_ns`; one not newer than the last is ignored."""
        before = self._pursuit.observed_ns
        if before is not None and pts_ns <= before:
            return
        sighting = self._pursuit.observe(tracks, pts_ns)
        self._in_sight = sighting is not None
        if self._mode is Mode.AUTOMATIC:
            self._panes.observe(self._pursuit.members, pts_ns)
        if sighting is not None:
            self._react(sighting, pts_ns)

    def _react(self, sighting: Sighting, pts_ns: int) -> None:
        """The subject was seen: set out for another one, and zoom as it needs."""
        motion = self._pursuit.predicted(pts_ns)
        anew = sighting.another or sighting.returned
        if motion is not None and (self._begins or (anew and self._is_cut(motion.shape))):
            self._cut_to(motion.shape)
            return
        if sighting.returned:
            self._rig.hurry()
        if sighting.another:
            self._rig.travel()

    @property
    def _begins(self) -> bool:
        """Whether no picture was shown yet: the first one is composed at once."""
        return self._pts_ns is None and self._mode is Mode.AUTOMATIC

    def _is_cut(self, shape: SubjectShape) -> bool:
        """Whether the user allows a jump and the subject is further away than the crop is wide."""
        if not self._settings.cuts or self._mode is not Mode.AUTOMATIC:
            return False
        height = wanted_height(shape, self._settings, self._frame)
        wanted = wanted_center(shape, self._settings, self._frame, height)
        box = self._rig.crop.box
        far_across = abs(wanted.x - box.center.x) > box.width
        return far_across or abs(wanted.y - box.center.y) > box.height

    @property
    def _framed(self) -> list[Track]:
        """The tracks of a group; of one subject no more is needed than its motion."""
        ids = self._pursuit.framed
        return [t for t in self._pursuit.tracks if t.track_id in ids] if len(ids) > 1 else []

    def _part(self, shape: SubjectShape) -> SubjectShape:
        """What of the subject the shot is about."""
        return self._composition.shape(shape, self._framed, self._settings)

    def _composed(self, motion: SubjectMotion, dt: float) -> SubjectMotion:
        """The motion the crop follows, one frame of `dt` seconds later than the last."""
        width = self._rig.zoom.height * as_float(self._settings.aspect_ratio)
        return self._composition.motion(motion, self._framed, self._settings, width, dt)

    def crop_at(self, pts_ns: int) -> Crop:
        """The crop for the frame of `pts_ns`; called once a frame, in order, at any frame rate."""
        dt = 0.0 if self._pts_ns is None else (pts_ns - self._pts_ns) / 1e9
        if self._pts_ns is None or dt > 0:
            self._pts_ns = pts_ns
            self._state = self._step(pts_ns, max(dt, 0.0))
            moved_s = 0.0 if self._mode is Mode.PAUSED else max(dt, 0.0)
            crop = self._rig.crop
            self._shown = self._panes.at(crop, pts_ns, moved_s)
            return crop
        return self._rig.crop

    def _step(self, pts_ns: int, dt: float) -> State:
        if self._mode is Mode.PAUSED:
            self._rig.rest(dt)
            return State.PAUSED
        if self._mode is Mode.HOME:
            self._glide_home(dt)
            return State.HOLD if self._rig.resting else State.FOLLOW
        if self._mode is Mode.WIDE:
            return self._go_wide(dt)
        phase = self._pursuit.phase(pts_ns)
        motion = self._pursuit.motion_at(pts_ns)
        if motion is None or phase is Phase.NEVER:
            return self._go_wide(dt)
        if phase is Phase.GONE:
            return self._absence.step(self._rig, self._settings, self._home, dt)
        self._absence.end()
        if phase is Phase.SEEN:
            self._rig.follow(self._composed(motion, dt), dt, closer=self._in_sight)
            return State.HOLD if self._rig.resting else State.FOLLOW
        return self._miss(phase, motion, dt)

    def _miss(self, phase: Phase, motion: SubjectMotion, dt: float) -> State:
        """Go where the subject probably goes, as long as that is in the frame; then wait."""
        inside = 0 <= motion.shape.center_x <= self._frame.width
        if phase is Phase.LOST or not inside:
            self._rig.rest(dt)
            return State.LOST
        self._rig.follow(motion, dt, closer=False)
        return State.COAST

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

    def _around(self, box: Box) -> Box:
        """The least box of the shot's shape around a drawn one; it may reach out of the frame."""
        height = max(box.height, box.width / float(self._settings.aspect_ratio))
        width = height * float(self._settings.aspect_ratio)
        x, y = box.center.x - width / 2, box.center.y - height / 2
        return Box(x, y, x + width, y + height)

    def command(self, command: Command) -> None:
        """Obey at once; raises ValueError with a clear sentence, changing nothing, if it cannot."""
        settings = self._checked(command)
        if settings is not None:
            self._configure(settings, command)
        else:
            self._obey(command)
        self._absence.end()
        self._panes.command(command, self._settings)
        self._shown = self._panes.at(self._rig.crop, self._pts_ns or 0, 0.0)

    def check(self, command: Command) -> None:
        """Raises the ValueError with which `command` would be refused now; changes nothing."""
        self._checked(command)

    def _checked(self, command: Command) -> DirectorSettings | None:
        """The settings after a command that changes some. Raises ValueError if it cannot."""
        settings = changed(self._settings, command)
        match command:
            case LockTrack(track_id):
                self._pursuit.find(track_id)
            case SelectSubject(SubjectPolicy(kind=SubjectKind.TRACK, track_id=track_id)):
                self._pursuit.find(track_id)
            case NextSubject() | PreviousSubject():
                self._pursuit.neighbor(1)
            case Configure() if settings is not None and settings.subject != self._settings.subject:
                self._checked(SelectSubject(settings.subject))
        return settings

    def _obey(self, command: Command) -> None:
        match command:
            case SelectSubject(policy):
                self._select(policy)
            case LockTrack(track_id):
                self._lock(track_id)
            case ReleaseTrack():
                self._release()
            case NextSubject():
                self._lock(self._pursuit.neighbor(1))
            case PreviousSubject():
                self._lock(self._pursuit.neighbor(-1))
            case Recenter():
                self._leave_home()
                self._reframe()
            case SetHome(box):
                self._home = self._rig.crop.box if box is None else self._around(box)
            case GoHome():
                self._mode = Mode.HOME
            case ShowWide():
                self._mode = Mode.WIDE
            case Toggle():
                paused = self._mode is Mode.PAUSED
                self._mode = Mode.AUTOMATIC if paused else Mode.PAUSED
            case Pause():
                self._mode = Mode.PAUSED
            case Resume():
                self._mode = Mode.AUTOMATIC

    def _configure(self, settings: DirectorSettings, command: Command) -> None:
        before = self._settings
        if isinstance(command, Configure) and settings.subject != before.subject:
            self._select(settings.subject)
        self._settings = settings
        self._pursuit.configure(settings)
        self._rig.configure(settings)
        if isinstance(command, SetAspectRatio) or settings.aspect_ratio != before.aspect_ratio:
            self._cut_to_shape()
        elif isinstance(command, (SetShot, SetHeadroom)) or _composition(settings) != _composition(
            before
        ):
            self._reframe()

    def _cut_to_shape(self) -> None:
        """Another shape is a cut anyway: begin it well composed, or as wide as it goes."""
        motion = self._pursuit.predicted(self._now)
        if motion is None or self._state in (State.WIDEN, State.WIDE):
            self._rig.cut_to(self._middle, height_bounds(self._settings, self._frame)[1])
            return
        self._cut_to(motion.shape)

    def _cut_to(self, shape: SubjectShape) -> None:
        shape = self._part(shape)
        height = wanted_height(shape, self._settings, self._frame)
        self._rig.cut_to(wanted_center(shape, self._settings, self._frame, height), height)

    def _reframe(self) -> None:
        """Glide to the ideal framing of a subject that is there, dead zone or not."""
        motion = self._pursuit.predicted(self._now)
        if motion is not None and self._mode is Mode.AUTOMATIC:
            shape = self._part(motion.shape)
            self._rig.zoom.go_to(wanted_height(shape, self._settings, self._frame))
            self._rig.wake()

    def _select(self, policy: SubjectPolicy) -> None:
        self._settings = replace(self._settings, subject=policy)
        self._pursuit.configure(self._settings)
        self._pursuit.select(policy)
        self._leave_home()
        self._look_again()

    def _lock(self, track_id: int) -> None:
        self._pursuit.lock(track_id, self._now)
        self._leave_home()
        self._look_again()

    def _release(self) -> None:
        if self._settings.subject.kind is SubjectKind.TRACK:
            self._settings = replace(self._settings, subject=SubjectPolicy())
            self._pursuit.configure(self._settings)
        self._pursuit.release()
        self._leave_home()

    def _leave_home(self) -> None:
        """A subject command ends the stay at home or wide, but never a pause."""
        if self._mode in (Mode.HOME, Mode.WIDE):
            self._mode = Mode.AUTOMATIC

    def _look_again(self) -> None:
        """Turn to another subject at once, without waiting for more observations."""
        sighting = self._pursuit.look_again()
        if sighting is not None and self._pursuit.observed_ns is not None:
            self._react(sighting, self._pursuit.observed_ns)


def _composition(settings: DirectorSettings) -> tuple[object, ...]:
    """What a new value of shows only when the picture is framed anew."""
    return settings.shot, settings.headroom, settings.eyes_on_third
