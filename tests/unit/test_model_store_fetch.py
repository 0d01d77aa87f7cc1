"""Downloads end with the pinned bytes or with one sentence, whatever the server does."""

from __future__ import annotations

import hashlib
import io
import os
import ssl
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import pytest

from livetrack_vcam.detectors.catalog import CatalogModel, Origin, Parts
from livetrack_vcam.detectors.download import DownloadError, Listener, Patience, redirect_target
from livetrack_vcam.detectors.pins import Pin
from livetrack_vcam.detectors.store_fetch import Outcome, fetch_model, kept_bytes, part_path
from livetrack_vcam.errors import EXIT_MODEL, ModelError
from tests import model_server as web
from tests.model_server import serving

CONTENT = bytes(range(256)) * 1200
HALF = len(CONTENT) // 2
QUICK = Patience(timeout_s=0.4, min_bytes=4096, waits_s=(0.0, 0.0, 0.0))


def model_at(*urls: str, content: bytes = CONTENT, member: str = "") -> CatalogModel:
    """A model of the catalog, but with these bytes at these addresses."""
    origins = tuple(Origin(url, member, 2 * len(content) if member else 0) for url in urls)
    return CatalogModel(
        name="thing",
        file="thing.tflite",
        pins=(Pin(len(content), hashlib.sha256(content).hexdigest()),),
        origins=origins,
        converter=None,
        runtime="LiteRT",
        extra="",
        finds="things",
        license="MIT",
        source="a test",
        hash_known_from="the test",
        advice="",
        facts=(),
    )


@dataclass
class Told:
    """What the user was told."""

    progress: list[float] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    @property
    def listener(self) -> Listener:
        return Listener(self.progress.append, self.trouble.append)


def fetch(model: CatalogModel, folder: Path, told: Told | None = None) -> Outcome:
    return fetch_model(model, folder, (told or Told()).listener, QUICK)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {".lock"}


def assert_whole(folder: Path) -> None:
    """The file is there, and nothing else is."""
    assert files(folder) == {"thing.tflite"}
    assert (folder / "thing.tflite").read_bytes() == CONTENT


def assert_fails(model: CatalogModel, folder: Path, what: str) -> str:
    with pytest.raises(ModelError, match=what) as caught:
        fetch(model, folder)
    sentence = str(caught.value)
    assert caught.value.exit_code == EXIT_MODEL
    assert sentence.endswith("type: livetrack-vcam models import thing FILE")
    assert "\n" not in sentence
    assert not (folder / "thing.tflite").exists()
    return sentence


def leave_part(model: CatalogModel, folder: Path, content: bytes) -> Path:
    part = part_path(model, model.origins[0], folder)
    part.write_bytes(content)
    return part


def test_a_whole_file_is_fetched_and_progress_ends_at_its_size(tmp_path: Path) -> None:
    told = Told()
    with serving(CONTENT, web.honest) as server:
        outcome = fetch(model_at(f"{server.url}/thing"), tmp_path / "new" / "folder", told)
    assert outcome is Outcome.FETCHED
    assert_whole(tmp_path / "new" / "folder")
    assert told.progress == sorted(told.progress)
    assert told.progress[-1] == len(CONTENT)
    assert told.trouble == []


def test_a_file_that_is_whole_is_not_asked_for_again(tmp_path: Path) -> None:
    (tmp_path / "thing.tflite").write_bytes(CONTENT)
    with serving(CONTENT, web.honest) as server:
        assert fetch(model_at(f"{server.url}/thing"), tmp_path) is Outcome.HERE_ALREADY
    assert server.asked == []


@pytest.mark.parametrize("damaged", [CONTENT[:-1], b"x" + CONTENT[1:], CONTENT + b"x", b""])
def test_a_damaged_file_is_replaced(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "thing.tflite").write_bytes(damaged)
    with serving(CONTENT, web.honest) as server:
        assert fetch(model_at(f"{server.url}/thing"), tmp_path) is Outcome.FETCHED
    assert_whole(tmp_path)


@pytest.mark.parametrize(
    "trouble",
    [
        web.hangs_up_after(HALF),
        web.hangs_up_after(0),
        web.silent_after(HALF),
        web.silent_at_once,
        web.drips,
        web.garbage,
        web.status(500),
        web.status(503),
        web.status(429),
        web.broken_chunks,
    ],
    ids=lambda answer: getattr(answer, "__name__", ""),
)
def test_after_passing_trouble_the_rest_is_asked_for(tmp_path: Path, trouble: web.Answer) -> None:
    told = Told()
    with serving(CONTENT, trouble, web.honest) as server:
        fetch(model_at(f"{server.url}/thing"), tmp_path, told)
    assert_whole(tmp_path)
    assert len(told.trouble) == 1
    assert told.trouble[0].startswith("127.0.0.1 ")


