"""The house rules that can be read off the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "livetrack_vcam"
SOURCES = sorted(PACKAGE.rglob("*.py"))
# What would let a decision depend on anything but its arguments.
IMPURE = {
    "asyncio", "datetime", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets",
    "socket", "subprocess", "sys", "tempfile", "threading", "time", "uuid",
}  # fmt: skip
ONE_FILE_ONLY = {
    "pyvirtualcam": "sinks/virtual_camera.py",
    "obsws_python": "obs/connection.py",
    "ai_edge_litert": "detectors/runtime.py",
    "mediapipe": "detectors/mediapipe_tasks.py",
    "onnxruntime": "detectors/onnx_runtime.py",
    "tensorflow": "detectors/tensorflow_model.py",
    "simplejpeg": "sinks/mjpeg.py",
    "segno": "web/qr.py",
    "cryptography": "web/certificate.py",
    "ifaddr": "web/addresses.py",
}


@cache
def imports(path: Path) -> frozenset[str]:
    """Top-level names of every module a file imports, also inside functions and by string."""
    return frozenset(_imports(ast.parse(path.read_text(encoding="utf-8"))))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            first = node.args[0]
            if isinstance(first, ast.Constant):
                yield str(first.value).partition(".")[0]


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").glob("*.py")), ids=lambda p: p.name)
def test_the_core_imports_only_the_pure_part_of_the_standard_library(path: Path) -> None:
    allowed = (sys.stdlib_module_names - IMPURE) | {"livetrack_vcam"}
    assert imports(path) <= allowed
    text = path.read_text(encoding="utf-8")
    assert "open(" not in text.replace("open_", "")
    assert "print(" not in text


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").glob("*.py")), ids=lambda p: p.name)
def test_the_core_uses_nothing_of_the_package_but_itself(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("livetrack_vcam"):
            assert (node.module or "").startswith("livetrack_vcam.core"), node.module


def test_threads_are_started_in_one_file() -> None:
    starters = [
        path.relative_to(PACKAGE).as_posix()
        for path in SOURCES
        if {"Thread", "ThreadPoolExecutor"}
        & {
            node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)
        }
    ]
    assert starters == ["live/pipeline.py"]


@pytest.mark.parametrize("module", ONE_FILE_ONLY)
def test_a_package_behind_a_seam_is_imported_in_one_file(module: str) -> None:
    users = {p.relative_to(PACKAGE).as_posix() for p in SOURCES if module in imports(p)}
    assert users <= {ONE_FILE_ONLY[module]}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_files_and_functions_are_small_enough_to_read(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno <= 60, node.name


def test_the_director_can_be_imported_without_any_third_party_package() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from livetrack_vcam.core import Director;"
        "import livetrack_vcam; print(Director.__name__, livetrack_vcam.__version__)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Director 0.")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from livetrack_vcam.cli import run_cli; run_cli(['--help']);"
        "print(sorted(m for m in ('numpy', 'cv2', 'av', 'pydantic', 'aiohttp', 'rich') "
        "if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.splitlines()[-1] == "[]"
