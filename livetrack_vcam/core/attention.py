"""What the pictures are about, told to whoever decides where the detectors look next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from livetrack_vcam.core.detection import Track


@dataclass(frozen=True, slots=True)
class Attention:
    """As of the observation of `pts_ns`.

    `subject`: ids of the tracks that are framed. `ball`: a shot follows the ball.
    """

    tracks: tuple[Track, ...] = ()
    subject: tuple[int, ...] = ()
    ball: bool = False
    pts_ns: int = 0


def combined(parts: Sequence[Attention]) -> Attention:
    """What several shots that share one tracker are about; `parts` has at least one."""
    return Attention(
        tracks=parts[0].tracks,
        subject=tuple(dict.fromkeys(number for part in parts for number in part.subject)),
        ball=any(part.ball for part in parts),
        pts_ns=parts[0].pts_ns,
    )
