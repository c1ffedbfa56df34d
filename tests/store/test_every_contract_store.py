"""The contract suite of contracts: every store makes, ends, archives and lists them alike, once each."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from account import AT, CARD, FEB, JAN, MAR, STARTER, create, fill, supersede

from observed import marks_of
from pricebook.apply.ports import ContractStore, StoreRefused
from pricebook.catalog.reference import Kind, Ref
from pricebook.metronome.remote import RemoteStore
from pricebook.plan.contract import Contract, Provision, Transition
from pricebook.plan.verb.table import Archive, Release
from pricebook.sandbox.server import Served

OCTOBER, NEXT = datetime(2025, 10, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
SECOND, TENTH, OTHER = (
    Ref(Kind.PACKAGE, "starter", 2),
    Ref(Kind.PACKAGE, "starter", 10),
    Ref(Kind.PACKAGE, "other", 1),
)
Customer = Callable[[str], str]


@pytest.fixture(autouse=True)
def filled(contracts: ContractStore) -> None:
    """The small account is there, with a package `starter` of a year."""
    fill(contracts)


def wanted(customer: str, start: datetime = OCTOBER, key: str = "k1", **more: object) -> Provision:
    """A contract on the first version, unless said otherwise."""
    given = more if "alias" in more or "package" in more else {"package": STARTER} | more
    return Provision(customer, start, key, **given)  # type: ignore[arg-type]


def only(store: ContractStore, customer: str) -> Contract:
    """The one contract of a customer."""
    (found,) = store.customer_contracts("acme", customer)
    return found


def test_a_contract_is_made_with_what_was_asked(contracts: ContractStore, customer: Customer) -> None:
    made = contracts.provision("acme", wanted(customer("ada")), AT)
    found = only(contracts, customer("ada"))
    assert found == Contract(
        id=made,
        customer=customer("ada"),
        package=STARTER,
        card=CARD,
        starting_at=OCTOBER,
        ending_before=NEXT,
        uniqueness_key="k1",
        created_at=found.created_at,
        quantities=found.quantities,
    )
    assert found.created_at is not None
    assert not found.quantities, "nobody changed one, or it is not known"
    assert [each.billing.contract.id for each in contracts.billed("acme", AT)] == [made]


def test_an_alias_means_what_it_names_at_the_start(contracts: ContractStore, customer: Customer) -> None:
    contracts.perform("acme", supersede(SECOND, aliases=({"name": "starter", "starting_at": JAN},)), AT)
    for number, start in enumerate((OCTOBER, JAN - timedelta(hours=1), JAN, FEB)):
        contracts.provision("acme", wanted(customer("ada"), start, f"k{number}", alias="starter"), AT)
    found = contracts.customer_contracts("acme", customer("ada"))
    assert [contract.package for contract in found] == [STARTER, STARTER, SECOND, SECOND]


@pytest.mark.parametrize("on", [{"package": STARTER}, {"alias": "starter"}], ids=["version", "alias"])
def test_asking_twice_makes_one(contracts: ContractStore, customer: Customer, on: dict[str, object]) -> None:
    made = contracts.provision("acme", wanted(customer("ada"), **on), AT)
    assert contracts.provision("acme", wanted(customer("ada"), **on), AT) == made
    assert only(contracts, customer("ada")).id == made


def test_a_key_finds_its_contract_after_the_alias_moved(contracts: ContractStore, customer: Customer) -> None:
    made = contracts.provision("acme", wanted(customer("ada"), FEB, alias="starter"), AT)
    contracts.perform("acme", supersede(SECOND, aliases=({"name": "starter", "starting_at": JAN},)), AT)
    assert contracts.provision("acme", wanted(customer("ada"), FEB, alias="starter"), AT) == made
    assert only(contracts, customer("ada")).package == STARTER


@pytest.mark.parametrize("on", [{"package": STARTER}, {"alias": "starter"}], ids=["version", "alias"])
def test_an_archived_contract_keeps_its_key_and_is_no_answer(
    contracts: ContractStore, customer: Customer, on: dict[str, object]
) -> None:
    made = contracts.provision("acme", wanted(customer("ada"), **on), AT)
    contracts.archive_contract(only(contracts, customer("ada")), AT)
    with pytest.raises(StoreRefused, match=f"taken for good by the contract {made}, which is archived") as refused:
        contracts.provision("acme", wanted(customer("ada"), **on), AT)
    assert refused.value.status == 409
    assert only(contracts, customer("ada")).id == made


OTHERWISE: dict[str, Callable[[Customer], Provision]] = {
    "customer": lambda customer: wanted(customer("bob")),
    "start": lambda customer: wanted(customer("ada"), JAN),
    "version": lambda customer: wanted(customer("ada"), package=OTHER),
    "alias": lambda customer: wanted(customer("ada"), alias="other"),
}


@pytest.mark.parametrize("case", OTHERWISE)
def test_a_key_stands_for_one_intent(contracts: ContractStore, customer: Customer, case: str) -> None:
    contracts.perform("acme", create(OTHER, aliases=({"name": "other"},)), AT)
    made = contracts.provision("acme", wanted(customer("ada")), AT)
    with pytest.raises(StoreRefused) as refused:
        contracts.provision("acme", OTHERWISE[case](customer), AT)
    assert refused.value.status == 409
    assert [one.id for one in contracts.cohort("acme", AT, ended=True)] == [made]


REFUSED: dict[str, tuple[Callable[[Customer], Provision], str]] = {
    "an alias that names nothing then": (
        lambda customer: wanted(customer("ada"), alias="nobody"),
        "no package has the alias",
    ),
    "a version that is not there": (lambda customer: wanted(customer("ada"), package=TENTH), "is not there"),
    "an archived version": (lambda customer: wanted(customer("ada"), package=OTHER), "is archived"),
    "a start off the hour": (
        lambda customer: wanted(customer("ada"), OCTOBER + timedelta(minutes=30)),
        "must be on an hour boundary",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_vendor_refuses_makes_nothing(contracts: ContractStore, customer: Customer, case: str) -> None:
    contracts.perform("acme", create(OTHER), AT)
    contracts.perform("acme", Archive(OTHER), AT)
    asked, message = REFUSED[case]
    with pytest.raises(StoreRefused, match=message):
        contracts.provision("acme", asked(customer), AT)
    assert contracts.customer_contracts("acme", customer("ada")) == ()


def test_the_cohort_comes_by_name_version_and_start(contracts: ContractStore, customer: Customer) -> None:
    for version in (2, 10):
        contracts.perform("acme", supersede(Ref(Kind.PACKAGE, "starter", version)), AT)
    contracts.perform("acme", create(OTHER), AT)
    asked = [(STARTER, MAR), (TENTH, OCTOBER), (SECOND, FEB), (OTHER, MAR), (STARTER, JAN), (SECOND, JAN)]
    for number, (package, start) in enumerate(asked):
        contracts.provision("acme", wanted(customer("ada"), start, f"k{number}", package=package), AT)
    found = [(contract.package, contract.starting_at) for contract in contracts.cohort("acme", AT)]
    assert found == sorted(asked, key=lambda one: (one[0].name, one[0].version or 0, one[1]))
    of_one = [(contract.package, contract.starting_at) for contract in contracts.cohort("acme", AT, "starter")]
    assert of_one == found[1:]
    assert list(contracts.cohort("acme", AT, "nobody")) == []


def test_a_cohort_leaves_out_what_ended_unless_asked(contracts: ContractStore, customer: Customer) -> None:
    for name in ("ended", "gone", "runs"):
        contracts.provision("acme", wanted(customer(name), key=name), AT)
    contracts.end_contract(only(contracts, customer("ended")), FEB)
    contracts.archive_contract(only(contracts, customer("gone")), AT)
    names = {customer(name): name for name in ("ended", "gone", "runs")}

    def cohort(at: datetime, *, ended: bool = False) -> set[str]:
        return {names[contract.customer] for contract in contracts.cohort("acme", at, ended=ended)}

    assert cohort(JAN) == {"ended", "runs"}
    assert cohort(FEB) == {"runs"}
    assert cohort(NEXT) == set()
    assert cohort(NEXT, ended=True) == {"ended", "gone", "runs"}
    archived = {names[one.customer]: one.archived_at for one in contracts.cohort("acme", AT, ended=True)}
    assert archived.pop("gone") is not None
    assert set(archived.values()) == {None}
    assert only(contracts, customer("gone")).archived_at is not None


def test_an_end_moves_and_goes(contracts: ContractStore, customer: Customer) -> None:
    contracts.provision("acme", wanted(customer("ada")), AT)
    contract = only(contracts, customer("ada"))
    for end in (FEB, FEB, MAR, OCTOBER, None):
        contracts.end_contract(contract, end)
        assert only(contracts, customer("ada")).ending_before == end
    with pytest.raises(StoreRefused):
        contracts.end_contract(contract, OCTOBER - timedelta(days=1))
    contracts.archive_contract(contract, AT)
    contracts.archive_contract(contract, AT)
    with pytest.raises(StoreRefused):
        contracts.end_contract(contract, MAR)


def test_a_superseded_contract_ends_where_the_next_one_starts(contracts: ContractStore, customer: Customer) -> None:
    first = contracts.provision("acme", wanted(customer("ada")), AT)
    transition = Transition("SUPERSEDE", first)
    for _ in range(2):
        contracts.provision("acme", wanted(customer("ada"), FEB, "k2", transition=transition), AT)
    earlier, later = contracts.customer_contracts("acme", customer("ada"))
    assert (earlier.id, earlier.ending_before, earlier.transition) == (first, FEB, None)
    assert (later.starting_at, later.transition) == (FEB, transition)


def test_a_renewed_contract_has_ended_and_stays_as_it_is(contracts: ContractStore, customer: Customer) -> None:
    first = contracts.provision("acme", wanted(customer("ada")), AT)
    transition = Transition("RENEWAL", first)
    with pytest.raises(StoreRefused, match="end it by 2026-02-01T00:00:00Z to renew it"):
        contracts.provision("acme", wanted(customer("ada"), FEB, "k2", transition=transition), AT)
    contracts.provision("acme", wanted(customer("ada"), NEXT, "k2", transition=transition), AT)
    earlier, later = contracts.customer_contracts("acme", customer("ada"))
    assert (earlier.ending_before, later.transition) == (NEXT, transition)


@pytest.mark.parametrize("case", ["another customer's", "one that starts later", "an archived one"])
def test_nothing_follows_on(contracts: ContractStore, customer: Customer, case: str) -> None:
    owner = customer("bob" if case == "another customer's" else "ada")
    start = MAR if case == "one that starts later" else OCTOBER
    first = contracts.provision("acme", wanted(owner, start), AT)
    if case == "an archived one":
        contracts.archive_contract(only(contracts, owner), AT)
    before = contracts.customer_contracts("acme", owner)
    with pytest.raises(StoreRefused):
        contracts.provision("acme", wanted(customer("ada"), FEB, "k2", transition=Transition("SUPERSEDE", first)), AT)
    assert contracts.customer_contracts("acme", owner) == before


def test_a_customer_that_nobody_knows_has_no_contracts(contracts: ContractStore) -> None:
    assert contracts.customer_contracts("acme", "00000000-0000-4000-8000-000000000000") == ()


def test_of_another_namespace_nothing_is_ours(contracts: ContractStore, customer: Customer) -> None:
    contracts.provision("acme", wanted(customer("ada")), AT)
    assert list(contracts.cohort("other", AT)) == []
    (found,) = contracts.customer_contracts("other", customer("ada"))
    assert (found.package, found.card) == (None, None)


FAULTS = ["500-before", "500-after", "drop-before", "drop-after", "truncate"]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("contracts", ["account"], indirect=True)
def test_a_lost_answer_leads_to_a_look(
    contracts: ContractStore, customer: Customer, account: Served, fault: str
) -> None:
    ada = customer("ada")
    account.fault(f"{fault}@1:/v1/contracts/create")
    made = contracts.provision("acme", wanted(ada), AT)
    account.fault(f"{fault}@1:/v1/contracts/updateEndDate")
    contracts.end_contract(only(contracts, ada), FEB)
    found = only(contracts, ada)
    assert (found.id, found.ending_before) == (made, FEB)
    account.fault(f"{fault}@1:/v1/contracts/archive")
    contracts.archive_contract(found, AT)
    assert only(contracts, ada).archived_at is not None


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two, and runs of three, so that a few contracts take many of both."""
    monkeypatch.setattr("pricebook.metronome.listing.PAGE", 2)
    monkeypatch.setattr("pricebook.apply.external_sort.in_order.__defaults__", (3,))


