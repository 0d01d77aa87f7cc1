"""Whether the device of v4l2loopback that we write to is there, right, free and lasting."""

from __future__ import annotations

from livetrack_vcam.doctor.facts import Facts
from livetrack_vcam.doctor.lasting import are_too_many, keep_commands, set_up_again
from livetrack_vcam.doctor.linux_facts import LoopbackFacts
from livetrack_vcam.doctor.linux_module import (
    KEEP_DECLARED,
    NAME,
    as_allowed,
    problem,
    surroundings,
)
from livetrack_vcam.doctor.linux_packages import is_declared
from livetrack_vcam.doctor.report import Finding, Level
from livetrack_vcam.node_access import NodeAccess, way_in
from livetrack_vcam.sinks.loopback import LoopbackDevice
from livetrack_vcam.sinks.modprobe import BUFFERS, MODULE, MOST_DEVICES, OBS_LABEL


def check_device(facts: Facts) -> list[Finding]:
    """The module is loaded: findings about its devices."""
    loopback = facts.loopback
    device = loopback.device
    if device is None:
        return [as_allowed(_misnamed(loopback), facts)]
    made = (*_caps(loopback, device), *_single(loopback), *_buffers(loopback))
    found = [_state(facts, device), *(as_allowed(each, facts) for each in made)]
    return (
        found if surroundings(facts) else found + [as_allowed(each, facts) for each in _boot(facts)]
    )


def _misnamed(loopback: LoopbackFacts) -> Finding:
    if not loopback.devices:
        what = f"{MODULE} is loaded, but has no device"
        return problem(what, "load it again", *set_up_again(loopback))
    names = ", ".join(f"{d.label!r} at {d.path}" for d in loopback.devices)
    what = f"{MODULE} is loaded, but no device is named {loopback.label!r} (there is: {names})"
    if are_too_many(loopback):
        advice = f"{MODULE} makes {MOST_DEVICES} at most: choose one of them with --sink vcam:NAME"
        return problem(what, advice)
    advice = f"{_close(loopback)} and load it again, or choose one of them with --sink vcam:NAME"
    return problem(what, advice, *set_up_again(loopback))


def _state(facts: Facts, device: LoopbackDevice) -> Finding:
    loopback = facts.loopback
    place = f"{device.label!r} at {device.path}"
    users = ", ".join(map(str, loopback.holders))
    if loopback.node is False:
        return _no_node(facts, device)
    if loopback.writable is False:
        return _no_permission(facts, device)
    if loopback.fed:
        return _fine(f"{place}, in use now by {users or 'a program of another user'}")
    if loopback.output is False:
        return _fine(f"{place}, left stuck by the last program; livetrack-vcam frees it at start")
    version = f" ({MODULE} {loopback.version})" if loopback.version else ""
    return _fine(place + version + (f", open in {users}" if users else ""))


def _no_node(facts: Facts, device: LoopbackDevice) -> Finding:
    what = f"{device.label!r} is known to the kernel, but there is no {device.path}"
    if surroundings(facts):
        return problem(what, f"start the container with --device {device.path}")
    trigger = "sudo udevadm trigger --action=add --subsystem-match=video4linux"
    return problem(what, "have the system make it", trigger)


def _no_permission(facts: Facts, device: LoopbackDevice) -> Finding:
    loopback = facts.loopback
    access = NodeAccess(
        str(device.path),
        loopback.group,
        loopback.group_may_write,
        loopback.in_group,
        loopback.joined_group,
    )
    advice, commands = way_in(access, bool(surroundings(facts)), facts.linux.ostree)
    return problem(
        f"no permission to write to {device.label!r} at {device.path}", advice, *commands
    )


def _caps(loopback: LoopbackFacts, device: LoopbackDevice) -> list[Finding]:
    if device.exclusive_caps is not False:
        return []
    return [
        problem(
            f"{device.path} was made without exclusive_caps=1",
            f"{_close(loopback)} and load the module again",
            *set_up_again(loopback),
            why="Chrome, Meet and Teams in the browser do not list such a camera.",
        )
    ]


def _single(loopback: LoopbackFacts) -> list[Finding]:
    if len(loopback.devices) > 1:
        return []
    return [
        problem(
            "there is only one loopback device",
            f"if you use that button, {_close(loopback)} and make a second one, {OBS_LABEL!r}",
            *set_up_again(loopback),
            why="OBS's Start Virtual Camera takes the first free one, and that would be ours.",
        )
    ]


def _buffers(loopback: LoopbackFacts) -> list[Finding]:
    """Not asked of a module that does not tell."""
    held = loopback.buffers
    if held is None or held >= BUFFERS:
        return []
    return [
        problem(
            f"{MODULE} was loaded with max_buffers={held}, and {BUFFERS} are needed",
            f"{_close(loopback)} and load it again with max_buffers={BUFFERS}",
            *set_up_again(loopback),
            why="A program that is a little late may show two pictures torn into each other.",
        )
    ]


def _boot(facts: Facts) -> list[Finding]:
    loopback = facts.loopback
    if loopback.kept_after_boot:
        return []
    what = "the virtual camera will be gone after a restart of the computer"
    why = "It is made when the module is loaded, and nothing is written down that does so."
    if is_declared(facts):
        return [problem(what, KEEP_DECLARED, why=why)]
    if are_too_many(loopback):
        advice = f"{MODULE} makes {MOST_DEVICES} at most: write those that you need into "
        return [problem(what, advice + "/etc/modprobe.d (docs/virtual-camera.md)", why=why)]
    if not loopback.barriers:
        return [problem(what, "make it permanent", *keep_commands(loopback), why=why)]
    line = loopback.barriers[0]
    why = f"{line.file} keeps {MODULE} from being loaded at the start: {line.text}"
    edit = (f"sudo nano {line.file}",)
    advice = "if you do not need that line, delete it"
    return [problem(what, advice, *keep_commands(loopback), why=why, by_hand=edit)]


def _close(loopback: LoopbackFacts) -> str:
    users = ", ".join(map(str, loopback.users))
    return f"close {users or 'the programs that use those devices'}"


def _fine(what: str) -> Finding:
    return Finding(Level.OK, NAME, what)
