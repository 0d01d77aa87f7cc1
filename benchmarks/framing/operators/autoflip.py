"""AutoFlip's kinematic path solver (mediapipe, examples/desktop/autoflip/quality)."""

from __future__ import annotations

from benchmarks.framing.operators.follower import Sight, View

FIELD_OF_VIEW_DEG = 60.0
MAX_VELOCITY_DEG_S = 18.0
MIN_MOTION_DEG = 1.8
UPDATE_RATE_S = 0.2
MAX_UPDATE_RATE = 0.8
MEAN_PERIOD_UPDATE_RATE = 0.25


class _Solver:
    """One axis: a velocity that is blended with the observed one, once motion is large enough.

    Without a reframe window, as by default, a solver that began to move never rests again.
    """

    def __init__(self) -> None:
        self._moving = False
        self._velocity = 0.0
        self._period_s = 0.0

    def observe(self, off_deg: float, dt: float) -> None:
        """An observation `off_deg` from the present position, `dt` after the last step."""
        self._moving = self._moving or abs(off_deg) >= MIN_MOTION_DEG
        off_deg = off_deg if self._moving else 0.0
        blend = MEAN_PERIOD_UPDATE_RATE if self._period_s > 0 else 1.0
        self._period_s += blend * (dt - self._period_s)
        rate = min(self._period_s / UPDATE_RATE_S, MAX_UPDATE_RATE)
        velocity = self._velocity + rate * (off_deg / dt - self._velocity)
        self._velocity = min(max(velocity, -MAX_VELOCITY_DEG_S), MAX_VELOCITY_DEG_S)

    def moved_deg(self) -> float:
        """How far the next step goes."""
        return self._velocity * self._period_s

    def stop(self) -> None:
        """The edge of the picture was reached."""
        self._velocity = 0.0
        self._moving = False


class AutoFlip:
    """An observation where a detection is fresh, a prediction on every other frame.

    Defaults of kinematic_path_solver.proto: 18°/s at most, 1.8° to begin, velocity blended over
    .2 s; the frame's width is 60°. Positions are whole pixels. It was made for files, in which a
    detection belongs to the frame it was made in; here it is late as for everybody.
    """

    def __init__(self) -> None:
        self._axes = (_Solver(), _Solver(), _Solver())

    def step(self, view: View, sight: Sight, dt: float) -> View:
        pixels_per_deg = sight.frame.width / FIELD_OF_VIEW_DEG
        half = View(view.height * sight.ratio / 2, view.height / 2, 0.0)
        frame = sight.frame
        places = (
            (view.x, sight.target.x, half.x, frame.width - half.x),
            (view.y, sight.target.y, half.y, frame.height - half.y),
            (view.height, sight.target.height, 2.0, float(frame.height)),
        )
        moved = []
        for solver, (place, target, low, high) in zip(self._axes, places, strict=True):
            if sight.fresh:
                solver.observe((round(target) - place) / pixels_per_deg, dt)
            new = place + solver.moved_deg() * pixels_per_deg
            if not low <= new <= high:
                new = min(max(new, low), high)
                solver.stop()
            moved.append(new)
        return View(*moved)
