"""What is true of a machine: everything the checks look at, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from livetrack_vcam.doctor.capture import CaptureFacts
from livetrack_vcam.doctor.linux_facts import LinuxFacts, LoopbackFacts
from livetrack_vcam.doctor.macos import MacFacts
from livetrack_vcam.doctor.obs import ObsFacts
from livetrack_vcam.doctor.ports import PortFacts
from livetrack_vcam.doctor.sandboxes import Installed
from livetrack_vcam.doctor.speed import SpeedFacts
from livetrack_vcam.doctor.windows import WindowsFacts


@dataclass(frozen=True, slots=True)
class Facts:
    """One machine. `platform` is sys.platform's; `distribution` the ID and ID_LIKE words of
    os-release; `installer` is one that `install_command` knows, `interpreter` our Python;
    `packages` maps each package to its version, None when it is missing; `models` maps each model
    to what is wrong with it, empty when nothing is; `resize_ms` is CPU time of a fixed piece of
    work, see `machine.resize_ms`; `unreadable_cameras` are device nodes we may not open; `web` is
    about `port`; `programs` are those in sandboxes that show cameras.
    """

    platform: str
    python: str
    distribution: tuple[str, ...] = ()
    container: bool = False
    installer: str = "pip"
    interpreter: str = "python"
    packages: Mapping[str, str | None] = field(default_factory=dict)
    cpu_count: int = 1
    resize_ms: float = 1.0
    cameras: tuple[str, ...] = ()
    unreadable_cameras: tuple[str, ...] = ()
    models: Mapping[str, str] = field(default_factory=dict)
    port: int = 8787
    port_problem: str = ""
    linux: LinuxFacts = field(default_factory=LinuxFacts)
    loopback: LoopbackFacts = field(default_factory=LoopbackFacts)
    web: PortFacts = field(default_factory=PortFacts)
    obs: ObsFacts = field(default_factory=ObsFacts)
    programs: tuple[Installed, ...] = ()
    capture: CaptureFacts = field(default_factory=CaptureFacts)
    speed: SpeedFacts = field(default_factory=SpeedFacts)
    macos: MacFacts = field(default_factory=MacFacts)
    windows: WindowsFacts = field(default_factory=WindowsFacts)
