"""Law 13: everything has one name."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import tupled
from pricebook.catalog.leaf import leaves
from pricebook.catalog.path import Label, labels, named, path_text, read_path
from pricebook.catalog.unit import BUILT_IN, scale_of
from pricebook.edit.dump import spec_data
from pricebook.manifest.field_path import Finder, Nowhere, value_at
from strategy import TEXTS, catalogs


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
