"""What the pages for contributors say of the house is so: rooms, files that they name, pages they link to."""

import ast
import re
import runpy
import tomllib
from pathlib import Path

import pytest

from parsed import SOURCE, parsed

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [
    *(ROOT / name for name in ("CONTRIBUTING.md", "AGENTS.md", "skills/pricebook/SKILL.md")),
    DOCS / "agents.md",
    DOCS / "architecture.md",
    *sorted((DOCS / "decisions").glob("*.md")),
]
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb"}
PLACES = (ROOT, ROOT / "src" / "pricebook")


def floors() -> list[set[str]]:
    """The rooms of each floor, from the top, as import-linter holds them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (each for each in settings["tool"]["importlinter"]["contracts"] if each["id"] == "floors")
    return [set(re.findall(r"\w+", layer)) for layer in contract["layers"]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = set(re.findall(r"`([\w./-]*/[\w.-]+\.(?:py|toml|yaml|yml|json|md))`", page.read_text(encoding="utf-8")))
    assert [name for name in sorted(named) if not any((place / name).is_file() for place in PLACES)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_to_a_page(page: Path) -> None:
    links = re.findall(r"\]\(([\w./-]+\.md)(?:#[\w-]+)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).is_file()] == []


def test_the_table_of_floors_is_that_of_the_contracts() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ((?:`\w+`(?:, )?)+) \|", text, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(len(rows), 0, -1))
    told = [set(re.findall(r"\w+", rooms)) for _, rooms in rows]
    held = floors()
    assert told == [*held[:-2], held[-2] | held[-1]]


def test_pure_rooms_read_no_environment() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (each for each in settings["tool"]["importlinter"]["contracts"] if each["id"] == "pure")
    reaching = {re.split(r"[. ]", each)[1] for each in contract["ignore_imports"] if each.endswith("-> *")}
    rooms = set().union(*floors()) - reaching
    reads = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path, module in parsed().items()
        if path.relative_to(SOURCE).parts[0].removesuffix(".py") in rooms
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT)
        or (isinstance(node, ast.ImportFrom) and ENVIRONMENT & {name.name for name in node.names})
    ]
    assert reads == []
    assert {"manifest", "catalog", "plan", "view"} < rooms


def test_each_library_behind_a_door_is_in_the_decision() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    page = (DOCS / "decisions" / "0009-one-library-behind-one-door.md").read_text(encoding="utf-8")
    table = [line for line in page.splitlines() if line.startswith("| ")]
    for contract in settings["tool"]["importlinter"]["contracts"]:
        doors = {each.partition(" -> ")[0] for each in contract.get("ignore_imports", ())}
        for door in doors if contract["id"].startswith("door-") else ():
            room = door.removeprefix("pricebook.").removesuffix(".**").replace(".", "/")
            assert any(f"`{room}`" in line or f"`{room}.py`" in line for line in table), door


def test_the_drawings_are_of_what_there_is() -> None:
    drawings = runpy.run_path(str(ROOT / "tools" / "pictures.py"))["drawings"]()
    for name, text in drawings.items():
        assert (DOCS / "pictures" / name).read_text(encoding="utf-8") == text, "make pictures"
