"""Who may sign waivers in a new project: those that the repository's CODEOWNERS asks for a review of its policy."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from pricebook.cli.main import root
from pricebook.project.project import read_project
from pricebook.workflow.owners import Owners, owners_of


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a repository in which git knows nobody."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    (tmp_path / ".git").mkdir()
    (tmp_path / "shop").mkdir()
    return tmp_path / "shop"


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("* @grace\n", ("grace",)),
        ("* @grace\n/shop/ @ada @acme/pricing\n", ("ada", "acme/pricing")),
        ("/shop/ @ada\n* @grace # everything\n", ("grace",)),
        ("* @grace\n/docs/ @ada\nshop/catalog/* @bob\n", ("grace",)),
        ("pricebook.yaml ada@example.com\n", ("ada@example.com",)),
        ("*.yaml @ada\n[Section]\n^[Optional] @bob\n", ("ada",)),
        ("/shop/pricebook.yaml @ada\n/shop/pricebook.yaml\n", ()),
        ("/other/ @ada\n", ()),
        ("# * @ada\n\n", ()),
    ],
)
@pytest.mark.parametrize("name", ["CODEOWNERS", ".github/CODEOWNERS"])
def test_the_last_line_that_fits_counts(shop: Path, text: str, people: tuple[str, ...], name: str) -> None:
    file = shop.parent / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    assert owners_of(shop).people == people
    assert CliRunner().invoke(root, ["-C", str(shop), "init"]).exit_code == 0
    assert sum((each.people for each in read_project(shop).settings.policy.approvers), ()) == people


def test_without_such_a_file_it_is_whoever_git_knows(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = shop.parent / "gitconfig"
    config.write_text("[user]\n\temail = ada@example.com\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    assert owners_of(shop) == Owners(("ada@example.com",), "git config user.email")
    CliRunner().invoke(root, ["-C", str(shop), "init"])
    assert "nobody approves a waiver of their own" in (shop / "pricebook.yaml").read_text()


def test_where_nobody_is_known_it_says_what_to_fill_in(shop: Path) -> None:
    CliRunner().invoke(root, ["-C", str(shop), "init"])
    assert "Say who may, by their names on the code host" in (shop / "pricebook.yaml").read_text()
