"""Laws 11 and 13: what something is called says nothing of what it does, and everything has one name."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from test_plan import BEFORE, folded, plan

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.declared import fields_of, keyed_lists
from pricebook.catalog.fingerprint import tupled
from pricebook.catalog.leaf import leaves
from pricebook.catalog.model import Model
from pricebook.catalog.package import Package
from pricebook.catalog.path import Label, labels, named, path_text, read_path
from pricebook.catalog.role import Role
from pricebook.catalog.traverse import relinked
from pricebook.catalog.unit import BUILT_IN, scale_of
from pricebook.edit.dump import spec_data
from pricebook.manifest.field_path import Finder, Nowhere, value_at
from pricebook.observe.snapshot import Snapshot
from strategy import TEXTS, catalogs

WORDS = (
    "multiplier",
    "price",
    "unit_price",
    "entitled",
    "scheduled_charges",
    "starting_at_offset",
    "invoice_amount.unit_price",
    "overwrite_rate",
    "commits",
    "aliases",
    "1",
    "x.y-z",
    "recurring_credits.sign-up",
)
"""Keys that are the names of fields, or look like parts of paths."""


def changed(draw: st.DrawFn, value: Any, role: Role = Role.PLAIN) -> Any:
    """The model with some of what it grants and charges halved or doubled, some of its terms left out."""
    update: dict[str, Any] = {}
    for name, field in fields_of(type(value)).items():
        found, mark = getattr(value, name), field.role or role
        if isinstance(found, Model):
            update[name] = changed(draw, found, mark)
        elif field.model is not None and found:
            kept = [term for term in found if len(found) == 1 or draw(st.integers(0, 4))]
            update[name] = tuple(changed(draw, term, mark) for term in kept)
        elif isinstance(found, Decimal) and mark in (Role.GRANTS, Role.CHARGES):
            update[name] = found * draw(st.sampled_from([1, 1, 2, Decimal("0.5"), 20]))
        elif mark is Role.ENTITLES and isinstance(found, bool):
            update[name] = draw(st.booleans())
    return value.model_copy(update=update)


def renamed(package: Package, names: Mapping[str, str]) -> Package:
    """The package with other keys for its terms, and its links with them."""
    update = {}
    for field in keyed_lists(Package):
        terms = (relinked(term, names) for term in getattr(package, field))
        update[field] = tuple(term.model_copy(update={"key": names.get(term.key, term.key)}) for term in terms)
    return package.model_copy(update=update)


def keys_of(*packages: Package) -> list[str]:
    terms = (term for package in packages for name in keyed_lists(Package) for term in getattr(package, name))
    return sorted({term.key for term in terms if term.key})


@given(st.data())
@settings(max_examples=60)
def test_hazards_do_not_depend_on_names(data: st.DataObject) -> None:
    catalog = data.draw(catalogs(packages=1))
    packages = {ref: noun for ref, noun in catalog.nouns.items() if isinstance(noun, Package)}
    after = {ref: changed(data.draw, noun) for ref, noun in packages.items()}
    keys = keys_of(*packages.values(), *after.values())
    words = data.draw(st.permutations([*WORDS, *(f"k{n}" for n in range(max(0, len(keys) - len(WORDS))))]))
    names = dict(zip(keys, words, strict=False))
    found = []
    for names_used in ({}, names):
        first = {ref: renamed(noun, names_used) for ref, noun in packages.items()}
        then = {ref: renamed(noun, names_used) for ref, noun in after.items()}
        snapshot = folded(
            Snapshot(BEFORE), plan(Catalog(catalog.nouns | first, catalog.rates), Snapshot(BEFORE), BEFORE)
        )
        made = plan(Catalog(catalog.nouns | then, catalog.rates), snapshot)
        found.append([(step.id, step.hazards) for step in made.steps])
    assert found[0] == found[1]


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
def test_plans_findings_patches_and_places_have_one_path_for_a_thing(catalog: Catalog) -> None:
    scales = {name: scale_of(unit) for name, unit in {**BUILT_IN, **catalog.units}.items()}
    for noun in catalog.nouns.values():
        spec = tupled(spec_data(noun, scales))
        finder = Finder(spec)
        for leaf in leaves(noun):
            path = leaf
            try:
                node = finder.find(path)  # where a patch goes
            except Nowhere:  # a short form is one text, and is patched as a whole
                path = leaf[:-1]
                node = finder.find(path)
                assert isinstance(value_at(spec, node)[1], str)
            assert named(noun, node) == path  # what a finding there is called
            assert named(spec, node) == path  # and what a manifest's own node is called
