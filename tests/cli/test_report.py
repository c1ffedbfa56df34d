"""One answer in several formats: what goes to standard output, what to files, and that a refusal goes there too."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

PROJECT = "namespace: acme\nmanifests: [catalog.yaml]\nenvironments:\n  local: {store: 'sqlite:///pricebook.db'}\n"
CATALOG = """\
apiVersion: pricebook/v1
kind: Product
metadata: {name: pro}
spec: {name: Pro, type: FIXED}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in a folder of a repository."""
    folder = tmp_path / "pricing"
    folder.mkdir()
    (tmp_path / ".git").mkdir()
    (folder / "pricebook.yaml").write_text(PROJECT)
    (folder / "catalog.yaml").write_text(CATALOG)
    return folder


def pricebook(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "pricebook", "-C", str(folder), "--as-of", "2026-01-01", *words]
    return subprocess.run(line, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def reports(folder: Path) -> list[str]:
    """The options that ask for every format."""
    files = {"json": "p.json", "markdown": "p.md", "sarif": "p.sarif", "junit": "p.xml", "github": "p.log"}
    return [word for name, file in files.items() for word in ("--report", f"{name}={folder / file}")]


def test_a_plan_is_written_in_every_format_at_once(project: Path) -> None:
    answer = pricebook(project, "plan", *reports(project))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "+ product:pro" in answer.stdout
    assert json.loads((project / "p.json").read_text())["counts"]["created"] == 1
    comment = (project / "p.md").read_text()
    assert comment.startswith("### No existing price changes.")
    assert comment.endswith("<!-- pricebook plan acme/local -->\n")
    assert json.loads((project / "p.sarif").read_text())["runs"][0]["results"] == []
    assert ET.parse(project / "p.xml").getroot().attrib["failures"] == "0"
    assert (project / "p.log").read_text() == (
        "::notice title=pricebook plan::No existing price changes. Applied as it is: nothing stands against it.\n"
    )


def test_a_refusal_is_written_in_every_format_too(project: Path) -> None:
    (project / "catalog.yaml").write_text(CATALOG.replace("FIXED", "FIKSED"))
    answer = pricebook(project, "plan", *reports(project))
    assert answer.returncode == 1
    assert "error[not-a-choice] catalog.yaml:4:25" in answer.stderr
    assert answer.stdout == ""
    assert json.loads((project / "p.json").read_text())["total"] == 1
    assert (project / "p.md").read_text().startswith("### No plan: 1 problem\n")
    assert "<!-- pricebook plan acme/local -->" in (project / "p.md").read_text()
    (result,) = json.loads((project / "p.sarif").read_text())["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "pricing/catalog.yaml"
    assert place["region"] == {"startLine": 4, "startColumn": 25}
    assert ET.parse(project / "p.xml").getroot().attrib["failures"] == "1"
    assert (
        (project / "p.log")
        .read_text()
        .startswith("::error file=pricing/catalog.yaml,line=4,col=25,title=not-a-choice::")
    )


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("text", "Valid: 1 product."),
        ("json", '{"counts"'),
        ("markdown", "### Valid: 1 product."),
        ("sarif", '{"$schema"'),
        ("junit", "<?xml"),
        ("github", "::notice title=pricebook::Valid: 1 product."),
    ],
)
def test_validate_answers_in_every_format(name: str, start: str, project: Path) -> None:
    answer = pricebook(project, "--format", name, "validate")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith(start)
    (project / "catalog.yaml").write_text(CATALOG.replace("FIXED", "FIKSED"))
    answer = pricebook(project, "--format", name, "validate")
    assert answer.returncode == 1
    assert "not-a-choice" in answer.stdout + answer.stderr
    assert bool(answer.stdout) == (name != "text")


def test_apply_writes_what_was_done(project: Path) -> None:
    file = project / "done.md"
    answer = pricebook(project, "--format", "markdown", "apply", "--yes", "--report", f"markdown={file}")
    assert answer.returncode == 0
    assert answer.stdout == file.read_text()
    assert answer.stdout.startswith("### Applied: 1 object created. Read back and verified.\n")
    again = pricebook(project, "--format", "markdown", "apply", "--yes")
    assert again.stdout.startswith("### Nothing to change")


def test_apply_has_no_lines_of_manifests_to_mark(project: Path) -> None:
    answer = pricebook(project, "apply", "--yes", "--report", f"sarif={project / 'x'}")
    assert answer.returncode == 1
    assert "error[format]\n  there is no sarif of this\n" in answer.stderr
    assert not (project / "pricebook.db").exists()


@pytest.mark.parametrize("value", ["markdown", "markdown=", "word=x.doc", "=x"])
def test_a_report_is_a_format_and_a_file(value: str, project: Path) -> None:
    answer = pricebook(project, "plan", "--report", value)
    assert answer.returncode == 1
    assert "is not FORMAT=FILE" in answer.stderr


def test_a_report_that_cannot_be_written_is_told(project: Path) -> None:
    answer = pricebook(project, "plan", "--report", f"json={project / 'none' / 'p.json'}")
    assert answer.returncode == 1
    assert "error[system]" in answer.stderr
    assert "Traceback" not in answer.stderr
