"""The account of a company that never heard of pricebook: imported, imported again, and kept in step."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from company import Company
from imports import imported, project_in, sdk, tree

from pricebook.apply.ports import Provenance, StoreError
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import read_key
from pricebook.manifest.load import load
from pricebook.metronome.export import AccountRecord, Export
from pricebook.metronome.kind import APIS
from pricebook.plan.step import Plan
from pricebook.plan.verb.table import AddRates, Adopt
from pricebook.problem import Rejected
from pricebook.project.project import read_project
from pricebook.store.journal import SqlJournal
from pricebook.workflow.apply import apply
from pricebook.workflow.importing import ImportChoice, Imported, import_account
from pricebook.workflow.plan import plan
from vendor import AT, Vendor, vendor


@pytest.fixture(scope="module")
def filled() -> Iterator[Vendor]:
    """The account; no test may change it."""
    with vendor(token="s3cr3t-of-the-company") as found:
        with sdk(found) as client:
            assert Company(client, seed=1).fill() >= 300
        yield found


@pytest.fixture(scope="module")
def first(filled: Vendor, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Imported]:
    """The first import of the account."""
    root = tmp_path_factory.mktemp("imported")
    project_in(root)
    return root, imported(root, filled)


@pytest.fixture
def catalog(first: tuple[Path, Imported]) -> Path:
    """The project that the account was imported into; no test may change it."""
    return first[0]


@pytest.fixture
def account(filled: Vendor) -> Iterator[Vendor]:
    """A copy of the account."""
    with filled.copied() as found:
        yield found


@pytest.fixture
def root(catalog: Path, tmp_path: Path) -> Path:
    """A copy of the project."""
    for name, content in tree(catalog).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def table_card(root: Path) -> tuple[Path, str]:
    """The manifest of the card that has a table, and the card's id."""
    (table,) = (root / "catalog" / "rate-cards").glob("*.csv")
    manifest = table.with_suffix(".yaml")
    return manifest, id_in(manifest, r"RateCard\nmetadata:\n  name: \S+")


def id_in(file: Path, head: str) -> str:
    """The id that a manifest adopts."""
    found = re.search(rf"kind: {head}\n  adopt: {{production: (\S+)}}", file.read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def test_the_company_knows_nothing_of_pricebook() -> None:
    source = (Path(__file__).with_name("company.py")).read_text(encoding="utf-8")
    assert not re.search(r"^\s*(import|from) (pricebook|imports|vendor)\b", source, re.MULTILINE)


def test_everything_is_in_the_manifests_or_told(first: tuple[Path, Imported]) -> None:
    _, made = first
    counts = {kind: sum(ref.kind is kind for ref in made.fresh) for kind in Kind}
    assert made.archived == {Kind.BILLABLE_METRIC: 1, Kind.PRODUCT: 6, Kind.PACKAGE: 4}
    assert (counts[Kind.BILLABLE_METRIC], counts[Kind.PRODUCT], counts[Kind.RATE_CARD]) == (61, 165, 6)
    assert counts[Kind.PACKAGE] == 57
    assert counts[Kind.PRICING_UNIT] == 3
    told = [(left.kind, left.name, left.path.split("[")[0]) for left in made.left]
    assert told == [
        (Kind.RATE_CARD, "Standard", "rates"),
        (Kind.PACKAGE, "{version}", "name"),
        (Kind.PACKAGE, "Bare", ""),
        (Kind.PRODUCT, "Credit 0", "updates"),
    ]
    assert made.contracts == 1
    assert made.remaining == []


def test_the_files_are_those_that_a_person_would_keep(catalog: Path) -> None:
    files = sorted(tree(catalog))
    folders = {file.rpartition("/")[0] for file in files}
    assert folders == {"", "catalog", "catalog/packages", "catalog/products", "catalog/rate-cards"}
    assert {"catalog/metrics.yaml", "catalog/units.yaml", "catalog/products/llm.yaml"} <= set(files)
    text = (catalog / "catalog" / "metrics.yaml").read_text(encoding="utf-8")
    assert text.startswith("# imported from billable metric ")
    loaded = load(read_project(catalog))
    assert all(ids.keys() == {"production"} for ids in loaded.adopt.values())


def test_adopt_it_then_change_one_price(account: Vendor, root: Path) -> None:
    def planned() -> Plan:
        return plan(read_project(root), "production", account.store(), AT)

    made = planned()
    kinds = Counter(step.change.ref.kind for step in made.steps)
    assert all(isinstance(step.change, Adopt) for step in made.steps)
    assert kinds == {Kind.BILLABLE_METRIC: 61, Kind.PRODUCT: 165, Kind.RATE_CARD: 6}
    journal = SqlJournal(f"sqlite:///{root}/journal.db")
    with closing(journal):
        receipt = apply(
            made, account.store(), journal,
            owner="test@here:1:x", clock=lambda: AT, tell=lambda event: None, provenance=Provenance(),
        )  # fmt: skip
    assert receipt.complete
    assert planned().steps == ()
    assert imported(root, account).files == []
    manifest, _ = table_card(root)
    table = manifest.with_suffix(".csv")
    text = table.read_text(encoding="utf-8")
    row = re.search(r"^inference-0,large,(\S+),2023-01-01,true$", text, re.MULTILINE)
    assert row is not None
    dearer = "inference-0,large,12.5,2025-11-01,true"
    table.write_text(text.replace(row[0], f"{row[0]}\n{dearer}"), encoding="utf-8")
    (step,) = planned().steps
    assert isinstance(step.change, AddRates)
    (change,) = step.change.rates
    assert read_key(change.key).pricing_group_values == (("model", "large"),)


def test_a_second_import_changes_no_byte(filled: Vendor, root: Path) -> None:
    manifest, _ = table_card(root)
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("\nspec:", "\nspec:  # ours since 2019"))
    before = tree(root)
    made = imported(root, filled)
    assert (made.files, made.fresh, made.updated) == ([], {}, [])
    assert tree(root) == before


