"""LiveTrack's panel in OBS Studio: Tools, Scripts, "+", this file.

It runs inside OBS with whatever Python OBS has, so it is one file for Python 3.6 or later that
needs the standard library alone and nothing of the `livetrack_vcam` package. OBS calls the
functions at the end on the threads that draw its window and its picture: there we only read and
write variables. Whatever can take time (sockets, files, programs) is done by one `Worker` thread.
"""

import contextlib
import functools
import http.client
import io
import json
import math
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
from collections import OrderedDict, deque
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import obspython as obs

PROGRAM = "livetrack-vcam"
DEFAULT_PORT = 8787
CONNECT_S = 1.0
READ_S = 2.0
"""For a whole answer, however slowly it drips; the daemon takes up to 1 s for a command."""
POLL_S = 1.0
ATTENDED_POLL_S, ATTENDED_S = 0.2, 10.0
"""OBS draws the panel anew only when it is pressed: for a while after a press we look more often,
so that the next one shows what came of it."""
TYPING_S = 0.8
"""OBS reports every keystroke: what is typed counts once the typing has rested this long."""
UNLOAD_S = 0.2
START_S = 20.0
QUIT_S = 8.0
"""A daemon that finishes its recordings takes a few seconds; only then it is terminated."""
REFRAME_S = (0.7, 6.0)
"""A movement takes this long to show in the state, and is over at the latest then."""
TIMER_MS = 500
MAX_REPLY_BYTES = 1 << 20
MAX_JOBS = 32
MAX_LIST = 200
MAX_TEXT = 300

ABSENT = "Daemon not running: press Start daemon, or run `livetrack-vcam` in a terminal."
STARTING = "Starting the daemon."
BROKEN_OFF = "The daemon's answer broke off; trying again."
SLOW = "What answers at %s is too slow; trying again."
FOREIGN = "Another program answers at %s: choose another port, here and for the daemon (--port)."
UNSIGNED = "No control token at %s: start the daemon once as this user, or set Token file."
STRANGER = "The daemon does not take this token: set Token file to that of the daemon's user."
NOT_FOUND = "livetrack-vcam is not found: set Program file, or run livetrack-vcam in a terminal."


# What the panel consists of.
class Setting(NamedTuple):
    """One value of the panel. `kind`: switch, list, editable, slider, number, integer, text.

    `among`: the (value, label) pairs of a list, or lowest, highest and step of a number.
    """

    name: str
    kind: str
    default: Any
    label: str
    tip: str
    among: Tuple[Any, ...] = ()


class Action(NamedTuple):
    """One thing to do: a button of the panel, a hotkey or both.

    `body`: the command it sends. `step`: which number it changes by how much, from where it is.
    """

    name: str
    label: str
    tip: str = ""
    body: Optional[Dict[str, Any]] = None
    step: Optional[Tuple[str, float]] = None


SHOTS = (
    ("auto", "Automatic"), ("face", "Face"), ("head", "Head and shoulders"),
    ("upper", "Upper body"), ("full", "Full body"), ("wide", "Surroundings"),
)  # fmt: skip
SPEEDS = (
    ("cinema", "Cinema (slowest)"), ("calm", "Calm"), ("normal", "Normal"), ("fast", "Fast"),
    ("sport", "Sport (fastest)"),
)  # fmt: skip
SUBJECTS = (
    ("auto", "Automatic choice"), ("largest", "Largest person"),
    ("center", "Person in the center"), ("group", "Whole group"), ("ball", "Ball"),
)  # fmt: skip
ASPECTS = tuple((each, each) for each in ("16:9", "9:16", "1:1", "4:5", "4:3", "21:9"))
WHEN_LOST = (
    ("widen", "Widen"), ("hold", "Stay where it is"), ("home", "Go home"),
    ("center", "Go to the middle"), ("full", "Show everything"),
)  # fmt: skip
FILLS = (
    ("crop", "Crop"), ("letterbox", "Black bars"), ("blur", "Blurred bars"),
    ("split", "Two halves"),
)  # fmt: skip

