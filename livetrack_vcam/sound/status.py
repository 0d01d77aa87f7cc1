"""How it stands with the sound, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SoundStatus:
    """`offered`: there is a source of sound; `trouble`: why nothing is heard of it, a sentence.

    `listeners`, `packets` and `dropped` blocks count. `howling`: it is muted, for it was fed back.
    """

    offered: bool
    trouble: str | None
    listeners: int
    packets: int
    dropped: int
    howling: bool
