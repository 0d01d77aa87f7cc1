"""Sound beside the picture: blocks stamped with their moment, from one producer to any takers."""

from livetrack_vcam.sound.feed import CHANNELS, RATE_HZ, SoundBlock, SoundFeed, samples_to_ns

__all__ = ["CHANNELS", "RATE_HZ", "SoundBlock", "SoundFeed", "samples_to_ns"]