LIVE = (
    Setting("tracking", "switch", True, "Tracking", "Off: the picture rests where it is."),
    Setting("aspect", "editable", "16:9", "Aspect ratio", "Width:height, your own too.", ASPECTS),
    Setting("shot", "list", "auto", "Shot size", "How large the subject is shown.", SHOTS),
    Setting("subject", "list", "auto", "Subject", "Whom the picture follows.", SUBJECTS),
    Setting("speed", "list", "normal", "Speed", "How the picture moves.", SPEEDS),
    Setting(
        "max_zoom", "slider", 2.4, "Maximum zoom", "Height of the whole picture over the crop's.",
        (1.0, 10.0, 0.1),
    ),
    Setting("headroom_auto", "switch", True, "Auto headroom", "The shot size decides."),
    Setting(
        "headroom", "slider", 0.1, "Headroom", "Share of the picture's height above the head.",
        (0.0, 0.5, 0.01),
    ),
)  # fmt: skip
ADVANCED = (
    Setting(
        "when_lost", "list", "widen", "When lost",
        "What the picture does when the subject stays away.", WHEN_LOST,
    ),
    Setting(
        "fill", "list", "crop", "Too wide",
        "What is shown when a group is wider than the picture.", FILLS,
    ),
    Setting("dead_zone_auto", "switch", True, "Auto dead zone", "The speed decides."),
    Setting(
        "dead_zone", "slider", 0.1, "Dead zone",
        "Share of the picture in which the subject may move without moving the picture.",
        (0.0, 0.45, 0.01),
    ),
    Setting(
        "lead_room", "slider", 0.0, "Lead room", "Additional share ahead of somebody on the move.",
        (0.0, 0.12, 0.01),
    ),
    Setting(
        "eyes_on_third", "switch", False, "Eyes on a third", "Instead of the headroom."
    ),
    Setting(
        "lost_predict", "number", 0.9, "Predict (s)",
        "For how long the way of somebody out of sight is guessed.", (0.0, 60.0, 0.1),
    ),
    Setting(
        "lost_hold", "number", 1.5, "Then wait (s)", "Before the picture does what is set.",
        (0.0, 60.0, 0.1),
    ),
    Setting(
        "lost_widen", "number", 1.1, "Then move (s)", "How long that movement takes.",
        (0.0, 60.0, 0.1),
    ),
    Setting(
        "cuts", "switch", False, "Allow cuts", "Jump to a subject far away instead of panning."
    ),
)  # fmt: skip
CONNECTION = (
    Setting(
        "host", "text", "127.0.0.1", "Host", "The daemon's; the token travels there unencrypted."
    ),
    Setting("port", "integer", DEFAULT_PORT, "Port", "As in run --port.", (1, 65535, 1)),
    Setting("token_file", "text", "", "Token file", "Empty: where this machine's daemon has it."),
    Setting("executable", "text", "", "Program file", "Empty: livetrack-vcam is looked for."),
    Setting(
        "arguments", "text", "run", "Arguments", "Such as: run --source 0 --aspect 9:16"
    ),
    Setting("autostart", "switch", False, "Start with OBS", "If none runs yet."),
    Setting(
        "stop_with_obs", "switch", False, "Stop with OBS",
        "Otherwise it goes on when OBS ends or this script is removed.",
    ),
)  # fmt: skip
TARGET = Setting(
    "target", "list", "", "For shot", "Buttons, hotkeys and values are for this one.",
    (("", "Every shot"),),
)  # fmt: skip
PRESET = Setting("preset", "editable", "", "Preset", "A saved one, or a new name to save under.")
SETTINGS = OrderedDict(
    (each.name, each) for each in (TARGET, *LIVE, PRESET, *ADVANCED, *CONNECTION)
)

START = Action("start", "Start daemon", "Start livetrack-vcam in the background.")
STOP = Action("stop", "Stop daemon", "Ask it to end; its recordings are finished first.")
REFRAME = Action("reframe", "Reframe once", "Frame the subject anew, then rest (tracking off).")


def command_for(name: str, value: Any) -> Dict[str, Any]:
    """The command that sets one live setting."""
    if name == "tracking":
        return {"command": "resume" if value else "pause"}
    if name == "subject" and re.match(r"track:\d+$", value):
        return {"command": "lock", "track_id": int(value[6:])}
    if name == "subject":
        return {"command": "select_subject", "subject": value}
    return {"command": "configure", "settings": {name: value}}


def _simple(name: str, label: str, tip: str = "") -> Action:
    return Action(name, label, tip, {"command": name})


def _choices(setting: str, words: str, pairs: Tuple[Tuple[str, str], ...]) -> List[Action]:
    """A hotkey for every choice of a list."""
    return [
        Action(
            "%s_%s" % (setting, value.replace(":", "_")),
            "%s %s" % (words, value),
            body=command_for(setting, value),
        )
        for value, _ in pairs
    ]


MOVES = (
    _simple("next", "Next subject", "Follow the next person to the right."),
    _simple("previous", "Previous subject", "Follow the next person to the left."),
    _simple("release", "Release subject", "Choose automatically again."),
    _simple("recenter", "Re-center now", "Frame the subject anew, then go on following."),
    REFRAME,
    _simple("wide", "Wide view", "Show the whole picture until the next subject command."),
    _simple("home", "Go to home framing", "Glide to the remembered framing and stay."),
    _simple("set_home", "Set home framing", "Remember the present framing as home."),
)
PRESETS = (
    Action("preset_load", "Load preset", "Take the settings saved under the name above."),
    Action("preset_save", "Save preset", "Save the settings of every shot under the name above."),
    Action("preset_delete", "Delete preset", "Forget the preset of the name above."),
)
STANDBY = (
    Action("standby_on", "Standby on", body={"command": "standby", "on": True}),
    Action("standby_off", "Standby off", body={"command": "standby", "on": False}),
)
STEPPING = (
    Action("max_zoom_more", "Maximum zoom up", step=("max_zoom", 0.2)),
    Action("max_zoom_less", "Maximum zoom down", step=("max_zoom", -0.2)),
    Action("headroom_more", "Headroom up", step=("headroom", 0.02)),
    Action("headroom_less", "Headroom down", step=("headroom", -0.02)),
)
HOTKEYS = (
    _simple("toggle", "Tracking on or off"),
    _simple("pause", "Tracking off"),
    _simple("resume", "Tracking on"),
    *MOVES,
    *_choices("speed", "Speed", SPEEDS),
    *_choices("shot", "Shot size", SHOTS),
    *_choices("aspect", "Aspect ratio", ASPECTS),
    *_choices("subject", "Subject", SUBJECTS),
    *_choices("when_lost", "When lost", WHEN_LOST),
    *_choices("fill", "Too wide", FILLS),
    *STEPPING,
    *STANDBY,
    *(Action("preset_%d" % place, "Preset %d" % place) for place in range(1, 10)),
    START,
    STOP,
)


# What the daemon says.
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
    return unicode_text(value).replace("<", "‹").strip()[:MAX_TEXT]