def test_only_the_rest_is_asked_for_after_a_break(tmp_path: Path) -> None:
    with serving(CONTENT, web.hangs_up_after(1000), web.honest) as server:
        fetch(model_at(f"{server.url}/thing"), tmp_path)
    assert server.ranges == [None, "bytes=1000-"]
    assert_whole(tmp_path)


def test_a_part_of_another_day_is_gone_on_with(tmp_path: Path) -> None:
    with serving(CONTENT, web.honest) as server:
        model = model_at(f"{server.url}/thing")
        leave_part(model, tmp_path, CONTENT[:HALF])
        fetch(model, tmp_path)
    assert server.ranges == [f"bytes={HALF}-"]
    assert_whole(tmp_path)


def test_a_part_that_is_whole_already_needs_no_server(tmp_path: Path) -> None:
    with serving(CONTENT, web.honest) as server:
        model = model_at(f"{server.url}/thing")
        leave_part(model, tmp_path, CONTENT)
        fetch(model, tmp_path)
    assert server.asked == []
    assert_whole(tmp_path)


@pytest.mark.parametrize(
    "answer",
    [web.ignores_range, web.refuses_range, web.ranges_from(0), web.without_length, web.chunks],
    ids=["ignores", "416", "from-zero", "without-length", "chunked"],
)
def test_a_server_without_ranges_gives_the_whole_file(tmp_path: Path, answer: web.Answer) -> None:
    with serving(CONTENT, answer) as server:
        model = model_at(f"{server.url}/thing")
        leave_part(model, tmp_path, CONTENT[:HALF])
        fetch(model, tmp_path)
    assert_whole(tmp_path)


@pytest.mark.parametrize("wrong", [web.ranges_from(7), web.mumbles_range])
def test_another_range_than_asked_for_is_not_glued_on(tmp_path: Path, wrong: web.Answer) -> None:
    with serving(CONTENT, wrong, web.honest) as server:
        model = model_at(f"{server.url}/thing")
        leave_part(model, tmp_path, CONTENT[:HALF])
        fetch(model, tmp_path)
    assert server.ranges == [f"bytes={HALF}-", None]
    assert_whole(tmp_path)


@pytest.mark.parametrize("stale", [b"x" * HALF, b"x" * len(CONTENT), b"x" * (len(CONTENT) + 9)])
def test_a_part_of_something_else_is_thrown_away(tmp_path: Path, stale: bytes) -> None:
    with serving(CONTENT, web.honest) as server:
        model = model_at(f"{server.url}/thing")
        leave_part(model, tmp_path, stale)
        fetch(model, tmp_path)
    assert_whole(tmp_path)


def test_what_came_before_the_server_went_away_is_kept(tmp_path: Path) -> None:
    with serving(CONTENT, web.hangs_up_after(1000), web.status(503)) as server:
        model = model_at(f"{server.url}/thing")
        assert_fails(model, tmp_path, "answers 503")
    assert len(server.asked) == 1 + len(QUICK.waits_s)
    assert (tmp_path / "thing-thing.part").read_bytes() == CONTENT[:1000]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (web.status(404), "answers 404 Not Found"),
        (web.status(403), "answers 403"),
        (web.login_page, "answers with a web page, perhaps the login page"),
        (web.claims(len(CONTENT) - 1), f"offers a file of {len(CONTENT) - 1} bytes"),
        (web.claims(len(CONTENT) + 1), f"offers a file of {len(CONTENT) + 1} bytes"),
        (web.claims(10**15), f"offers a file of {10**15} bytes"),
        (web.endless, "sends more than the file has"),
        (web.sends(b"x" * len(CONTENT)), "not the model: it is damaged"),
        (web.redirects_nowhere, "redirects to nowhere"),
        (web.redirects_to("file:///etc/passwd"), "redirects to file"),
        (web.redirects_to("ftp://127.0.0.1/thing"), "redirects to ftp"),
        (web.redirects_to("http://127.0.0.1:notaport/"), "leads to no usable address"),
        (web.redirects_to("http://[::1"), "leads to no usable address"),
        (web.redirects_to("http://" + "a" * 80 + ".invalid/"), "leads to no usable address"),
        (web.redirects_to("/round"), "redirects more than 5 times"),
    ],
)
def test_what_will_not_pass_is_said_at_once_and_leaves_nothing(
    tmp_path: Path, answer: web.Answer, sentence: str
) -> None:
    with serving(CONTENT, answer) as server:
        assert_fails(model_at(f"{server.url}/thing"), tmp_path, sentence)
    assert len(server.asked) <= 6
    assert files(tmp_path) == set()


