"""A scratch repository with a price list, and an account that holds it."""

import shutil
from pathlib import Path

import pytest
from job import ROOT, Job

PROJECT = """\
namespace: acme
manifests: [catalog]
environments:
  local: {store: "sqlite:///scratch.db"}
  production: {store: "sqlite:///../../account.db"}
"""


@pytest.fixture(scope="session")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of the starter plan at its first commit, on main, beside an account that holds it."""
    folder = tmp_path_factory.mktemp("applied")
    job = Job(folder / "workspace")
    shutil.copytree(ROOT / "examples" / "starter-plan", job.prices, ignore=shutil.ignore_patterns("pricebook.db*"))
    (job.prices / "pricebook.yaml").write_text(PROJECT, encoding="utf-8")
    job.git("init", "--quiet", "--initial-branch=main")
    job.commit("The price list")
    job.run('"$RUNNER_TEMP/pricebook-venv/bin/pricebook" -C prices --env production apply --yes')
    assert (folder / "account.db").exists()
    return folder


@pytest.fixture
def job(applied: Path, tmp_path: Path) -> Job:
    """A job in a copy of that."""
    shutil.copytree(applied, tmp_path / "job", symlinks=True)
    return Job(tmp_path / "job" / "workspace")
