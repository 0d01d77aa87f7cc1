"""LiveTrack's panel in OBS Studio: Tools, Scripts, "+", this file.

It runs inside OBS with whatever Python OBS has, so it is one file for Python 3.6 or later that
needs the standard library alone and nothing of the `livetrack_vcam` package. OBS calls every
function here on the thread that draws its window or its picture: those calls only read and write
a few variables. All that can take time (sockets, files, programs) happens in one `Worker` thread.
"""

import collections
import contextlib
import functools
import http.client
import io
import json
import os
import queue
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import obspython as obs

CONNECT_S = 1.0
READ_S = 2.0
"""For a whole answer, however slowly it drips; the daemon takes up to 1 s for a command."""
POLL_S = 1.0
TYPING_S = 0.8
"""OBS reports every keystroke: what is typed counts once the typing has rested this long."""
UNLOAD_S = 0.2
QUIT_S = 8.0
"""A daemon that closes its files properly takes a few seconds; only then it is terminated."""
START_S = 20.0
REFRAME_S = (0.7, 6.0)
"""A reframing that begins takes this long to be seen in the state, and ends at the latest then."""
TIMER_MS = 500
MAX_REPLY_BYTES = 1 << 20
MAX_JOBS = 32
MAX_LIST = 200
MAX_TEXT = 300
DEFAULT_PORT = 8787
PROGRAM = "livetrack-vcam"

ABSENT = "Daemon not running: press Start daemon, or run `livetrack-vcam` in a terminal."
FOREIGN = "Another program answers at %s: choose another port, here and for the daemon (--port)."
STRANGER = "The daemon does not take this token: set Token file to that of the daemon's user."

# ------------------------------------------------------------------ what the panel consists of
SHOTS = (
    ("auto", "Automatic"),
    ("face", "Face"),
    ("head", "Head and shoulders"),
    ("upper", "Upper body"),
    ("full", "Full body"),
    ("wide", "Surroundings"),
)
SPEEDS = (
    ("cinema", "Cinema (slowest)"),
    ("calm", "Calm"),
    ("normal", "Normal"),
    ("fast", "Fast"),
    ("sport", "Sport (fastest)"),
)
SUBJECTS = (
    ("auto", "Automatic choice"),
    ("largest", "Largest person"),
    ("center", "Person in the center"),
    ("group", "Whole group"),
    ("ball", "Ball"),
)
ASPECTS = tuple((each, each) for each in ("16:9", "9:16", "1:1", "4:5", "4:3", "21:9"))
WHEN_LOST = (
    ("widen", "Widen the view"),
    ("hold", "Stay where it is"),
    ("home", "Glide to the home framing"),
    ("center", "Glide to the middle"),
    ("full", "Show the whole picture"),
)
FILLS = (
    ("crop", "Crop to whoever fits"),
    ("letterbox", "Black bars"),
    ("blur", "Blurred bars"),
    ("split", "Two halves"),
)


class Setting(NamedTuple):
    """One value of the panel. `kind`: switch, list, editable, slider, number, integer, text, file.

    `live` ones belong to the daemon: what the user changes is sent, what the daemon has is shown.
    """

    name: str
    kind: str
    label: str
    tip: str
    default: Any
    choices: Tuple[Tuple[str, str], ...] = ()
    span: Tuple[float, float, float] = (0.0, 1.0, 0.01)
    live: bool = True


class Action(NamedTuple):
    """One command without a value: a hotkey, and a button of the panel if it has a `tip`."""

    name: str
    label: str
    tip: str = ""


SETTINGS = (
    Setting("tracking", "switch", "Tracking", "Off: the picture rests where it is.", True),
    Setting("aspect", "editable", "Aspect ratio", "Width:height, also your own.", "16:9", ASPECTS),
    Setting("shot", "list", "Shot size", "How large the subject is shown.", "auto", SHOTS),
    Setting("subject", "list", "Subject", "Whom the picture follows.", "auto", SUBJECTS),
    Setting("speed", "list", "Speed", "How the picture moves.", "normal", SPEEDS),
    Setting(
        "max_zoom", "slider", "Maximum zoom", "Height of the camera's picture over the crop's.",
        2.4, span=(1.0, 10.0, 0.1),
    ),
    Setting(
        "headroom_auto", "switch", "Automatic headroom", "The shot size decides about it.", True
    ),
    Setting(
        "headroom", "slider", "Headroom", "Share of the picture's height above the head.",
        0.1, span=(0.0, 0.5, 0.01),
    ),
)  # fmt: skip
ADVANCED = (
    Setting(
        "when_lost", "list", "When the subject is gone", "What the picture does after a while.",
        "widen", WHEN_LOST,
    ),
    Setting(
        "fill", "list", "When somebody does not fit", "What is shown beside them.", "crop", FILLS
    ),
    Setting(
        "dead_zone_auto", "switch", "Automatic dead zone", "The speed decides about it.", True
    ),
    Setting(
        "dead_zone", "slider", "Dead zone",
        "Share of the picture in which the subject may move without moving the picture.",
        0.1, span=(0.0, 0.45, 0.01),
    ),
    Setting(
        "lead_room", "slider", "Lead room", "Additional share ahead of somebody on the move.",
        0.0, span=(0.0, 0.12, 0.01),
    ),
    Setting(
        "eyes_on_third", "switch", "Eyes on the upper third", "Instead of the headroom.", False
    ),
    Setting(
        "lost_predict", "number", "Predict the way for (s)", "Of somebody out of sight.",
        0.9, span=(0.0, 60.0, 0.1),
    ),
    Setting(
        "lost_hold", "number", "Then wait for (s)", "Before the picture does what is said above.",
        1.5, span=(0.0, 60.0, 0.1),
    ),
    Setting(
        "lost_widen", "number", "Then move within (s)", "How long that movement takes.",
        1.1, span=(0.0, 60.0, 0.1),
    ),
    Setting(
        "cuts", "switch", "Allow cuts", "Jump to a subject that is far away instead of panning.",
        False,
    ),
)  # fmt: skip
CONNECTION = (
    Setting(
        "host", "text", "Host", "Where the daemon runs; the token travels there unencrypted.",
        "127.0.0.1", live=False,
    ),
    Setting(
        "port", "integer", "Port", "As in livetrack-vcam run --port.",
        DEFAULT_PORT, span=(1, 65535, 1), live=False,
    ),
    Setting(
        "token_file", "file", "Token file", "Empty: where the daemon on this machine has it.",
        "", live=False,
    ),
    Setting(
        "executable", "file", "Program file", "Empty: livetrack-vcam is looked for.",
        "", live=False,
    ),
    Setting(
        "arguments", "text", "Start arguments", "For example: run --source 0 --aspect 9:16",
        "run", live=False,
    ),
    Setting(
        "autostart", "switch", "Start the daemon with OBS", "If none runs yet.", False, live=False
    ),
    Setting(
        "stop_with_obs", "switch", "Stop the daemon with OBS",
        "Otherwise it goes on when OBS ends or this script is removed.", False, live=False,
    ),
)  # fmt: skip
TARGET = Setting(
    "target", "list", "Shot to control", "Buttons, hotkeys and values are for this one.",
    "", (("", "Every shot"),), live=False,
)  # fmt: skip
PRESET = Setting(
    "preset", "editable", "Preset", "A saved one, or a new name to save under.", "", live=False
)
ALL_SETTINGS = (TARGET, *SETTINGS, PRESET, *ADVANCED, *CONNECTION)
BY_NAME = {setting.name: setting for setting in ALL_SETTINGS}

