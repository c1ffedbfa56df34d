"""A scratch copy of the examples, and a `pricebook` command on PATH that runs the code under test."""

import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A directory with a copy of `examples/`, without stores that somebody made there."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("pricebook.db*"))
    return tmp_path


@pytest.fixture(scope="session")
def shell_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment for shells: `pricebook` is this interpreter's, output is 100 columns wide and without colour.

    Modules are compiled once, whatever the environment says about that: a page starts a dozen processes.
    """
    binaries = tmp_path_factory.mktemp("bin")
    command = binaries / "pricebook"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pricebook "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return inherited | {
        "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PYTHONPYCACHEPREFIX": str(tmp_path_factory.mktemp("compiled")),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "LC_ALL": "C.UTF-8",
    }