def test_a_short_file_without_a_length_is_not_taken_for_the_whole(tmp_path: Path) -> None:
    with serving(CONTENT[:HALF], web.without_length) as server:
        assert_fails(model_at(f"{server.url}/thing"), tmp_path, "stopped at 0.2 MB of 0.3 MB")


def test_a_redirect_is_followed_with_the_range(tmp_path: Path) -> None:
    with serving(CONTENT, web.honest) as target, serving(b"") as detour:
        detour.script.append(web.redirects_to(f"{target.url}/moved here"))
        model = model_at(f"{detour.url}/thing")
        leave_part(model, tmp_path, CONTENT[:HALF])
        fetch(model, tmp_path)
    assert target.asked == [("/moved%20here", f"bytes={HALF}-")]
    assert_whole(tmp_path)


def test_https_never_leads_to_http() -> None:
    with pytest.raises(DownloadError, match=r"example\.org redirects to http"):
        redirect_target("https://example.org/a", "http://example.org/a")
    assert redirect_target("https://example.org/a", "b") == "https://example.org/b"
    assert redirect_target("https://example.org/a", "//b.org/c") == "https://b.org/c"
    assert redirect_target("http://example.org/a", "https://b.org/c") == "https://b.org/c"


def test_the_next_address_is_asked_when_the_first_has_nothing(tmp_path: Path) -> None:
    told = Told()
    with serving(CONTENT, web.status(404)) as first, serving(CONTENT, web.honest) as second:
        fetch(model_at(f"{first.url}/a", f"{second.url}/b"), tmp_path, told)
    assert_whole(tmp_path)
    assert told.trouble == ["127.0.0.1 answers 404 Not Found; asking another address"]


def test_the_next_address_goes_on_with_what_the_first_began(tmp_path: Path) -> None:
    unlucky = serving(CONTENT, web.hangs_up_after(1000), web.status(404))
    with unlucky as first, serving(CONTENT, web.honest) as second:
        fetch(model_at(f"{first.url}/thing", f"{second.url}/thing"), tmp_path)
    assert second.ranges == ["bytes=1000-"]
    assert_whole(tmp_path)


def test_every_address_says_why_it_has_nothing(tmp_path: Path) -> None:
    with serving(CONTENT, web.status(404)) as first, serving(CONTENT, web.login_page) as second:
        model = model_at(f"{first.url}/a", f"{second.url}/b")
        sentence = assert_fails(model, tmp_path, "answers 404")
    assert "login page" in sentence
    assert f"{first.url}/a" in sentence


def test_a_server_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with serving(CONTENT, web.honest) as server:
        url = server.url
    told = Told()
    with pytest.raises(ModelError, match="cannot be reached"):
        fetch(model_at(f"{url}/thing"), tmp_path, told)
    assert told.trouble == []


def test_a_host_without_an_address_is_said_at_once(tmp_path: Path) -> None:
    assert_fails(model_at("http://nobody.invalid/thing"), tmp_path, "nobody.invalid cannot be")


def test_the_proxy_of_the_environment_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(CONTENT, web.honest) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        fetch(model_at("http://nobody.invalid/thing"), tmp_path)
    assert proxy.asked == [("http://nobody.invalid/thing", None)]
    assert_whole(tmp_path)


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1"
    files_made = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*make.split(), *files_made], capture_output=True, check=True, timeout=60)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with serving(CONTENT, web.honest) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        url = f"https://127.0.0.1:{server.server_port}/thing"
        folder = tmp_path / "models"
        assert_fails(model_at(url), folder, "the certificate of 127.0.0.1 does not pass")
    assert files(folder) == set()


def zipped(content: bytes, member: str = "detect.tflite") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labelmap.txt", "person\n")
        archive.writestr(member, content)
    return buffer.getvalue()


def test_the_model_is_taken_out_of_its_archive(tmp_path: Path) -> None:
    with serving(zipped(CONTENT), web.honest) as server:
        fetch(model_at(f"{server.url}/thing.zip", member="detect.tflite"), tmp_path)
    assert_whole(tmp_path)


