"""How packages get beside this installation."""

from __future__ import annotations

import shlex


def install_command(installer: str, *packages: str, python: str = "python") -> str:
    """The command for `installer`: pipx, uv (`uv tool`), uv venv (an environment that uv made,
    which has no pip) or pip; `python` is the interpreter we run in."""
    if installer == "pipx":
        return f"pipx inject livetrack-vcam {' '.join(packages)}"
    if installer == "uv":
        extra = " ".join(f"--with {name}" for name in packages)
        return f"uv tool install {extra} livetrack-vcam"
    if installer == "uv venv":
        return f"uv pip install --python {_quoted(python)} {' '.join(packages)}"
    return f"{_quoted(python)} -m pip install {' '.join(packages)}"


def reinstall_command(installer: str, python: str = "python") -> str:
    """The command that brings this package itself again; the others stay as they are."""
    if installer == "pipx":
        return "pipx reinstall livetrack-vcam"
    if installer == "uv":
        return "uv tool install --force livetrack-vcam"
    if installer == "uv venv":
        again = "--reinstall-package livetrack-vcam livetrack-vcam"
        return f"uv pip install --python {_quoted(python)} {again}"
    return f"{_quoted(python)} -m pip install --force-reinstall --no-deps livetrack-vcam"


def _quoted(path: str) -> str:
    """As both shells take it: PowerShell and cmd know double quotes only."""
    if "\\" in path:
        return f'"{path}"' if " " in path else path
    return path if path.startswith("~") else shlex.quote(path)