@pytest.mark.parametrize("contracts", ["account"], indirect=True)
def test_a_long_cohort_is_put_in_order_on_the_way(
    contracts: RemoteStore, customer: Customer, small_pages: None
) -> None:
    starts = [OCTOBER + timedelta(days=day * 7 % 11) for day in range(11)]
    for number, start in enumerate(starts):
        contracts.provision("acme", wanted(customer("ada"), start, f"k{number}"), AT)
    assert [contract.starting_at for contract in contracts.cohort("acme", AT)] == sorted(starts)


def test_an_account_is_marked_once_for_each_namespace_and_anew_when_asked_to(contracts: ContractStore) -> None:
    assert contracts.snapshot("acme", AT).account == ""
    assert contracts.sign("acme", "production/1", AT) == "production/1"
    assert contracts.sign("acme", "sandbox/2", AT) == "production/1"
    before = contracts.snapshot("acme", AT)
    assert before.account == "production/1"
    assert contracts.snapshot("other", AT).account == ""
    assert contracts.sign("acme", "sandbox/3", AT, anew=True) == "sandbox/3"
    after = contracts.snapshot("acme", AT)
    assert after.account == "sandbox/3"
    assert (after.digest, marks_of(after, "content"), after.ids) == (
        before.digest,
        marks_of(before, "content"),
        before.ids,
    )


@pytest.mark.parametrize("gone", [Release, Archive])
def test_an_account_keeps_its_mark_when_what_bears_it_goes(
    contracts: ContractStore, gone: Callable[[Ref], Release | Archive]
) -> None:
    contracts.sign("acme", "production/1", AT)
    *others, last = sorted(ref for ref in contracts.snapshot("acme", AT).ids if ref.kind is not Kind.PACKAGE)
    for ref in others:
        contracts.perform("acme", gone(ref), AT)
        assert contracts.snapshot("acme", AT).account == "production/1", f"after {ref}"
    assert last in contracts.snapshot("acme", AT).ids
