"""What works on this machine, what does not, and the exact command that mends it."""

from __future__ import annotations

from livetrack_vcam.doctor.checks import check_all
from livetrack_vcam.doctor.machine import gather
from livetrack_vcam.doctor.report import Finding, Level, Report
from livetrack_vcam.doctor.text import render_text

__all__ = ["Finding", "Level", "Report", "diagnose", "gather", "render_text"]


def diagnose(port: int = 8787) -> Report:
    """Look at this machine and judge it. Changes nothing."""
    return check_all(gather(port))
