"""The virtual camera against the real kernel module, in a guest; see README.md here."""

from __future__ import annotations

import sys

import pytest

from tests.e2e.vm.guest_boot import LIMIT_S, boot, missing
from tests.e2e.vm.guest_checks import names

pytestmark = [pytest.mark.vm, pytest.mark.timeout(LIMIT_S + 60)]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the guest found: the problem of each check, empty when there was none."""
    absent = missing()
    if absent:
        pytest.skip(absent)
    found = {}
    for result in boot(tmp_path_factory.mktemp("vm")):
        sys.stdout.write(f"{result}\n")
        found[result.check] = result.problem
    return found


@pytest.mark.parametrize("check", names())
def test_in_the_guest(check: str, results: dict[str, str]) -> None:
    assert check in results, "the guest ended before this check"
    assert not results[check], results[check]