def test_what_was_changed_in_the_account_is_changed_where_it_stands(account: Vendor, root: Path) -> None:
    manifest, card = table_card(root)
    product = id_in(root / "catalog" / "products" / "llm.yaml", r"Product\nmetadata:\n  name: inference-0")

    def rate(model: str, price: float, **more: Any) -> Any:
        return {
            "product_id": product, "pricing_group_values": {"model": model}, "entitled": True, "rate_type": "FLAT",
            "starting_at": "2025-12-01T00:00:00Z", "price": price, **more,
        }  # fmt: skip

    with sdk(account) as client:
        changes = [
            rate("large", 0.5, ending_before="2025-12-15T00:00:00Z"),
            rate('q"q', 0.7, ending_before="2025-12-15T00:00:00Z", entitled=False),
            rate("new, one", 3),
        ]
        client.v1.contracts.rate_cards.rates.add_many(rate_card_id=card, rates=changes)
        client.v1.contracts.products.update(product_id=product, starting_at="2025-10-01T09:00:00Z", name="Renamed: 0")
        fresh = client.v1.contracts.products.create(name="Brand new", type="FIXED").data.id
    table = manifest.with_suffix(".csv")
    prices = table.read_text(encoding="utf-8").splitlines()
    made = imported(root, account)
    assert {str(ref) for ref in made.updated} == {f"rate-card:{manifest.stem}", "product:inference-0"}
    assert made.fresh == {Ref(Kind.PRODUCT, "brand-new"): fresh}
    after = table.read_text(encoding="utf-8").splitlines()
    fresh_rows = [line for line in after if line not in prices]
    assert [line for line in fresh_rows if ",2025-12-01," in line] == [
        "inference-0,large,0.005,2025-12-01,true",
        'inference-0,"q""q",0.007,2025-12-01,false',
        'inference-0,"new, one",0.03,2025-12-01,true',
    ]
    assert sum(",2025-12-15," in line for line in fresh_rows) == len(fresh_rows) - 3 == 2, "what held before goes on"
    assert set(prices) <= set(after)
    assert imported(root, account).files == []


def test_what_a_newer_api_says_is_told_once(account: Vendor, tmp_path: Path) -> None:
    connection = account.sandbox.account._connection
    newer = """json_set(body, '$.commits[0].new_field', json('{"a": 1}'), '$.shiny', 1)"""
    plan = "kind = 'package' AND json_extract(body, '$.name') = 'Plan 0 (v1)'"
    connection.execute(f"UPDATE object SET body = {newer} WHERE {plan}")
    project_in(tmp_path)
    made = imported(tmp_path, account, ImportChoice(names=("plan 1",)))
    told = [(left.name, left.path) for left in made.left if left.reason.startswith("no field")]
    assert sorted(told) == [("Plan 0 (v1)", "commits[0].new_field"), ("Plan 0 (v1)", "shiny")]


