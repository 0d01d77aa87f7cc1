"""`livetrack-vcam models` as a user runs it, against a server that is not always honest."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from livetrack_vcam.detectors.store import FOLDER_VARIABLE
from livetrack_vcam.errors import EXIT_INTERRUPTED, EXIT_MODEL, EXIT_USAGE
from tests import model_server as web
from tests.model_catalog import GADGET, THING, entry, write_catalog
from tests.model_server import serving

pytestmark = pytest.mark.batch

# Downloads take long enough to be watched and interrupted.
BIG = THING * 400
START = (
    "import sys; from pathlib import Path; import livetrack_vcam.detectors.catalog as catalog;"
    "catalog.CATALOG = Path(sys.argv[1]);"
    "from livetrack_vcam.cli import main; main(sys.argv[2:])"
)


class Models:
    """`livetrack-vcam models …` with a model folder and a catalog of its own."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "models"
        self.catalog = home / "catalog.json"
        self.home = home
        self.environment = os.environ | {FOLDER_VARIABLE: str(self.folder)}

    def argv(self, *args: str) -> list[str]:
        return [sys.executable, "-c", START, str(self.catalog), "models", *args]

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.argv(*args),
            cwd=self.home,
            env=self.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*args)
        out, err = process.communicate(timeout=120)
        assert "Traceback" not in err
        return subprocess.CompletedProcess(args, process.returncode, out, err)

    def refuse(self, *args: str) -> str:
        """The one line on stderr of a command that fails for the sake of a model."""
        done = self.run(*args)
        assert done.returncode == EXIT_MODEL, done.stderr
        last = done.stderr.strip().splitlines()[-1]
        assert last.startswith("livetrack-vcam: ")
        return last

    @property
    def files(self) -> set[str]:
        if not self.folder.exists():
            return set()
        return {path.name for path in self.folder.iterdir()} - {".lock"}


@pytest.fixture
def models(tmp_path: Path) -> Models:
    """The catalog has a model on a server that is not there, and one nobody gives out."""
    models = Models(tmp_path)
    write_catalog(
        models.catalog,
        entry("thing", THING, "http://nobody.invalid/thing"),
        entry("gadget", GADGET, advice="make it yourself", extra="onnx"),
    )
    return models


def test_list_is_a_table_and_json(models: Models) -> None:
    table = models.run("list").stdout
    assert re.search(r"^thing +not here .* fetch$", table, re.MULTILINE)
    listed = json.loads(models.run("list", "--json").stdout)
    assert listed["folder"] == str(models.folder)
    states = {model["name"]: model["state"] for model in listed["models"]}
    assert states == {
        "yolov4-tiny": "in the package",
        "blazeface": "in the package",
        "thing": "not here",
        "gadget": "not here",
    }
    assert models.files == set()


def test_a_model_is_fetched_with_plain_lines_when_nobody_watches(models: Models) -> None:
    with serving(BIG, web.honest) as server:
        write_catalog(models.catalog, entry("thing", BIG, f"{server.url}/thing"))
        done = models.run("fetch", "thing")
        again = models.run("fetch", "thing")
    assert done.returncode == 0, done.stderr
    assert f"thing is here: {models.folder / 'thing.tflite'}" in done.stdout
    assert "license: MIT" in done.stdout
    assert done.stderr.splitlines()[-1] == "thing, 4.1 MB: 100%"
    assert again.stdout.startswith("thing is here already, and whole")
    assert len(server.asked) == 1
    assert (models.folder / "thing.tflite").read_bytes() == BIG


def read_terminal(terminal: int) -> str:
    """What a program shows until it ends."""
    shown = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # Linux, when the other end is closed
            break
        if not chunk:
            break
        shown += chunk
    return shown.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