def unicode_text(value: Any) -> str:
    """Without halves of surrogate pairs, which JSON can hold and OBS cannot."""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def read_status(data: Dict[str, Any]) -> View:
    """Raises KeyError, TypeError, ValueError and their like if this is no status of LiveTrack's."""
    shots = OrderedDict()
    for shot in data["shots"][:MAX_LIST]:
        shots[unicode_text(shot["name"])] = ShotView(
            settings=dict(shot.get("settings") or {}),
            state=plain(shot["state"]),
            subject=tuple(int(each) for each in shot["subject"]),
            locked=shot.get("locked") is True,
            zoom=number(shot.get("zoom")),
            preset=plain(shot.get("preset") or ""),
        )
    tracks = data["tracks"][:MAX_LIST]
    seen = sorted((int(track["id"]), plain(track["label"]).capitalize()) for track in tracks)
    on_program = (data.get("obs") or {}).get("on_program")
    sent_ms = (data.get("latency") or {}).get("send_ms")
    return View(
        version=plain(data["version"]),
        pid=int(data.get("pid") or 0),
        fps=number(data["fps"]),
        # The first is of the last seconds, the other of minutes, but always there.
        latency_ms=number(data.get("latency_p50_ms") if sent_ms is None else sent_ms),
        standby=data.get("standby") is True,
        on_program=on_program if isinstance(on_program, bool) else None,
        people=tuple(("track:%d" % key, "%s %d" % (word, key)) for key, word in seen),
        shots=shots,
        presets=tuple(unicode_text(name) for name in (data.get("presets") or ())[:MAX_LIST]),
        hints=tuple(plain(hint["text"]) for hint in (data.get("hints") or ())[:8]),
    )


def panel_values(shot: ShotView, standby: bool) -> Dict[str, Any]:
    """What the panel's live settings should show for a shot; in standby every shot is paused."""
    values = {} if standby else {"tracking": shot.state != "paused"}  # type: Dict[str, Any]
    for name, value in shot.settings.items():
        if name in ("headroom", "dead_zone"):
            values[name + "_auto"] = value is None
        if SETTINGS.get(name) in (*LIVE, *ADVANCED):
            values[name] = value
    if shot.locked and shot.subject:
        values["subject"] = "track:%d" % shot.subject[0]
    values["aspect"] = usual_aspect(values.get("aspect"))
    return {name: value for name, value in values.items() if _fits(SETTINGS[name], value)}


def ratio(aspect: Any) -> float:
    """Width over height of W:H, 0 for anything else."""
    match = re.match(r"\s*(\d+(?:\.\d+)?)\s*:\s*(\d+(?:\.\d+)?)\s*$", str(aspect))
    height = float(match.group(2)) if match else 0.0
    return float(match.group(1)) / height if match and height else 0.0


def usual_aspect(aspect: Any) -> Any:
    """As the list has it: the daemon says 7:3 where people say 21:9."""
    same = (name for name, _ in ASPECTS if math.fabs(ratio(name) - ratio(aspect)) < 1e-6)
    return next(same, aspect)


def _fits(setting: Setting, value: Any) -> bool:
    """Whether OBS can hold the value under this setting."""
    if setting.kind == "switch":
        return isinstance(value, bool)
    if setting.kind in ("slider", "number", "integer"):
        number_given = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number_given and -1e6 < value < 1e6
    return isinstance(value, str) and value == unicode_text(value)


def wishes(values: Dict[str, Any]) -> Dict[str, Any]:
    """The panel's live settings in the daemon's words: automatic is None there."""
    live = {each.name: values[each.name] for each in (*LIVE, *ADVANCED)}
    for name in ("headroom", "dead_zone"):
        if live.pop(name + "_auto"):
            live[name] = None
    return live


def aimed(body: Dict[str, Any], target: str) -> Dict[str, Any]:
    """The command for one shot; without a name, for every one. Standby is the whole daemon's."""
    return dict(body, target=target) if target and body["command"] != "standby" else body


def status_text(view: Optional[View], trouble: str, last: str, target: str) -> str:
    """What the panel says, a fact a line."""
    lines = []  # type: List[str]
    if view is not None:
        does = "rests" if view.standby else "runs"
        facts = (view.version, does, view.fps, view.latency_ms)
        lines.append("LiveTrack %s %s: %.1f fps, latency %.0f ms" % facts)
        names = [target] if target in view.shots else list(view.shots)
        lines += [_shot_line(name, view.shots[name]) for name in names[:8]]
        if view.on_program is not None:
            lines.append("On program in OBS." if view.on_program else "Not on program in OBS.")
        hints = view.hints
        lines += ["Hint 1 of %d: %s" % (len(hints), hints[0])] if hints else []
    return "\n".join([*lines, *(line for line in (trouble, last) if line)])


def _shot_line(name: str, shot: ShotView) -> str:
    who = " and ".join("%d" % each for each in shot.subject) or "nobody"
    lock = " (locked)" if shot.locked else ""
    zoom = ", zoom %.1f" % shot.zoom if shot.zoom else ""
    preset = ", preset " + shot.preset if shot.preset else ""
    return "%s: %s, subject %s%s%s%s" % (plain(name), shot.state, who, lock, zoom, preset)


# The daemon over HTTP.
class Address(NamedTuple):
    host: str
    port: int
    token_file: str


class NoAnswer(Exception):
    """Nothing useful came back; the text says what to do about it."""


class Refused(Exception):
    """The daemon said no; the text is its sentence."""


def token_files() -> List[Path]:
    """Where the daemon may have its token; livetrack_vcam/web/token.py knows the same places.

    In a Flatpak the desktop's variables are replaced, so the home folder is looked into as well.
    """
    home = Path.home()
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA") or str(home / "AppData" / "Local"))
        # Python from the Microsoft Store is given a private copy of that folder.
        store = local.glob("Packages/PythonSoftwareFoundation.Python.*/LocalCache/Local")
        folders = [local, *sorted(store)]
    else:
        mac = sys.platform == "darwin"
        folders = [home / ("Library/Application Support" if mac else ".local/share")]
        named = os.environ.get("XDG_DATA_HOME", "").strip()
        folders[:0] = [Path(named)] if named else []
    return [folder / PROGRAM / "token" for folder in folders]


