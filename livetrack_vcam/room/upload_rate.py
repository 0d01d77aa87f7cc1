"""The bit rate an upload to a media server bears: one receiver, whose losses everybody sees."""

from __future__ import annotations

from livetrack_vcam.room.adaptation import Adaptation, report_between
from livetrack_vcam.webrtc.terms import WriterStats

# Of the wanted rate. Below a quarter a picture of that size is not worth watching.
STEPS = (1.0, 0.7, 0.5, 0.35, 0.25)


class UploadRate:
    """Steps down where packets get lost or wait, and up again when that is over.

    `kbps` may be read in any thread; the rest belongs to the loop.
    """

    def __init__(self, wanted_kbps: int) -> None:
        self.wanted_kbps = wanted_kbps
        self._ladder = [max(100, round(wanted_kbps * share)) for share in STEPS]
        self._before = WriterStats()
        self.restart()

    @property
    def kbps(self) -> int:
        return self._ladder[self._adaptation.step]

    def restart(self) -> None:
        """Another connection, and perhaps another way: begin with what is wanted."""
        self._adaptation = Adaptation(self._ladder)
        self._before = WriterStats()

    def observe(self, stats: WriterStats) -> None:
        """What the connection's writer counts, once a second."""
        self._adaptation.observe(report_between(self._before, stats))
        self._before = stats
