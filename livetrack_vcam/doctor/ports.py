"""Who listens on a port of this machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

from livetrack_vcam.device_nodes import THIS_MACHINE, Roots, listing, read_line
from livetrack_vcam.doctor.report import Finding, Level

if TYPE_CHECKING:
    from livetrack_vcam.doctor.facts import Facts

TIMEOUT_S = 1.0
LISTENING = "0A"  # TCP_LISTEN in the kernel's include/net/tcp_states.h


@dataclass(frozen=True, slots=True)
class PortFacts:
    """`holder`: "firefox (process 123)", empty when nobody listens or we may not see who does;
    `ours`: our own program answers there."""

    holder: str = ""
    ours: bool = False


def gather_port(port: int, roots: Roots = THIS_MACHINE) -> PortFacts:
    """What is known of whoever listens on `port`."""
    holder = listener(port, roots)
    # With --https a plain request gets no answer, but the name tells.
    return PortFacts(holder, is_ours(port) or holder.startswith("livetrack-vcam "))


def listener(port: int, roots: Roots = THIS_MACHINE) -> str:
    """Linux: the program that listens; where this user may not see it, what can be said of it."""
    owners = dict(_listening(port, roots))
    if not owners:
        return ""
    sockets = {f"socket:[{inode}]" for inode in owners}
    processes = [each for each in listing(roots.proc) if each.name.isdigit()]
    for process in sorted(processes, key=lambda each: int(each.name)):
        if _has_socket(process, sockets):
            name = read_line(process / "comm") or "a program"
            return f"{name} (process {process.name})"
    # Names of users are nobody's business: facts are made to be shown.
    return f"a program of {'root' if '0' in owners.values() else 'another user'}"


def is_ours(port: int) -> bool:
    """Whether the status of our own program is what a plain request gets there."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/api/status")
        answer = json.loads(connection.getresponse().read(1_000_000))
    except (OSError, HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return isinstance(answer, dict) and {"version", "pid", "detector_state"} <= set(answer)


def check_port(facts: Facts) -> list[Finding]:
    """The web port's finding."""
    if not facts.port_problem:
        return [Finding(Level.OK, "web port", f"{facts.port} is free")]
    if facts.web.ours:
        what = f"{facts.port}: livetrack-vcam is running there"
        return [Finding(Level.OK, "web port", what)]
    who = f"held by {facts.web.holder}" if facts.web.holder else facts.port_problem
    return [
        Finding(
            Level.WARN,
            "web port",
            f"{facts.port}: {who}",
            "The room, the MJPEG stream and the control API need a port of their own.",
            "end that program, or choose another port",
            by_hand=(f"livetrack-vcam --port {facts.port + 1}",),
        )
    ]


def _listening(port: int, roots: Roots) -> list[tuple[str, str]]:
    """Inode and user id of every socket that waits for connections to `port`."""
    found = []
    for name in ("tcp", "tcp6"):
        for line in read_line(roots.proc / "net" / name).splitlines()[1:]:
            words = line.split()
            waits = len(words) > 9 and words[3] == LISTENING
            if waits and int(words[1].rpartition(":")[2], 16) == port:
                found.append((words[9], words[7]))
    return found


def _has_socket(process: Path, sockets: set[str]) -> bool:
    return any(_target(link) in sockets for link in listing(process / "fd"))


def _target(link: Path) -> str:
    """Where a descriptor leads; empty when it was closed meanwhile."""
    try:
        return link.readlink().name
    except OSError:
        return ""
