"""Where to look next: which part of the frame, for what, within a share of one core.

Pure: the times, the costs and the motion come in as numbers, so a simulated run plans the same
looks on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable

from livetrack_vcam.core.attention import Attention
from livetrack_vcam.core.ball_search import BallSearch
from livetrack_vcam.core.detection import FACE, PERSON, SPORTS_BALL, Detection, Look, Track
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.core.regions import (
    CLOSE_WIDTH,
    HeadView,
    focus_regions,
    head_region,
    head_seen_as,
    is_worth_a_closer_look,
    predicted,
    tiles,
    whole_frame,
)

DEFAULT_CPU = 0.6
EASY_CPU = 0.4
"""No more is used while nobody is so small that closer looks would help."""
CALM_SHARE = 0.3
"""Of the budget, while nothing in the picture moves."""
MOVING = 0.004
"""Share of the picture that changes from which something moves."""
CALM_AFTER_S = 1.0
MOST_CREDIT_S = 0.06
"""Unspent time is saved up to here, so that a rest is not followed by a burst."""
FRAME_SHARE = 0.9
"""Of the time to the next frame, how much the looks at one frame may take."""
WHOLE_EVERY_S = 0.5
"""The whole frame is seen at least so often, whatever it costs: somebody may have come in."""
OBJECTS_FIRST_S = 0.12
"""When objects were not looked for so long, faces wait."""
FACE_RETRY_S = 0.09
"""How often a face is looked for where none was found."""
SMALL = 0.4
"""Of the frame's height: people smaller than this gain from a closer look."""
MOST_LOOKS = 5
"""At one frame."""
HOPELESS_RETRY_S = 0.5
"""The same where nobody's face could be seen."""
SPARING_LOOKS = 3
SPARING_FACES_S = 0.55
"""`sparing`: looks at one frame at most, and seconds between two looks for a face at least."""
BALL_FACES_S = 0.5
"""How often a face is looked for while a ball is followed, which needs every frame."""
COST_GAIN = 0.1