DAEMON_ACTIONS = (
    Action("start", "Start daemon", "Start livetrack-vcam in the background."),
    Action("stop", "Stop daemon", "Ask it to end; its recordings are finished first."),
)
SUBJECT_ACTIONS = (
    Action("next", "Next subject", "Follow the next person to the right."),
    Action("previous", "Previous subject", "Follow the next person to the left."),
    Action("release", "Release subject", "Choose automatically again."),
)
VIEW_ACTIONS = (
    Action("recenter", "Re-center now", "Frame the subject anew, then go on following."),
    Action("reframe", "Reframe once", "Frame the subject anew, then rest (tracking off)."),
    Action("wide", "Wide view", "Show the whole picture until the next subject command."),
    Action("home", "Go to home framing", "Glide to the remembered framing and stay."),
    Action("set_home", "Set home framing", "Remember the present framing as home."),
)
PRESET_ACTIONS = (
    Action("preset_load", "Load preset", "Take the settings saved under the name above."),
    Action("preset_save", "Save preset", "Save the settings of every shot under the name above."),
    Action("preset_delete", "Delete preset", "Forget the preset of the name above."),
)
HOTKEYS = (
    Action("toggle", "Tracking on or off"),
    Action("pause", "Tracking off"),
    Action("resume", "Tracking on"),
    *SUBJECT_ACTIONS,
    *VIEW_ACTIONS,
    *(Action("speed_" + value, "Speed " + value) for value, _ in SPEEDS),
    *(Action("shot_" + value, "Shot size " + value) for value, _ in SHOTS),
    *(Action("aspect_" + value.replace(":", "_"), "Aspect ratio " + value) for value, _ in ASPECTS),
    *(Action("subject_" + value, "Subject " + value) for value, _ in SUBJECTS),
    *(Action("preset_%d" % number, "Preset %d" % number) for number in range(1, 10)),
    *DAEMON_ACTIONS,
)


# ------------------------------------------------------------------ the daemon's side, no thread
class Address(NamedTuple):
    host: str
    port: int
    token_file: str


class NoAnswer(Exception):
    """Nothing useful came back; the text says what to do about it."""


class Refused(Exception):
    """The daemon said no; the text is its sentence."""


def token_files() -> List[Path]:
    """Where the daemon may have put its token: livetrack_vcam/web/token.py knows the same places.

    Inside a Flatpak the variables of the desktop are replaced, so the home folder comes next.
    """
    home = Path.home()
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA") or str(home / "AppData" / "Local"))
        # Python from the Microsoft Store is given a private copy of that folder.
        store = local.glob("Packages/PythonSoftwareFoundation.Python.*/LocalCache/Local")
        folders = [local, *sorted(store)]
    elif sys.platform == "darwin":
        folders = [home / "Library" / "Application Support"]
    else:
        folders = [home / ".local" / "share"]
    named = os.environ.get("XDG_DATA_HOME", "").strip()
    if named and sys.platform != "win32":
        folders.insert(0, Path(named))
    return [folder / PROGRAM / "token" for folder in folders]


def read_token(setting: str) -> str:
    """The token in the file of the panel, or in the usual one. Raises NoAnswer."""
    files = [Path(setting).expanduser()] if setting else token_files()
    for path in files:
        try:
            token = path.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            continue
        if re.match(r"[\x21-\x7e]+$", token):
            return token
    raise NoAnswer(
        "No control token at %s: start the daemon once as this user, or set Token file." % files[0]
    )