def test_a_terminal_shows_a_bar(models: Models) -> None:
    terminal, other_end = os.openpty()
    with serving(BIG, web.honest) as server:
        write_catalog(models.catalog, entry("thing", BIG, f"{server.url}/thing"))
        process = subprocess.Popen(
            models.argv("fetch", "thing"),
            env=models.environment | {"TERM": "xterm", "COLUMNS": "100"},
            stdin=other_end,
            stdout=other_end,
            stderr=other_end,
        )
        os.close(other_end)
        shown = read_terminal(terminal)
        assert process.wait(60) == 0
    os.close(terminal)
    assert "━" in shown
    assert "100%" in shown
    assert "thing is here" in shown


def test_several_models_are_fetched_and_one_failure_does_not_stop_the_others(
    models: Models,
) -> None:
    with serving(GADGET, web.honest) as server, serving(THING, web.status(404)) as empty:
        thing = entry("thing", THING, f"{empty.url}/thing")
        write_catalog(models.catalog, thing, entry("gadget", GADGET, f"{server.url}/gadget"))
        done = models.run("fetch", "--all")
    assert done.returncode == EXIT_MODEL
    assert "127.0.0.1 answers 404 Not Found" in done.stderr.splitlines()[-1]
    assert models.files == {"gadget.tflite"}


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (web.login_page, "login page of this network"),
        (web.endless, "sends more than the file has"),
        (web.sends(GADGET), "is damaged (wrong sha256)"),
        (web.redirects_to("/round"), "redirects more than 5 times"),
    ],
)
def test_a_server_that_cheats_leaves_one_sentence_and_nothing_else(
    models: Models, answer: web.Answer, sentence: str
) -> None:
    with serving(THING, answer) as server:
        write_catalog(models.catalog, entry("thing", THING, f"{server.url}/thing"))
        last = models.refuse("fetch", "thing")
    assert sentence in last
    assert last.endswith("type: livetrack-vcam models import thing FILE")
    assert models.files == set()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent another way")
def test_ctrl_c_keeps_the_part_and_the_next_fetch_goes_on(models: Models) -> None:
    half = len(BIG) // 2
    with serving(BIG, web.silent_after(half), web.honest) as server:
        write_catalog(models.catalog, entry("thing", BIG, f"{server.url}/thing"))
        process = models.start("fetch", "thing")
        assert process.stderr is not None
        while "50%" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == EXIT_INTERRUPTED
        assert re.search(
            r"stopped with 2\.0 MB here; livetrack-vcam models fetch thing goes on", err
        )
        assert "Traceback" not in err
        assert models.files == {"thing-thing.part"}
        assert models.run("fetch", "thing").returncode == 0
    assert server.ranges == [None, f"bytes={half}-"]
    assert (models.folder / "thing.tflite").read_bytes() == BIG
    assert models.files == {"thing.tflite"}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_fetch_holds_nobody_up(models: Models) -> None:
    with serving(BIG, web.silent_after(1000), web.honest) as server:
        write_catalog(models.catalog, entry("thing", BIG, f"{server.url}/thing"))
        process = models.start("fetch", "thing")
        part = models.folder / "thing-thing.part"
        while not (part.exists() and part.stat().st_size == 1000):
            assert process.poll() is None
        process.kill()
        process.communicate(timeout=60)
        done = models.run("fetch", "thing")
    assert done.returncode == 0, done.stderr
    assert server.ranges == [None, "bytes=1000-"]


def test_two_processes_fetch_the_same_model_once(models: Models) -> None:
    with serving(BIG, web.silent_after(1000), web.honest) as server:
        write_catalog(models.catalog, entry("thing", BIG, f"{server.url}/thing"))
        first = models.start("fetch", "thing")
        while not server.asked:
            assert first.poll() is None
        second = models.start("fetch", "thing")
        assert second.stderr is not None
        assert "waiting for another livetrack-vcam" in second.stderr.readline()
        server.finished.set()  # the silent answer ends, so the first asks for the rest
        second.communicate(timeout=60)
        first.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (0, 0)
    assert server.ranges == [None, "bytes=1000-"]
    assert models.files == {"thing.tflite"}


