"""An overlay that says what the manifests say changes nothing, and one that says otherwise changes that alone."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pricebook.catalog.catalog import Catalog
from pricebook.edit.dump import dump
from pricebook.edit.layout import inline
from pricebook.manifest.envelope import kinds
from pricebook.manifest.load import load
from pricebook.manifest.syntax import read_documents
from pricebook.project.project import read_project
from strategy import catalogs

PROJECT = """\
namespace: acme
manifests: [catalog]
environments:
  base: {store: "sqlite:///unused.db"}
  other: {store: "sqlite:///unused.db", overlays: [overlay.yaml]}
"""


@given(catalogs(), st.data())
@settings(max_examples=25)
def test_the_manifests_own_values_change_no_digest(catalog: Catalog, data: st.DataObject) -> None:
    files = dump(catalog)
    manifests: list[Any] = [doc.data for file, text in files.items() for doc in read_documents(file, text)[0]]
    patches: dict[str, dict[str, Any]] = {}
    patched = data.draw(st.sampled_from(range(len(manifests))))  # an overlay without a patch is refused
    for index, manifest in enumerate(manifests):
        paths = list(_paths(manifest["spec"]))
        one = int(index == patched)
        chosen = data.draw(
            st.lists(st.sampled_from(paths), min_size=one, max_size=2, unique_by=lambda path: path[0].split("[")[0])
        )
        if chosen:
            kind = kinds()[manifest["kind"]].value
            patches[f"{kind}:{manifest['metadata']['name']}"] = {path: _plain(value) for path, value in chosen}
    with TemporaryDirectory() as name:
        root = Path(name)
        (root / "catalog").mkdir()
        for file, text in files.items():
            (root / "catalog" / file).parent.mkdir(exist_ok=True)
            (root / "catalog" / file).write_text(text, encoding="utf-8")
        (root / "pricebook.yaml").write_text(PROJECT)
        overlay = inline({"apiVersion": "pricebook/v1", "kind": "Overlay", "patches": patches})
        (root / "overlay.yaml").write_text(overlay, encoding="utf-8")
        project = read_project(root)
        assert load(project, "other").catalog == load(project, "base").catalog == catalog


def _paths(spec: dict[str, Any]) -> Any:
    """Fields with their values: those of the spec, and one level below by position."""
    for field, value in spec.items():
        yield field, value
        for index, entry in enumerate(value if isinstance(value, tuple) else ()):
            if isinstance(entry, dict):
                yield from (
                    (f"{field}[{index + 1}].{name}", inner) for name, inner in entry.items() if field != "rates"
                )


def _plain(value: Any) -> Any:
    """Data as the writer of YAML takes it, with lists."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return list(map(_plain, value)) if isinstance(value, tuple) else value
