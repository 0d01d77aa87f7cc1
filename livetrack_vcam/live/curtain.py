"""How much of the slate lies over the picture: it comes and goes softly, as a function of time."""

from __future__ import annotations

from livetrack_vcam.stats import NS_PER_S

FADE_NS = round(0.4 * NS_PER_S)


class Curtain:
    """Told when the picture goes and when it is back; `share` is then a function of time alone.

    What turns round on its way goes back from where it is.
    """

    def __init__(self) -> None:
        self._closing = False
        self._position = 0.0
        self._turned_ns = 0

    def close(self, now_ns: int, at_once: bool = False) -> None:
        """Cover the picture; `at_once` where there is none to fade from."""
        if at_once:
            self._closing, self._position, self._turned_ns = True, 1.0, now_ns
        elif not self._closing:
            self._turn(now_ns)

    def open(self, now_ns: int) -> None:
        """Show the picture again."""
        if self._closing:
            self._turn(now_ns)

    def share(self, now_ns: int) -> float:
        """How much is covered: 0 nothing, 1 all."""
        linear = self._linear(now_ns)
        return linear * linear * (3 - 2 * linear)

    def moves(self, now_ns: int) -> bool:
        """Whether it is on its way."""
        return self._linear(now_ns) != float(self._closing)

    def _turn(self, now_ns: int) -> None:
        self._position = self._linear(now_ns)
        self._turned_ns = now_ns
        self._closing = not self._closing

    def _linear(self, now_ns: int) -> float:
        moved = max(0, now_ns - self._turned_ns) / FADE_NS
        if self._closing:
            return min(1.0, self._position + moved)
        return max(0.0, self._position - moved)