def test_nothing_is_fetched_by_asking_for_a_detector(models: Models) -> None:
    with serving(THING, web.honest) as server:
        write_catalog(models.catalog, entry("thing", THING, f"{server.url}/thing"))
        models.run("list")
        models.run("verify")
        code = (
            "import livetrack_vcam.detectors.catalog as c; from pathlib import Path;"
            f"c.CATALOG = Path({str(models.catalog)!r});"
            "from livetrack_vcam.detectors.manifest import is_present, load_weights;"
            "print(is_present('thing')); load_weights('thing')"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=models.environment,
        )
    assert done.stdout == "False\n"
    assert "type: livetrack-vcam models fetch thing" in done.stderr
    assert server.asked == []


def test_a_file_at_hand_is_imported_with_or_without_its_name(models: Models) -> None:
    (models.home / "a file").write_bytes(THING)
    (models.home / "b file").write_bytes(GADGET)
    assert models.run("import", "thing", "a file").returncode == 0
    done = models.run("import", "b file")
    assert done.stdout.startswith(f"gadget is here: {models.folder / 'gadget.tflite'}")
    assert models.files == {"thing.tflite", "gadget.tflite"}
    assert models.run("verify").returncode == 0


def mistaken(home: Path) -> None:
    (home / "mine").write_bytes(GADGET)


def truncated(home: Path) -> None:
    (home / "mine").write_bytes(THING[:100])


def foreign(home: Path) -> None:
    (home / "mine").write_bytes(b"x" * len(THING))


def absent(_home: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (mistaken, "mine is gadget; type: livetrack-vcam models import gadget mine"),
        (truncated, f"mine is not thing: it has 100 bytes instead of {len(THING)}"),
        (foreign, "mine is not thing: it is damaged (wrong sha256)"),
        (absent, "mine cannot be read (No such file or directory)"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(
    models: Models, prepare: Callable[[Path], None], sentence: str
) -> None:
    prepare(models.home)
    assert sentence in models.refuse("import", "thing", "mine")
    assert models.files == set()


def test_verify_names_what_is_damaged_and_what_mends_it(models: Models) -> None:
    models.folder.mkdir()
    (models.folder / "thing.tflite").write_bytes(THING[:-1])
    done = models.run("verify")
    assert done.returncode == EXIT_MODEL
    assert "blazeface: whole" in done.stdout
    assert "type: livetrack-vcam models fetch thing" in done.stdout
    assert "damaged: thing" in done.stderr


def test_a_missing_runtime_is_named_with_the_model(models: Models) -> None:
    (models.home / "mine").write_bytes(GADGET)
    hidden = models.home / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'onnxruntime' else find(name, *rest)\n"
    )
    models.environment["PYTHONPATH"] = str(hidden)
    done = models.run("import", "gadget", "mine")
    assert done.returncode == 0, done.stderr
    assert "pipx inject livetrack-vcam onnxruntime" in done.stdout


@pytest.mark.parametrize("args", [["fetch"], ["import"], ["import", "a", "b", "c"], ["remove"]])
def test_wrong_use_says_how_it_is_used(models: Models, args: list[str]) -> None:
    done = models.run(*args)
    assert done.returncode == EXIT_USAGE
    assert "--help` lists what it takes" in done.stderr


def test_a_name_nobody_knows_is_refused_before_anything_is_fetched(models: Models) -> None:
    with serving(THING, web.honest) as server:
        write_catalog(models.catalog, entry("thing", THING, f"{server.url}/thing"))
        assert "did you mean thing?" in models.refuse("fetch", "thing", "thinf")
    assert server.asked == []


def test_a_model_of_the_package_needs_no_fetching(models: Models) -> None:
    done = models.run("fetch", "blazeface")
    assert (done.returncode, done.stdout) == (0, "blazeface comes with the package\n")
