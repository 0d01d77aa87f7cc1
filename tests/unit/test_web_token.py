"""The control token's file."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from livetrack_vcam.errors import LiveTrackError, SinkBusyError
from livetrack_vcam.web.token import ensure_token, read_token, token_path

ROOT = Path(__file__).resolve().parents[2]
posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes of POSIX")


def test_a_token_is_made_once_and_then_kept(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "token"
    token = ensure_token(path)
    assert len(token) >= 32
    assert ensure_token(path) == token == read_token(path)


@posix_only
def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "token"
    ensure_token(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@posix_only
def test_a_token_that_others_could_read_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "token"
    leaked = ensure_token(path)
    path.chmod(0o644)
    assert ensure_token(path) != leaked
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 64, b"a b\n" * 16])
def test_a_damaged_token_is_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    path.chmod(0o600)
    assert len(ensure_token(path)) >= 32


def test_reading_before_the_daemon_ever_ran_says_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(LiveTrackError, match="livetrack-vcam run"):
        read_token(tmp_path / "token")


@pytest.mark.parametrize("content", [b"", b"\xff", b"one\r\nX-Two: 2"])
def test_what_is_no_token_is_not_sent_as_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(LiveTrackError, match="no control token"):
        read_token(tmp_path / "token")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SinkBusyError, match="--no-web"):
        ensure_token(tmp_path / "file" / "token")


ON_A_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from livetrack_vcam.errors import SinkBusyError
from livetrack_vcam.web.certificate import ensure_certificate
from livetrack_vcam.web.token import ensure_token
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
folder = Path(sys.argv[1])
for make in (lambda: ensure_token(folder / "token"), lambda: ensure_certificate(folder, ["a"])):
    try:
        make()
    except SinkBusyError as error:
        print(error)
"""


@posix_only
def test_on_a_full_disk_no_part_of_a_secret_is_left(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ON_A_FULL_DISK, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    token, certificate = done.stdout.splitlines()
    assert "the control token cannot be written" in token
    assert "the certificate for https cannot be written" in certificate
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the place on Linux")
def test_the_default_place_is_the_one_the_obs_script_computes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert token_path() == tmp_path / "livetrack-vcam" / "token"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert token_path() == Path.home() / ".local/share/livetrack-vcam/token"
