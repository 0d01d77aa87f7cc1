"""The writers that the installed aiortc allows: ours, or those over its own sender."""

from __future__ import annotations

import logging
from functools import cache

from aiortc import RTCPeerConnection, RTCRtpSender

from livetrack_vcam.webrtc import aiortc_names, stock, writer

log = logging.getLogger(__name__)

PictureWriter = writer.PictureWriter | stock.PictureWriter
SoundWriter = writer.SoundWriter | stock.SoundWriter


def picture_writer(sender: RTCRtpSender) -> PictureWriter:
    """To be made before the offer or answer of the sender's connection."""
    return writer.PictureWriter(sender) if _is_ours() else stock.PictureWriter(sender)


def sound_writer(connection: RTCPeerConnection) -> SoundWriter:
    """As `picture_writer`, with a transceiver of its own that sends Opus alone."""
    transceiver = connection.addTransceiver("audio", direction="sendonly")
    capabilities = RTCRtpSender.getCapabilities("audio").codecs
    transceiver.setCodecPreferences([c for c in capabilities if c.mimeType == "audio/opus"])
    sender = transceiver.sender
    return writer.SoundWriter(sender) if _is_ours() else stock.SoundWriter(sender)


@cache
def _is_ours() -> bool:
    missing = aiortc_names.missing()
    if missing:
        log.warning(
            "This version of aiortc lacks %s, so each viewer costs more and sees the picture "
            "later; install aiortc 1.16 to mend it.",
            ", ".join(missing),
        )
    return not missing
