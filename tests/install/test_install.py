"""What is published works alone: the wheel, built from the sdist, in an empty home with nothing but Python beside it.

Each Python that this machine has gets two environments: with the lowest versions of what pricebook asks for, and with
the newest. They come from the package registry, or from uv's cache; where neither can be had the tests are skipped,
aloud, and in CI they fail.
"""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import pytest

from pricebook import __version__
from pricebook.store.upgrade import VERSION
from typed_page import type_page

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RESOLUTIONS = {"lowest": "lowest-direct", "newest": "highest"}
APART = {"all", "dev", "lake", "mcp", "spark"}
"""The extras that are not in `all`, and itself."""


def pythons() -> dict[str, str]:
    """The supported versions that this machine has, each with an interpreter that runs."""
    found = {}
    managed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for classifier in PROJECT["project"]["classifiers"]:
        version = classifier.rpartition(" ")[2]
        if not re.fullmatch(r"3\.\d+", version):
            continue
        places = [f"python{version}", *map(str, sorted(managed.glob(f"{version}.*/bin/python")))]
        for place in places:
            if shutil.which(place) and said(place, "-c", "import ensurepip") is not None:
                found.setdefault(version, place)
    return found


def said(*words: object, **more: object) -> str | None:
    """What a program prints; None when it fails."""
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload]
    return done.stdout if done.returncode == 0 else None


