"""A survey of an account: what is in it that manifests can say, under which names, and what they cannot.

The account is read once, with every object that is nobody's under its own id for a name; names are chosen when it is
known what each is. What is left out is left out whole, with what needs it, and told with the reason.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, cast

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.check import check_catalog
from pricebook.catalog.custom_field_key import WRITTEN, CustomFieldKey
from pricebook.catalog.model import Noun
from pricebook.catalog.naming import MOST, Unnamed, names_for
from pricebook.catalog.need import needs, units_of
from pricebook.catalog.package import Package
from pricebook.catalog.product import Product
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.renaming import Renaming
from pricebook.catalog.timeline import read_key
from pricebook.catalog.unit import PricingUnit, scales_of
from pricebook.manifest.rate_fact import RateFacts
from pricebook.observe.renames import under
from pricebook.observe.simplify import simplify
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.versions import NAMED, PLACEHOLDER
from pricebook.problem import quote


@dataclass(frozen=True, slots=True)
class Left:
    """Something of the account that the manifests do not say: the object's kind, id and display name, the path below it
    (empty: all of it), and why. `count` is of how many, where one line stands for several."""

    kind: Kind
    id: str
    name: str
    path: str
    reason: str
    count: int = 1


@dataclass
class Survey:
    """The account as manifests would say it. `catalog` has everything that can be said, under our names; `fresh` are
    the refs in it that no manifest declares yet, with the store's ids; `snapshot` is the account under these names."""

    snapshot: Snapshot
    catalog: Catalog
    fresh: Mapping[Ref, str]
    left: list[Left] = field(default_factory=list)
    archived: Mapping[Kind, int] = field(default_factory=dict)


class Readable(Protocol):
    """A store, as far as it is read here: an export is one too."""

    def snapshot(
        self, namespace: str, at: datetime, adopt: Mapping[Ref, str] = ..., *, strangers: bool = False
    ) -> Snapshot:
        """See `apply.ports.AccountStore`."""


def survey(store: Readable, namespace: str, at: datetime, declared: Catalog, adopted: Mapping[Ref, str]) -> Survey:
    """Read the account. `declared` is what the manifests say already, `adopted` the ids that they name."""
    work = _Work(store.snapshot(namespace, at, adopted, strangers=True), declared)
    work.leave_foreign()
    work.leave_broken()
    work.leave_unused()
    return work.named()


