"""Whether the machine slept: the clock that counts sleep ran ahead of the one that does not."""

from __future__ import annotations

import time

from livetrack_vcam.stats import NS_PER_S, Clock

# The two clocks are read one after the other; a thread may be kept waiting in between.
SHORTEST_SLEEP_NS = NS_PER_S


def clock_through_sleep() -> int:
    """Nanoseconds that go on while the machine sleeps; Linux has them, elsewhere the plain ones."""
    boot_time: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic_ns() if boot_time is None else time.clock_gettime_ns(boot_time)


class SleepWatch:
    """Notices sleep between two calls of `slept_s`. On systems whose plain clock counts sleep it
    notices none."""

    def __init__(
        self, awake: Clock = time.monotonic_ns, through_sleep: Clock = clock_through_sleep
    ) -> None:
        self._awake = awake
        self._through_sleep = through_sleep
        self._ahead_ns = through_sleep() - awake()

    def slept_s(self) -> float:
        """Seconds slept since the last call; 0.0 when the machine was awake."""
        before_ns, self._ahead_ns = self._ahead_ns, self._through_sleep() - self._awake()
        slept_ns = self._ahead_ns - before_ns
        return slept_ns / NS_PER_S if slept_ns >= SHORTEST_SLEEP_NS else 0.0
