"""What the render thread is told to do between two pictures, and what it answers."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field

from livetrack_vcam.core.command import Command


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """Commands that take effect together, each for one shot, or for every shot (None).

    `standby`: whether from now on the picture rests and nobody is looked for; None: as it is.
    `verdict` is resolved by the render thread: with None when all were obeyed, with a ValueError
    whose sentence says why none was.
    """

    commands: tuple[tuple[str | None, Command], ...] = ()
    standby: bool | None = None
    verdict: Future[None] = field(default_factory=Future)

    def obeyed(self) -> None:
        self.verdict.set_result(None)

    def refused(self, reason: str) -> None:
        self.verdict.set_exception(ValueError(reason))
