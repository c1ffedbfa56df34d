"""Law 11: what something is called says nothing of what it does. Call everything otherwise: hazards and findings stay
the same."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from test_plan import BEFORE, NOW, folded, variations

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.declared import fields_of, has_key, keyed_lists
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.model import Model, Noun
from pricebook.catalog.package import Package
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.role import Role
from pricebook.catalog.timeline import RateKey, key_text, read_key
from pricebook.catalog.traverse import relinked, rewritten
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.planner import make_plan
from pricebook.policy import naming
from pricebook.policy.fact import Facts
from pricebook.policy.judge import catalog_tasks, judge, plan_tasks
from pricebook.policy.proposal import Proposal
from pricebook.project.policy import Policy
from strategy import catalogs

KEYS = (
    "multiplier", "price", "unit_price", "entitled", "scheduled_charges", "starting_at_offset", "credits", "tier",
    "invoice_amount.unit_price", "overwrite_rate", "commits", "aliases", "1", "x.y-z", "recurring_credits.sign-up",
)  # fmt: skip
"""What a noun or a term may be called: names of fields, and what looks like parts of paths."""
TEXTS = (*KEYS, "overrides[x]", "aliases[0].name", "credits[multiplier].access_amount", "card/rates", "no", "{version}")
"""The same of an alias or a group key, which may be any text."""
GROUP_VALUES = ("pricing_group_values", "presentation_group_values")
PROPERTIES = (
    *("group_keys", "pricing_group_key", "presentation_group_key", "seat_group_key", "aggregation_key"),
    "property_filters.name",
)
ALIASES = ("aliases.name", "rate_card_alias", "spend_trackers.alias", "spend_tracker_alias")
LISTS = {field.partition(".")[0] for field in (*PROPERTIES, *ALIASES) if "." in field}
"""Where names of properties stand, in `GROUP_VALUES` on the left, and those of aliases."""
ABOUT_NAMES = frozenset(rule.id for rule in naming.RULES) - {"keyless-term"}
"""Rules that judge a name by what it looks like."""
OF_TWO = ("billed-twice", "currency-spread")
"""Rules about two of a kind that do not go together: it is told once, and one of the two has to come first."""


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


@dataclass(frozen=True)
class Names:
    """What everything is called instead: nouns by kind, keys of terms, aliases, and properties of events."""

    nouns: Mapping[str, Mapping[str, str]]
    keys: Mapping[str, str]
    aliases: Mapping[str, str]
    properties: Mapping[str, str]

    def noun(self, kind: Kind, name: str) -> str:
        return self.nouns.get(kind, {}).get(name, name)

    def ref(self, ref: Ref) -> Ref:
        return ref._replace(name=self.noun(ref.kind, ref.name))

    def catalog(self, catalog: Catalog) -> Catalog:
        """The catalogue in these names."""
        nouns = {self.ref(ref): self._named(noun) for ref, noun in catalog.nouns.items()}
        rates = {
            self.noun(Kind.RATE_CARD, card): RateBook({self._key(key): text for key, text in book.items()})
            for card, book in catalog.rates.items()
        }
        return Catalog(nouns, rates)

    def _key(self, text: str) -> str:
        key = read_key(text)
        values = sorted((self.properties.get(name, name), value) for name, value in key.pricing_group_values)
        return key_text(RateKey(self.noun(Kind.PRODUCT, key.product), key.billing_frequency, tuple(values)))

    def _named(self, noun: Noun) -> Noun:
        named: Noun = self._said(relinked(rewritten(noun, self.noun), self.keys))
        return named

    def _said(self, value: Any, field: str = "") -> Any:
        """The same with other names of aliases, properties and terms, wherever they stand."""
        if isinstance(value, Model):
            below = f"{field}." if field in LISTS else ""
            update = {name: self._said(getattr(value, name), below + name) for name in type(value).model_fields}
            if has_key(type(value)):
                update["key"] = self.keys.get(value.key, value.key)  # type: ignore[attr-defined]
            return value.model_copy(update=update)
        if isinstance(value, str):
            names = self.properties if field in PROPERTIES else self.aliases if field in ALIASES else {}
            return names.get(value, value)
        if isinstance(value, Mapping) and field in GROUP_VALUES:
            return {self.properties.get(name, name): item for name, item in value.items()}
        return tuple(self._said(item, field) for item in value) if isinstance(value, tuple) else value


def texts_of(value: Any, *fields: str) -> set[str]:
    """Every text of a spec that stands in one of the fields."""
    if isinstance(value, Mapping):
        found = {name: item for name, item in value.items() if name in fields}
        own = {text for item in found.values() for text in ([item] if isinstance(item, str) else flat(item))}
        return own.union(*(texts_of(item, *fields) for item in value.values()))
    return set().union(*(texts_of(item, *fields) for item in value)) if isinstance(value, list | tuple) else set()


def flat(value: Any) -> list[str]:
    """The texts of lists of lists, and those on the left of mappings."""
    if isinstance(value, str):
        return [value]
    return [text for item in value or () for text in flat(item)]


@st.composite
def renamings(draw: st.DrawFn, *catalogs: Catalog) -> Names:
    """Other names for everything in the catalogues."""

    def others(found: set[str], words: tuple[str, ...]) -> dict[str, str]:
        more = [f"k{n}" for n in range(max(0, len(found) - len(words)))]
        return dict(zip(sorted(found), draw(st.permutations([*words, *more])), strict=False))

    nouns = [(ref, noun) for catalog in catalogs for ref, noun in catalog.nouns.items()]
    kinds = (Kind.BILLABLE_METRIC, Kind.PRODUCT, Kind.RATE_CARD, Kind.PACKAGE)
    keys, aliases, properties = set[str](), set[str](), set[str]()
    for _, noun in nouns:
        spec = spec_of(noun)
        keys |= {term.key for name in keyed_lists(type(noun)) for term in getattr(noun, name) if term.key}
        aliases |= {alias.name for alias in noun.held_aliases} | texts_of(spec, "alias", "rate_card_alias")
        properties |= texts_of(spec, *PROPERTIES, *GROUP_VALUES)
        properties |= texts_of(spec.get("property_filters", ()), "name")
    return Names(
        {kind: others({ref.name for ref, _ in nouns if ref.kind is kind}, KEYS) for kind in kinds},
        others(keys, KEYS),
        others(aliases, TEXTS),
        others(properties, TEXTS),
    )


def judged(before: Catalog, after: Catalog, *, prune: bool) -> tuple[Counter[Any], Counter[Any]]:
    """The hazards of what leads from one catalogue to the other, and the codes of findings about it, by object."""

    def plan(desired: Catalog, snapshot: Snapshot, as_of: Any) -> Any:
        return make_plan(desired, snapshot, namespace="acme", environment="test", as_of=as_of, prune=prune)

    snapshot = folded(Snapshot(BEFORE), plan(before, Snapshot(BEFORE), BEFORE))
    made, facts, policy = plan(after, snapshot, NOW), Facts(after, NOW), Policy()
    tasks = [*catalog_tasks(facts, policy), *plan_tasks(Proposal(made, snapshot, facts, policy), policy)]
    found = judge((task for task in tasks if task[0] not in ABOUT_NAMES), lambda: 0.0)
    hazards = Counter((type(step.change).__name__, step.change.ref, step.hazards) for step in made.steps)
    return hazards, Counter((one.rule, one.finding.ref, one.finding.more) for one in found)


def otherwise_called(names: Names, found: Counter[Any]) -> Counter[Any]:
    """The same under the other names; what is about two of a kind is about the kind."""
    named: Counter[Any] = Counter()
    for (what, ref, more), times in found.items():
        named[what, ref.kind if what in OF_TWO else ref and names.ref(ref), more] += times
    return named


@given(st.data())
@settings(max_examples=60)
def test_hazards_and_findings_do_not_depend_on_names(data: st.DataObject) -> None:
    before = data.draw(catalogs(packages=2))
    varied = data.draw(variations(before))
    after = Catalog(
        {ref: changed(data.draw, noun) if isinstance(noun, Package) else noun for ref, noun in varied.nouns.items()},
        varied.rates,
    )
    names, prune = data.draw(renamings(before, after)), data.draw(st.booleans())
    found, again = judged(before, after, prune=prune), judged(names.catalog(before), names.catalog(after), prune=prune)
    same = Names({}, {}, {}, {})
    for one, other in zip(found, again, strict=True):
        assert otherwise_called(names, one) == otherwise_called(same, other)
