"""The controller of obs-face-tracker (src/face-tracker.cpp, tick_filter), shipped constants."""

from __future__ import annotations

from benchmarks.framing.operators.follower import Sight, View


class _Axis:
    """A proportional-integral loop into an integrator, and a low-passed derivative-like lead."""

    def __init__(self, kp: float, lead_lpf_s: float) -> None:
        self._kp = kp
        self._lpf_s = lead_lpf_s
        self._out: float | None = None
        self._integral = self._lead = 0.0

    def step(self, present: float, error: float, low: float, high: float, dt: float) -> float:
        out = present if self._out is None else self._out
        out += (error + self._integral) * self._kp * dt
        self._integral += self._fed(error, dt) * ObsFaceTracker.KI * dt
        self._lead = (self._lead * self._lpf_s + error * dt) / (self._lpf_s + dt)
        place = out + self._lead * self._kp * ObsFaceTracker.TD_S
        if place < low:
            place, out = low, max(out, low)
        elif place > high:
            place, out = high, min(out, high)
        self._out = out
        return place

    def _fed(self, error: float, dt: float) -> float:
        """Error for the integral: one of the other sign takes it to zero at most."""
        opposite = error * self._integral < 0
        most = abs(self._integral) / (ObsFaceTracker.KI * dt)
        return max(-most, min(most, error)) if opposite else error


class ObsFaceTracker:
    """Kp .95/s, Ki .3/s, Td .42 s with a low-pass of 2 s; size 10 dB slower, low-pass of 6 s.

    The error is that of the frame the detection was made in, held until the next; nobody found is
    no error. Dead bands are 0 as shipped.
    """

    KP, KI, TD_S = 0.95, 0.3, 0.42
    LPF_S, SIZE_LPF_S, SIZE_GAIN = 2.0, 6.0, 10 ** (-10 / 20)

    def __init__(self) -> None:
        self._x = _Axis(self.KP, self.LPF_S)
        self._y = _Axis(self.KP, self.LPF_S)
        self._size = _Axis(self.KP * self.SIZE_GAIN, self.SIZE_LPF_S)
        self._error = View(0.0, 0.0, 0.0)

    def step(self, view: View, sight: Sight, dt: float) -> View:
        if sight.fresh:
            seen = sight.seen_from
            self._error = View(
                sight.target.x - seen.x,
                sight.target.y - seen.y,
                sight.target.height - seen.height,
            )
        if not sight.found:
            self._error = View(0.0, 0.0, 0.0)
        error, frame = self._error, sight.frame
        largest = min(float(frame.height), frame.width / sight.ratio)
        height = self._size.step(view.height, error.height, largest / 10, largest, dt)
        half_x, half_y = view.height * sight.ratio / 2, view.height / 2
        return View(
            self._x.step(view.x, error.x, half_x, frame.width - half_x, dt),
            self._y.step(view.y, error.y, half_y, frame.height - half_y, dt),
            height,
        )
