"""`pricebook site` and its directory: ours as a whole, or left alone."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pricebook.cli.main import root

STARTER = Path(__file__).resolve().parents[2] / "examples" / "starter-plan"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the starter plan, applied nowhere."""
    shutil.copytree(STARTER, tmp_path / "project", ignore=shutil.ignore_patterns("pricebook.db*"))
    (tmp_path / "project" / "catalog" / "scenarios.yaml").unlink()  # they name the packages that come and go here
    return tmp_path / "project"


def site(project: Path, output: Path, *more: str, status: int = 0) -> Result:
    """Write the site of what is desired, as of a day."""
    line = ["-C", str(project), "--as-of", "2025-10-01", "site", "--desired", "--output", str(output), *more]
    result = CliRunner().invoke(root, line)
    assert result.exit_code == status, result.output
    return result


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_desired_is_written_and_the_store_is_not(project: Path, tmp_path: Path) -> None:
    said = site(project, tmp_path / "public").output
    assert "29 written, 0 removed." in said
    assert (tmp_path / "public" / "packages" / "starter-plan.html").is_file()
    assert not (project / "pricebook.db").exists()


def test_what_the_store_holds_is_written_from_the_store(project: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(root, ["-C", str(project), "--as-of", "2025-10-01", "apply", "--yes"]).exit_code == 0
    shutil.rmtree(project / "catalog")  # nobody asks for the manifests
    result = runner.invoke(root, ["-C", str(project), "--format", "json", "site", "--output", str(tmp_path / "public")])
    assert json.loads(result.output)["written"] == 29
    first = tree(tmp_path / "public")
    assert '"opens_on":null' in first["assets/prices.js"].decode()
    assert runner.invoke(root, ["-C", str(project), "site", "--output", str(tmp_path / "again")]).exit_code == 0
    assert tree(tmp_path / "again") == first, "the clock is not among the input"


def test_an_empty_store_has_a_site(project: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(root, ["-C", str(project), "site", "--output", str(tmp_path / "public")])
    assert result.exit_code == 0, result.output


def test_again_nothing_is_written_and_what_is_gone_is_removed(project: Path, tmp_path: Path) -> None:
    public = tmp_path / "public"
    site(project, public)
    (public / "CNAME").write_text("prices.example.com")
    assert "0 written, 0 removed." in site(project, public).output
    (project / "catalog" / "packages" / "team.yaml").unlink()
    assert "1 removed." in site(project, public).output
    assert not (public / "packages" / "team.html").exists()
    assert (public / "CNAME").exists()
    site(project, tmp_path / "fresh")
    (public / "CNAME").unlink()
    assert tree(public) == tree(tmp_path / "fresh")


def test_a_directory_with_something_else_is_refused(project: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "index.html").write_text("mine")
    refused = site(project, home, status=1)
    assert "error[not-a-site]" in refused.output
    assert tree(home) == {"index.html": b"mine"}
    site(project, home / "index.html", status=1)


def test_a_file_of_somebody_else_is_not_overwritten(project: Path, tmp_path: Path) -> None:
    public = tmp_path / "public"
    (project / "catalog" / "packages" / "team.yaml").rename(project / "team.txt")
    site(project, public)
    (public / "packages" / "team.html").write_text("mine")
    (project / "team.txt").rename(project / "catalog" / "packages" / "team.yaml")
    before = tree(public)
    assert '"packages/team.html" is there and was not written' in site(project, public, status=1).output
    assert tree(public) == before


def test_a_site_of_another_project_is_refused(project: Path, tmp_path: Path) -> None:
    site(project, tmp_path / "public")
    settings = project / "pricebook.yaml"
    settings.write_text(settings.read_text().replace("namespace: acme", "namespace: other"))
    assert 'is the site of "acme"' in site(project, tmp_path / "public", status=1).output


@pytest.mark.parametrize("path", ["../outside", "/etc/hostname", "a/../../outside", ""])
def test_a_listing_that_leads_outside_is_refused(project: Path, tmp_path: Path, path: str) -> None:
    public = tmp_path / "public"
    site(project, public)
    (tmp_path / "outside").write_text("mine")
    listing = json.loads((public / ".pricebook-site.json").read_text())
    listing["files"].append(path)
    (public / ".pricebook-site.json").write_text(json.dumps(listing))
    assert "error[not-a-site]" in site(project, public, status=1).output
    assert (tmp_path / "outside").read_text() == "mine"


def test_a_link_that_leads_outside_is_refused(project: Path, tmp_path: Path) -> None:
    public = tmp_path / "public"
    site(project, public)
    shutil.rmtree(public / "packages")
    (tmp_path / "outside").mkdir()
    (public / "packages").symlink_to(tmp_path / "outside")
    assert "error[not-a-site]" in site(project, public, status=1).output
    assert not any((tmp_path / "outside").iterdir())


def test_mistakes_in_manifests_write_nothing(project: Path, tmp_path: Path) -> None:
    manifest = project / "catalog" / "packages" / "team.yaml"
    manifest.write_text(manifest.read_text().replace("product: seat-credit", "product: nobody"))
    assert "error[unknown-reference]" in site(project, tmp_path / "public", status=1).output
    assert not (tmp_path / "public").exists()