class _Received:
    """Bytes that http.client can parse."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def request_bytes(
    address: Address, method: str, path: str, token: str, body: Optional[Dict[str, Any]]
) -> bytes:
    if not re.match(r"[\w.:-]+$", address.host):
        raise NoAnswer("The host %r is no name or address." % address.host)
    host = "[%s]" % address.host if ":" in address.host else address.host
    data = b"" if body is None else json.dumps(body).encode("ascii")
    head = [
        "%s %s HTTP/1.1" % (method, path),
        "Host: %s:%d" % (host, address.port),
        "Connection: close",
        "Content-Length: %d" % len(data),
    ]
    if body is not None:
        head.append("Content-Type: application/json")
    if token:
        head.append("Authorization: Bearer " + token)
    return ("\r\n".join(head) + "\r\n\r\n").encode("utf-8") + data


def receive(connection: socket.socket) -> bytes:
    """Everything until the other side closes, within READ_S and MAX_REPLY_BYTES."""
    deadline = time.monotonic() + READ_S
    data = b""
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise socket.timeout
        connection.settimeout(left)
        chunk = connection.recv(1 << 16)
        if not chunk:
            return data
        data += chunk
        if len(data) > MAX_REPLY_BYTES:
            raise http.client.HTTPException


def parse_reply(data: bytes) -> Tuple[int, Dict[str, Any]]:
    """HTTP status and JSON object. Raises HTTPException or ValueError for anything else."""
    response = http.client.HTTPResponse(_Received(data))  # type: ignore[arg-type]
    response.begin()
    answer = json.loads(response.read().decode("utf-8"))
    if not isinstance(answer, dict):
        raise ValueError
    return response.status, answer


# ------------------------------------------------------------------ what the daemon says
class ShotView(NamedTuple):
    settings: Dict[str, Any]
    state: str
    subject: Tuple[int, ...]
    locked: bool
    zoom: float
    preset: str


class View(NamedTuple):
    """A status, checked, so that the panel can show it without a second thought."""

    version: str
    pid: int
    fps: float
    latency_ms: float
    standby: bool
    on_program: Optional[bool]
    people: Tuple[Tuple[str, str], ...]
    shots: Dict[str, ShotView]
    presets: Tuple[str, ...]
    hints: Tuple[str, ...]


def plain(value: Any) -> str:
    """Text for a label: short, and never taken for HTML by the window toolkit."""
    return str(value).replace("<", "‹").strip()[:MAX_TEXT]


def number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def read_status(data: Dict[str, Any]) -> View:
    """Raises KeyError, TypeError, ValueError or AttributeError if this is no LiveTrack's status."""
    shots = collections.OrderedDict()
    for shot in data["shots"][:MAX_LIST]:
        shots[str(shot["name"])] = ShotView(
            settings=dict(shot.get("settings") or {}),
            state=plain(shot["state"]),
            subject=tuple(int(each) for each in shot["subject"]),
            locked=shot.get("locked") is True,
            zoom=number(shot.get("zoom")),
            preset=plain(shot.get("preset") or ""),
        )
    tracks = data["tracks"][:MAX_LIST]
    people = sorted((int(track["id"]), plain(track["label"])) for track in tracks)
    return View(
        version=plain(data["version"]),
        pid=int(data.get("pid") or 0),
        fps=number(data["fps"]),
        latency_ms=number(data.get("latency_p50_ms")),
        standby=data.get("standby") is True,
        on_program=(data.get("obs") or {}).get("on_program"),
        people=tuple(
            ("track:%d" % key, "%s %d" % (name.capitalize(), key)) for key, name in people
        ),
        shots=shots,
        presets=tuple(str(name) for name in (data.get("presets") or ())[:MAX_LIST]),
        hints=tuple(plain(hint["text"]) for hint in (data.get("hints") or ())[:8]),
    )


def panel_values(shot: ShotView) -> Dict[str, Any]:
    """What the panel's live settings should show for a shot."""
    values = {"tracking": shot.state != "paused"}  # type: Dict[str, Any]
    for name, value in shot.settings.items():
        if name in ("headroom", "dead_zone"):
            values[name + "_auto"] = value is None
        if name in BY_NAME and value is not None:
            values[name] = value
    if shot.locked and shot.subject:
        values["subject"] = "track:%d" % shot.subject[0]
    return {name: value for name, value in values.items() if fits(BY_NAME[name], value)}


def fits(setting: Setting, value: Any) -> bool:
    """Whether OBS can hold the value under this setting."""
    if setting.kind == "switch":
        return isinstance(value, bool)
    if setting.kind in ("slider", "number", "integer"):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, str)


def wishes(values: Dict[str, Any]) -> Dict[str, Any]:
    """The panel's live settings in the daemon's words: automatic is None there."""
    live = {each.name: values[each.name] for each in ALL_SETTINGS if each.live}
    for name in ("headroom", "dead_zone"):
        if live.pop(name + "_auto"):
            live[name] = None
    return live


def command_for(name: str, value: Any) -> Dict[str, Any]:
    """The command that sets one live setting."""
    if name == "tracking":
        return {"command": "resume" if value else "pause"}
    if name == "subject" and re.match(r"track:\d+$", value):
        return {"command": "lock", "track_id": int(value[6:])}
    if name == "subject":
        return {"command": "select_subject", "subject": value}
    return {"command": "configure", "settings": {name: value}}