def read_token(setting: str) -> str:
    """The token in the file of the panel, or in the usual one. Raises NoAnswer."""
    files = [Path(setting).expanduser()] if setting else token_files()
    for path in files:
        with contextlib.suppress(OSError, ValueError):
            token = path.read_text(encoding="ascii").strip()
            if re.match(r"[!-~]+$", token):
                return token
    raise NoAnswer(UNSIGNED % files[0])


class _Received:
    """Bytes that http.client can parse."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


class Daemon:
    """Requests to one address, each on a connection of its own that ends in time."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.silent = False
        self._connection = None  # type: Optional[socket.socket]

    @property
    def place(self) -> str:
        return "%s:%d" % self.address[:2]

    def hang_up(self) -> None:
        """Let a request that waits fail at once; may be called from any thread."""
        self.silent = True
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def status(self) -> View:
        """Raises NoAnswer."""
        code, data = self._ask("GET", "/api/status")
        try:
            if code != 200:
                raise ValueError
            return read_status(data)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise NoAnswer(FOREIGN % self.place) from None

    def knows(self, token: str) -> bool:
        """Whether the token counts there. Raises NoAnswer."""
        code, answer = self._ask("GET", "/api/session", token=token)
        return not (code == 200 and answer.get("operator") is False)

    def command(self, body: Dict[str, Any]) -> None:
        """Raises NoAnswer or Refused."""
        token = read_token(self.address.token_file)
        code, answer = self._ask("POST", "/api/command", token, body)
        if code == 401:
            raise Refused(STRANGER)
        if code != 200:
            raise Refused(plain(answer.get("error") or "the daemon answered %d" % code))

    def _ask(
        self, method: str, path: str, token: str = "", body: Optional[Dict[str, Any]] = None
    ) -> Tuple[int, Dict[str, Any]]:
        try:
            data = self._exchange(self._request(method, path, token, body))
            response = http.client.HTTPResponse(_Received(data))  # type: ignore[arg-type]
            response.begin()
            answer = json.loads(response.read().decode("utf-8"))
            if not isinstance(answer, dict):
                raise ValueError
            return response.status, answer
        except (http.client.IncompleteRead, http.client.RemoteDisconnected):
            raise NoAnswer(BROKEN_OFF) from None
        except (http.client.HTTPException, ValueError, RecursionError, OverflowError):
            raise NoAnswer(FOREIGN % self.place) from None

    def _request(self, method: str, path: str, token: str, body: Optional[Dict[str, Any]]) -> bytes:
        host = self.address.host
        if not re.match(r"[A-Za-z0-9_.:-]+$", host):
            raise NoAnswer("Host %s is no name or address." % plain(host))
        data = b"" if body is None else json.dumps(body).encode("ascii")
        lines = [
            "%s %s HTTP/1.1" % (method, path),
            "Host: %s:%d" % ("[%s]" % host if ":" in host else host, self.address.port),
            "Connection: close",
            "Content-Type: application/json",
            "Content-Length: %d" % len(data),
        ]
        lines += ["Authorization: Bearer " + token] if token else []
        return "\r\n".join([*lines, "", ""]).encode("ascii") + data

    def _exchange(self, request: bytes) -> bytes:
        """Whatever comes back, nothing if the connection breaks. Raises NoAnswer, HTTPException."""
        try:
            connection = socket.create_connection(self.address[:2], CONNECT_S)
        except (OSError, ValueError):
            raise NoAnswer(ABSENT) from None
        self._connection = connection
        try:
            if self.silent:
                raise NoAnswer(BROKEN_OFF)
            connection.sendall(request)
            return _receive(connection)
        except socket.timeout:
            raise NoAnswer(SLOW % self.place) from None
        except OSError:
            return b""
        finally:
            self._connection = None
            connection.close()


def _receive(connection: socket.socket) -> bytes:
    """Everything until the other side closes, within READ_S and MAX_REPLY_BYTES."""
    deadline_s = time.monotonic() + READ_S
    data = b""
    while True:
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            raise socket.timeout
        connection.settimeout(left_s)
        chunk = connection.recv(1 << 16)
        if not chunk:
            return data
        data += chunk
        if len(data) > MAX_REPLY_BYTES:
            raise http.client.HTTPException


# The daemon as a program.
def find_program(setting: str) -> str:
    """The daemon's executable. Raises NoAnswer with what to do."""
    if setting:
        path = shutil.which(str(Path(setting).expanduser()))
        if path is None:
            raise NoAnswer("Program file %s is not there or cannot be run." % plain(setting))
        return path
    for place in (None, *_beside_this_script(), *_usual_places()):
        path = shutil.which(PROGRAM, path=place and str(place))
        if path is not None:
            return path
    raise NoAnswer(NOT_FOUND)


def _beside_this_script() -> List[Path]:
    """Where programs are in a checkout or an environment that this file lies in."""
    return [
        folder / inner / programs
        for folder in list(Path(__file__).resolve().parents)[:6]
        for inner in ("", ".venv", "venv")
        for programs in ("bin", "Scripts")
    ]


def _usual_places() -> List[Path]:
    """Where pip --user, pipx, uv, Homebrew and the installers of Windows put programs."""
    home = Path.home()
    places = [home / ".local" / "bin", Path("/usr/local/bin"), Path("/opt/homebrew/bin")]
    framework = Path("/Library/Frameworks/Python.framework/Versions")
    for folder, pattern in ((home / "Library" / "Python", "3.*/bin"), (framework, "3.*/bin")):
        places += sorted(folder.glob(pattern), reverse=True)
    for variable, pattern in (
        ("APPDATA", "Python/Python3*/Scripts"),
        ("LOCALAPPDATA", "Programs/Python/Python3*/Scripts"),
    ):
        if os.environ.get(variable):
            places += sorted(Path(os.environ[variable]).glob(pattern), reverse=True)
    return places


