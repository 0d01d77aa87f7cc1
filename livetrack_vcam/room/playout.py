"""How long a viewer's browser may hold pictures back: as little as its network allows."""

from __future__ import annotations

from livetrack_vcam.room.wish import Mode

LOWEST_MS = (0, 0)
SMOOTH_MS = (100, 400)
"""Outlasts one retransmission on an ordinary network."""
LIP_SYNC_MS = (80, 1000)
"""To whoever hears the sound, too, the picture is shown as late as that is heard: browsers hold
sound back longer than this, and would take ten seconds to find out."""
MENDED_MS = (90, 400)
"""Where packets get lost, so that the picture does not stand still until one came again. At 2 %
and 20 ms of jitter 0 freezes in half a minute instead of 2; the 95 % are at 114 ms, were at 89."""
LOSSY_NACKS = 2
"""Packets reported missing in a second; a single one may be chance."""
CLEAN_S = 15


class Playout:
    """Decides once a second, and whenever the viewer changes something. Knows no clock."""

    def __init__(self) -> None:
        self._clean_s = CLEAN_S

    def observe(self, nacked: int) -> None:
        """A second went by in which so many packets were reported missing."""
        self._clean_s = 0 if nacked >= LOSSY_NACKS else min(self._clean_s + 1, CLEAN_S)

    def delay_ms(self, mode: Mode, listening: bool) -> tuple[int, int]:
        """The least and the most, milliseconds."""
        wanted = [SMOOTH_MS if mode is Mode.SMOOTH else LOWEST_MS]
        if listening:
            wanted.append(LIP_SYNC_MS)
        if self._clean_s < CLEAN_S:
            wanted.append(MENDED_MS)
        least, most = zip(*wanted, strict=True)
        return max(least), max(most)
