"""What is true of a machine: everything the checks look at, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from livetrack_vcam.doctor.obs import ObsFacts
from livetrack_vcam.doctor.ports import PortFacts
from livetrack_vcam.doctor.sandboxes import Installed
from livetrack_vcam.sinks.loopback import DEFAULT_LABEL, Holder, LoopbackDevice


@dataclass(frozen=True, slots=True)
class LoopbackFacts:
    """The kernel module and its devices; the last five are about the device named `label`.

    `output`: it can be opened for writing now; `fed`: pictures arrive in it. None: not known, or
    there is no such device.
    """

    label: str = DEFAULT_LABEL
    installed: bool | None = None
    loaded: bool = False
    kept_after_boot: bool = False
    secure_boot: bool | None = None
    devices: tuple[LoopbackDevice, ...] = ()
    writable: bool | None = None
    group: str = "video"
    output: bool | None = None
    fed: bool = False
    holders: tuple[Holder, ...] = ()

    @property
    def device(self) -> LoopbackDevice | None:
        return next((d for d in self.devices if d.label == self.label), None)


@dataclass(frozen=True, slots=True)
class Facts:
    """One machine. `platform` is sys.platform's; `distribution` the ID and ID_LIKE words of
    os-release; `packages` maps each package to its version, None when it is missing; `models` maps
    each model to what is wrong with it, empty when nothing is; `resize_ms` is CPU time of a fixed
    piece of work, see `machine.resize_ms`; `unreadable_cameras` are device nodes we may not open;
    `web` is about `port`; `programs` are those in sandboxes that show cameras.
    """

    platform: str
    python: str
    distribution: tuple[str, ...] = ()
    container: bool = False
    installer: str = "pip"
    packages: Mapping[str, str | None] = field(default_factory=dict)
    cpu_count: int = 1
    resize_ms: float = 1.0
    cameras: tuple[str, ...] = ()
    unreadable_cameras: tuple[str, ...] = ()
    models: Mapping[str, str] = field(default_factory=dict)
    port: int = 8787
    port_problem: str = ""
    loopback: LoopbackFacts = LoopbackFacts()
    web: PortFacts = field(default_factory=PortFacts)
    obs: ObsFacts = field(default_factory=ObsFacts)
    programs: tuple[Installed, ...] = ()
