"""Builds a small Go program of ours with what Debian packages, and without the network."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

GOPATH = Path("/usr/share/gocode")
PION = GOPATH / "src/github.com/pion/webrtc"
# Read before a test is given a home of its own: what was built once is for every test.
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "livetrack-tests"
MISSING = "needs Go and pion: sudo apt-get install golang-go golang-github-pion-webrtc.v3-dev"


def can_build() -> bool:
    return shutil.which("go") is not None and PION.is_dir()


def build(folder: Path) -> Path:
    """The program made of a folder's sources, built once and kept; raises RuntimeError."""
    if not can_build():
        raise RuntimeError(MISSING)
    sources = sorted(folder.glob("*.go"))
    digest = hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    program = CACHE / f"{folder.name}-{digest}"
    if not program.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        fresh = program.with_suffix(f".{os.getpid()}")
        _compile(folder, fresh)
        fresh.rename(program)
    return program


def _compile(folder: Path, program: Path) -> None:
    env = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": str(GOPATH),
        "GOCACHE": str(CACHE / "go"),
        "GOFLAGS": "-buildvcs=false",
    }
    command = ["go", "build", "-o", str(program), "."]
    built = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    if built.returncode:
        raise RuntimeError(f"{folder.name} cannot be built: {built.stderr}")
