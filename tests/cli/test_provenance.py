"""Where an apply comes from: the CI's variables, else git; names that want to be options are only names."""

import subprocess
from pathlib import Path

import pytest

from pricebook.apply.ports import Provenance
from pricebook.workflow.git import GitFailed, ask, git, provenance


def run(folder: Path, *words: str) -> str:
    """A git command."""
    answer = subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True)
    return answer.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, whose project stands in a folder."""
    run(tmp_path, "init", "-q", "-b", "prices/2026")
    run(tmp_path, "config", "user.email", "ada@example.com")
    run(tmp_path, "config", "user.name", "Ada")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "a.yaml").write_text("a")
    run(tmp_path, "add", ".")
    run(tmp_path, "commit", "-qm", "first")
    return tmp_path


def test_git_says_commit_branch_and_user(repository: Path) -> None:
    head = run(repository, "rev-parse", "HEAD")
    assert provenance(repository / "shop", {}) == Provenance("ada@example.com", head, "prices/2026")


def test_edited_manifests_are_not_those_of_the_commit(repository: Path) -> None:
    head = run(repository, "rev-parse", "HEAD")
    (repository / "shop" / "pricebook.db").write_text("changes with every apply")
    (repository / "b.yaml").write_text("of another project")
    assert provenance(repository / "shop", {}).commit == head
    (repository / "shop" / "b.yaml").write_text("new")
    assert provenance(repository / "shop", {}).commit == f"{head}+edited"


def test_the_ci_knows_better(repository: Path) -> None:
    github = {"GITHUB_SHA": "1" * 40, "GITHUB_REF_NAME": "main", "GITHUB_HEAD_REF": "", "GITHUB_ACTOR": "octo"}
    assert provenance(repository, github, "AB") == Provenance("octo", "1" * 40, "main", "ab")
    gitlab = {"CI_COMMIT_SHA": "2" * 40, "CI_COMMIT_REF_NAME": "x", "GITLAB_USER_LOGIN": "ada\x1b[31m" + "y" * 999}
    assert provenance(repository, gitlab) == Provenance("ada\x1b[31m" + "y" * 192, "2" * 40, "x")


def test_without_git_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    assert provenance(tmp_path, {}) == Provenance()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ask(tmp_path, "rev-parse", "HEAD") == ""
    with pytest.raises(GitFailed, match="git is not installed"):
        git(tmp_path, "status")
