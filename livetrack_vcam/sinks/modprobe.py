"""What v4l2loopback is told when it is loaded: read from modprobe's files, and written for them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

MODULE = "v4l2loopback"
DEFAULT_LABEL = "LiveTrack Camera"
OBS_LABEL = "OBS Virtual Camera"

# Cameras are numbered from 0 up; who has ten of them gets the next free number.
FIRST_NUMBER = 10
# MAX_DEVICES of v4l2loopback.c as it is packaged; it makes no more, whatever it is asked for.
MOST_DEVICES = 8
ANY_NUMBER = -1

# Pictures that the module holds. While a reader looks at one in its place, two less than these may
# come after it; with the module's own 2 the next one may be torn into it already. More than 4 help
# nobody: v4l2-ctl, OpenCV, OBS and Chromium ask for 4, and up to 0.12 the module then has no more
# than that for anybody. Newer ones let a slow reader fall behind by as many as it holds.
BUFFERS = 4
MODULES_BUFFERS = 2

_PARAMETER = re.compile(r'([\w-]+)=((?:"[^"]*"|[^\s"])*)')
# What a label may be made of in a command that root's shell runs; a comma would end the label.
# From U+2100 on there are symbols, such as emoji, and no more marks that turn the writing around.
_UNSPEAKABLE = re.compile(r"[^\w .:()+/\-\u2100-\ud7ff\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class PlannedDevice:
    """One device that the module makes. `number` N gives /dev/videoN; -1: any that is free."""

    number: int
    label: str
    exclusive_caps: bool = True


def plan_devices(
    label: str = DEFAULT_LABEL,
    kept: Iterable[PlannedDevice] = (),
    taken: Collection[int] = (),
) -> tuple[PlannedDevice, ...]:
    """`kept` as they are, ours visible to browsers, and one for OBS, whose "Start Virtual Camera"
    takes the first free device it finds; where the module makes no more, that one is left out.

    `taken` are the numbers of other video devices; a device that asks for one of them, or for that
    of a device before it, gets a free one.
    """
    devices: list[PlannedDevice] = []
    numbers = set(taken)
    for device in kept:
        number = _free(numbers) if device.number in numbers else device.number
        caps = device.exclusive_caps or device.label == label
        devices.append(replace(device, number=number, exclusive_caps=caps))
        numbers.update({number} - {ANY_NUMBER})
    for name in (label, OBS_LABEL):
        has_room = name == label or len(devices) < MOST_DEVICES
        if has_room and all(name != device.label for device in devices):
            devices.append(PlannedDevice(_free(numbers), name))
            numbers.add(devices[-1].number)
    return tuple(devices)


def are_too_many(devices: Sequence[PlannedDevice]) -> bool:
    """Whether the module cannot make all of them: which are to go is the user's choice."""
    return len(devices) > MOST_DEVICES


def load_command(devices: Sequence[PlannedDevice], buffers: int = BUFFERS) -> str:
    """Loads the module with these devices and so many pictures held for each, from a shell."""
    labels = ",".join(f'"{_speakable(device.label)}"' for device in devices)
    return f"sudo modprobe {MODULE} {_parameters(devices, labels, buffers)}"


def options_line(devices: Sequence[PlannedDevice], buffers: int = BUFFERS) -> str:
    """The same as a line of modprobe.d, where inner quotes would end up in the labels."""
    labels = ",".join(_speakable(device.label) for device in devices)
    return f"options {MODULE} " + _parameters(devices, f'"{labels}"', buffers)


def configured_devices(lines: Iterable[str]) -> tuple[PlannedDevice, ...]:
    """What the `options` lines make, read as modprobe and the kernel read them.

    modprobe passes all lines on in order. Of a parameter given twice the kernel takes the last,
    but a list only as far as the last one goes.
    """
    given = _given(lines)
    return _devices(given) if given else ()


def configured_buffers(lines: Iterable[str]) -> int:
    """How many pictures the `options` lines have the module hold for each device."""
    count = _given(lines).get(_BUFFERS, [""])[0]
    return int(count) if count.isdecimal() else MODULES_BUFFERS


def _given(lines: Iterable[str]) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for line in lines:
        words = line.split(maxsplit=2)
        if words[:2] != ["options", MODULE] or len(words) < 3:
            continue
        for name, value in _PARAMETER.findall(words[2]):
            items = value.removeprefix('"').removesuffix('"').split(",")
            name = name.replace("-", "_")
            given[name] = items + given.get(name, [])[len(items) :]
    return given


def _devices(given: dict[str, list[str]]) -> tuple[PlannedDevice, ...]:
    numbers = [int(n) if re.fullmatch(r"-?\d+", n) else -1 for n in given.get("video_nr", [])]
    count = given.get("devices", [""])[0]
    # Without `devices` the module guesses it from the numbers.
    total = int(count) if count.isdecimal() else max(1, len(numbers))
    labels = given.get("card_label", [])
    caps = [value.upper() in ("1", "Y", "YES", "ON", "TRUE") for value in given.get(_CAPS, [])]
    return tuple(
        PlannedDevice(
            numbers[index] if index < len(numbers) else ANY_NUMBER,
            labels[index] if index < len(labels) else f"Dummy video device (0x{index:04X})",
            caps[index] if index < len(caps) else False,
        )
        for index in range(min(total, MOST_DEVICES))
    )


_CAPS, _BUFFERS = "exclusive_caps", "max_buffers"


def _parameters(devices: Sequence[PlannedDevice], labels: str, buffers: int) -> str:
    numbers = ",".join(str(device.number) for device in devices)
    caps = ",".join(str(int(device.exclusive_caps)) for device in devices)
    made = f"devices={len(devices)} video_nr={numbers} card_label={labels}"
    return f"{made} {_CAPS}={caps} {_BUFFERS}={buffers}"


def _speakable(label: str) -> str:
    return _UNSPEAKABLE.sub("_", label)


def _free(numbers: Collection[int]) -> int:
    return next(n for n in range(FIRST_NUMBER, 1 << 16) if n not in numbers)
