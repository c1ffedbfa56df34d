"""The recipe of a noun, held to what it says: a kind that is made here, by its model and its entry, goes all the way.

What it needs besides, at the vendor's adapter and the sandbox and for words of its own on a page, is in CONTRIBUTING.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ClassVar

import pytest

from memory_store import MemoryStore
from pricebook.apply.ports import Store
from pricebook.apply.runner import run
from pricebook.catalog.amount import USD
from pricebook.catalog.declared import keyed_lists
from pricebook.catalog.leaf import leaves
from pricebook.catalog.model import Amount, Model, Noun, ProductName, Text, UnitName
from pricebook.catalog.path import path_text
from pricebook.catalog.reference import Kind, Ref, register, stored_kinds, unregister
from pricebook.catalog.role import Role
from pricebook.catalog.term import Key
from pricebook.edit.arrangement import files_for
from pricebook.edit.dump import dump
from pricebook.manifest.load import load
from pricebook.manifest.schema import schema_files
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.document import read, write
from pricebook.plan.planner import make_plan
from pricebook.plan.step import Plan
from pricebook.plan.verb.table import Create, Revise
from pricebook.problem import Rejected
from pricebook.project.project import Project, ProjectSettings
from pricebook.store.journal import SqlJournal
from pricebook.store.sql import SqlStore

AS_OF = datetime(2025, 6, 1, tzinfo=UTC)
SETTINGS = ProjectSettings.model_validate(
    {"namespace": "acme", "manifests": ("catalog.yaml",), "environments": {"local": {"store": "memory"}}}
)
GIFT = """\
apiVersion: pricebook/v1
kind: Product
metadata: {name: gift}
spec: {name: Gift, type: FIXED}
---
"""
MANIFESTS = f"""\
{GIFT}\
apiVersion: pricebook/v1
kind: TaxRate
metadata: {{name: vat}}
spec:
  name: VAT
  bands:
    - {{key: low, product: gift, least: $1.00}}
    - {{product: gift, least: $2.00}}
"""


class Band(Model):
    """A part of a rate."""

    amounts: ClassVar[tuple[str, ...]] = ("least",)

    key: Annotated[Key | None, Role.IDENTITY] = None
    """Our name for it."""
    product: ProductName
    """What is taxed."""
    least: Annotated[Amount, Role.CHARGES]
    """The least that is charged."""
    credit_type: UnitName = USD
    """The unit of that."""


class TaxRate(Noun):
    """A rate of tax."""

    mutable: ClassVar[frozenset[str]] = frozenset({"name", "bands"})

    name: Annotated[Text, Role.COSMETIC]
    """Its name."""
    bands: tuple[Band, ...] = ()
    """Its parts."""
    country: Text | None = None
    """Where it holds; it can never change."""


@pytest.fixture(params=["memory", "file", "earlier file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store, which may have been written to before there was such a kind."""
    if request.param == "memory":
        yield MemoryStore()
        return
    url = f"sqlite:///{tmp_path}/prices.db"
    if request.param == "earlier file":
        with closing(SqlStore(url)) as earlier:
            applied(planned(GIFT, tmp_path, earlier.snapshot("acme", AS_OF)), earlier, tmp_path)
    with closing(SqlStore(url)) as made:
        yield made


@pytest.fixture(autouse=True)
def kind(request: pytest.FixtureRequest) -> Iterator[Kind]:
    """The registration: an entry of the table of kinds."""
    if "store" in request.fixturenames:
        request.getfixturevalue("store")  # it is older than the kind
    made = register("tax-rate", __name__, file="taxes.yaml", way_out="declare another one")
    TaxRate.kind = made
    yield made
    unregister(made)


def planned(manifests: str, folder: Path, snapshot: Snapshot) -> Plan:
    (folder / "catalog.yaml").write_text(manifests, encoding="utf-8")
    found = load(Project(folder, SETTINGS))
    return make_plan(
        found.catalog, snapshot, namespace="acme", environment="local", as_of=AS_OF, places=found.places, prune=True
    )


def applied(plan: Plan, store: Store, folder: Path) -> Snapshot:
    receipt = run(
        plan,
        store,
        SqlJournal(f"sqlite:///{folder / 'journal.db'}"),
        owner="me@here:1:x",
        clock=lambda: AS_OF,
        tell=lambda _: None,
    )
    assert receipt.complete, receipt
    return store.snapshot("acme", AS_OF)


def test_it_is_loaded_planned_applied_read_back_changed_dumped_and_archived(
    tmp_path: Path, kind: Kind, store: Store
) -> None:
    seen = store.snapshot("acme", AS_OF)
    plan = planned(MANIFESTS, tmp_path, seen)
    made = [] if Ref(Kind.PRODUCT, "gift") in seen.objects else ["product:gift"]
    assert [step.id for step in plan.steps] == [*made, "tax-rate:vat"]
    assert read(write(plan), "plan.json") == plan
    snapshot = applied(plan, store, tmp_path)
    assert planned(MANIFESTS, tmp_path, snapshot).steps == ()

    noun = snapshot.catalog.nouns[Ref(kind, "vat")]
    said = {path_text(path): (leaf.value, leaf.unit, leaf.role) for path, leaf in leaves(noun).items()}
    assert said["bands[low].least"] == (100, USD, Role.CHARGES)
    assert said["bands[gift].product"] == ("gift", None, Role.PLAIN)
    assert keyed_lists(type(noun)) == ("bands",)

    files = dump(snapshot.catalog)
    assert "least: $2.00" in files["tax-rates/vat.yaml"]
    assert planned("---\n".join(files.values()), tmp_path, snapshot).steps == ()
    assert files_for(snapshot.catalog.nouns, ())["taxes.yaml"] == [Ref(kind, "vat")]

    dearer = planned(MANIFESTS.replace("$1.00", "$3.00"), tmp_path, snapshot)
    (step,) = dearer.steps
    assert isinstance(step.change, Revise)
    assert [(path_text(f.path), f.observed, f.desired, f.unit) for f in step.change.fields] == [
        ("bands[low].least", 100, 300, USD)
    ]
    assert read(write(dearer), "plan.json") == dearer
    snapshot = applied(dearer, store, tmp_path)
    gone = planned(MANIFESTS.split("---", maxsplit=1)[0], tmp_path, snapshot)
    assert [step.id for step in gone.steps] == ["archive:tax-rate:vat"]
    assert Ref(kind, "vat") in applied(gone, store, tmp_path).archived


def test_what_cannot_change_says_the_way_out(tmp_path: Path) -> None:
    store = MemoryStore()
    applied(planned(MANIFESTS, tmp_path, store.snapshot("acme", AS_OF)), store, tmp_path)
    with pytest.raises(Rejected) as caught:
        planned(MANIFESTS + "  country: FR\n", tmp_path, store.snapshot("acme", AS_OF))
    (problem,) = caught.value.problems
    assert (problem.code, problem.hint) == ("immutable-field", "declare another one")


def test_what_it_refers_to_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        planned(MANIFESTS.replace("key: low, product: gift", "key: low, product: none"), tmp_path, Snapshot(AS_OF))
    assert [problem.code for problem in caught.value.problems] == ["unknown-reference"]


def test_it_is_in_the_schema_of_manifests_and_among_the_stored(kind: Kind) -> None:
    assert kind in stored_kinds()
    assert "TaxRate" in schema_files(ProjectSettings)["manifest.schema.json"]
    assert Kind("tax-rate") is kind
    assert Create(Ref(kind, "x"), TaxRate(name="X"), "d").ref.kind.words == "tax rate"
