"""Law 4: what is dumped loads as the same catalogue."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings

from pricebook.catalog.catalog import Catalog
from pricebook.manifest.dump import dump
from pricebook.manifest.load import load
from pricebook.manifest.project import read_project
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


@given(catalogs())
@settings(max_examples=100)
def test_what_is_dumped_loads_as_the_same_catalogue(catalog: Catalog) -> None:
    files = dump(catalog)
    again = loaded(files)
    assert again == catalog
    assert again.digest == catalog.digest
    assert dump(again) == files