def status_text(view: Optional[View], trouble: str, last: str, target: str) -> str:
    """What the panel says, a fact a line."""
    lines = []  # type: List[str]
    if view is not None:
        lines.append(
            "LiveTrack %s %s: %.1f fps, %.0f ms"
            % (view.version, "rests" if view.standby else "runs", view.fps, view.latency_ms)
        )
        names = [target] if target in view.shots else list(view.shots)
        lines += [_shot_line(name, view.shots[name]) for name in names[:8]]
        if view.on_program is not None:
            lines.append("On program in OBS." if view.on_program else "Not on program in OBS.")
        lines += ["Hint: " + hint for hint in view.hints]
    return "\n".join([*lines, *(line for line in (trouble, last) if line)])


def _shot_line(name: str, shot: ShotView) -> str:
    who = " and ".join("%d" % each for each in shot.subject) or "nobody"
    lock = " (locked)" if shot.locked else ""
    zoom = ", zoom %.1f" % shot.zoom if shot.zoom else ""
    preset = ", preset " + shot.preset if shot.preset else ""
    return "%s: %s, subject %s%s%s%s" % (plain(name), shot.state, who, lock, zoom, preset)


# ------------------------------------------------------------------ programs and files
def find_program(setting: str) -> str:
    """The daemon's executable. Raises NoAnswer with what to do."""
    if setting:
        path = shutil.which(str(Path(setting).expanduser()))
        if path is None:
            raise NoAnswer("Program file %s is not there or cannot be run." % setting)
        return path
    places = [None, *map(str, [*_beside_this_script(), *_usual_places()])]
    for place in places:
        path = shutil.which(PROGRAM, path=place)
        if path is not None:
            return path
    raise NoAnswer(
        "livetrack-vcam is not found: set Program file, or run livetrack-vcam in a terminal."
    )


def _beside_this_script() -> List[Path]:
    """Folders of programs of a checkout or an environment that this file lies in."""
    return [
        folder / inner / programs
        for folder in list(Path(__file__).resolve().parents)[:6]
        for inner in ("", ".venv", "venv")
        for programs in ("bin", "Scripts")
    ]


def _usual_places() -> List[Path]:
    home = Path.home()
    places = [home / ".local" / "bin", Path("/usr/local/bin"), Path("/opt/homebrew/bin")]
    places += sorted(home.glob("Library/Python/3.*/bin"), reverse=True)
    for variable, pattern in (
        ("APPDATA", "Python/Python3*/Scripts"),
        ("LOCALAPPDATA", "Programs/Python/Python3*/Scripts"),
    ):
        if os.environ.get(variable):
            places += sorted(Path(os.environ[variable]).glob(pattern), reverse=True)
    return places


def start_command(executable: str, arguments: str, port: int) -> List[str]:
    """The argument list; the panel's port is added if it is not the usual one. Raises NoAnswer."""
    try:
        words = shlex.split(arguments, posix=os.name != "nt")
    except ValueError:
        raise NoAnswer("Start arguments have a quotation mark too few.") from None
    words = [word.strip('"') for word in words] if os.name == "nt" else words
    if port != DEFAULT_PORT and not any(word.startswith("--port") for word in words):
        words = [*(words or ["run"]), "--port", str(port)]
    return [find_program(executable), *words]


def log_path() -> Path:
    """Where the daemon's own words go: beside the token, in a folder of the user's own."""
    folder = token_files()[0].parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="livetrack-"))
    return folder / "obs-daemon.log"


def start_detached(command: List[str], log: Path) -> "subprocess.Popen[bytes]":
    """A process that outlives OBS and has no window. Raises OSError."""
    # What OBS's own Python was told does not suit the daemon's.
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    options = {}  # type: Dict[str, Any]
    if os.name == "nt":
        options["creationflags"] = 0x08000000 | 0x00000200  # no window, a group of its own
    else:
        options["start_new_session"] = True
    with log.open("wb") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            cwd=str(Path.home()), env=env, **options,
        )  # fmt: skip


