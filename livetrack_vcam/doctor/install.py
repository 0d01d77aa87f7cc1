"""How packages get beside this installation."""

from __future__ import annotations


def install_command(installer: str, *packages: str) -> str:
    """The command for `installer`: pipx, uv (`uv tool`) or pip."""
    if installer == "pipx":
        return f"pipx inject livetrack-vcam {' '.join(packages)}"
    if installer == "uv":
        extra = " ".join(f"--with {name}" for name in packages)
        return f"uv tool install {extra} livetrack-vcam"
    return f"python -m pip install {' '.join(packages)}"
