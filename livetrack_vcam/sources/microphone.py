"""A microphone through PortAudio; the only file that knows the extra `audio`."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from threading import Event
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from livetrack_vcam.errors import SettingsError, SourceBusyError, SourceError, SourceNotFoundError
from livetrack_vcam.mailbox import Mailbox
from livetrack_vcam.media_time import SECOND_NS
from livetrack_vcam.sound.feed import CHANNELS, RATE_HZ, SoundBlock, SoundFeed
from livetrack_vcam.sources.sound_track import Pieces

log = logging.getLogger(__name__)

BLOCK_S = 0.01
SILENT_S = 2.5
"""A microphone that gives nothing for so long was unplugged; PortAudio does not always say so."""
LINGER_S = 2.0
"""Closed only then after the last listener: who reloads the page hears it at once."""
RETRY_FIRST_S, RETRY_MOST_S = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class MicrophoneInfo:
    """What `--sound mic:` takes by number or name."""

    number: int
    name: str
    channels: int
    rate_hz: int


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    samples: npt.NDArray[np.int16]
    pts_ns: int


def load_portaudio() -> Any:
    """The module sounddevice. Raises SettingsError that says what to install."""
    try:
        return import_module("sounddevice")
    except ImportError:
        raise SettingsError(
            "a microphone needs the extra audio; try: pip install 'livetrack-vcam[audio]', "
            "or leave --sound out"
        ) from None
    except OSError:
        raise SettingsError(
            "a microphone needs PortAudio, which is missing here; "
            "try: sudo apt install libportaudio2, or leave --sound out"
        ) from None


def list_microphones(portaudio: Any = None) -> tuple[MicrophoneInfo, ...]:
    """Every device that records, as PortAudio numbers them.

    Raises SettingsError without PortAudio, SourceError when it cannot tell.
    """
    portaudio = portaudio or load_portaudio()
    try:
        devices = list(portaudio.query_devices())
    except portaudio.PortAudioError:
        raise SourceError(
            "PortAudio cannot list the microphones; try again, or leave --sound out"
        ) from None
    return tuple(
        MicrophoneInfo(
            number, str(device["name"]), channels, round(float(device["default_samplerate"]))
        )
        for number, device in enumerate(devices)
        if (channels := int(device["max_input_channels"])) > 0
    )


def find_microphone(wanted: str, portaudio: Any) -> MicrophoneInfo:
    """The one of that number or name, the system's own for "". Raises SourceNotFoundError."""
    found = list_microphones(portaudio)
    if not found:
        raise SourceNotFoundError("no microphone was found; plug one in, or leave --sound out")
    if not wanted:
        default = portaudio.default.device[0]
        return next((each for each in found if each.number == default), found[0])
    for each in found:
        if wanted in (str(each.number), each.name):
            return each
    fitting = [each for each in found if wanted.lower() in each.name.lower()]
    if fitting:
        return fitting[0]
    names = ", ".join(repr(each.name) for each in found)
    raise SourceNotFoundError(
        f"there is no microphone {wanted!r}; there is {names}: name one with --sound mic:NAME"
    )