def last_line(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return plain(next((line for line in reversed(lines) if line.strip()), ""))


# ------------------------------------------------------------------ the thread
class Worker:
    """Talks to the daemon in a thread of its own, and keeps what came of it.

    What is called from OBS never blocks; `view`, `trouble` and `last` are replaced as a whole and
    never changed.
    """

    def __init__(self, address: Address) -> None:
        self.view = None  # type: Optional[View]
        self.trouble = "Looking for the daemon."
        self.last = ""
        self.notes = collections.deque(maxlen=50)  # type: collections.deque[str]
        self._address = address
        self._new_address = None  # type: Optional[Tuple[float, Address]]
        self._jobs = queue.Queue(MAX_JOBS)  # type: queue.Queue[Callable[[], None]]
        self._lock = threading.Lock()
        self._wishes = {}  # type: Dict[Tuple[str, str], Tuple[float, Any]]
        self._reframing = {}  # type: Dict[str, float]
        self._looked_s = -POLL_S
        self._token_of = None  # type: Optional[Tuple[int, str]]
        self._process = None  # type: Optional[subprocess.Popen[bytes]]
        self._log = None  # type: Optional[Path]
        self._started_s = 0.0
        self._stop_by_s = 0.0
        self._autostart = None  # type: Optional[Tuple[float, str, str]]
        self._ending = False
        self._farewell = False
        self._socket = None  # type: Optional[socket.socket]
        self._thread = threading.Thread(target=self._run, name="livetrack", daemon=True)

    # Called from OBS.
    def command(self, label: str, body: Dict[str, Any], target: str = "") -> None:
        body = dict(body, target=target) if target else body
        self._put(label, functools.partial(self._command, label, body))

    def reframe(self, label: str, target: str) -> None:
        self._put(label, functools.partial(self._reframe, label, target))

    def start_daemon(self, label: str, executable: str, arguments: str) -> None:
        self._put(label, functools.partial(self._start_daemon, executable, arguments))

    def stop_daemon(self, label: str) -> None:
        self._put(label, self._stop_daemon)

    def look(self) -> None:
        self._put("", self._look)

    def start_when_absent(self, executable: str, arguments: str) -> None:
        """Start the daemon unless one answers; to be called before `start`."""
        self._autostart = (time.monotonic() + START_S, executable, arguments)

    def change(self, target: str, name: str, value: Any, typed: bool) -> None:
        """Remember what the user wants of a live setting until the daemon has it."""
        due_s = time.monotonic() + (TYPING_S if typed else 0.0)
        with self._lock:
            self._wishes[target, name] = (due_s, value)
        self._wake()

    def connect(self, address: Address) -> None:
        with self._lock:
            self._new_address = (time.monotonic() + TYPING_S, address)

    def wished(self) -> List[str]:
        """Names of live settings that the daemon has not got yet."""
        with self._lock:
            return [name for _, name in self._wishes]

    def start(self) -> None:
        self._thread.start()

    def stop(self, quit_daemon: bool) -> None:
        """End the thread, whatever it waits for; with `quit_daemon` the daemon too."""
        self._farewell = quit_daemon
        self._ending = True
        self._wake()
        waiting = self._socket
        if waiting is not None:
            _hang_up(waiting)
        self._thread.join(UNLOAD_S)
        process = self._process
        if quit_daemon and self._thread.is_alive() and process is not None:
            process.terminate()

    def _put(self, label: str, job: Callable[[], None]) -> None:
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            self.last = label + ": not done, too much is waiting already."
        else:
            self.last = label + ": sent." if label else self.last

    def _wake(self) -> None:
        with contextlib.suppress(queue.Full):  # then it is awake already
            self._jobs.put_nowait(_nothing)

    # In the thread.
    def _run(self) -> None:
        while not self._ending:
            self._turn()
        if self._farewell:
            try:
                self._post({"command": "quit"})
            except (NoAnswer, Refused):
                if self._process is not None:
                    self._process.terminate()

    def _turn(self) -> None:
        try:
            job = self._jobs.get(timeout=self._patience_s())  # type: Callable[[], None]
        except queue.Empty:
            job = self._look
        try:
            if not self._ending:
                job()
                self._send_wishes()
                self._finish_reframing()
                self._watch_process()
        except Exception:  # the thread must outlive its mistakes
            self._note("LiveTrack's script made a mistake: " + traceback.format_exc())
            self._looked_s = time.monotonic()

    def _patience_s(self) -> float:
        with self._lock:
            due = [due_s for due_s, _ in self._wishes.values()] if self.view else []
        left_s = min([self._looked_s + POLL_S, *due]) - time.monotonic()
        return max(0.0, min(left_s, 0.2) if self._reframing else left_s)

    def _note(self, text: str) -> None:
        if not self.notes or self.notes[-1] != text:
            self.notes.append(text)

    def _ask(
        self, method: str, path: str, body: Optional[Dict[str, Any]] = None, token: str = ""
    ) -> Tuple[int, Dict[str, Any]]:
        """One request. Raises NoAnswer."""
        place = "%s:%d" % self._address[:2]
        data = self._exchange(place, request_bytes(self._address, method, path, token, body))
        try:
            return parse_reply(data)
        except (http.client.IncompleteRead, http.client.RemoteDisconnected):
            raise NoAnswer("The daemon's answer broke off; trying again.") from None
        except (http.client.HTTPException, ValueError, RecursionError):
            raise NoAnswer(FOREIGN % place) from None

    def _exchange(self, place: str, request: bytes) -> bytes:
        """Whatever comes back, nothing if the connection breaks. Raises NoAnswer."""
        try:
            connection = socket.create_connection(self._address[:2], CONNECT_S)
        except (OSError, ValueError):
            raise NoAnswer(ABSENT) from None
        self._socket = connection
        try:
            if self._ending and not self._farewell:
                raise NoAnswer("The script ends.")
            connection.sendall(request)
            return receive(connection)
        except socket.timeout:
            raise NoAnswer("What answers at %s is too slow; trying again." % place) from None
        except http.client.HTTPException:
            raise NoAnswer(FOREIGN % place) from None
        except OSError:
            return b""
        finally:
            self._socket = None
            connection.close()

    def _look(self) -> None:
        self._follow_address()
        try:
            view = self._read_view()
        except NoAnswer as error:
            self._lose(str(error))
        else:
            self._autostart = None
            if self.view is None:
                self._note("LiveTrack %s answers at %s:%d" % (view.version, *self._address[:2]))
            self.view, self.trouble = view, self._token_trouble(view)
        self._looked_s = time.monotonic()

    def _read_view(self) -> View:
        status, data = self._ask("GET", "/api/status")
        try:
            if status != 200:
                raise ValueError
            return read_status(data)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise NoAnswer(FOREIGN % ("%s:%d" % self._address[:2])) from None

    def _lose(self, trouble: str) -> None:
        """No answer: say why, and start a daemon if that is wanted."""
        self._looked_s = time.monotonic()
        self.view = None
        running = self._process is not None and self._process.poll() is None
        if running and self._looked_s < self._started_s + START_S:
            trouble = "Starting the daemon."
        if trouble != self.trouble:
            self._note(trouble)
        self.trouble = trouble
        if self._autostart is not None and trouble == ABSENT:
            until_s, executable, arguments = self._autostart
            self._autostart = self._autostart if self._looked_s < until_s else None
            self._start_daemon(executable, arguments)

    def _follow_address(self) -> None:
        with self._lock:
            if self._new_address is None or time.monotonic() < self._new_address[0]:
                return
            self._address, self._new_address = self._new_address[1], None
        self.view, self._token_of = None, None

    def _token_trouble(self, view: View) -> str:
        """Whether our token counts, asked once for each daemon and token."""
        try:
            token = read_token(self._address.token_file)
            if self._token_of == (view.pid, token):
                return ""
            status, answer = self._ask("GET", "/api/session", token=token)
        except NoAnswer as error:
            return str(error)
        if status == 200 and answer.get("operator") is False:
            return STRANGER
        self._token_of = (view.pid, token)
        return ""

    def _post(self, body: Dict[str, Any]) -> None:
        """Send a command. Raises NoAnswer or Refused."""
        token = read_token(self._address.token_file)
        status, answer = self._ask("POST", "/api/command", body, token)
        if status == 401:
            self._token_of = None
            raise Refused(STRANGER)
        if status != 200:
            raise Refused(plain(answer.get("error") or "the daemon answered %d" % status))

    def _try(self, label: str, body: Dict[str, Any]) -> bool:
        """Send a command and say what came of it."""
        if self.view is None and time.monotonic() > self._looked_s + POLL_S / 2:
            self._look()
        if self.view is None:
            self.last = label + ": not done, the daemon does not answer."
            return False
        try:
            self._post(body)
        except (NoAnswer, Refused) as error:
            self.last = "%s: %s" % (label, error)
            self._note(self.last)
            return False
        self.last = label + ": done."
        return True

    def _command(self, label: str, body: Dict[str, Any]) -> None:
        self._reframing.clear()
        self._try(label, body)
        self._look()

    def _reframe(self, label: str, target: str) -> None:
        """Follow until the picture rests on the subject; `_finish_reframing` then pauses."""
        where = {"target": target} if target else {}
        if self._try(label, dict(where, command="resume")) and self._try(
            label, dict(where, command="recenter")
        ):
            self._reframing = {target: time.monotonic()}
        self._look()

    def _finish_reframing(self) -> None:
        for target, begun_s in list(self._reframing.items()):
            since_s = time.monotonic() - begun_s
            if since_s < REFRAME_S[0]:
                continue
            self._look()
            shots = self.view.shots if self.view else {}
            states = {shot.state for name, shot in shots.items() if target in ("", name)}
            if states <= {"hold"} or since_s > REFRAME_S[1]:
                pause = {"command": "pause"}
                self._command("Reframe once", dict(pause, target=target) if target else pause)

    def _send_wishes(self) -> None:
        with self._lock:
            wanted = list(self._wishes.items())
        for key, (due_s, value) in wanted:
            if self.view is None or time.monotonic() < due_s:
                continue
            target, name = key
            body = command_for(name, value)
            self._command(BY_NAME[name].label, dict(body, target=target) if target else body)
            with self._lock:
                if self.view is not None and self._wishes.get(key) == (due_s, value):
                    del self._wishes[key]

    def _start_daemon(self, executable: str, arguments: str) -> None:
        if self.view is not None or (self._process is not None and self._process.poll() is None):
            self.last = "Start daemon: it is running already."
            return
        try:
            command = start_command(executable, arguments, self._address.port)
            self._log = log_path()
            self._process = start_detached(command, self._log)
        except (NoAnswer, OSError) as error:
            self.last = "Start daemon: %s" % error
            self._note(self.last)
            return
        self._started_s, self._stop_by_s = time.monotonic(), 0.0
        self.trouble, self.last = "Starting the daemon.", ""
        self._note("Started %s; its words are in %s" % (command[0], self._log))

    def _stop_daemon(self) -> None:
        self._autostart = None
        mine = self._process is not None and self._process.poll() is None
        try:
            self._post({"command": "quit"})
        except (NoAnswer, Refused) as error:
            if not mine:
                self.last = "Stop daemon: %s" % error
                return
            self._stop_by_s = time.monotonic()
        else:
            self._stop_by_s = time.monotonic() + QUIT_S
        self.last = "Stop daemon: it is ending."

    def _watch_process(self) -> None:
        """Say how a daemon of ours ended, and end one that does not on its own."""
        if self._process is None:
            return
        code = self._process.poll()
        if code is None:
            if self._stop_by_s and time.monotonic() >= self._stop_by_s:
                self._process.terminate()
            return
        asked, self._process = bool(self._stop_by_s), None
        words = last_line(self._log) if self._log else ""
        self.last = "The daemon ended." if asked else "The daemon ended (%d): %s" % (code, words)
        self._note(self.last)


def _nothing() -> None:
    """A job that only wakes the thread."""


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


# ------------------------------------------------------------------ OBS's side, never blocking
def guarded(default: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A callback whose mistakes are logged once: OBS would repeat a timer's for ever."""

    def decorate(callback: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(callback)
        def call(*arguments: Any) -> Any:
            try:
                return callback(*arguments)
            except Exception as error:
                kind = (callback.__name__, type(error))
                if kind not in panel.mistakes:
                    panel.mistakes.add(kind)
                    obs.script_log(obs.LOG_WARNING, traceback.format_exc())
                return default

        return call

    return decorate


class Panel:
    """What one load of the script keeps between OBS's calls."""

    def __init__(self) -> None:
        self.settings = None  # type: Any
        self.seen = None  # type: Optional[Dict[str, Any]]
        self.worker = None  # type: Optional[Worker]
        self.hotkeys = {}  # type: Dict[str, int]
        self.mistakes = set()  # type: set

    @property
    def target(self) -> str:
        return str((self.seen or {}).get("target", ""))


panel = Panel()


def read_settings(settings: Any) -> Dict[str, Any]:
    readers = {
        "switch": obs.obs_data_get_bool,
        "slider": obs.obs_data_get_double,
        "number": obs.obs_data_get_double,
        "integer": obs.obs_data_get_int,
    }
    return {
        each.name: readers.get(each.kind, obs.obs_data_get_string)(settings, each.name)
        for each in ALL_SETTINGS
    }


def write_setting(settings: Any, setting: Setting, value: Any, what: str = "set") -> None:
    """`what`: set, or set_default."""
    kinds = {"switch": "bool", "slider": "double", "number": "double", "integer": "int"}
    write = getattr(obs, "obs_data_%s_%s" % (what, kinds.get(setting.kind, "string")))
    write(settings, setting.name, value)


def address_of(values: Dict[str, Any]) -> Address:
    return Address(values["host"].strip(), values["port"], values["token_file"].strip())


def show_daemon_state() -> None:
    """Let the panel's values be the daemon's, except what it has not been told yet."""
    if panel.worker is None or panel.seen is None:
        return
    view, wished = panel.worker.view, panel.worker.wished()
    if view is None or not view.shots:
        return
    shot = view.shots.get(panel.target) or next(iter(view.shots.values()))
    for name, value in panel_values(shot).items():
        told = name not in wished and name.replace("_auto", "") not in wished
        if told and panel.seen[name] != value:
            write_setting(panel.settings, BY_NAME[name], value)
            panel.seen[name] = value


def refresh(props: Any) -> None:
    """Bring text, lists and values up to date; OBS redraws when the callback returns True."""
    if panel.worker is None or panel.seen is None:
        return
    show_daemon_state()
    worker = panel.worker
    text = status_text(worker.view, worker.trouble, worker.last, panel.target)
    obs.obs_property_set_description(obs.obs_properties_get(props, "status"), text)
    for setting in ALL_SETTINGS:
        if setting.kind in ("list", "editable"):
            fill_list(obs.obs_properties_get(props, setting.name), setting, worker.view)


def fill_list(prop: Any, setting: Setting, view: Optional[View]) -> None:
    """The choices, always with the present one: OBS would set the first in its place."""
    choices = list(setting.choices)
    if view is not None and setting is TARGET:
        choices += [(name, plain(name)) for name in view.shots]
    elif view is not None and setting is PRESET:
        choices += [(name, plain(name)) for name in view.presets]
    elif view is not None and setting.name == "subject":
        choices += view.people
    now = panel.seen[setting.name] if panel.seen else ""
    if setting.kind == "list" and now not in dict(choices):
        choices.append((now, plain(now)))
    obs.obs_property_list_clear(prop)
    for value, label in choices:
        shown = value if setting.kind == "editable" else label
        obs.obs_property_list_add_string(prop, shown, value)


def perform(action: Action) -> None:
    """Do what a button or a hotkey says, in the worker."""
    worker, values = panel.worker, panel.seen
    if worker is None or values is None:
        return
    if action.name == "start":
        worker.start_daemon(action.label, values["executable"].strip(), values["arguments"])
    elif action.name == "stop":
        worker.stop_daemon(action.label)
    elif action.name == "reframe":
        worker.reframe(action.label, panel.target)
    elif action.name.startswith("preset_"):
        perform_preset(action, worker, values["preset"].strip())
    else:
        worker.command(action.label, command_of(action.name), panel.target)


def perform_preset(action: Action, worker: Worker, named: str) -> None:
    what = action.name[len("preset_") :]
    if what.isdigit():
        presets = worker.view.presets if worker.view else ()
        named = presets[int(what) - 1] if int(what) <= len(presets) else ""
        what = "load"
    if not named:
        worker.last = action.label + ": there is no such preset; type or choose its name."
        return
    target = panel.target if what == "load" else ""
    worker.command(action.label, {"command": what + "_preset", "preset": named}, target)


def command_of(name: str) -> Dict[str, Any]:
    """The command of an action: its own name, or a live setting with one of its choices."""
    setting, _, value = name.partition("_")
    if setting in ("speed", "shot", "aspect", "subject") and value:
        return command_for(setting, value.replace("_", ":"))
    return {"command": name}


def button_callback(action: Action) -> Callable[[Any, Any], bool]:
    @guarded(True)
    def pressed(props: Any, _prop: Any) -> bool:
        perform(action)
        refresh(props)
        return True

    return pressed


def hotkey_callback(action: Action) -> Callable[[bool], None]:
    @guarded(None)
    def pressed(is_down: bool) -> None:
        if is_down:
            perform(action)

    return pressed


@guarded(True)
def on_refresh(props: Any, _prop: Any) -> bool:
    if panel.worker is not None:
        panel.worker.look()
    refresh(props)
    return True


@guarded(False)
def on_target(props: Any, _prop: Any, _settings: Any) -> bool:
    refresh(props)
    return True


@guarded(None)
def on_timer() -> None:
    while panel.worker is not None and panel.worker.notes:
        obs.script_log(obs.LOG_INFO, panel.worker.notes.popleft())


BUTTONS = {
    action.name: button_callback(action)
    for action in (*DAEMON_ACTIONS, *SUBJECT_ACTIONS, *VIEW_ACTIONS, *PRESET_ACTIONS)
}
HOTKEY_CALLBACKS = {action.name: hotkey_callback(action) for action in HOTKEYS}


def add_setting(props: Any, setting: Setting) -> Any:
    name, label, span = setting.name, setting.label, setting.span
    if setting.kind == "switch":
        prop = obs.obs_properties_add_bool(props, name, label)
    elif setting.kind in ("list", "editable"):
        editable = setting.kind == "editable"
        combo = obs.OBS_COMBO_TYPE_EDITABLE if editable else obs.OBS_COMBO_TYPE_LIST
        form = obs.OBS_COMBO_FORMAT_STRING
        prop = obs.obs_properties_add_list(props, name, label, combo, form)
    elif setting.kind == "slider":
        prop = obs.obs_properties_add_float_slider(props, name, label, *span)
    elif setting.kind == "number":
        prop = obs.obs_properties_add_float(props, name, label, *span)
    elif setting.kind == "integer":
        prop = obs.obs_properties_add_int(props, name, label, *span)
    elif setting.kind == "file":
        prop = obs.obs_properties_add_path(props, name, label, obs.OBS_PATH_FILE, "", "")
    else:
        prop = obs.obs_properties_add_text(props, name, label, obs.OBS_TEXT_DEFAULT)
    obs.obs_property_set_long_description(prop, setting.tip)
    return prop


def add_buttons(props: Any, actions: Tuple[Action, ...]) -> None:
    for action in actions:
        prop = obs.obs_properties_add_button(props, action.name, action.label, BUTTONS[action.name])
        obs.obs_property_set_long_description(prop, action.tip)


def add_group(props: Any, name: str, label: str, settings: Tuple[Setting, ...]) -> None:
    group = obs.obs_properties_create()
    for setting in settings:
        add_setting(group, setting)
    obs.obs_properties_add_group(props, name, label, obs.OBS_GROUP_NORMAL, group)


# ------------------------------------------------------------------ what OBS calls by name
def script_description() -> str:
    return (
        "<b>LiveTrack</b>: a camera operator in software. This panel and its hotkeys (Settings, "
        "Hotkeys) steer livetrack-vcam, which gives OBS the picture."
    )


@guarded(None)
def script_defaults(settings: Any) -> None:
    for setting in ALL_SETTINGS:
        write_setting(settings, setting, setting.default, "set_default")


@guarded(None)
def script_load(settings: Any) -> None:
    panel.settings = settings
    panel.seen = values = read_settings(settings)
    panel.worker = Worker(address_of(values))
    if values["autostart"]:
        panel.worker.start_when_absent(values["executable"].strip(), values["arguments"])
    panel.worker.start()
    for action in HOTKEYS:
        name = "livetrack." + action.name
        callback = HOTKEY_CALLBACKS[action.name]
        key = obs.obs_hotkey_register_frontend(name, "LiveTrack: " + action.label, callback)
        panel.hotkeys[name] = key
        saved = obs.obs_data_get_array(settings, name)
        obs.obs_hotkey_load(key, saved)
        obs.obs_data_array_release(saved)
    obs.timer_add(on_timer, TIMER_MS)


@guarded(None)
def script_update(settings: Any) -> None:
    """Send what the user changed, and nothing else."""
    panel.settings = settings
    before, after = panel.seen, read_settings(settings)
    panel.seen = after
    if before is None or panel.worker is None:
        return
    for name in ("headroom", "dead_zone"):
        if after[name] != before[name] and after[name + "_auto"]:
            write_setting(settings, BY_NAME[name + "_auto"], False)
            after[name + "_auto"] = False
    old, new = wishes(before), wishes(after)
    for name, value in new.items():
        if value != old[name] and not (name == "aspect" and not is_aspect(value)):
            typed = name == "aspect" and (value, value) not in ASPECTS
            panel.worker.change(panel.target, name, value, typed)
    if address_of(after) != address_of(before):
        panel.worker.connect(address_of(after))


def is_aspect(text: str) -> bool:
    return re.match(r"\s*\d+(\.\d+)?\s*:\s*\d+(\.\d+)?\s*$", text) is not None


@guarded(None)
def script_properties() -> Any:
    props = obs.obs_properties_create()
    info = getattr(obs, "OBS_TEXT_INFO", obs.OBS_TEXT_DEFAULT)
    obs.obs_properties_add_text(props, "status", "LiveTrack", info)
    obs.obs_properties_add_button(props, "refresh", "Refresh status", on_refresh)
    add_buttons(props, DAEMON_ACTIONS)
    target = add_setting(props, TARGET)
    obs.obs_property_set_modified_callback(target, on_target)
    for setting in SETTINGS:
        add_setting(props, setting)
    add_buttons(props, (*SUBJECT_ACTIONS, *VIEW_ACTIONS))
    add_setting(props, PRESET)
    add_buttons(props, PRESET_ACTIONS)
    add_group(props, "advanced", "Advanced", ADVANCED)
    add_group(props, "connection", "Daemon", CONNECTION)
    refresh(props)
    return props


@guarded(None)
def script_save(settings: Any) -> None:
    for name, key in panel.hotkeys.items():
        keys = obs.obs_hotkey_save(key)
        obs.obs_data_set_array(settings, name, keys)
        obs.obs_data_array_release(keys)


@guarded(None)
def script_unload() -> None:
    worker, panel.worker = panel.worker, None
    obs.timer_remove(on_timer)
    for callback in HOTKEY_CALLBACKS.values():
        obs.obs_hotkey_unregister(callback)
    panel.hotkeys.clear()
    if worker is not None:
        worker.stop(bool(panel.seen and panel.seen["stop_with_obs"]))
    panel.settings = panel.seen = None
