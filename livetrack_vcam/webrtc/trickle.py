"""ICE candidates that are told after the offer, as application/trickle-ice-sdpfrag (RFC 8840)."""

from __future__ import annotations

from aiortc import RTCIceCandidate
from aiortc.sdp import candidate_from_sdp

from livetrack_vcam.webrtc.offer import OfferError, without_idle_candidates


def candidates_of(fragment: str) -> list[RTCIceCandidate]:
    """Those that somebody may answer at, MAX_CANDIDATES at most. Raises OfferError."""
    found = []
    for mid, line in _lines(without_idle_candidates(fragment)):
        try:
            candidate = candidate_from_sdp(line)
        except (ValueError, IndexError, AssertionError):
            raise OfferError("a candidate of the fragment makes no sense") from None
        candidate.sdpMid = mid
        found.append(candidate)
    return found


def _lines(fragment: str) -> list[tuple[str, str]]:
    """(mid, candidate) of each candidate line; those before the first section belong to "0"."""
    found, mid = [], "0"
    for line in fragment.splitlines():
        if line.startswith("a=mid:"):
            mid = line[6:].strip()
        elif line.startswith("a=candidate:"):
            found.append((mid, line[12:].strip()))
    return found