class _Work:
    """What is still to be said, while more and more is left out."""

    def __init__(self, snapshot: Snapshot, declared: Catalog) -> None:
        self.snapshot, self.declared = snapshot, declared
        self.left: list[Left] = []
        self.display = {each.id: each.name for each in snapshot.foreign}
        self.gone = {each.id for each in snapshot.foreign if each.archived}
        self.nouns: dict[Ref, Noun] = {}
        self.rates = dict(snapshot.catalog.rates)
        latest = {ref for ref in snapshot.ids if ref.kind.versioned and ref == snapshot.latest(ref)}
        for ref, noun in snapshot.catalog.nouns.items():
            bare = ref.unversioned
            if bare in declared.nouns or ref in snapshot.archived or (ref.kind.versioned and ref not in latest):
                continue
            self.nouns[bare] = noun

    def leave_foreign(self) -> None:
        """What the store could not read, or is somebody else's."""
        for each in self.snapshot.foreign:
            if each.unreadable:
                self.left.append(Left(each.kind, each.id, each.name, "", each.unreadable))
            elif each.owner and not each.archived:
                reason = f"it belongs to another project of pricebook ({each.owner})"
                self.left.append(Left(each.kind, each.id, each.name, "", reason))

    def leave_broken(self) -> None:
        """What breaks a rule of the manifests, and what needs it, until nothing does."""
        for ref, noun in list(self.nouns.items()):
            if isinstance(noun, RateCard):
                self._check_rates(ref, noun)
            elif ref.kind is Kind.PACKAGE:
                self._check_names(ref, noun)
        while self._leave_needy() or self._leave_violations():
            pass

    def leave_unused(self) -> None:
        """Every account has the vendor's currencies: one that nothing is priced in says nothing of this one. A key of
        custom fields under which manifests can write is declared by whoever does."""
        catalog = Catalog(self.nouns, self.rates)
        used = {need for ref in self.nouns for need in needs(ref, catalog)}
        for ref, noun in list(self.nouns.items()):
            currency = isinstance(noun, PricingUnit) and noun.currency is not None and ref not in used
            key = isinstance(noun, CustomFieldKey) and not noun.enforce_uniqueness and noun.entity in WRITTEN
            if (currency or key) and not self._id(ref):
                del self.nouns[ref]

    def named(self) -> Survey:
        """The survey, under names that nobody has yet."""
        snapshot, names = self.snapshot, self._names()
        renaming = Renaming(names)
        fresh = {renaming.ref(ref): self._id(ref) for ref in self.nouns}
        catalog = renaming.catalog(
            Catalog(self.nouns, {n: r for n, r in self.rates.items() if Ref(Kind.RATE_CARD, n) in self.nouns})
        )
        quirks = snapshot.quirks
        # A store that shows what it was told shows the keys that somebody gave, and fills in nothing.
        said = {
            ref: simplify(cast("Package", noun), quirks) if ref.kind is Kind.PACKAGE and quirks is not None else noun
            for ref, noun in catalog.nouns.items()
        }
        self._tell_unsaid()
        archived = Counter(each.kind for each in snapshot.foreign if each.archived)
        archived.update(ref.kind for ref in snapshot.archived)
        return Survey(under(renaming, snapshot), Catalog(said, catalog.rates), fresh, self.left, dict(archived))

    # --- what is left out

    def _check_rates(self, ref: Ref, card: RateCard) -> None:
        """Rates of archived products stay in the account as they are; any other that cannot be said takes the card
        with it."""
        if ref.name not in self.rates:
            return
        products = {r.name: n for r, n in self._all().items() if isinstance(n, Product)}
        scales = scales_of({r.name: n for r, n in self._all().items() if isinstance(n, PricingUnit)})
        facts = RateFacts(ref.name, card, products, scales)
        kept: dict[str, str] = {}
        archived: Counter[str] = Counter()
        sealed = self.snapshot.sealed
        for text, schedule in self.rates[ref.name].items():
            key = read_key(text)
            if key.product in sealed:
                archived[key.product] += 1
                continue
            groups = tuple(name for name, _ in key.pricing_group_values)
            wrong = facts.check_key(key.product, key.billing_frequency, groups)
            if wrong is not None:
                self._leave(ref, f"rates[{key}]", wrong.message)
                return
            kept[text] = schedule
        for unit in sorted(units_of(kept.values())):
            if (wrong := facts.check_unit(unit)) is not None:
                self._leave(ref, "rates", wrong.message)
                return
        self.rates[ref.name] = RateBook(kept)
        for product, count in sorted(archived.items()):
            reason = (
                f"{quote(self.display.get(product, product))} is archived: its prices on this card stay as they are"
            )
            self.left.append(Left(ref.kind, self._id(ref), card.name, f"rates[{product}]", reason, count))

    def _tell_unsaid(self) -> None:
        """What the account says of objects that are imported, and manifests cannot."""
        for ref, noun in self.nouns.items():
            seen = self.snapshot.latest(ref) if ref.kind.versioned else ref
            said = [(path, "no field of a manifest says this") for path in self.snapshot.of(seen or ref).unsaid]
            said += [
                ("updates", note.message.removeprefix(f"{ref} "))
                for note in self.snapshot.notes
                if note.code == "scheduled-update" and note.subject == str(ref)
            ]
            for path, reason in said:
                self.left.append(Left(ref.kind, self._id(ref), noun.title, path, reason))

    def _check_names(self, ref: Ref, noun: Noun) -> None:
        """A package is never called by the placeholder of its version: a manifest would put the number there."""
        for part in NAMED:
            if PLACEHOLDER in (getattr(noun, part) or ""):
                self._leave(ref, part, f"a manifest would put the version's number in place of {PLACEHOLDER}")
                return

    def _leave_needy(self) -> bool:
        known = self._all()
        catalog = Catalog(self.nouns, self.rates)
        found = False
        for ref in list(self.nouns):
            for need in needs(ref, catalog):
                if need not in known:
                    self._leave(ref, "", self._lacking(need))
                    found = True
                    break
        return found

    def _lacking(self, need: Ref) -> str:
        if need.kind is Kind.RATE_CARD and need.name not in self.display:
            return "the account does not show its rate card: it has none, or an alias that leads nowhere"
        why = "archived" if need.name in self.gone else "left out itself"
        return f"it needs the {need.kind.words} {quote(self.display.get(need.name, need.name))}, which is {why}"

    def _leave_violations(self) -> bool:
        rates = {**self.declared.rates, **{n: r for n, r in self.rates.items() if Ref(Kind.RATE_CARD, n) in self.nouns}}
        found = False
        for ref, path, violation in list(check_catalog(Catalog(self._all(), rates))):
            if ref in self.nouns:
                self._leave(ref, _path(path), violation.message)
                found = True
        return found

    def _leave(self, ref: Ref, path: str, reason: str) -> None:
        noun = self.nouns.pop(ref)
        self.left.append(Left(ref.kind, self._id(ref), noun.title, path, reason))

    def _all(self) -> dict[Ref, Noun]:
        return {**self.declared.nouns, **self.nouns}

    def _id(self, ref: Ref) -> str:
        """The store's id; empty for what is known by its name alone, as the units of an account are."""
        seen = self.snapshot.latest(ref) if ref.kind.versioned else ref
        return self.snapshot.ids.get(seen, "") if seen is not None else ""

    # --- names

    def _names(self) -> dict[tuple[Kind, str], str]:
        """Names by kind and id, of all that has only its id for a name."""
        found: dict[tuple[Kind, str], str] = {}
        for kind in Kind:
            new = {ref: noun for ref, noun in self.nouns.items() if ref.kind is kind and self._id(ref) == ref.name}
            taken = {ref.name for ref in (*self._all(), *self.snapshot.ids) if ref.kind is kind} - {r.name for r in new}
            wanted = [
                Unnamed(ref.name, _called(noun), _since(self.snapshot, ref), f"{kind.value}-{ref.name[:8]}")
                for ref, noun in new.items()
            ]
            found |= {(kind, id_): name for id_, name in names_for(wanted, taken, MOST).items()}
        return found


def _called(noun: Noun) -> str:
    """What the noun is called: a package by its first alias, which outlives its versions."""
    return noun.aliases[0].name if isinstance(noun, Package) and noun.aliases else noun.title


def _since(snapshot: Snapshot, ref: Ref) -> str:
    made = snapshot.of(Ref(ref.kind, ref.name, 1)).made
    return made.isoformat() if made is not None else ""


def _path(path: Iterable[str | int]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
