"""The corpus: manifests that hold and manifests that do not, judged alike by the loader and by the JSON Schema.

A file's first line says its story. A bad file says below what the loader reports, and where (`# expect: code l:c`,
in the loader's order; a place in another file has its name before it), and, when the schema cannot see it, why
(`# schema: cannot see (reason)`). Every file is loaded beside `base.yaml`, which declares what it refers to.
"""

import ast
import json
import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import pricebook
from pricebook.manifest.load import load
from pricebook.manifest.schema import schema_files
from pricebook.manifest.syntax import read_documents
from pricebook.problem import Rejected
from pricebook.project.project import ProjectSettings, read_project

CORPUS = Path(__file__).parent / "corpus"
GOOD = sorted((CORPUS / "good").glob("*.yaml"))
BAD = sorted((CORPUS / "bad").glob("*.yaml"))
PROJECT = """\
namespace: corpus
manifests: [base.yaml, manifest.yaml]
environments: {local: {store: "sqlite:///unused.db"}}
"""

UNSTATABLE = {
    "YAML": {"complex-key", "duplicate-key", "merge", "too-deep", "yaml-syntax"},
    "comparison of values": {
        "aggregation-key",
        "alias-overlap",
        "empty-period",
        "instant",
        "out-of-range",
        "overlapping-schedule",
        "postpaid-total",
        "same-version",
        "unit-changes",
        "wave-order",
        "wave-shares",
    },
    "count of digits": {"too-precise"},
    "cross-reference": {
        "alias-collision",
        "ambiguous-key",
        "composite-cycle",
        "composite-member",
        "currency-conversion",
        "currency-mismatch",
        "daily-recurrence",
        "duplicate-name",
        "duplicate-rate",
        "group-key",
        "migration-overlap",
        "missing-column",
        "missing-field",
        "missing-file",
        "no-rate",
        "not-a-currency",
        "not-applicable",
        "outside",
        "pricing-group-key",
        "product-type",
        "seat-allocation",
        "seat-key",
        "unit-not-on-card",
        "unknown-key",
        "unknown-reference",
    },
    "the last of a list": {"missing-field", "tier-gap"},
    "uniqueness by a field": {"duplicate", "duplicate-key", "duplicate-rate"},
}
"""What no schema can state: reason -> codes. Of some codes a schema sees other cases: a fraction above 1, a missing
field that is always required."""

ELSEWHERE = {
    "files that are no YAML text, in test_bad_input": {"alias-bomb", "binary", "encoding", "no-manifest", "not-a-file"},
    "files that cannot be opened, in test_text": {"no-permission", "too-large", "unreadable-file"},
    "usage files, in test_usage_file": {"blank", "json-syntax", "usage-format"},
    "the project file, in test_bad_input": {"no-project", "unknown-environment"},
    "tables, in test_bad_input": {
        "csv-syntax",
        "duplicate-column",
        "empty-table",
        "missing-value",
        "more",
        "row-width",
    },
    "overlays, in test_overlay": {
        "not-an-overlay",
        "patch-nowhere",
        "patch-path",
        "patch-ref",
        "patch-unheard",
        "patched-twice",
        "unused-overlay",
    },
    "relations, in test_relations": {"ambiguous", "relation-cycle"},
    "packages, in test_package_patterns": {"package-cycle", "unknown-value"},
    "tables, in test_table_forms": {
        "missing-sheet",
        "not-a-workbook",
        "not-parquet",
        "missing-extra",
        "not-json",
        "nothing-fits",
        "white-space",
    },
    "what was renamed, in tests/remote/test_moved": {"moved"},
    "the policy, in tests/policy/test_settings": {"duplicate-row", "too-many"},
    "what drift accepts, in tests/cli/test_drift_command": {"acceptance-ended", "acceptance-unused"},
    "what no known input has": {"value"},
}
"""Codes that no file of the corpus has, and where they are tested."""


@pytest.fixture(scope="session")
def validator() -> Draft202012Validator:
    """The manifest schema."""
    schema = json.loads(schema_files(ProjectSettings)["manifest.schema.json"])
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def loaded(text: str, directory: Path) -> list[str]:
    """What the loader has to say of the text: `code line:column` of each problem."""
    for name in ("base.yaml", "prices.csv"):
        shutil.copy(CORPUS / name, directory)
    (directory / "pricebook.yaml").write_text(PROJECT)
    (directory / "manifest.yaml").write_text(text)
    try:
        load(read_project(directory))
    except Rejected as rejected:
        return [f"{p.code} {p.at}".replace(" manifest.yaml:", " ") for p in rejected.problems]
    return []


def accepted(text: str, validator: Draft202012Validator) -> bool:
    """Whether the schema accepts every document of the text."""
    documents, _ = read_documents("manifest.yaml", text)
    return all(validator.is_valid(plain(document.data)) for document in documents)


def plain(data: Any) -> Any:
    """Data as an editor's validator has it: lists, and binary floats."""
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items()}
    if isinstance(data, tuple):
        return list(map(plain, data))
    return float(data) if isinstance(data, Decimal) else data


def header(text: str) -> tuple[list[str], str]:
    """The expected problems, and why the schema cannot see them."""
    reason = re.search(r"^# schema: cannot see \((.+)\)$", text, re.MULTILINE)
    return re.findall("^# expect: (.+)$", text, re.MULTILINE), reason[1] if reason else ""


def test_the_corpus_is_there() -> None:
    assert len(GOOD) >= 25
    assert len(BAD) >= 40
    assert [path.name for path in (*GOOD, *BAD) if not re.match("# [A-Z].*[.?]\n", path.read_text())] == []


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_manifest_that_holds(path: Path, tmp_path: Path, validator: Draft202012Validator) -> None:
    assert loaded(path.read_text(), tmp_path) == []
    assert accepted(path.read_text(), validator)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_manifest_that_does_not_hold(path: Path, tmp_path: Path, validator: Draft202012Validator) -> None:
    expected, unseen = header(path.read_text())
    assert expected
    assert loaded(path.read_text(), tmp_path) == expected
    assert accepted(path.read_text(), validator) == bool(unseen)


def test_what_the_schema_cannot_state_is_known() -> None:
    found: dict[str, set[str]] = {}
    for path in BAD:
        expected, reason = header(path.read_text())
        if reason:
            found.setdefault(reason, set()).update(problem.split()[0] for problem in expected)
    assert found == UNSTATABLE


def test_every_code_is_tested() -> None:
    tested = {problem.split()[0] for path in BAD for problem in header(path.read_text())[0]}
    elsewhere = {code for codes in ELSEWHERE.values() for code in codes}
    assert set(codes()) - tested == elsewhere
    assert tested & elsewhere == set()


def codes() -> Iterator[str]:
    """Every code that the rooms of manifests know, from their source."""
    root = Path(pricebook.__file__).parent
    rooms = ("catalog", "manifest", "edit", "project")
    for path in (file for room in rooms for file in root.glob(f"{room}/*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.func.id if isinstance(node.func, ast.Name) else ""
                if name in ("Violation", "Problem", "Unusable", "reject", "yaml_problem"):
                    yield str(node.args[0].value)


def test_the_committed_schemas_are_those_of_the_models() -> None:
    committed = Path(__file__).parents[2] / "schemas"
    files = schema_files(ProjectSettings)
    assert {name: (committed / name).read_text() for name in files} == files
