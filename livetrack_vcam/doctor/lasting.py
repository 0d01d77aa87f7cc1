"""The commands that set v4l2loopback up: now, and for every start of the computer after this.

They keep what there is: every device of the module, loaded or written down, and every line in
files that are not ours.
"""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath

from livetrack_vcam.doctor.linux_facts import LoopbackFacts
from livetrack_vcam.sinks import modprobe
from livetrack_vcam.sinks.loopback import kept_devices
from livetrack_vcam.sinks.modprobe import (
    ANY_NUMBER,
    BUFFERS,
    MODULE,
    PlannedDevice,
    load_command,
    options_line,
    plan_devices,
)

# modprobe reads its files in this order, and of what is said twice the kernel takes the last.
OUR_OPTIONS = ("livetrack.conf", "zz-livetrack.conf", "zzzz-livetrack.conf")
LOAD_FOLDER = "/etc/modules-load.d"


def planned_devices(loopback: LoopbackFacts) -> tuple[PlannedDevice, ...]:
    """Those there are, those written down, ours and OBS's."""
    there = kept_devices(loopback.devices)
    labels = {device.label for device in there}
    written = (device for device in loopback.configured if device.label not in labels)
    return plan_devices(loopback.label, (*there, *written), loopback.taken)


def are_too_many(loopback: LoopbackFacts) -> bool:
    """Whether the module cannot make all that are planned."""
    return modprobe.are_too_many(planned_devices(loopback))


def planned_buffers(loopback: LoopbackFacts) -> int:
    """Enough, or more where somebody wants more."""
    return max(BUFFERS, loopback.configured_buffers, loopback.buffers or 0)


def set_up(loopback: LoopbackFacts) -> tuple[str, ...]:
    """Writes down what is missing, and loads the module by what is written: so it is known to work
    at the next start, too."""
    return (*keep_commands(loopback), f"sudo modprobe {MODULE}")


def set_up_again(loopback: LoopbackFacts) -> tuple[str, ...]:
    """The same where the module is loaded; changes nothing while any of its devices is open.

    Empty where loading it again would lose devices.
    """
    if are_too_many(loopback):
        return ()
    return (*keep_commands(loopback), f"sudo modprobe -r {MODULE} && sudo modprobe {MODULE}")


def load_by_hand(loopback: LoopbackFacts) -> str:
    """One command that writes nothing: for a system whose files are not known here."""
    load = load_command(planned_devices(loopback), planned_buffers(loopback))
    return f"sudo modprobe -r {MODULE} && {load}" if loopback.loaded else load


def keep_commands(loopback: LoopbackFacts) -> tuple[str, ...]:
    """What has to be written so that the next start of the computer makes the planned devices;
    nothing where they are too many."""
    commands: list[str] = []
    planned = planned_devices(loopback)
    if are_too_many(loopback):
        return ()
    written = _are_written(planned, loopback.configured)
    if not written or loopback.configured_buffers < BUFFERS:
        file = f"/etc/modprobe.d/{_options_file(loopback)}"
        commands.append(_write(file, options_line(planned, planned_buffers(loopback))))
    if not loopback.load_files:
        make = "" if loopback.load_folder is not False else f"sudo mkdir -p {LOAD_FOLDER} && "
        commands.append(make + _write(f"{LOAD_FOLDER}/livetrack.conf", MODULE))
    return tuple(commands)


def _are_written(planned: tuple[PlannedDevice, ...], written: tuple[PlannedDevice, ...]) -> bool:
    def fits(one: PlannedDevice, other: PlannedDevice) -> bool:
        same = (one.label, one.exclusive_caps) == (other.label, other.exclusive_caps)
        return same and other.number in (one.number, ANY_NUMBER)

    return all(any(fits(device, other) for other in written) for device in planned)


def _options_file(loopback: LoopbackFacts) -> str:
    """Ours, which has to come after those of others that set the same."""
    names = {PurePosixPath(li.file).name for li in loopback.options if li.kind == "options"}
    last_of_others = max(names - set(OUR_OPTIONS), default="")
    needed = next((name for name in OUR_OPTIONS if name > last_of_others), OUR_OPTIONS[-1])
    return max((needed, *(names & set(OUR_OPTIONS))), key=OUR_OPTIONS.index)


def _write(file: str, line: str) -> str:
    """modprobe reads no *.new: until the move, which is all or nothing, the old file counts."""
    return f"echo {shlex.quote(line)} | sudo tee {file}.new && sudo mv {file}.new {file}"
