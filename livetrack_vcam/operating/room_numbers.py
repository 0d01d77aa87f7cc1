"""The numbers of a room, as `GET /api/stats` and the metrics give them."""

from __future__ import annotations

from typing import Any

from livetrack_vcam.room_status import EncodingStatus, RoomStatus, ViewerStatus


def room_numbers(room: RoomStatus) -> dict[str, Any]:
    """By viewer's number and by encoding, as "H264 1280x720"."""
    return {
        "watching": len(room.viewers),
        "upload_kbps": room.upload_kbps,
        "joined_total": room.joined,
        "turned_away_total": room.turned_away,
        "viewers": {str(viewer.number): _viewer(viewer) for viewer in room.viewers},
        "encodings": {
            f"{each.codec} {each.width}x{each.height}": _encoding(each) for each in room.encodings
        },
    }


def _viewer(viewer: ViewerStatus) -> dict[str, Any]:
    return {
        "kbps": viewer.kbps,
        "fps": viewer.fps,
        "rtt_ms": viewer.rtt_ms,
        "loss_pct": viewer.loss_pct,
        "jitter_ms": viewer.jitter_ms,
        "latency_ms": viewer.latency_ms,
        "nacks_total": viewer.nack,
        "plis_total": viewer.pli,
        "resent_packets_total": viewer.resent,
        "skipped_frames_total": viewer.skipped,
    }


def _encoding(encoding: EncodingStatus) -> dict[str, Any]:
    return {
        "watching": encoding.viewers,
        "fps": encoding.fps,
        "frames_total": encoding.pictures,
        "keyframes_total": encoding.keyframes,
        "skipped_frames_total": encoding.skipped,
        "failed": encoding.error is not None,
    }
