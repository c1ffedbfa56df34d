"""The reference pages are complete: every field, every problem's code, every hazard; and their examples load."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from pricebook.catalog.declared import marks
from pricebook.catalog.model import Model, noun_class
from pricebook.catalog.rate import RateTerms
from pricebook.catalog.reference import Kind
from pricebook.catalog.scenario import Scenario
from pricebook.manifest.load import Loaded, load
from pricebook.manifest.rates_from import RatesFrom
from pricebook.manifest.relation import Relation
from pricebook.plan.hazard import REFUSED, Hazard
from pricebook.preview.verdict import judge
from pricebook.project.project import ProjectSettings, read_project

ROOT = Path(__file__).resolve().parents[2]
REPORTS = {"Violation", "Problem", "Unusable", "reject", "_problem"}
"""The calls whose first argument is a problem's code."""


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def examples(folder: Path) -> Loaded:
    """The examples of the manifest page, loaded as one catalogue."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", page("manifests.md"), re.MULTILINE | re.DOTALL)
    (settings,) = (block for block in blocks if block.startswith("# pricebook.yaml"))
    manifests = [block for block in blocks if block != settings]
    (folder / "catalog").mkdir()
    (folder / "pricebook.yaml").write_text(settings, encoding="utf-8")
    (folder / "catalog" / "all.yaml").write_text("---\n".join(manifests), encoding="utf-8")
    return load(read_project(folder))


def test_the_examples_of_the_manifest_page_are_one_catalogue(tmp_path: Path) -> None:
    found = examples(tmp_path)
    assert {ref.kind for ref in (*found.catalog.nouns, *found.beside)} == set(Kind)


def test_the_scenario_of_the_manifest_page_holds(tmp_path: Path) -> None:
    found = examples(tmp_path)
    scenarios = [noun for noun in found.beside.values() if isinstance(noun, Scenario)]
    assert [judge("page", scenario, found.catalog).mismatches for scenario in scenarios] == [()]


def test_every_field_is_on_the_manifest_page() -> None:
    text = page("manifests.md")
    for model in models():
        for name in model.written():
            assert f"`{name}`" in text, f"{model.__name__}.{name}"


def test_every_code_is_on_the_page_of_problems_and_no_other() -> None:
    first_cells = re.findall(r"^\| (`[^|]*) \|", page("errors.md"), re.MULTILINE)
    documented = [code for cell in first_cells for code in re.findall(r"`([a-z-]+)`", cell)]
    assert sorted(documented) == sorted(set(documented)), "each once"
    assert set(documented) == {code for code in codes() if re.fullmatch("[a-z]+(-[a-z]+)*", code)}


def test_every_hazard_is_on_the_pages_with_what_becomes_of_it() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \|.*\| (yes|no) \|$", page("planning.md"), re.MULTILINE))
    assert rows == {hazard: "yes" if hazard in REFUSED else "no" for hazard in Hazard}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"`{hazard}`" in readme for hazard in Hazard)


def models() -> set[type[Model]]:
    """Every model that a manifest, a table or the project file can hold."""
    found: set[type[Model]] = set()
    open_: list[type[Model]] = [*map(noun_class, Kind), RateTerms, RatesFrom, Relation, ProjectSettings]
    while open_:
        model = open_.pop()
        if model in found:
            continue
        found.add(model)
        for field in model.model_fields.values():
            open_ += [mark for mark in marks(field.annotation) if isinstance(mark, type) and issubclass(mark, Model)]
    return found


def codes() -> Iterator[str]:
    """The codes in the source: first arguments of reports, those of declared conditions, and the tables by which
    the readers choose one."""
    for file in sorted((ROOT / "src" / "pricebook").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in REPORTS:
                    yield from _words(first)
                case ast.Call(func=ast.Name(id="needs" | "bars"), keywords=keywords):
                    yield from (word for each in keywords if each.arg == "code" for word in _words(each.value))
                case ast.Assign(targets=[ast.Name(id="_SAYINGS")], value=ast.Dict(keys=keys)):
                    yield from (word for key in keys if key is not None for word in _words(key))
                case ast.Assign(targets=[ast.Name(id="_CODES")], value=ast.Dict(values=values)):
                    yield from (word for value in values for word in _words(value))


def _words(node: ast.expr) -> Iterator[str]:
    """The codes that an expression can be: a text, or a choice of texts."""
    match node:
        case ast.Constant(value=str(word)):
            yield word
        case ast.IfExp(body=body, orelse=other):
            yield from _words(body)
            yield from _words(other)
        case ast.Call(func=ast.Attribute(attr="get"), args=[_, default]):
            yield from _words(default)