def test_an_archive_is_gone_on_with_too(tmp_path: Path) -> None:
    with serving(zipped(CONTENT), web.hangs_up_after(500), web.honest) as server:
        fetch(model_at(f"{server.url}/thing.zip", member="detect.tflite"), tmp_path)
    assert server.ranges == [None, "bytes=500-"]
    assert_whole(tmp_path)


def test_an_archive_that_was_whole_before_a_crash_is_asked_for_again(tmp_path: Path) -> None:
    with serving(zipped(CONTENT), web.refuses_range) as server:
        model = model_at(f"{server.url}/thing.zip", member="detect.tflite")
        leave_part(model, tmp_path, zipped(CONTENT))
        fetch(model, tmp_path)
    assert_whole(tmp_path)


@pytest.mark.parametrize(
    ("archive", "sentence"),
    [
        (b"not a zip file at all", "cannot be unpacked"),
        (zipped(CONTENT)[:-30], "cannot be unpacked"),
        (zipped(CONTENT, "other.tflite"), r"has no detect\.tflite in it"),
        (zipped(CONTENT[:-1]), f"has {len(CONTENT) - 1} bytes instead of {len(CONTENT)}"),
        (zipped(b"\0" * 50_000_000), f"has {len(CONTENT) + 1} bytes instead"),
        (zipped(CONTENT).replace(b"\x08\x00", b"\x63\x00"), "cannot be unpacked"),
    ],
    ids=["no-zip", "truncated", "no-member", "wrong-size", "bomb", "odd-method"],
)
def test_an_archive_with_something_else_is_refused(
    tmp_path: Path, archive: bytes, sentence: str
) -> None:
    with serving(archive, web.honest) as server:
        model = model_at(f"{server.url}/thing.zip", member="detect.tflite")
        assert_fails(model, tmp_path, sentence)
    assert files(tmp_path) == set()


# --- several files ------------------------------------------------------------------------------


CUTS = (0, 1001, HALF, len(CONTENT))


def in_parts(url: str, advice: str = "") -> CatalogModel:
    """A model whose file is joined from three that the server gives out."""
    files = [CONTENT[begin:end] for begin, end in pairwise(CUTS)]
    pins = tuple(Pin(len(file), hashlib.sha256(file).hexdigest()) for file in files)
    parts = Parts(("graph.json", "part1of2", "part2of2"), pins, "package/")
    return replace(model_at(f"{url}/model/"), parts=parts, advice=advice)


def piece(number: int, damage: bytes = b"") -> web.Answer:
    """The answer for one of those files; it begins with `damage`."""

    def answer(exchange: web.Exchange) -> None:
        file = damage + CONTENT[CUTS[number] + len(damage) : CUTS[number + 1]]
        exchange.begin(200, len(file))
        exchange.wfile.write(file)

    return answer


def test_files_are_fetched_one_by_one_and_joined(tmp_path: Path) -> None:
    told = Told()
    with serving(CONTENT, piece(0), piece(1), piece(2)) as server:
        assert fetch(in_parts(server.url), tmp_path, told) is Outcome.FETCHED
    assert_whole(tmp_path)
    assert [path for path, _ in server.asked] == [
        "/model/graph.json",
        "/model/part1of2",
        "/model/part2of2",
    ]
    assert told.progress == sorted(told.progress)
    assert told.progress[-1] == len(CONTENT)


def test_files_that_have_come_are_not_asked_for_again(tmp_path: Path) -> None:
    with serving(CONTENT, piece(0), piece(1), web.status(404)) as server:
        model = in_parts(server.url)
        assert_fails(model, tmp_path, "answers 404")
        assert kept_bytes(model, tmp_path) == HALF
        server.script[:] = [piece(2)]
        assert fetch(model, tmp_path) is Outcome.FETCHED
    assert server.asked[3:] == [("/model/part2of2", None)]
    assert_whole(tmp_path)


def test_one_wrong_file_among_several_is_refused(tmp_path: Path) -> None:
    with serving(CONTENT, piece(0), piece(1, b"xyz")) as server:
        model = in_parts(server.url, advice="look elsewhere")
        with pytest.raises(ModelError, match="not the model: it is damaged") as caught:
            fetch(model, tmp_path)
    assert str(caught.value).endswith("look elsewhere")
    assert kept_bytes(model, tmp_path) == CUTS[1]
    assert not (tmp_path / "thing.tflite").exists()


