"""Builds every part of one run from Settings: source, directors, detector, sinks, logs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from livetrack_vcam.core.crew import Crew
from livetrack_vcam.core.session import SessionRecorder
from livetrack_vcam.detectors.lookout import lookout
from livetrack_vcam.detectors.registry import make_detector_of
from livetrack_vcam.detectors.watch import Watch
from livetrack_vcam.errors import SettingsError
from livetrack_vcam.events import Report
from livetrack_vcam.interfaces import Canvas, Sink, Source, SourceInfo
from livetrack_vcam.journal import LineWriter, create_text_file
from livetrack_vcam.live.pipeline import Pipeline
from livetrack_vcam.live.preview import Preview
from livetrack_vcam.live.stages import Decider, Journal, ShotView
from livetrack_vcam.media import Frame
from livetrack_vcam.obs.config import Wanted, connect, given_password
from livetrack_vcam.obs.inputs import Ours, input_name, ours
from livetrack_vcam.obs.operator import OperatorHere
from livetrack_vcam.obs.program import PauseOffProgram, PresetOfScene
from livetrack_vcam.obs.sound import Settled, SoundDelay, picture_delay_ms
from livetrack_vcam.obs.watch import EVENTS, Duty, ObsWatch
from livetrack_vcam.outputs import expanded
from livetrack_vcam.settings import Settings
from livetrack_vcam.shot_settings import ShotSettings, check_canvas
from livetrack_vcam.sink_spec import SinkSpec
from livetrack_vcam.sinks.discard import Discard
from livetrack_vcam.sinks.loopback import DEFAULT_LABEL
from livetrack_vcam.sinks.mjpeg import MjpegFeed, MjpegSink
from livetrack_vcam.sinks.recorder import Recorder
from livetrack_vcam.sinks.room import RoomFeed, RoomSink
from livetrack_vcam.sinks.virtual_camera import VirtualCamera
from livetrack_vcam.sinks.whip_token import check_one_server, given_token
from livetrack_vcam.sound import SoundFeed
from livetrack_vcam.sound.status import SoundStatus
from livetrack_vcam.sources.browser import BrowserCamera
from livetrack_vcam.sources.camera_modes import enough_for
from livetrack_vcam.sources.microphone import Microphone
from livetrack_vcam.sources.registry import open_source
from livetrack_vcam.trace import frame_line, header, to_line

if TYPE_CHECKING:  # what WebRTC loads is loaded when there is a web server
    from livetrack_vcam.room.room import Room
    from livetrack_vcam.room.sound_encoding import SoundEncoding

log = logging.getLogger(__name__)

DEFAULT_FPS = Fraction(30)


@dataclass(slots=True)
class Studio:
    """The parts of one run, before and while they work together.

    `sought`: the labels that the detector looks for, once it was opened. `sound` is for the rooms.
    """

    settings: Settings
    source: Source
    info: SourceInfo
    feeds: dict[str, MjpegFeed] = field(default_factory=dict)
    room_feeds: dict[str, RoomFeed] = field(default_factory=dict)
    preview: Preview = field(default_factory=lambda: Preview(time.monotonic_ns))
    obs: ObsWatch | None = None
    operator: OperatorHere = field(default_factory=OperatorHere)
    sought: frozenset[str] | None = None
    sound: SoundFeed | None = None
    microphone: Microphone | None = None
    sound_encoding: SoundEncoding | None = None
    pipeline: Pipeline | None = None

    @property
    def canvases(self) -> dict[str, Canvas]:
        fps = self.info.fps or DEFAULT_FPS
        return {shot.name: Canvas(shot.canvas_size(), fps) for shot in self.settings.shots}

    @property
    def phone(self) -> BrowserCamera | None:
        """The source, if it is what a browser publishes."""
        return self.source if isinstance(self.source, BrowserCamera) else None

    def build(self, report: Report) -> Pipeline:
        """Everything, connected and not yet started. Raises LiveTrackError, and leaves no file."""
        writers: list[LineWriter] = []
        try:
            self.pipeline = self._pipeline(report, writers)
            self._add_companions(self.pipeline)
        except BaseException:
            for writer in writers:
                writer.discard()
            raise
        return self.pipeline

    def _pipeline(self, report: Report, writers: list[LineWriter]) -> Pipeline:
        """The stages and what they decide by; `writers` takes each log as soon as it is there."""
        settings = self.settings
        directors = {shot.name: shot.director(self.info.size) for shot in settings.shots}
        sinks = {shot.name: self._sinks(shot) for shot in settings.shots}
        decider: Decider
        if settings.session is not None:
            writers.append(_line_writer(settings.session, settings.overwrite))
            put = writers[-1].put
            decider = SessionRecorder(
                put, self.info.size, directors, self.info.name, self._session_notes()
            )
        else:
            decider = Crew(self.info.size, directors)
        journal = None
        if settings.trace is not None:
            writers.append(_line_writer(settings.trace, settings.overwrite))
            journal = self._trace_journal(writers[-1])
        shots: Mapping[str, tuple[Canvas, Sequence[Sink]]] = {
            name: (canvas, sinks[name]) for name, canvas in self.canvases.items()
        }
        return Pipeline(
            source=self.source,
            info=self.info,
            open_watch=self._open_watch,
            detect_hz=settings.detect_hz,
            decider=decider,
            shots=shots,
            report=report,
            journal=journal,
            writers=writers,
            look_ahead={shot.name: shot.look_ahead_frames for shot in settings.shots},
        )

    def _add_companions(self, pipeline: Pipeline) -> None:
        settings = self.settings
        if settings.web:
            pipeline.show(self.preview)
        if self.microphone is not None:
            pipeline.accompany(self.microphone)
        if settings.obs_watch or settings.obs_audio:
            self.obs = self._obs_watch(pipeline)
            pipeline.accompany(self.obs)

    def open_rooms(self, pipeline: Pipeline) -> dict[str, Room]:
        """A room for each shot that has one; to be called in the loop that will serve them."""
        from livetrack_vcam.room.room import Room
        from livetrack_vcam.room.wish import Limits
        from livetrack_vcam.webrtc.encoder_choice import EncoderChoice

        settings = self.settings
        limits = Limits(settings.max_viewers, settings.max_upload)
        sound = self._sound_encoding(pipeline)
        encoders = EncoderChoice(pipeline.start_thread)
        return {
            shot: Room(
                shot,
                feed,
                pipeline.start_thread,
                limits,
                settings.stun,
                sound,
                picture_delay_ns=partial(pipeline.render.delay_ns, shot),
                encoders=encoders,
            )
            for shot, feed in self.room_feeds.items()
        }

    def sound_status(self) -> SoundStatus | None:
        """None while no room and no server could have any."""
        return self.sound_encoding.status if self.sound_encoding is not None else None

    def _sound_encoding(self, pipeline: Pipeline) -> SoundEncoding | None:
        """One for everybody who hears it; None where there is no sound to be had."""
        if self.sound is None or not self.sound.offered:
            return None
        from livetrack_vcam.room.sound_encoding import SoundEncoding

        loop = asyncio.get_running_loop()
        self.sound_encoding = self.sound_encoding or SoundEncoding(
            self.sound, pipeline.start_thread, loop, guard=self.settings.howl_guard
        )
        return self.sound_encoding

    def _obs_watch(self, pipeline: Pipeline) -> ObsWatch:
        """Raises SettingsError. The first shot is taken to be the one whose sound OBS has."""
        settings = self.settings
        port = settings.obs_port if "obs_port" in settings.model_fields_set else None
        wanted = Wanted(settings.obs_host, port, given_password(settings.obs_password_file))
        shot = settings.shots[0].name

        def delay_ms() -> float | None:
            return picture_delay_ms(pipeline.outlets, shot, time.monotonic_ns())

        duties: list[Duty] = [SoundDelay(settings.obs_audio, Settled(delay_ms))]
        if settings.obs_watch:
            duties += [
                PauseOffProgram(self.operator, self._ours_in_obs(wanted.is_here)),
                PresetOfScene(self.operator),
            ]
        return ObsWatch(lambda: connect(wanted, EVENTS), duties)

    def _ours_in_obs(self, here: bool) -> Ours:
        settings = self.settings
        names = [input_name(None), *(input_name(shot.name) for shot in settings.shots)]
        specs = [spec for shot in settings.shots for spec in shot.sink if spec.kind == "vcam"]
        cameras = [spec.argument or DEFAULT_LABEL for spec in specs]
        return ours(names, cameras, settings.port, here)

    def _session_notes(self) -> dict[str, object]:
        """What a replayed trace shows and no decision needs: the rate and the canvases."""
        sizes = {name: canvas.size for name, canvas in self.canvases.items()}
        return {
            "fps": str(self.info.fps) if self.info.fps else None,
            "canvases": {name: [size.width, size.height] for name, size in sizes.items()},
        }

    def _open_watch(self) -> Watch:
        """Raises ModelError."""
        labels = [label for shot in self.settings.shots for label in shot.labels]
        eyes = lookout(make_detector_of(labels, self.settings.detector))
        eyes.open()
        self.sought = eyes.labels
        return Watch(eyes, self.info.size, self.settings.detect_cpu, time.thread_time)

    def _sinks(self, shot: ShotSettings) -> list[Sink]:
        sinks = [self._sink(spec, shot) for spec in shot.sink if spec.kind not in ("mjpeg", "room")]
        kinds = {spec.kind for spec in shot.sink}
        if not kinds & {"mjpeg", "room"}:
            return sinks
        if not self.settings.web:
            if asked_for_sinks(shot):
                raise SettingsError("sinks mjpeg and room need the web server; leave --no-web out")
            return sinks
        # The room's page shows JPEGs before one joins, and to a browser that cannot join.
        sinks.append(MjpegSink(self.feeds.setdefault(shot.name, MjpegFeed())))
        if "room" in kinds:
            feed = self.room_feeds.setdefault(shot.name, RoomFeed(self.canvases[shot.name]))
            sinks.append(RoomSink(feed))
        return sinks

    def _sink(self, spec: SinkSpec, shot: ShotSettings) -> Sink:
        if spec.kind == "none":
            return Discard()
        if spec.kind == "file":
            return Recorder(Path(spec.argument), overwrite=self.settings.overwrite)
        if spec.kind == "whip":
            return self._whip(spec, shot)
        return VirtualCamera(spec.argument) if spec.argument else VirtualCamera()

    def _whip(self, spec: SinkSpec, shot: ShotSettings) -> Sink:
        """Its connection lives in the running loop. Raises SettingsError."""
        # What it needs takes a third of a second to load, and few need it.
        from livetrack_vcam.room.renditions import kbps_of
        from livetrack_vcam.room.upload_rate import UploadRate
        from livetrack_vcam.sinks.whip import DelayedSound, WhipSink
        from livetrack_vcam.sinks.whip_endpoint import WhipEndpoint

        settings = self.settings
        token = given_token(settings.whip_token_file)
        check_one_server((each for shot in settings.shots for each in shot.sink), token)
        kbps = settings.whip_kbps or kbps_of(shot.canvas_size(), self.canvases[shot.name].fps)
        endpoint = WhipEndpoint(spec.argument, token)

        def find_sound() -> DelayedSound | None:
            pipeline = self.pipeline
            encoding = self._sound_encoding(pipeline) if pipeline else None
            if pipeline is None or encoding is None:
                return None
            return DelayedSound(encoding, partial(pipeline.render.delay_ns, shot.name))

        return WhipSink(endpoint, UploadRate(kbps), asyncio.get_running_loop(), find_sound)

    def _trace_journal(self, writer: LineWriter) -> Journal:
        """Writes the first shot's decisions, a line a frame."""
        shot = self.settings.shots[0]
        size, canvas = self.info.size, shot.canvas_size()
        writer.put(to_line(header(self.info.name, size, self.info.fps, shot.director(size))))
        first: Frame | None = None
        last: Frame | None = None
        index = 0

        def write(frame: Frame, views: tuple[ShotView, ...]) -> None:
            nonlocal first, last, index
            first = first or frame
            if last is not None:
                # A source that came back counts from 0 again.
                index += max(1, frame.seq - last.seq)
            last = frame
            view = views[0]
            record = frame_line(
                index,
                frame.pts_ns - first.pts_ns,
                view.at_ns,
                view.crop,
                view.state,
                view.subject,
                view.tracks,
                size,
                canvas,
                view.panes,
            )
            writer.put(to_line(record))

        return write