class Microphone:
    """Records into `feed` while somebody takes it; a Companion of the pipeline.

    What it hears is stamped with the time at which PortAudio says it was heard, on the monotonic
    clock. One that is unplugged is looked for until it is back; `feed.trouble` says so meanwhile.
    """

    name = "microphone"

    def __init__(self, wanted: str, feed: SoundFeed, portaudio: Any = None) -> None:
        """Raises SettingsError and SourceNotFoundError, both before anything is recorded."""
        self._wanted = wanted
        self._feed = feed
        self._portaudio = portaudio or load_portaudio()
        info = find_microphone(wanted, self._portaudio)
        self._stopping = Event()
        feed.offered = True
        log.info("Sound: %s, recorded only while somebody listens", info.name)

    def run(self) -> None:
        pause_s = RETRY_FIRST_S
        while self._feed.wait_wanted(True):
            try:
                self._record()
                pause_s = RETRY_FIRST_S
            except SourceError as error:
                self._lament(error)
                if self._stopping.wait(pause_s):
                    return
                pause_s = min(2 * pause_s, RETRY_MOST_S)
                self._look_again()

    def stop(self) -> None:
        self._stopping.set()
        self._feed.end()

    def _record(self) -> None:
        """Until nobody listens any more. Raises SourceError when it cannot be opened or is gone."""
        try:
            info = find_microphone(self._wanted, self._portaudio)
            recording = self._open(info)
        except self._portaudio.PortAudioError as error:
            log.debug("the microphone does not open: %s", error)
            raise SourceBusyError(
                "the microphone cannot be opened; end the program that records with it, or choose "
                "another one (see: livetrack-vcam devices)"
            ) from None
        try:
            self._listen(recording, info.name)
        finally:
            recording.close()

    def _listen(self, recording: _Recording, name: str) -> None:
        converted = Converted(recording.rate_hz)
        while self._feed.wanted or self._feed.wait_wanted(True, LINGER_S):
            heard = recording.heard.get(SILENT_S)
            if self._stopping.is_set():
                return
            if heard is None:
                raise SourceError(f"the microphone {name!r} is gone; plug it in again")
            if self._feed.trouble is not None:
                self._feed.trouble = None
                log.info("the microphone %r is back", name)
            sound = converted.block(heard.samples, heard.pts_ns)
            if sound is not None:
                self._feed.put(sound)

    def _open(self, info: MicrophoneInfo) -> _Recording:
        """At 48 kHz where the device can, else at its own rate. Raises PortAudioError."""
        rates = tuple(dict.fromkeys((RATE_HZ, info.rate_hz)))
        for rate_hz in rates[:-1]:
            with suppress(self._portaudio.PortAudioError):
                return _Recording(self._portaudio, info, rate_hz)
        return _Recording(self._portaudio, info, rates[-1])

    def _lament(self, error: SourceError) -> None:
        """Once, not at every try."""
        if self._feed.trouble is None:
            log.warning("%s. It is silent meanwhile.", error)
        self._feed.trouble = str(error)

    def _look_again(self) -> None:
        """PortAudio learns of devices only when it begins."""
        with suppress(self._portaudio.PortAudioError):
            self._portaudio._terminate()  # noqa: SLF001  sounddevice offers no other way
        with suppress(self._portaudio.PortAudioError):
            self._portaudio._initialize()  # noqa: SLF001


class _Recording:
    """An open device; PortAudio's own thread fills `heard`."""

    def __init__(self, portaudio: Any, info: MicrophoneInfo, rate_hz: int) -> None:
        """Raises PortAudioError."""
        self.rate_hz = rate_hz
        self.heard: Mailbox[_Heard] = Mailbox(round(1 / BLOCK_S))
        self._stream = portaudio.InputStream(
            samplerate=rate_hz,
            blocksize=round(rate_hz * BLOCK_S),
            device=info.number,
            channels=min(info.channels, CHANNELS),
            dtype="int16",
            latency="low",
            callback=self._hear,
        )
        try:
            self._stream.start()
        except portaudio.PortAudioError:
            self._stream.close()
            raise

    def close(self) -> None:
        self._stream.close()

    def _hear(self, samples: Any, count: int, at: Any, _status: Any) -> None:
        # PortAudio's clock is asked again: Python may have let the callback wait.
        age_s = self._stream.time - at.inputBufferAdcTime
        if not 0 <= age_s < 1:  # some drivers do not tell
            age_s = count / self.rate_hz
        self.heard.put(_Heard(samples.copy(), time.monotonic_ns() - round(age_s * SECOND_NS)))


class Converted:
    """Blocks of a microphone as 48 kHz stereo."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._pieces = Pieces()
        self._taken = 0

    def block(self, samples: npt.NDArray[np.int16], pts_ns: int) -> SoundBlock | None:
        """`samples` (n, channels), heard from `pts_ns` on; None while nothing is complete."""
        if self._rate_hz == RATE_HZ:
            stereo = samples if samples.shape[1] == CHANNELS else np.repeat(samples, CHANNELS, 1)
            return SoundBlock(stereo, pts_ns)
        layout = "stereo" if samples.shape[1] == CHANNELS else "mono"
        flat = np.ascontiguousarray(samples).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(flat, format="s16", layout=layout)
        frame.sample_rate, frame.time_base = self._rate_hz, Fraction(1, self._rate_hz)
        frame.pts = self._taken
        taken_ns = self._taken * SECOND_NS // self._rate_hz
        self._taken += len(samples)
        stereo, begins_ns = self._pieces.samples(frame)
        return SoundBlock(stereo, pts_ns + begins_ns - taken_ns) if len(stereo) else None