def test_two_downloads_at_once_ask_for_the_file_once(tmp_path: Path) -> None:
    began, go_on = threading.Event(), threading.Event()

    def slow(exchange: web.Exchange) -> None:
        began.set()
        go_on.wait(30)
        web.honest(exchange)

    patience = Patience(timeout_s=30, waits_s=())
    told = Told()
    waiting = threading.Event()

    def hear(line: str) -> None:
        told.trouble.append(line)
        waiting.set()

    outcomes: list[Outcome] = []
    with serving(CONTENT, slow) as server:
        model = model_at(f"{server.url}/thing")

        def run(listener: Listener) -> None:
            outcomes.append(fetch_model(model, tmp_path, listener, patience))

        first = threading.Thread(target=run, args=(Told().listener,))
        first.start()
        assert began.wait(30)
        second = threading.Thread(target=run, args=(Listener(told.progress.append, hear),))
        second.start()
        assert waiting.wait(30)
        go_on.set()
        first.join(30)
        second.join(30)
    assert outcomes == [Outcome.FETCHED, Outcome.HERE_ALREADY]
    assert len(server.asked) == 1
    assert told.trouble == [f"waiting for another livetrack-vcam that is downloading to {tmp_path}"]
    assert_whole(tmp_path)


def test_ctrl_c_keeps_what_has_come(tmp_path: Path) -> None:
    def press_at_half(done: float) -> None:
        if done >= HALF:
            raise KeyboardInterrupt

    with serving(CONTENT, web.honest) as server:
        model = model_at(f"{server.url}/thing")
        with pytest.raises(KeyboardInterrupt):
            fetch_model(model, tmp_path, Listener(press_at_half, print), QUICK)
        kept = part_path(model, model.origins[0], tmp_path).read_bytes()
        assert HALF <= len(kept) < len(CONTENT)
        assert CONTENT.startswith(kept)
        fetch(model, tmp_path)
    assert server.ranges[-1] == f"bytes={len(kept)}-"
    assert_whole(tmp_path)


LIMITED = """
import resource, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.unit.test_model_store_fetch import Told, fetch, model_at
from livetrack_vcam.errors import ModelError
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
try:
    fetch(model_at({url!r}), Path({folder!r}))
except ModelError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no RLIMIT_FSIZE")
@pytest.mark.parametrize("room", [HALF, len(CONTENT) - 10])
def test_a_full_disk_is_one_sentence_and_the_part_is_gone_on_with(
    tmp_path: Path, room: int
) -> None:
    root = str(Path(__file__).resolve().parents[2])
    with serving(CONTENT, web.honest) as server:
        url = f"{server.url}/thing"
        code = LIMITED.format(root=root, size=room, url=url, folder=str(tmp_path))
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
        )
        assert done.stdout.startswith("the disk is full: model file ")
        assert "LIVETRACK_MODELS" in done.stdout
        assert files(tmp_path) == {"thing-thing.part"}
        fetch(model_at(url), tmp_path)
    assert server.ranges == [None, f"bytes={room}-"]
    assert_whole(tmp_path)


def not_a_folder(folder: Path) -> None:
    folder.write_text("a file")


def part_is_a_folder(folder: Path) -> None:
    (folder / "thing-thing.part").mkdir(parents=True)


def target_is_a_folder(folder: Path) -> None:
    (folder / "thing.tflite").mkdir(parents=True)


@pytest.mark.parametrize("obstacle", [not_a_folder, part_is_a_folder, target_is_a_folder])
def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, obstacle: Callable[[Path], None]
) -> None:
    folder = tmp_path / "models"
    obstacle(folder)
    with serving(CONTENT, web.honest) as server, pytest.raises(ModelError) as caught:
        fetch(model_at(f"{server.url}/thing"), folder)
    assert "cannot be written" in str(caught.value)
    assert str(folder) in str(caught.value)
    assert "LIVETRACK_MODELS" in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such permission")
def test_a_folder_of_somebody_else_is_named(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        folder = Path("/proc/models")  # even root may not write there
    else:
        folder = tmp_path / "locked"
        folder.mkdir(mode=0o500)
    with serving(CONTENT, web.honest) as server, pytest.raises(ModelError) as caught:
        fetch(model_at(f"{server.url}/thing"), folder)
    assert str(folder) in str(caught.value)
    assert "LIVETRACK_MODELS" in str(caught.value)
    assert server.asked == []


def test_a_model_nobody_gives_out_says_what_to_do(tmp_path: Path) -> None:
    model = replace(model_at(), advice="make it yourself")
    with pytest.raises(ModelError) as caught:
        fetch(model, tmp_path)
    assert f"livetrack-vcam models import {model.name} FILE" in str(caught.value)
    assert model.advice in str(caught.value)
