"""Where the footage is, and the rule that in CI nothing is skipped silently."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failure. In CI the examples are the same each time, so that a change is
# judged by itself; on a developer's machine they are new each time, so that they find things.
settings.register_profile("livetrack", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("livetrack")

ROOT = Path(__file__).resolve().parents[1]

# A shell lets what it starts in the background ignore Ctrl-C, and nohup a closed terminal; the
# tests and the programs they start would ignore them, too.
for _name, _handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    if hasattr(signal, _name):
        signal.signal(getattr(signal, _name), _handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of footage and weights beside the project; the test is skipped without it."""
    folder = Path(os.environ.get("LIVETRACK_SHARED", ROOT.parent / "shared"))
    if not (folder / "corpus").is_dir():
        pytest.skip(f"no footage at {folder}; LIVETRACK_SHARED names another place")
    return folder


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's own token, config or cache."""
    home = tmp_path_factory.mktemp("home")
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(home))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With LIVETRACK_NO_SKIP=1 a skip is a failure: the machine lacks what it should have.

    LIVETRACK_MAY_SKIP names the markers whose tests may be skipped all the same.
    """
    report = yield
    may_skip = os.environ.get("LIVETRACK_MAY_SKIP", "").split()
    excused = any(item.get_closest_marker(name) for name in may_skip)
    if os.environ.get("LIVETRACK_NO_SKIP") == "1" and report.skipped and not excused:
        report.outcome = "failed"
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.longrepr = f"skipped where no skip is allowed: {reason}"
    return report