def open_studio(settings: Settings) -> Studio:
    """The source opened and the settings held against it. Raises LiveTrackError."""
    sound = None if settings.sound == "none" else SoundFeed()
    recorded = settings.sound.startswith("mic")
    # A camera opens larger for a canvas that the user asked to be larger.
    wanted = enough_for(shot.size for shot in settings.shots if shot.size is not None)
    source = open_source(settings.source, wanted=wanted, sound=None if recorded else sound)
    try:
        if isinstance(source, BrowserCamera) and not settings.web:
            raise SettingsError("the source browser needs the web server; leave --no-web out")
        info = source.open()
        microphone = _microphone(settings.sound, sound) if recorded and sound else None
        for shot in settings.shots:
            check_canvas(shot, info.size)
    except BaseException:
        source.close()
        raise
    return Studio(settings, source, info, sound=sound, microphone=microphone)


def _microphone(choice: str, feed: SoundFeed) -> Microphone:
    """The one asked for as mic or mic:NAME. Raises SettingsError and SourceError."""
    feed.acoustic = True
    return Microphone(choice.partition(":")[2], feed)


def asked_for_sinks(shot: ShotSettings) -> bool:
    """Whether the user named the sinks, rather than taking the default ones."""
    return "sink" in shot.model_fields_set


def _line_writer(path: Path, overwrite: bool) -> LineWriter:
    return LineWriter(expanded(path), create_text_file(path, overwrite))
