"""Law 4: what is dumped loads as the same catalogue."""

import json
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from jsonschema import Draft202012Validator

from pricebook.catalog.catalog import Catalog
from pricebook.edit.dump import dump
from pricebook.manifest.load import load
from pricebook.manifest.schema import schema_files
from pricebook.manifest.syntax import read_documents
from pricebook.project.project import ProjectSettings, read_project
from strategy import catalogs

PROJECT = 'namespace: acme\nenvironments: {local: {store: "sqlite:///unused.db"}}\n'


def loaded(files: dict[str, str]) -> Catalog:
    """The catalogue of these files."""
    with TemporaryDirectory() as name:
        root = Path(name)
        for file, text in {**files, "pricebook.yaml": PROJECT}.items():
            (root / file).parent.mkdir(exist_ok=True)
            (root / file).write_text(text, encoding="utf-8")
        return load(read_project(root)).catalog


def plain(data: Any) -> Any:
    """Data as an editor's validator has it: lists, and binary floats."""
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items()}
    if isinstance(data, tuple):
        return list(map(plain, data))
    return float(data) if isinstance(data, Decimal) else data


@given(catalogs())
@settings(max_examples=20)
def test_what_is_dumped_satisfies_the_schema(catalog: Catalog) -> None:
    validator = Draft202012Validator(json.loads(schema_files(ProjectSettings)["manifest.schema.json"]))
    for file, text in dump(catalog).items():
        documents, problems = read_documents(file, text)
        assert problems == []
        assert [error.message for document in documents for error in validator.iter_errors(plain(document.data))] == []


@given(catalogs())
@settings(max_examples=50)
def test_what_is_dumped_loads_as_the_same_catalogue(catalog: Catalog) -> None:
    files = dump(catalog)
    again = loaded(files)
    assert again == catalog
    assert again.digest == catalog.digest
    assert dump(again) == files
