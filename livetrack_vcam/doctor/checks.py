"""Facts in, findings out; no check looks at the machine itself."""

from __future__ import annotations

from collections.abc import Callable

from livetrack_vcam.doctor.capture import check_cameras
from livetrack_vcam.doctor.facts import Facts
from livetrack_vcam.doctor.install import install_command, reinstall_command
from livetrack_vcam.doctor.macos import check_macos
from livetrack_vcam.doctor.obs import check_obs
from livetrack_vcam.doctor.ports import check_port
from livetrack_vcam.doctor.report import Finding, Level, Report
from livetrack_vcam.doctor.sandboxes import check_programs
from livetrack_vcam.doctor.speed import check_speed
from livetrack_vcam.doctor.virtual_camera import check_virtual_camera
from livetrack_vcam.doctor.windows import check_windows

# Named for everybody by errors of the package's own models; the doctor knows how it came here.
REINSTALL = "pipx reinstall livetrack-vcam"
OPTIONAL = {"pyvirtualcam"}

Check = Callable[[Facts], list[Finding]]


def check_all(facts: Facts) -> Report:
    """Every check, in the order a user would mend things."""
    checks: tuple[Check, ...] = (
        check_python,
        check_packages,
        check_models,
        check_speed,
        check_cameras,
        check_virtual_camera,
        check_macos,
        check_windows,
        check_programs,
        check_obs,
        check_port,
    )
    return Report(tuple(finding for check in checks for finding in check(facts)))


def check_python(facts: Facts) -> list[Finding]:
    return [Finding(Level.OK, "Python", facts.python)]


def check_packages(facts: Facts) -> list[Finding]:
    missing = [n for n, version in facts.packages.items() if version is None and n not in OPTIONAL]
    if not missing:
        return [Finding(Level.OK, "packages", f"{len(facts.packages)} looked for, none missing")]
    return [
        Finding(
            Level.FAIL,
            "packages",
            f"missing: {', '.join(missing)}",
            "The installation is incomplete.",
            "install it again",
            (install_command(facts.installer, *missing, python=facts.interpreter),),
        )
    ]


def check_models(facts: Facts) -> list[Finding]:
    broken = {name: problem for name, problem in facts.models.items() if problem}
    if not broken and facts.models:
        return [Finding(Level.OK, "models", ", ".join(facts.models))]
    broken = broken or {"none": f"the package has no models{_REMEDY}{REINSTALL}"}
    return [_broken_model(name, problem, facts) for name, problem in broken.items()]


def _broken_model(name: str, problem: str, facts: Facts) -> Finding:
    """The sentence of the model's error ends in the command that mends it.

    Models that were fetched are extra: `auto` needs those of the package only.
    """
    what, _, command = problem.partition(_REMEDY)
    if command not in ("", REINSTALL):
        why = f"LiveTrack runs without it, but --detector {name} does not."
        fetched = "bring it again whole"
        return Finding(Level.WARN, "models", f"{name}: {what}", why, fetched, by_hand=(command,))
    if command:
        command = reinstall_command(facts.installer, facts.interpreter)
    advice = "bring it again whole" if command else "see what is wrong with each"
    by_hand = (command or "livetrack-vcam models verify",)
    why = "Without a detector nobody is found."
    return Finding(Level.FAIL, "models", f"{name}: {what}", why, advice, by_hand=by_hand)


_REMEDY = "; type: "