def start_words(arguments: str, port: int) -> List[str]:
    """The arguments, with the panel's port if it is not the usual one. Raises NoAnswer."""
    try:
        words = shlex.split(arguments, posix=os.name != "nt")
    except ValueError:
        raise NoAnswer("Arguments have a quotation mark too few.") from None
    words = [word.strip('"') for word in words] if os.name == "nt" else words
    if port != DEFAULT_PORT and not any(word.startswith("--port") for word in words):
        words = [*(words or ["run"]), "--port", str(port)]
    return words


class Program:
    """The daemon that this script started, if it did."""

    def __init__(self) -> None:
        self.started_s = -START_S
        self._process = None  # type: Optional[subprocess.Popen[bytes]]
        self._log = Path()
        self._stop_by_s = 0.0

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def starts(self) -> bool:
        return self.runs and time.monotonic() < self.started_s + START_S

    def start(self, executable: str, arguments: str, port: int) -> str:
        """Start it so that it outlives OBS; what to tell the log. Raises NoAnswer or OSError."""
        command = [find_program(executable), *start_words(arguments, port)]
        self._log = _log_path()
        # What OBS's own Python was told does not suit the daemon's.
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        options = {"start_new_session": True}  # type: Dict[str, Any]
        if os.name == "nt":
            options = {"creationflags": 0x08000000 | 0x00000200}  # no window, a group of its own
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=str(Path.home()), env=env, **options,
            )  # fmt: skip
        self.started_s, self._stop_by_s = time.monotonic(), 0.0
        return "Started %s; its words are in %s" % (command[0], self._log)

    def end_within(self, seconds: float) -> None:
        """Terminate it if it has not ended by then."""
        self._stop_by_s = time.monotonic() + seconds

    def terminate(self) -> None:
        process = self._process
        if process is not None:
            process.terminate()

    def fate(self) -> str:
        """How it ended, once; until then nothing."""
        if self._process is None:
            return ""
        code = self._process.poll()
        if code is None:
            if self._stop_by_s and time.monotonic() >= self._stop_by_s:
                self.terminate()
            return ""
        self._process = None
        if self._stop_by_s:
            return "The daemon ended."
        return "The daemon ended (%d): %s" % (code, _last_line(self._log))


def _log_path() -> Path:
    """Where the daemon's own words go: beside the token, in a folder of the user's own."""
    folder = token_files()[0].parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="livetrack-"))
    return folder / "obs-daemon.log"


