"""The rendering stage: decides and draws every picture. Its thread is started in `pipeline.py`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from livetrack_vcam.core.attention import Attention
from livetrack_vcam.core.command import Command
from livetrack_vcam.core.config import DirectorSettings, Speed
from livetrack_vcam.core.detection import Detection, Look, Observation, Track
from livetrack_vcam.core.director import Director
from livetrack_vcam.core.geometry import Box, Crop
from livetrack_vcam.core.presence import State
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.live.look_ahead import LookAhead
from livetrack_vcam.live.opening import Opening
from livetrack_vcam.live.orders import Order
from livetrack_vcam.live.outlet import Outlet
from livetrack_vcam.live.slates import Slates
from livetrack_vcam.live.timeline import Timeline
from livetrack_vcam.mailbox import Closed, Mailbox, Woken
from livetrack_vcam.media import Frame
from livetrack_vcam.picture.render import Renderer
from livetrack_vcam.stats import NS_PER_S, Clock, Flow

log = logging.getLogger(__name__)

# A camera that has sent nothing for so long is taken as lost; the outputs then carry the slate.
STALL_NS = 2 * NS_PER_S
SLATE_INTERVAL_S = 0.5
FADE_TICK_S = 0.04  # between the pictures of a slate that fades in
# When the whole process stood still for a frame, two come at once; one place would lose the first.
RENDER_DEPTH = 2
# Pace of the pictures that are still held when no more frames come, by the frames before.
SHORTEST_TICK_S, LONGEST_TICK_S = 0.005, 0.1


class Decider(Protocol):
    """A crew, or a recorder around one that logs each call."""

    @property
    def attention(self) -> Attention: ...

    def observe(
        self, detections: tuple[Detection, ...], pts_ns: int, looks: tuple[Look, ...] = ()
    ) -> None: ...

    def command(self, shot: str | None, command: Command) -> None: ...

    def crop_at(self, shot: str, pts_ns: int) -> Crop: ...

    def director(self, shot: str) -> Director: ...


@dataclass(frozen=True, slots=True)
class ShotView:
    """What the last picture of a shot showed; `delay_ns` is how much it was held for look-ahead.

    `pts_ns` is its frame's; `at_ns` the same in the directors' time, in which tracks were seen.
    """

    shot: str
    crop: Crop
    state: State
    subject: tuple[int, ...]
    tracks: tuple[Track, ...]
    pts_ns: int
    at_ns: int
    panes: tuple[Box, ...]
    delay_ns: int


@dataclass(frozen=True, slots=True)
class Framing:
    """How a shot is to be framed now; a new one whenever the directors were told something.

    `home` is in source pixels, None while there is none. `locked`: the user chose the subject.
    """

    settings: DirectorSettings
    locked: bool
    home: Box | None


Journal = Callable[[Frame, tuple[ShotView, ...]], None]


class Render:
    """Owns every director: drains observations and commands, then frames and draws each picture.

    Whoever looks for people gets a frame through `to_detect` when its picture is drawn, so that
    the two do not compete for the processor while the picture is waited for.

    `look_ahead` names the shots whose pictures are shown so many frames late (see LookAhead). The
    delay stays for the whole run: another speed moves the crop differently, but a change of delay
    would hold or skip the picture and shift it against the sound. `watched`: somebody looks.
    """

    def __init__(
        self,
        decider: Decider,
        canvases: Mapping[str, Canvas],
        outlets: Sequence[Outlet],
        journal: Journal | None,
        clock: Clock,
        look_ahead: Mapping[str, int] | None = None,
        watched: bool = True,
    ) -> None:
        self.to_detect: Mailbox[Frame] = Mailbox()
        self.frames: Mailbox[Frame] = Mailbox(RENDER_DEPTH)
        self.observations: Mailbox[Observation] = Mailbox(16)
        self.orders: Mailbox[Order] = Mailbox(256)
        self.flow = Flow()
        self.views: tuple[ShotView, ...] = ()
        self.timeline = Timeline()
        self.attention = decider.attention
        self._decider = decider
        self._renderers = {shot: Renderer(canvas.size) for shot, canvas in canvases.items()}
        self._slates = Slates({shot: canvas.size for shot, canvas in canvases.items()})
        self._outlets = outlets
        self._journal = journal
        self._clock = clock
        # Called with every frame once its pictures are on their way; must not block.
        self.onlooker: Callable[[Frame], None] = lambda _frame: None
        # Called again and again while the slate is shown; must not block.
        self.on_silence: Callable[[], None] = lambda: None
        # What the slate says before the first frame, and when no more come.
        self.waiting_line = "Waiting for the camera."
        self.away_line = "The camera is away. Looking for it."
        self.look_ahead: LookAhead[Frame] = LookAhead(
            {shot: (look_ahead or {}).get(shot, 0) for shot in canvases}
        )
        self._opening: Opening[Frame] = Opening(watched)
        self._counted = min(canvases, key=self.look_ahead.frames)
        self._newest: Frame | None = None
        self._tick_s = LONGEST_TICK_S
        self.framings = self._framings()

    def delay_ns(self, shot: str) -> int:
        """How much the shot's last picture was held back; may be asked from any thread."""
        return next((view.delay_ns for view in self.views if view.shot == shot), 0)

    def run(self) -> None:
        silent = False
        try:
            while True:
                held = silent and bool(self.look_ahead)
                try:
                    frame = self.frames.get(self._tick_s if held else self._slate_tick_s())
                except Woken:
                    self._drain()
                    continue
                silent = frame is None
                if frame is not None:
                    self._drain()
                    self._measure_tick(frame)
                    self._open_with(frame)
                    if not self.timeline.resting:
                        self.to_detect.put(frame)
                    self.onlooker(frame)
                elif self.look_ahead:
                    self._show_held()
                else:
                    self._show_slate()
        except Closed:
            for frame in self._opening.rest():
                self._show(self.look_ahead.put(frame))
            while self.look_ahead:
                time.sleep(self._tick_s)
                self._show_held()
        finally:
            self.to_detect.close()
            self.orders.close()
            for order in self.orders.drain():
                order.refused("the program is ending")
            for outlet in self._outlets:
                outlet.stop()

    def _drain(self) -> None:
        for order in self.orders.drain():
            self._carry_out(order)
        for observation in () if self.timeline.resting else self.observations.drain():
            self._decider.observe(observation.detections, observation.pts_ns, observation.looks)
        self.attention = self._decider.attention
        self.framings = self._framings()

    def _carry_out(self, order: Order) -> None:
        """All of it, or, if any director cannot, nothing."""
        try:
            for shot, command in order.commands:
                for name in self._meant(shot):
                    self._decider.director(name).check(command)
        except ValueError as error:
            order.refused(str(error))
            return
        before = self._framings()
        for shot, command in order.commands:
            self._decider.command(shot, command)
        if order.standby is not None:
            self._stand_by(order.standby)
        self.framings = self._framings()
        self._explain(before)
        order.obeyed()

    def _meant(self, shot: str | None) -> list[str]:
        return list(self._renderers) if shot is None else [shot]

    def _stand_by(self, on: bool) -> None:
        newest_ns = self._newest.pts_ns if self._newest is not None else 0
        if on:
            self.timeline.rest(newest_ns)
            self.to_detect.drain()
        else:
            self.timeline.go_on(newest_ns)

    def _framings(self) -> dict[str, Framing]:
        directors = {shot: self._decider.director(shot) for shot in self._renderers}
        return {
            shot: Framing(director.settings, director.locked, director.home)
            for shot, director in directors.items()
        }

    def _explain(self, before: Mapping[str, Framing]) -> None:
        """Cinema without look-ahead is only half of it: say how to get the rest."""
        for name, framing in self.framings.items():
            already = before[name].settings.speed is Speed.CINEMA
            cinema = framing.settings.speed is Speed.CINEMA and not already
            if cinema and self.look_ahead.frames(name) == 0:
                log.info(
                    "shot %s now moves as cinema but sees nothing coming; "
                    "start with --look-ahead 10 for that, its picture is then 10 frames late",
                    name,
                )

    def _measure_tick(self, frame: Frame) -> None:
        if self._newest is not None:
            passed_s = (frame.pts_ns - self._newest.pts_ns) / NS_PER_S
            self._tick_s = min(max(passed_s, SHORTEST_TICK_S), LONGEST_TICK_S)
        self._newest = frame

    def _open_with(self, frame: Frame) -> None:
        """Show the frame, at the beginning once somebody was found or it has waited for long."""
        for each in self._opening.put(frame, frame.pts_ns, bool(self.attention.subject)):
            self._show(self.look_ahead.put(each), newest=each is frame)

    def _show_held(self) -> None:
        """No frame has come: go on with those that are held."""
        self._drain()
        self._show(self.look_ahead.advance())

    def _show(self, frames: Mapping[str, Frame], newest: bool = True) -> None:
        """One picture of each shot whose frame is given.

        One that is not the `newest` comes at once with those after it: only whoever keeps every
        picture has a use for it.
        """
        crops = {
            shot: self._decider.crop_at(shot, self.timeline.at(frames[shot].pts_ns))
            for shot in self._renderers
            if shot in frames
        }
        for shot in crops:
            director = self._decider.director(shot)
            picture = self._renderers[shot].render_panes(
                frames[shot], director.panes, director.settings.fill
            )
            picture = self._slates.over(shot, picture, self._clock())
            self._send(shot, picture, everywhere=newest)
        if self._counted in frames:
            self.flow.add(frames[self._counted].pts_ns, self._clock())
        views = {view.shot: view for view in self.views}
        views |= {shot: self._view(shot, crop, frames[shot]) for shot, crop in crops.items()}
        self.views = tuple(views[shot] for shot in self._renderers if shot in views)
        if self._journal is not None and self._first in frames:
            self._journal(frames[self._first], self.views)

    @property
    def _first(self) -> str:
        """The shot the journal is about."""
        return next(iter(self._renderers))

    def _view(self, shot: str, crop: Crop, frame: Frame) -> ShotView:
        director = self._decider.director(shot)
        newest_ns = self._newest.pts_ns if self._newest is not None else frame.pts_ns
        at_ns, resting = self.timeline.at(frame.pts_ns), self.timeline.resting
        return ShotView(
            shot,
            crop,
            State.PAUSED if resting else director.state,
            () if resting else director.subject,
            () if resting else director.tracks_at(at_ns),
            frame.pts_ns,
            at_ns,
            director.panes,
            newest_ns - frame.pts_ns,
        )

    def _show_slate(self) -> None:
        """Keep the outputs alive through the loss of the source, once it is long enough."""
        now_ns = self._clock()
        given_up_ns = self.views[0].pts_ns + STALL_NS if self.views else now_ns
        if now_ns < given_up_ns:
            return
        self.on_silence()
        line = self.away_line if self.views else self.waiting_line
        for shot in self._renderers:
            self._send(shot, self._slates.instead(shot, line, now_ns, given_up_ns))

    def _slate_tick_s(self) -> float:
        """How long to wait for a frame before the slate is due, or its next picture."""
        now_ns = self._clock()
        # A frame that is late by so little must not bring those that are held before their time.
        if self._slates.fading(now_ns) and not self.look_ahead:
            return FADE_TICK_S
        left_ns = self.views[0].pts_ns + STALL_NS - now_ns if self.views else 0
        return left_ns / NS_PER_S if 0 < left_ns < SLATE_INTERVAL_S * NS_PER_S else SLATE_INTERVAL_S

    def _send(self, shot: str, picture: Frame, everywhere: bool = True) -> None:
        for outlet in self._outlets:
            if outlet.shot == shot and (everywhere or outlet.sink.depth > 1):
                outlet.mailbox.put(picture)