class Schedule:
    """Plans the looks at each frame. Not thread-safe.

    Call `plan` for each frame that could be looked at, in order, and `spent` after the looks were
    made, if their cost is known; without it the costs stay as assumed. `cpu` is the share of one
    core to use, 0 to 1. With `sparing` a frame is given fewer looks, and faces are seldom looked
    for: enough where the past and the future of the frame tell the rest.
    """

    def __init__(
        self,
        frame: Size,
        labels: frozenset[str],
        cpu: float = DEFAULT_CPU,
        sparing: bool = False,
    ) -> None:
        self._frame = frame
        self._objects = labels - {FACE}
        self._faces = FACE in labels
        self._cpu = cpu
        self._most_looks = SPARING_LOOKS if sparing else MOST_LOOKS
        self._least_face_pause = SPARING_FACES_S if sparing else 0.0
        self._tiles = tiles(frame)
        self._ball_search = BallSearch(frame)
        self._cost = {FACE: 0.006, PERSON: 0.012}
        self._credit = MOST_CREDIT_S
        self._now: int | None = None
        self._moved_ns: int | None = None
        self._whole_ns: int | None = None
        self._objects_ns: int | None = None
        self._face_ns: int | None = None
        self._turn = 0
        self._region_turn = 0
        self._tile_turn = 0
        self._face_turn = 0

    def plan(self, attention: Attention, motion: float, now: int) -> tuple[Look, ...]:
        """The looks at the frame of time `now`, in the order of their worth; often none.

        `motion` is the share of the picture, 0 to 1, that changed since the last frame.
        """
        interval = self._advance(attention, motion, now)
        looks: list[Look] = []
        if self._whole_is_due(now):
            self._whole_ns = self._objects_ns = now
            self._take(Look(whole_frame(self._frame), self._objects), looks)
        objects_first = self._objects_ns is None or _since(self._objects_ns, now) > OBJECTS_FIRST_S
        if objects_first:
            self._look_for_objects(attention, looks, interval, now)
        self._look_for_faces(attention, looks, interval, now)
        if not objects_first:
            self._look_for_objects(attention, looks, interval, now)
        return tuple(looks)

    def saw(self, detections: Iterable[Detection], now: int) -> None:
        """What the looks at the frame of `now` showed: an unsure ball is looked at closely."""
        self._ball_search.saw(detections, now)

    def spent(self, looks: tuple[Look, ...], seconds: float) -> None:
        """Learn what the planned `looks`, and whatever came with them, took of the processor."""
        assumed = sum(self._cost[_kind(look)] for look in looks)
        self._credit += assumed - seconds
        if assumed <= 0:
            return
        for kind in {_kind(look): None for look in looks}:
            share = self._cost[kind] * seconds / assumed
            self._cost[kind] += COST_GAIN * (share - self._cost[kind])

    def _advance(self, attention: Attention, motion: float, now: int) -> float:
        """Earn credit for the time gone by; returns that time in seconds."""
        elapsed = 1.0 if self._now is None else min(_since(self._now, now), 1.0)
        self._now = now
        if motion >= MOVING or self._moved_ns is None:
            self._moved_ns = now
        calm = _since(self._moved_ns, now) > CALM_AFTER_S
        hard = bool(self._small(attention)) and not attention.ball
        share = (self._cpu if hard else min(self._cpu, EASY_CPU)) * (CALM_SHARE if calm else 1.0)
        self._credit = min(self._credit + share * elapsed, MOST_CREDIT_S)
        return elapsed

    def _whole_is_due(self, now: int) -> bool:
        if not self._objects:
            return False
        return self._whole_ns is None or _since(self._whole_ns, now) >= WHOLE_EVERY_S

    def _take(self, look: Look, looks: list[Look]) -> None:
        looks.append(look)
        self._credit -= self._cost[_kind(look)]

    def _affords(self, kind: str, looks: list[Look], interval: float) -> bool:
        """Whether another look fits the budget and the time to the next frame."""
        planned = sum(self._cost[_kind(look)] for look in looks)
        in_time = not looks or planned + self._cost[kind] <= FRAME_SHARE * interval
        return in_time and self._credit > 0

    def _look_for_objects(
        self, attention: Attention, looks: list[Look], interval: float, now: int
    ) -> None:
        """The whole frame and a region in turn, as many as fit, none of them twice."""
        repeated = 0
        while (
            self._objects
            and len(looks) < self._most_looks
            and self._affords(PERSON, looks, interval)
        ):
            look = Look(self._next_region(attention, now), self._objects)
            if look not in looks:
                self._take(look, looks)
                self._objects_ns = now
            elif (repeated := repeated + 1) > MOST_LOOKS:
                return

    def _next_region(self, attention: Attention, now: int) -> Box:
        if attention.ball and SPORTS_BALL in self._objects:
            return self._next_for_ball(attention, now)
        return self._next_for_people(attention, now)

    def _next_for_ball(self, attention: Attention, now: int) -> Box:
        """The whole frame, and where the ball should be or may be, in turn."""
        self._turn += 1
        if self._turn % 2:
            regions = self._ball_search.regions(attention.tracks, attention.pts_ns, now)
            if regions:
                return regions[0]
        self._whole_ns = now
        return whole_frame(self._frame)

    def _next_for_people(self, attention: Attention, now: int) -> Box:
        """Half of the looks see the whole frame, or a third when it shows everybody too small.

        Whoever the last looks missed is looked for again, and closer.
        """
        people = [track for track in attention.tracks if track.label == PERSON]
        small = self._small(attention)
        closer = not people or bool(small)
        self._turn += 1
        period = 3 if people and len(small) == len(people) else 2
        if not closer or not self._tiles or self._turn % period == 0:
            self._whole_ns = now
            return whole_frame(self._frame)
        small = _framed_first(small, attention)
        missed = [track for track in small if track.seen_ns < attention.pts_ns]
        return self._closer(
            focus_regions(_predicted(small, attention, now), self._frame)
            + focus_regions(_predicted(missed, attention, now), self._frame, CLOSE_WIDTH)
        )

    def _small(self, attention: Attention) -> list[Track]:
        """The people who gain from a closer look."""
        least = SMALL * self._frame.height
        return [t for t in attention.tracks if t.label == PERSON and t.box.height < least]

    def _closer(self, focused: tuple[Box, ...]) -> Box:
        """Every region to look at, one after the other, and between the rounds a tile."""
        self._region_turn += 1
        at = self._region_turn % (len(focused) + 1)
        if at < len(focused):
            return focused[at]
        self._tile_turn += 1
        return self._tiles[self._tile_turn % len(self._tiles)]

    def _look_for_faces(
        self, attention: Attention, looks: list[Look], interval: float, now: int
    ) -> None:
        if not self._faces or not self._affords(FACE, looks, interval):
            return
        person = self._whose_face(attention)
        pause = BALL_FACES_S if attention.ball else self._face_pause(person)
        pause = max(pause, self._least_face_pause)
        if self._face_ns is not None and _since(self._face_ns, now) < pause:
            return
        self._face_turn += 1
        self._face_ns = now
        region = self._face_region(person, attention.pts_ns, now)
        self._take(Look(region, frozenset({FACE})), looks)

    def _face_pause(self, person: Track | None) -> float:
        """Seconds between two looks for a face: none while it is seen."""
        if person is None:
            return FACE_RETRY_S
        if head_seen_as(person.box, self._frame) is HeadView.HOPELESS:
            return HOPELESS_RETRY_S
        return FACE_RETRY_S if person.face is None else 0.0

    def _whose_face(self, attention: Attention) -> Track | None:
        """The framed people in turn, then the largest of the others; None when nobody is there."""
        people = [track for track in attention.tracks if track.label == PERSON]
        framed = [track for track in people if track.track_id in attention.subject]
        if framed:
            return framed[self._face_turn % len(framed)]
        return max(people, key=lambda track: (track.box.area, -track.track_id), default=None)

    def _face_region(self, person: Track | None, observed_ns: int, now: int) -> Box:
        """The whole frame where heads are large in it; else that person's head, seen closely.

        With nobody known the tiles come in turn with the whole: a face may be all that is seen.
        """
        if person is None:
            round_, see_whole = divmod(self._face_turn, 2)
            if self._tiles and not see_whole:
                return self._tiles[round_ % len(self._tiles)]
            return whole_frame(self._frame)
        box = predicted(person, observed_ns, now)
        view = head_seen_as(box, self._frame)
        glance = self._face_turn % (4 if view is HeadView.FAINT else 8) == 0
        if glance or not is_worth_a_closer_look(view):
            return whole_frame(self._frame)
        return head_region(box)


def _predicted(tracks: list[Track], attention: Attention, now: int) -> list[Box]:
    return [predicted(track, attention.pts_ns, now) for track in tracks]


def _framed_first(tracks: list[Track], attention: Attention) -> list[Track]:
    return sorted(tracks, key=lambda track: track.track_id not in attention.subject)


def _kind(look: Look) -> str:
    return FACE if FACE in look.labels else PERSON


def _since(then: int, now: int) -> float:
    return (now - then) / 1e9