def _last_line(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return plain(next((line for line in reversed(lines) if line.strip()), ""))


# The thread.
class Worker:
    """Does what takes time, in a thread of its own, and keeps what came of it.

    The methods without an underscore are called from OBS and never block. `view`, `trouble` and
    `last` are replaced as a whole and never changed.
    """

    def __init__(self, address: Address) -> None:
        self.view = None  # type: Optional[View]
        self.trouble = "Looking for the daemon."
        self.last = ""
        self.notes = deque(maxlen=50)  # type: deque[str]
        self._daemon = Daemon(address)
        self._program = Program()
        self._jobs = queue.Queue(MAX_JOBS)  # type: queue.Queue[Callable[[], None]]
        self._lock = threading.Lock()
        self._new_address = None  # type: Optional[Tuple[float, Address]]
        self._wishes = {}  # type: Dict[Tuple[str, str], Tuple[float, Any]]
        self._autostart = None  # type: Optional[Tuple[str, str]]
        self._starts_left = 2
        self._reframing = None  # type: Optional[Tuple[str, float]]
        self._known = None  # type: Optional[Tuple[int, str]]
        self._looked_s = -POLL_S
        self._attended_s = -ATTENDED_S
        self._stopping = False
        self._ending = False
        self._quit_at_end = False
        self._thread = threading.Thread(target=self._run, name="livetrack", daemon=True)

    def start(self, autostart: Optional[Tuple[str, str]]) -> None:
        """Begin; with `autostart` (program file, arguments) start a daemon if none answers."""
        self._autostart = autostart
        self._thread.start()

    def stop(self, quit_daemon: bool) -> None:
        """End the thread, whatever it waits for; with `quit_daemon` the daemon too."""
        self._quit_at_end = quit_daemon
        self._ending = True
        with contextlib.suppress(queue.Full):  # then it is awake anyway
            self._jobs.put_nowait(_nothing)
        self._daemon.hang_up()
        self._thread.join(UNLOAD_S)
        if quit_daemon and self._thread.is_alive():
            self._program.terminate()

    def command(self, label: str, body: Dict[str, Any], target: str = "") -> None:
        self._put(label, functools.partial(self._command, label, aimed(body, target)))

    def reframe(self, label: str, target: str) -> None:
        self._put(label, functools.partial(self._reframe, label, target))

    def start_daemon(self, executable: str, arguments: str) -> None:
        self._put(START.label, functools.partial(self._start_daemon, executable, arguments))

    def stop_daemon(self) -> None:
        self._put(STOP.label, self._stop_daemon)

    def load_preset_at(self, label: str, place: int, target: str) -> None:
        self._put(label, functools.partial(self._load_preset_at, label, place, target))

    def step(self, label: str, target: str, name: str, by: float) -> None:
        self._put(label, functools.partial(self._step, label, target, name, by))

    def look(self) -> None:
        self._put("", self._look)

    def attend(self) -> None:
        """Somebody looks at the panel."""
        self._attended_s = time.monotonic()

    def expect_preset(self, name: str, saved: bool) -> None:
        """Show a preset that is being saved or deleted as if it were already."""
        view = self.view
        if view is not None:
            others = set(view.presets) - {name}
            self.view = view._replace(presets=tuple(sorted(others | {name} if saved else others)))

    def change(self, target: str, name: str, value: Any, typed: bool) -> None:
        """Remember what the user wants of a live setting until the daemon has it."""
        with self._lock:
            self._wishes[target, name] = (time.monotonic() + TYPING_S * typed, value)
        with contextlib.suppress(queue.Full):
            self._jobs.put_nowait(_nothing)

    def wished(self) -> List[str]:
        """Names of live settings that the daemon has not got yet."""
        with self._lock:
            return [name for _, name in self._wishes]

    def connect(self, address: Address) -> None:
        with self._lock:
            self._new_address = (time.monotonic() + TYPING_S, address)

    def _put(self, label: str, job: Callable[[], None]) -> None:
        try:
            self._jobs.put_nowait(job)
            self.last = label + ": sent." if label else self.last
        except queue.Full:
            self.last = label + ": not done, too much is waiting already."

    def _run(self) -> None:
        while not self._ending:
            self._turn()
        if self._quit_at_end:
            try:
                if self.view is None:
                    raise NoAnswer(ABSENT)
                Daemon(self._daemon.address).command({"command": "quit"})
            except (NoAnswer, Refused):
                self._program.terminate()

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
                self._hear(self._program.fate())
        except Exception:  # the thread must outlive its mistakes
            self._looked_s = time.monotonic()
            self._note("LiveTrack's script made a mistake: " + traceback.format_exc())

    def _patience_s(self) -> float:
        with self._lock:
            due = [due_s for due_s, _ in self._wishes.values()] if self.view else []
        now_s = time.monotonic()
        often = self._reframing or now_s < self._attended_s + ATTENDED_S
        looks_s = self._looked_s + (ATTENDED_POLL_S if often else POLL_S)
        return max(0.0, min([looks_s, *due]) - now_s)

    def _note(self, text: str) -> None:
        if not self.notes or self.notes[-1] != text:
            self.notes.append(text)

    def _hear(self, text: str) -> None:
        """Something to show and to log."""
        if text:
            self.last = text
            self._note(text)

    def _look(self) -> None:
        self._follow_address()
        try:
            view = self._daemon.status()
            if self.view is None:
                self._note("LiveTrack %s answers at %s" % (view.version, self._daemon.place))
            self.view, self.trouble, self._autostart = view, self._stranger(view), None
        except NoAnswer as error:
            self._miss(str(error))
        self._looked_s = time.monotonic()

    def _follow_address(self, at_once: bool = False) -> bool:
        """Go where the panel says now, once the typing has rested or somebody presses."""
        with self._lock:
            if self._new_address is None:
                return False
            if not at_once and time.monotonic() < self._new_address[0]:
                return False
            self._daemon.address, self._new_address = self._new_address[1], None
        self.view = self._known = None
        return True

    def _stranger(self, view: View) -> str:
        """What is wrong with our token, asked once for each daemon and token."""
        try:
            token = read_token(self._daemon.address.token_file)
            if self._known != (view.pid, token) and not self._daemon.knows(token):
                return STRANGER
        except NoAnswer as error:
            return str(error)
        self._known = (view.pid, token)
        return ""

    def _miss(self, trouble: str) -> None:
        """No daemon: say why, and start one if that is wanted."""
        self.view = None
        if self._stopping and trouble == ABSENT and not self._program.runs:
            self._stopping = False
            self.last = "The daemon ended."
        trouble = STARTING if self._program.starts else trouble
        if trouble != self.trouble:
            self._note(trouble)
        self.trouble = trouble
        rested = time.monotonic() > self._program.started_s + 3 * POLL_S
        if self._autostart and trouble == ABSENT and rested and self._starts_left:
            self._starts_left -= 1
            self._start_daemon(*self._autostart)

    def _try(self, label: str, body: Dict[str, Any]) -> bool:
        """Send a command and say what came of it."""
        moved = self._follow_address(at_once=True)
        if moved or (self.view is None and time.monotonic() > self._looked_s + POLL_S / 2):
            self._look()
        if self.view is None:
            self.last = label + ": not done, the daemon does not answer."
            return False
        try:
            self._daemon.command(body)
        except (NoAnswer, Refused) as error:
            self._known = None
            self._hear("%s: %s" % (label, error))
            return False
        self.last = label + ": done."
        return True

    def _command(self, label: str, body: Dict[str, Any]) -> None:
        self._reframing = None
        self._try(label, body)
        self._look()

    def _load_preset_at(self, label: str, place: int, target: str) -> None:
        """Load the one in this place of the sorted names, from 1."""
        self._look()
        presets = self.view.presets if self.view else ()
        if self.view is not None and place > len(presets):
            self.last = "%s: there are only %d presets." % (label, len(presets))
            return
        body = {"command": "load_preset", "preset": presets[place - 1] if presets else ""}
        self._command(label, aimed(body, target))

    def _step(self, label: str, target: str, name: str, by: float) -> None:
        """Change a number of each shot by so much; an automatic one begins at the usual value."""
        self._look()
        if self.view is None:
            self.last = label + ": not done, the daemon does not answer."
            return
        setting = SETTINGS[name]
        lowest, highest, _ = setting.among
        for shot_name, shot in self.view.shots.items():
            if target not in ("", shot_name):
                continue
            now = shot.settings.get(name)
            now = setting.default if now is None else number(now)
            value = round(min(max(now + by, lowest), highest), 4)
            self._command(label, aimed(command_for(name, value), shot_name))

    def _reframe(self, label: str, target: str) -> None:
        """Follow until the picture rests on the subject; `_finish_reframing` then pauses."""
        bodies = [aimed({"command": name}, target) for name in ("resume", "recenter")]
        if all(self._try(label, body) for body in bodies):
            self._reframing = (target, time.monotonic())
        self._look()

    def _finish_reframing(self) -> None:
        if self._reframing is None:
            return
        target, begun_s = self._reframing
        since_s = time.monotonic() - begun_s
        if since_s < REFRAME_S[0]:
            return
        self._look()
        shots = self.view.shots if self.view else {}
        states = {shot.state for name, shot in shots.items() if target in ("", name)}
        if states <= {"hold"} or since_s > REFRAME_S[1]:
            self._command(REFRAME.label, aimed({"command": "pause"}, target))

    def _send_wishes(self) -> None:
        with self._lock:
            wanted = list(self._wishes.items())
        for key, (due_s, value) in wanted:
            if self.view is None or time.monotonic() < due_s:
                continue
            target, name = key
            self._command(SETTINGS[name].label, aimed(command_for(name, value), target))
            with self._lock:
                if self.view is not None and self._wishes.get(key) == (due_s, value):
                    del self._wishes[key]

    def _start_daemon(self, executable: str, arguments: str) -> None:
        self._follow_address(at_once=True)
        if self.view is not None or self._program.runs:
            self.last = START.label + ": it is running already."
            return
        try:
            port = self._daemon.address.port
            self._note(self._program.start(executable, arguments, port))
        except (NoAnswer, OSError) as error:
            self._hear("%s: %s" % (START.label, error))
            return
        self.trouble, self.last = STARTING, ""

    def _stop_daemon(self) -> None:
        self._autostart = None
        if self._try(STOP.label, {"command": "quit"}):
            self.last = STOP.label + ": it is ending."
            self._program.end_within(QUIT_S)
            self._stopping = True
        elif self._program.runs:
            self._program.end_within(0.0)


def _nothing() -> None:
    """A job that only wakes the thread."""


# OBS's side, never blocking.
class Panel:
    """What one load of the script keeps between OBS's calls."""

    settings = None  # type: Any
    seen = None  # type: Optional[Dict[str, Any]]
    worker = None  # type: Optional[Worker]

    def __init__(self) -> None:
        self.hotkeys = {}  # type: Dict[str, int]
        self.mistakes = set()  # type: set[Tuple[str, type]]

    @property
    def target(self) -> str:
        return str(self.seen["target"]) if self.seen else ""


panel = Panel()


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


def read_settings(settings: Any) -> Dict[str, Any]:
    readers = {
        "switch": obs.obs_data_get_bool,
        "slider": obs.obs_data_get_double,
        "number": obs.obs_data_get_double,
        "integer": obs.obs_data_get_int,
    }
    return {
        each.name: readers.get(each.kind, obs.obs_data_get_string)(settings, each.name)
        for each in SETTINGS.values()
    }


def write_setting(settings: Any, setting: Setting, value: Any, how: str = "set") -> None:
    """`how`: set or set_default."""
    kinds = {"switch": "bool", "slider": "double", "number": "double", "integer": "int"}
    write = getattr(obs, "obs_data_%s_%s" % (how, kinds.get(setting.kind, "string")))
    write(settings, setting.name, value)


def address_of(values: Dict[str, Any]) -> Address:
    return Address(values["host"].strip(), values["port"], values["token_file"].strip())


def show_daemon_state(worker: Worker, seen: Dict[str, Any]) -> None:
    """Let the panel's values be the daemon's, except what it has not been told yet."""
    if worker.view is None or not worker.view.shots:
        return
    shots, wished = worker.view.shots, worker.wished()
    shot = shots.get(panel.target) or next(iter(shots.values()))
    for name, value in panel_values(shot, worker.view.standby).items():
        told = name.replace("_auto", "") not in wished
        if told and seen[name] != value:
            write_setting(panel.settings, SETTINGS[name], value)
            seen[name] = value


def refresh(props: Any) -> bool:
    """Bring text, lists and values up to date; True makes OBS draw them."""
    worker, seen = panel.worker, panel.seen
    if worker is None or seen is None:
        return False
    worker.attend()
    show_daemon_state(worker, seen)
    text = status_text(worker.view, worker.trouble, worker.last, panel.target)
    obs.obs_property_set_description(obs.obs_properties_get(props, "status"), text)
    for setting in SETTINGS.values():
        if setting.kind in ("list", "editable"):
            prop = obs.obs_properties_get(props, setting.name)
            obs.obs_property_list_clear(prop)
            for value, label in list_items(setting, worker.view, seen[setting.name]):
                obs.obs_property_list_add_string(prop, label, value)
    return True


def list_items(setting: Setting, view: Optional[View], now: str) -> List[Tuple[str, str]]:
    """The choices, always with the present one: OBS would set the first in its place."""
    items = list(setting.among)
    if view is not None and setting is TARGET:
        items += [(name, plain(name)) for name in view.shots]
    elif view is not None and setting is PRESET:
        items += [(name, name) for name in view.presets]
    elif view is not None and setting.name == "subject":
        items += view.people
    if setting.kind == "list" and now not in dict(items):
        items.append((now, plain(now)))
    return items


def perform(action: Action) -> None:
    """Do what a button or a hotkey says, in the worker."""
    worker, seen = panel.worker, panel.seen
    if worker is None or seen is None:
        return
    if action.body is not None:
        worker.command(action.label, action.body, panel.target)
    elif action.step is not None:
        worker.step(action.label, panel.target, *action.step)
    elif action is REFRAME:
        worker.reframe(action.label, panel.target)
    elif action is START:
        worker.start_daemon(seen["executable"].strip(), seen["arguments"])
    elif action is STOP:
        worker.stop_daemon()
    else:
        perform_preset(action, worker, seen["preset"].strip())


def perform_preset(action: Action, worker: Worker, named: str) -> None:
    what = action.name[len("preset_") :]
    if what.isdigit():
        worker.load_preset_at(action.label, int(what), panel.target)
        return
    if not named:
        worker.last = action.label + ": type or choose its name first."
        return
    if what != "load":
        worker.expect_preset(named, saved=what == "save")
    target = panel.target if what == "load" else ""
    worker.command(action.label, {"command": what + "_preset", "preset": named}, target)


def button_callback(action: Action) -> Callable[[Any, Any], bool]:
    @guarded(True)
    def pressed(props: Any, _prop: Any) -> bool:
        perform(action)
        return refresh(props)

    return pressed


def hotkey_callback(action: Action) -> Callable[[bool], None]:
    @guarded(None)
    def pressed(down: bool) -> None:
        if down:
            perform(action)

    return pressed


@guarded(True)
def on_refresh(props: Any, _prop: Any) -> bool:
    if panel.worker is not None:
        panel.worker.look()
    return refresh(props)


@guarded(False)
def on_target(props: Any, _prop: Any, _settings: Any) -> bool:
    return refresh(props)


@guarded(None)
def on_timer() -> None:
    while panel.worker is not None and panel.worker.notes:
        obs.script_log(obs.LOG_INFO, panel.worker.notes.popleft())


# OBS takes plain functions only, and finds them again by identity.
BUTTONS = {each.name: button_callback(each) for each in (START, STOP, *MOVES, *PRESETS)}
HOTKEY_CALLBACKS = {each.name: hotkey_callback(each) for each in HOTKEYS}


def add_setting(props: Any, setting: Setting) -> Any:
    name, label, kind, span = setting.name, setting.label, setting.kind, setting.among
    if kind == "switch":
        prop = obs.obs_properties_add_bool(props, name, label)
    elif kind in ("list", "editable"):
        combo = obs.OBS_COMBO_TYPE_LIST if kind == "list" else obs.OBS_COMBO_TYPE_EDITABLE
        form = obs.OBS_COMBO_FORMAT_STRING
        prop = obs.obs_properties_add_list(props, name, label, combo, form)
    elif kind == "slider":
        prop = obs.obs_properties_add_float_slider(props, name, label, *span)
    elif kind == "number":
        prop = obs.obs_properties_add_float(props, name, label, *span)
    elif kind == "integer":
        prop = obs.obs_properties_add_int(props, name, label, *span)
    else:
        prop = obs.obs_properties_add_text(props, name, label, obs.OBS_TEXT_DEFAULT)
    obs.obs_property_set_long_description(prop, setting.tip)
    return prop


def add_buttons(props: Any, actions: Tuple[Action, ...]) -> None:
    for each in actions:
        prop = obs.obs_properties_add_button(props, each.name, each.label, BUTTONS[each.name])
        obs.obs_property_set_long_description(prop, each.tip)


def add_group(props: Any, name: str, label: str, settings: Tuple[Setting, ...]) -> None:
    group = obs.obs_properties_create()
    for setting in settings:
        add_setting(group, setting)
    obs.obs_properties_add_group(props, name, label, obs.OBS_GROUP_NORMAL, group)


# What OBS calls by name.
def script_description() -> str:
    return (
        "<b>LiveTrack</b> steers livetrack-vcam, your camera operator. Hotkeys for all of it: "
        "Settings, Hotkeys."
    )


@guarded(None)
def script_defaults(settings: Any) -> None:
    for setting in SETTINGS.values():
        write_setting(settings, setting, setting.default, "set_default")


@guarded(None)
def script_load(settings: Any) -> None:
    panel.settings, panel.seen = settings, read_settings(settings)
    panel.worker = Worker(address_of(panel.seen))
    autostart = (panel.seen["executable"].strip(), panel.seen["arguments"])
    panel.worker.start(autostart if panel.seen["autostart"] else None)
    for action in HOTKEYS:
        name, callback = "livetrack." + action.name, HOTKEY_CALLBACKS[action.name]
        key = obs.obs_hotkey_register_frontend(name, "LiveTrack: " + action.label, callback)
        panel.hotkeys[name] = key
        saved = obs.obs_data_get_array(settings, name)
        obs.obs_hotkey_load(key, saved)
        obs.obs_data_array_release(saved)
    obs.timer_add(on_timer, TIMER_MS)


@guarded(None)
def script_update(settings: Any) -> None:
    """Pass on what the user changed, and nothing else."""
    before, after = panel.seen, read_settings(settings)
    panel.settings, panel.seen = settings, after
    if before is None or panel.worker is None:
        return
    for name in ("headroom", "dead_zone"):
        if after[name] != before[name] and after[name + "_auto"]:
            write_setting(settings, SETTINGS[name + "_auto"], False)
            after[name + "_auto"] = False
    old = wishes(before)
    for name, value in wishes(after).items():
        if value != old[name] and (name != "aspect" or ratio(value)):
            typed = name == "aspect" and (value, value) not in ASPECTS
            panel.worker.change(panel.target, name, value, typed)
    if address_of(after) != address_of(before):
        panel.worker.connect(address_of(after))


@guarded(None)
def script_properties() -> Any:
    props = obs.obs_properties_create()
    info = getattr(obs, "OBS_TEXT_INFO", obs.OBS_TEXT_DEFAULT)  # OBS 28 or later has it
    obs.obs_properties_add_text(props, "status", "LiveTrack", info)
    button = obs.obs_properties_add_button(props, "refresh", "Refresh status", on_refresh)
    obs.obs_property_set_long_description(button, "Show what the daemon is doing now.")
    add_buttons(props, (START, STOP))
    obs.obs_property_set_modified_callback(add_setting(props, TARGET), on_target)
    for setting in LIVE:
        add_setting(props, setting)
    add_buttons(props, MOVES)
    add_setting(props, PRESET)
    add_buttons(props, PRESETS)
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
    if worker is not None and panel.seen is not None:
        worker.stop(panel.seen["stop_with_obs"])
    panel.settings = panel.seen = None
    panel.hotkeys.clear()
    obs.timer_remove(on_timer)
    for callback in HOTKEY_CALLBACKS.values():
        obs.obs_hotkey_unregister(callback)
