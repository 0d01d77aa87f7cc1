"""The virtual camera against the real kernel module, in a guest; see README.md here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.e2e.vm.guest_boot import LIMIT_S, boot, missing
from tests.e2e.vm.guest_checks import files_of, names

pytestmark = [pytest.mark.vm, pytest.mark.timeout(LIMIT_S + 60)]


def _found(share: str, out: Path) -> dict[str, str]:
    """What the guest found: the problem of each check, empty when there was none."""
    absent = missing()
    if absent:
        pytest.skip(absent)
    found = {}
    for result in boot(out, files_of(share)):
        sys.stdout.write(f"{result}\n")
        found[result.check] = result.problem
    return found


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return _found("product", tmp_path_factory.mktemp("vm"))


@pytest.fixture(scope="module")
def doctor(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return _found("doctor", tmp_path_factory.mktemp("vm"))


@pytest.fixture(scope="module")
def sleep(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return _found("sleep", tmp_path_factory.mktemp("vm"))


@pytest.mark.parametrize("check", names("product"))
def test_the_product_in_the_guest(check: str, product: dict[str, str]) -> None:
    assert check in product, "the guest ended before this check"
    assert not product[check], product[check]


@pytest.mark.parametrize("check", names("doctor"))
def test_the_doctor_in_the_guest(check: str, doctor: dict[str, str]) -> None:
    assert check in doctor, "the guest ended before this check"
    assert not doctor[check], doctor[check]


@pytest.mark.parametrize("check", names("sleep"))
def test_the_sleep_of_the_guest(check: str, sleep: dict[str, str]) -> None:
    assert check in sleep, "the guest ended before this check"
    assert not sleep[check], sleep[check]
