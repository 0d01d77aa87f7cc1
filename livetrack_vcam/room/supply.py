"""Which rendition a viewer is sent: what was picked, less while the network bears less."""

from __future__ import annotations

from functools import partial

from livetrack_vcam.room.adaptation import Adaptation, Move, report_between
from livetrack_vcam.room.rendition import Receiver, Rendition, RenditionSpec
from livetrack_vcam.room.renditions import Renditions
from livetrack_vcam.webrtc.encoded import Codec, EncodedPicture
from livetrack_vcam.webrtc.terms import WriterStats
from livetrack_vcam.webrtc.writers import PictureWriter


class Supply:
    """Feeds one writer. On the way to another rendition the old one goes on until the new one's
    first picture, so that nothing stands still meanwhile. Belongs to the room's loop.
    """

    def __init__(self, writer: PictureWriter, renditions: Renditions, codec: Codec) -> None:
        self._writer = writer
        self._renditions = renditions
        self._codec = codec
        self._specs = renditions.specs(codec)
        self._adaptation = Adaptation([spec.kbps for spec in self._specs])
        self._now: tuple[Rendition, Receiver] | None = None
        self._next: tuple[Rendition, Receiver] | None = None
        self._before = WriterStats()
        writer.on_keyframe_wanted = self._want_keyframe

    @property
    def spec(self) -> RenditionSpec | None:
        """What is sent now or in a moment; None before `pick` and after `end`."""
        taken = self._next or self._now
        return taken[0].spec if taken else None

    @property
    def reduced(self) -> bool:
        """Whether the network bears less than what was picked."""
        return self._adaptation.reduced

    def pick(self, height: int | None) -> None:
        """Send the largest rendition of at most that height; None: the largest of all."""
        spec = self._renditions.pick(self._codec, height).spec
        self._adaptation.pick(self._specs.index(spec))
        self._take_up()

    def tick(self) -> None:
        """Once a second: look how the network bears it."""
        if self._now is None:
            return
        stats = self._writer.stats
        report = report_between(self._before, stats)
        self._before = stats
        if self._adaptation.observe(report) is not Move.STAY:
            self._take_up()

    def end(self) -> None:
        for rendition, receiver in filter(None, (self._now, self._next)):
            rendition.leave(receiver)
        self._now = self._next = None

    def _take_up(self) -> None:
        spec = self._specs[self._adaptation.step]
        rendition = self._renditions.pick(self._codec, spec.rows)
        if self._next is not None:
            self._next[0].leave(self._next[1])
            self._next = None
        if self._now is not None and rendition is self._now[0]:
            return
        receiver = partial(self._receive, rendition)
        if self._now is None:
            self._now = (rendition, receiver)
        else:
            self._next = (rendition, receiver)
        rendition.join(receiver)

    def _receive(self, rendition: Rendition, picture: EncodedPicture) -> None:
        if self._next is not None and rendition is self._next[0]:
            if self._now is not None:
                self._now[0].leave(self._now[1])
            self._now, self._next = self._next, None
            self._writer.switch()
        self._writer.write(picture)

    def _want_keyframe(self) -> None:
        taken = self._next or self._now
        if taken is not None:
            taken[0].want_keyframe()
