"""The doctor on who holds a port: sockets of this machine, and recorded ones."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import fields, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from livetrack_vcam.control import Status
from livetrack_vcam.device_nodes import Roots
from livetrack_vcam.doctor.facts import Facts
from livetrack_vcam.doctor.ports import PortFacts, check_port, gather_port, is_ours, listener
from livetrack_vcam.doctor.report import Level

TAKEN = Facts(platform="linux", python="3.12", port=8787, port_problem="Address already in use")
# As /proc/net/tcp has it: port 8787 is 2253; the first is a connection, the second waits.
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2253 0100007F:B0A2 01 00000000:00000000 00:00000000 00000000  1000        0 555 1
   1: 0100007F:2253 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 777 1
"""


def recorded(tmp_path: Path, tcp: str = TCP) -> Roots:
    (tmp_path / "net").mkdir()
    (tmp_path / "net/tcp").write_text(tcp)
    return Roots(proc=tmp_path)


def with_process(tmp_path: Path, pid: int, name: str, target: str) -> None:
    (tmp_path / f"{pid}/fd").mkdir(parents=True)
    (tmp_path / f"{pid}/comm").write_text(name + "\n")
    (tmp_path / f"{pid}/fd/3").symlink_to(target)


def test_the_listening_program_is_named_and_not_whoever_is_connected(tmp_path: Path) -> None:
    roots = recorded(tmp_path)
    with_process(tmp_path, 12, "curl", "socket:[555]")
    with_process(tmp_path, 9, "nginx", "socket:[777]")
    assert listener(8787, roots) == "nginx (process 9)"
    assert listener(8788, roots) == ""


@pytest.mark.parametrize(("uid", "whose"), [("0", "root"), ("1001", "another user")])
def test_a_program_that_we_may_not_see_is_told_without_a_users_name(
    uid: str, whose: str, tmp_path: Path
) -> None:
    tcp = TCP.replace("00000000     0        0 777", f"00000000  {uid}        0 777")
    assert listener(8787, recorded(tmp_path, tcp)) == f"a program of {whose}"


def test_a_person_is_not_named_because_facts_are_sent_around(tmp_path: Path) -> None:
    pwd = pytest.importorskip("pwd")
    people = [user for user in pwd.getpwall() if user.pw_uid >= 1000] or [None]
    uid = people[0].pw_uid if people[0] else 4_000_000
    tcp = TCP.replace("00000000     0        0 777", f"00000000  {uid}        0 777")
    said = listener(8787, recorded(tmp_path, tcp))
    assert said == ("a program of another user" if people[0] else f"a program of user {uid}")


def test_nothing_is_known_where_the_kernel_tells_nothing(tmp_path: Path) -> None:
    assert listener(8787, Roots(proc=tmp_path)) == ""


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="Linux tells who listens in /proc")
def test_a_socket_of_this_very_process_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert listener(port).endswith(f"(process {os.getpid()})")
        assert not gather_port(port).ours


def test_a_free_port_has_no_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert gather_port(port) == PortFacts()


class Answering(BaseHTTPRequestHandler):
    """Gives one JSON answer to every request."""

    answer: ClassVar[dict[str, object]] = {}

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(self.answer).encode())

    def log_message(self, *_words: object) -> None:
        pass


@pytest.mark.parametrize(
    ("answer", "ours"),
    [
        ({each.name: None for each in fields(Status)}, True),
        ({"version": "2.1", "name": "somebody's server"}, False),
    ],
)
def test_our_own_status_is_told_from_other_json(answer: dict[str, object], ours: bool) -> None:
    handler = type("Handler", (Answering,), {"answer": answer})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        assert is_ours(server.server_port) is ours
        thread.join()


def test_our_own_program_on_the_port_is_no_fault() -> None:
    (finding,) = check_port(replace(TAKEN, web=PortFacts("python3 (process 5)", ours=True)))
    assert (finding.level, finding.what) == (Level.OK, "8787: livetrack-vcam is running there")


def test_a_stranger_on_the_port_is_named_with_two_ways_out() -> None:
    (finding,) = check_port(replace(TAKEN, web=PortFacts("node (process 5)")))
    assert finding.level is Level.WARN
    assert "held by node (process 5)" in finding.what
    assert "end that program" in finding.advice
    assert finding.by_hand == ("livetrack-vcam --port 8788",)


def test_a_port_that_nobody_seems_to_hold_is_told_with_the_systems_reason() -> None:
    (finding,) = check_port(TAKEN)
    assert "Address already in use" in finding.what