def test_a_selection_brings_along_what_it_needs(filled: Vendor, tmp_path: Path) -> None:
    project_in(tmp_path)
    made = imported(tmp_path, filled, ImportChoice(cards=("legacy*",)))
    kinds = {kind: sum(ref.kind is kind for ref in made.fresh) for kind in Kind}
    assert kinds[Kind.RATE_CARD] == 1
    assert kinds[Kind.PACKAGE] == 0
    assert 20 < kinds[Kind.PRODUCT] < 60
    rest = imported(tmp_path, filled, ImportChoice(kinds=(Kind.PACKAGE,), names=("plan 5",)))
    assert [ref.name for ref in rest.fresh if ref.kind is Kind.PACKAGE] == ["plan-5"]
    assert not set(rest.fresh) & set(made.fresh)
    # A product has the same name whatever was chosen.
    everything = imported(tmp_path, filled)
    assert len(everything.fresh) + len(made.fresh) + len(rest.fresh) == 292


def test_by_tag_and_what_is_gone(account: Vendor, tmp_path: Path) -> None:
    project_in(tmp_path)
    made = imported(tmp_path, account, ImportChoice(tags=("plan",)))
    assert {ref.name for ref in made.fresh} == {"renamed", "renamed-2", "renamed-3"}
    ref, id_ = next(iter(made.fresh.items()))
    before = tree(tmp_path)
    with sdk(account) as client:
        client.v1.contracts.products.archive(product_id=id_)
    again = imported(tmp_path, account, ImportChoice(tags=("plan",)))
    assert again.gone == [(ref, id_)]
    assert tree(tmp_path) == before, "nothing is deleted"


def test_nothing_stays_of_an_import_that_does_not_load(
    filled: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_in(tmp_path)
    before = tree(tmp_path)
    monkeypatch.setattr(
        "pricebook.workflow.importing.manifest_text", lambda *_: "kind: Nonsense\napiVersion: pricebook/v1\n"
    )
    with pytest.raises(Rejected):
        imported(tmp_path, filled)
    assert tree(tmp_path) == before
    assert not (tmp_path / "catalog").exists()


def test_a_dry_run_writes_nothing(filled: Vendor, tmp_path: Path) -> None:
    project_in(tmp_path)
    before = tree(tmp_path)
    made = imported(tmp_path, filled, ImportChoice(kinds=(Kind.PRICING_UNIT,)), dry_run=True)
    assert made.files[0].diff_lines()[:3] == ["--- /dev/null", "+++ b/catalog/units.yaml", "@@ -0,0 +1,20 @@"]
    assert tree(tmp_path) == before


def test_nothing_is_read_twice(filled: Vendor, tmp_path: Path) -> None:
    project_in(tmp_path)
    before = len(filled.calls)
    made = imported(tmp_path, filled, dry_run=True)
    asked = [(call.method, call.path, str(call.query), str(call.body)) for call in filled.calls[before:]]
    assert made.fresh
    lists = {api.listed.path for api in APIS.values() if not api.listed.customer}
    assert {path for _, path, _, _ in asked} >= lists
    assert len(asked) == len(set(asked))


def test_an_export_is_the_account(filled: Vendor, first: tuple[Path, Imported], tmp_path: Path) -> None:
    record = AccountRecord()
    store = filled.store()
    store._client.hear = record.hear
    snapshot = store.snapshot("acme", AT, strangers=True)
    assert sum(each.contracts for each in snapshot.objects.values()), "contracts are read when they are counted"
    text = record.text(AT)
    assert filled.sandbox.token not in text
    assert "customer_id" not in text
    export = Export(text, {})
    assert export.read_at == AT.replace(second=0)
    root, made = first
    project_in(tmp_path)
    again = import_account(read_project(tmp_path), "production", export, AT, choice=ImportChoice())
    assert (again.fresh, again.left, again.archived, again.contracts) == (
        made.fresh, made.left, made.archived, made.contracts
    )  # fmt: skip
    assert tree(tmp_path) == tree(root)


@pytest.mark.parametrize("text", ["", "[]", '{"format": "other/1"}', '{"format": "pricebook-export/1"}', "{"])
def test_what_is_no_export_is_refused(text: str) -> None:
    with pytest.raises(StoreError, match="export"):
        Export(text, {})