def uv(*words: object) -> None:
    """Run uv. Without a registry, and without what it would give in the cache, there is no test."""
    line = [str(Path(sys.executable).parent / "uv"), "--quiet", *map(str, words)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode and "error sending request" in done.stderr and "CI" not in os.environ:
        pytest.skip(f"no package registry: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, and the wheel that is built from it and from nothing else."""
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--out-dir", folder, ROOT)
    return folder


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    """The wheel."""
    (found,) = dist.glob("*.whl")
    return found


ENVIRONMENTS = [
    pytest.param((python, resolution), id=f"{version}-{name}")
    for version, python in pythons().items()
    for name, resolution in RESOLUTIONS.items()
]


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def binaries(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The programs of an environment with the wheel and the extra `all`."""
    python, resolution = request.param
    tools = tmp_path_factory.mktemp("environment") / "tools"
    uv("venv", "--python", python, tools)
    into = ("--python", tools / "bin" / "python", "--only-binary", ":all:")
    needs = tools / "all.txt"
    asked = ("--resolution", resolution, "--extra", "all", "--output-file", needs)
    uv("pip", "compile", *into, *asked, ROOT / "pyproject.toml")
    uv("pip", "install", *into, "--requirements", needs, wheel)
    yield tools / "bin"
    shutil.rmtree(tools)


def at_home(folder: Path, binaries: Path) -> dict[str, str]:
    """The environment of somebody who has just come: an empty home, and programs of this folder and of the system."""
    (folder / "home").mkdir()
    registry = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))}
    where = {"PATH": os.pathsep.join([str(binaries), "/usr/bin", "/bin"]), "HOME": str(folder / "home")}
    return {**registry, **where, "COLUMNS": "100", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}


def test_the_wheel_has_all_that_the_program_reads(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        packed = {name.removeprefix("pricebook/") for name in archive.namelist()}
    source = ROOT / "src" / "pricebook"
    needed = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert not needed - packed
    assert {"errors.md", "examples/starter-plan/pricebook.yaml", "examples/recipes/seats/pricebook.yaml"} <= packed
    assert {name.partition("/")[0] for name in packed - needed} == {
        "errors.md",
        "examples",
        f"pricebook-{__version__}.dist-info",
    }


def test_the_sdist_has_all_that_the_tests_read(dist: Path) -> None:
    (found,) = dist.glob("*.tar.gz")
    with tarfile.open(found) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    tracked = said("git", "-C", ROOT, "ls-files")
    if tracked is None:
        pytest.skip("not a clone: nobody says what belongs to it")
    hidden = re.compile(r"\.(github|vscode|ci)/")
    assert not {name for name in tracked.splitlines() if not hidden.match(name)} - packed


def test_all_is_every_extra_but_those_that_are_asked_for_by_name() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    (all_,) = extras["all"]
    named = set(re.fullmatch(r"pricebook\[(.+)\]", all_)[1].split(","))  # type: ignore[index]
    assert named == extras.keys() - APART


def test_the_readme_from_top_to_bottom(binaries: Path, tmp_path: Path) -> None:
    type_page(ROOT / "README.md", tmp_path, at_home(tmp_path, binaries), install=False)


def test_every_module_is_there_with_what_it_needs(binaries: Path, tmp_path: Path) -> None:
    """What an older library does not have is found out when its module is imported, mostly."""
    script = """
import pkgutil, importlib, pricebook
for found in pkgutil.walk_packages(pricebook.__path__, "pricebook."):
    if found.name == "pricebook.__main__":
        continue
    try:
        importlib.import_module(found.name)
    except ModuleNotFoundError as missing:  # what `all` does not bring
        assert missing.name in ("deltalake", "mcp", "pyiceberg", "pyspark", "sqlglot"), missing
assert "/tools/" in pricebook.__file__, pricebook.__file__
"""
    done = subprocess.run(
        [binaries / "python", "-W", "error", "-c", script],
        cwd=tmp_path,
        env=at_home(tmp_path, binaries),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def uvx(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, str], str]:
    """Run a line of shell in an empty home, `$p` for `uvx pricebook`, which here is the wheel; what is printed."""
    cache = {"UV_CACHE_DIR": str(tmp_path_factory.mktemp("cache"))}
    program = Path(sys.executable).parent / "uvx"

    def run(folder: Path, line: str) -> str:
        done = subprocess.run(
            ["sh", "-c", f'p="{program} --quiet --from {wheel} pricebook"; {line}'],
            cwd=folder,
            env=at_home(folder, program.parent) | cache,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run


def test_one_line_to_a_plan(uvx: Callable[[Path, str], str], tmp_path: Path) -> None:
    said = uvx(tmp_path, "$p init -C tour --example starter-plan && $p plan -C tour")
    assert "Plan: 17 objects created" in said


def test_a_store_of_the_release_before_is_taken_forward(uvx: Callable[[Path, str], str], tmp_path: Path) -> None:
    """Its own tests are in tests/store/test_upgrade.py; here the installed program finds one and writes to it."""
    with closing(sqlite3.connect(tmp_path / "prices.db")) as connection:
        text = (ROOT / "tests" / "store" / "release" / "sqlite-2.sql").read_text(encoding="utf-8")
        connection.executescript(text)
    (tmp_path / "catalog").mkdir()
    settings = "namespace: acme\nmanifests: [catalog]\nenvironments: {prod: {store: 'sqlite:///prices.db'}}\n"
    (tmp_path / "pricebook.yaml").write_text(f"{settings}policy: {{fail_on: never}}\n")
    product = "apiVersion: pricebook/v1\nkind: Product\nmetadata: {name: more}\nspec: {name: More, type: FIXED}\n"
    said = uvx(tmp_path, f"$p import && printf '{product}' >catalog/more.yaml && $p apply --yes")
    assert "Applied: 1 object created. Read back and verified." in said
    assert f"tables upgraded from version 2 to {VERSION}" in said
    assert (tmp_path / "prices.db.version-2").exists()


@pytest.mark.parametrize("page", ["README.md", "docs/own-list.md"])
def test_a_page_installs_what_it_needs(page: str, wheel: Path, tmp_path: Path) -> None:
    """Typed as it stands, `pip install` and all: from the registry but for pricebook itself, which is the wheel."""
    constraint = tmp_path / "constraint.txt"
    constraint.write_text(f"pricebook=={wheel.name.split('-')[1]}\n")
    python = tmp_path / "python"
    python.mkdir()
    (python / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    found = {"PIP_CONSTRAINT": str(constraint), "PIP_FIND_LINKS": str(wheel.parent)}
    environment = at_home(tmp_path, python) | found | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    type_page(ROOT / page, tmp_path, environment, install=True)
