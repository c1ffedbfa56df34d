"""The documentation site: built strictly, whole, with an address for every code, and with nothing from elsewhere."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pricebook import SITE
from pricebook.cli.main import COMMANDS
from pricebook.plan.hazard import Hazard
from pricebook.policy.judge import hazard_id, rules
from pricebook.problem import address

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as it is published. A link or an anchor that leads nowhere would have failed it."""
    folder = tmp_path_factory.mktemp("site")
    line = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Seen(HTMLParser):
    """What a page has: places, and what it links to or fetches."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.places |= {said["id"]} if "id" in said else set()
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        self.fetched += [said[name] for name in ("src", "data-src") if name in said]
        if tag == "link" and said.get("rel") in ("stylesheet", "preload", "icon"):
            self.fetched.append(said["href"])


def seen(site: Path) -> Iterator[tuple[Path, Seen]]:
    """Every page."""
    for path in sorted(site.rglob("*.html")):
        yield path, Seen(path.read_text(encoding="utf-8"))


def test_every_code_has_its_address(site: Path) -> None:
    text = (site / "errors" / "index.html").read_text(encoding="utf-8")
    places = re.findall(r'id="([\w-]+)"', text)
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| (`[^|]*) \|", page, re.MULTILINE)
    errors = [code for cell in cells for code in re.findall(r"`([a-z-]+)`", cell)]
    for code in (*errors, *rules(), *Hazard, *map(hazard_id, Hazard)):
        assert address(code) == f"{SITE}/errors/#{code}"
        assert places.count(code) == 1, code


def test_every_link_within_the_site_leads_somewhere(site: Path) -> None:
    """MkDocs looks at the links of Markdown; these are those of the pages, the navigation's and the theme's too."""
    pages = dict(seen(site))
    for path, page in pages.items():
        for link in page.links:
            name, _, anchor = link.partition("#")
            if "://" in name or name.startswith("mailto:") or path.name == "404.html":
                continue
            target = (path.parent / name).resolve() if name else path
            target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), f"{path.relative_to(site)}: {link}"
            if anchor and target in pages and anchor != "__codelineno":
                assert anchor in pages[target].places, f"{path.relative_to(site)}: {link}"


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    for path, page in seen(site):
        assert not [link for link in page.fetched if "://" in link and not link.startswith(SITE)], path
    assert not [path for path in site.rglob("*.css") if re.search(r"url\([\"']?https?:", path.read_text("utf-8"))]


def test_the_reference_has_every_command_and_its_options(site: Path) -> None:
    text = (site / "llms-full.txt").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"\n## pricebook {name}\n" not in text] == []
    assert "\n### pricebook post comment\n" in text
    assert "\n| `--expect " in text


def test_the_reference_has_every_field(site: Path) -> None:
    _, _, text = (site / "llms-full.txt").read_text(encoding="utf-8").partition("\n# Fields\n")
    for name in ("manifest", "project"):
        schema = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
        for model, said in schema["$defs"].items():
            assert f"\n### {model}\n" in text
            assert all(f"\n| `{field}` |" in text for field in said.get("properties", {})), model


def test_what_agents_read_names_every_page_in_order(site: Path) -> None:
    listed = re.findall(r"\]\((\S+)\): ", (site / "llms.txt").read_text(encoding="utf-8"))
    mapped = re.findall(r"<loc>(\S+)</loc>", (site / "sitemap.xml").read_text(encoding="utf-8"))
    assert listed[:3] == [f"{SITE}/", f"{SITE}/quickstart/", f"{SITE}/own-list/"]
    assert sorted(listed) == sorted(mapped)
    whole = (site / "llms-full.txt").read_text(encoding="utf-8")
    led = set(re.findall(r"\]\(([^)\s#]+)[^)]*\)", whole))
    assert not [link for link in led if "://" not in link and not link.startswith("mailto:")]
    assert {link for link in led if link.startswith(f"{SITE}/") and link.endswith("/")} <= {*mapped}
    assert [f"<!-- {page} -->" in whole for page in listed] == [True] * len(listed)


def test_it_can_be_searched(site: Path) -> None:
    (index,) = site.glob("search*.json") if list(site.glob("search*.json")) else (site / "search").glob("*.json")
    assert "unknown-reference" in index.read_text(encoding="utf-8")


def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "planning.md").write_text("# A\n\n[x](nowhere.md) [y](#z)\n", encoding="utf-8")
    start, _, _ = settings.partition("nav:\n")
    head = start.replace("hooks: [tools/site.py]\n", "").replace("build/site", str(tmp_path / "site"))
    (tmp_path / "mkdocs.yml").write_text(f"{head}nav: [planning.md]\n", encoding="utf-8")
    line = [sys.executable, "-m", "mkdocs", "build", "--config-file", str(tmp_path / "mkdocs.yml")]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "nowhere.md" in done.stderr
    assert "#z" in done.stderr


def test_no_page_cites_what_is_not_in_the_repository() -> None:
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), ROOT / "tests" / "policy" / "mistakes.yaml"]
    known = {path.name for path in ROOT.rglob("*.md") if ".venv" not in path.parts}
    for page in pages:
        named = re.findall(r"[\w-]+\.md\b", page.read_text(encoding="utf-8"))
        assert not {name for name in named if name not in known and name not in ("comment.md", "plan.md")}, page
