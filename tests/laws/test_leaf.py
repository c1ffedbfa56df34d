"""Law 13: everything has one name."""

from contextlib import suppress
from decimal import Decimal
from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from test_plan import BEFORE, NOW, folded, plan

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.check import check_catalog
from pricebook.catalog.fingerprint import noun_of, spec_of, tupled
from pricebook.catalog.leaf import leaves
from pricebook.catalog.path import FieldPath, Label, labels, named, path_text, read_path
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.role import Role
from pricebook.catalog.unit import scales_of
from pricebook.catalog.violation import Path
from pricebook.edit.dump import dump, spec_data
from pricebook.edit.layout import inline
from pricebook.edit.manifest_edit import ManifestEdit
from pricebook.manifest.field_path import Finder, Nowhere, put, value_at
from pricebook.manifest.load import load
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.verb.table import Supersede
from pricebook.policy.fact import Facts
from pricebook.policy.judge import judge, plan_tasks
from pricebook.policy.proposal import Proposal
from pricebook.project.policy import Policy
from pricebook.project.project import read_project
from strategy import TEXTS, catalogs

PROJECT = """\
namespace: acme
manifests: [catalog]
environments:
  base: {store: "sqlite:///unused.db"}
  other: {store: "sqlite:///unused.db", overlays: [overlay.yaml]}
"""


@given(catalogs())
def test_the_text_of_a_path_leads_back_to_it(catalog: Catalog) -> None:
    for noun in catalog.nouns.values():
        for path in leaves(noun):
            assert read_path(path_text(path)) == path


@given(st.lists(st.fixed_dictionaries({}, optional={"key": TEXTS, "name": TEXTS, "product": TEXTS})))
def test_terms_of_a_list_have_names_of_their_own(terms: list[Any]) -> None:
    found = labels(terms)
    assert len(set(found)) == len(terms)
    for label in found:
        assert read_path(path_text(("credits", label, "name"))) == ("credits", Label(label.text), "name")


@given(catalogs())
def test_a_path_leads_to_its_node_in_a_manifest_and_back(catalog: Catalog) -> None:
    scales = scales_of(catalog.units)
    for noun in catalog.nouns.values():
        spec = tupled(spec_data(noun, scales))
        for leaf in leaves(noun):
            path, node = written(spec, leaf)
            assert named(noun, node) == path
            assert named(spec, node) == path


def written(spec: Any, leaf: FieldPath) -> tuple[FieldPath, Path]:
    """Where in a manifest something is written, as a path and as a node. What has a short form is one text."""
    try:
        return leaf, Finder(spec).find(leaf)
    except Nowhere:
        node = Finder(spec).find(leaf[:-1])
        assert isinstance(value_at(spec, node)[1], str)
        return leaf[:-1], node


def twentyfold(catalog: Catalog, data: st.DataObject) -> tuple[Catalog, Ref, FieldPath, Any]:
    """The catalogue with one number of a package twenty times as much, where that is, and what it was."""
    found = [
        (ref, path, leaf.value)
        for ref, noun in catalog.nouns.items()
        for path, leaf in (leaves(noun) if ref.kind is Kind.PACKAGE else {}).items()
        if isinstance(leaf.value, int | Decimal) and not isinstance(leaf.value, bool) and leaf.value > 0
        if leaf.role is not Role.GRANTS or leaf.unit is None  # hazards tell of those
    ]
    for ref, path, value in data.draw(st.permutations(found)):
        spec = tupled(spec_of(catalog.nouns[ref]))
        with suppress(ValidationError):
            noun = noun_of(ref.kind, put(spec, Finder(spec).find(path), value * 20))
            changed = Catalog({**catalog.nouns, ref: noun}, catalog.rates)
            if not list(check_catalog(changed)):
                return changed, ref, path, value
    return reject()


@given(st.data())
@settings(max_examples=25)
def test_plans_findings_patches_and_places_have_one_path_for_a_thing(data: st.DataObject) -> None:
    before = data.draw(catalogs(packages=1))
    after, ref, leaf, value = twentyfold(before, data)
    spec = tupled(spec_data(after.nouns[ref], after.scales))
    path, node = written(spec, leaf)
    text = path_text(path)
    said, was = value_at(tupled(spec_data(before.nouns[ref], before.scales)), node)
    was = was if said else value  # a default is not written
    with TemporaryDirectory() as name:
        root = FilePath(name)
        for file, manifest in {
            "pricebook.yaml": PROJECT,
            **{f"catalog/{name}": text for name, text in dump(after).items()},
        }.items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(manifest, encoding="utf-8")
        overlay = {"apiVersion": "pricebook/v1", "kind": "Overlay", "patches": {str(ref): {text: was}}}
        (root / "overlay.yaml").write_text(inline(overlay), encoding="utf-8")
        loaded = load(project := read_project(root), "base")

        snapshot = folded(Snapshot(BEFORE), plan(before, Snapshot(BEFORE), BEFORE))
        made = plan(loaded.catalog, snapshot)
        (step,) = made.steps
        assert isinstance(step.change, Supersede)
        assert [field.path for field in step.change.fields] == [leaf], "the plan's"

        policy, facts = Policy.model_validate({"max_increase": "50%"}), Facts(loaded.catalog, NOW)
        found = judge(plan_tasks(Proposal(made, snapshot, facts, policy), policy), lambda: 0.0)
        about = [one.finding for one in found if one.finding.ref == ref and one.finding.label == path_text(leaf)]
        place = loaded.source_map.span(ref, *node)
        assert {loaded.source_map.span(ref, *finding.path) for finding in about} == {place}, "a finding's"

        edit = ManifestEdit(loaded)
        edit.put(ref, {("spec", *node): was})
        ((file, old, new),) = edit.files()
        assert old is not None
        lines = zip(old.splitlines(), new.splitlines(), strict=True)
        changed = [number for number, (one, other) in enumerate(lines, 1) if one != other]
        assert place is not None
        assert (file, changed) == (place.file, [place.line]), "where the source map says, an edit goes"
        assert edit.left == []

        patched = load(project, "other")
        assert patched.catalog == before, "a patch's"
        place = patched.source_map.span(ref, *node)
        assert place is not None
        assert place.file == "overlay.yaml"
        (root / file).write_text(new, encoding="utf-8")
        assert load(project, "base").catalog == before
