"""Rates that are said by others, worked out: groups in their order, each over what the ones before have given, and a
single price as soon as there is the one that it starts from. The rates of a card are looked through once, not for each.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from pricebook.catalog.canonical import quoted
from pricebook.catalog.rate_book import RateBook, Rates
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import RateKey, key_text, read_key
from pricebook.catalog.violation import Violation
from pricebook.manifest.card_rates import facts_of
from pricebook.manifest.factor import Factors, read_factors
from pricebook.manifest.loading import Loading
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.related_terms import TermsWriter
from pricebook.manifest.relation import DependentPrice, Relation, dependent_prices
from pricebook.problem import did_you_mean, quote

LISTED = 10
"""Things that are wrong with one group of rates, at most."""
_NO_FACTOR = Violation(
    "nothing-fits", "the table has no factor for this", ("times_from",), "give it a row, or leave it out, under of"
)


def relate(loading: Loading) -> None:
    """Add to the cards the rates that their relations give, those of a card that others start from first."""
    said = {
        ref.name: list(dependent_prices(loading, ref))
        for ref, envelope in loading.envelopes.items()
        if ref.kind is Kind.RATE_CARD and isinstance(envelope.spec, dict)
    }
    seen: set[str] = set()
    for first in said:
        above: dict[str, tuple[Iterator[DependentPrice], list[DependentPrice]]] = {}
        """The cards that wait for one another, with what of them was not looked at yet, and what can be worked out."""
        _wait(first, said, seen, above)
        while above:
            name = next(reversed(above))
            left, able = above[name]
            one = next(left, None)
            if one is None:
                del above[name]
                if able:
                    _Card(loading, name).derive(able)
            elif (violation := _misled(loading, name, one.price.of.rate_card, above)) is not None:
                loading.reject([violation], loading.envelopes[Ref(Kind.RATE_CARD, name)], one.at)
            else:
                other = one.price.of.rate_card or name
                _wait(other, said, seen, above)
                if name in loading.rates and other in loading.rates:
                    able.append(one)


def _wait(
    name: str,
    said: Mapping[str, list[DependentPrice]],
    seen: set[str],
    above: dict[str, tuple[Iterator[DependentPrice], Any]],
) -> None:
    if name not in seen:
        seen.add(name)
        above[name] = iter(said.get(name, ())), []


def _misled(loading: Loading, name: str, other: str | None, above: Collection[str]) -> Violation | None:
    """What keeps a card's prices from being said by those of another one."""
    if other is None:
        return None
    if other in above:
        message = f"the prices of {quote(name)} are said by themselves, by way of {quote(other)}"
        return Violation("relation-cycle", message, ("of", "rate_card"), "one card has prices of its own")
    if Ref(Kind.RATE_CARD, other) not in loading.envelopes:
        cards = [ref.name for ref in loading.envelopes if ref.kind is Kind.RATE_CARD]
        hint = did_you_mean(other, cards) or f"rate cards: {', '.join(sorted(cards)[:10])}"
        return Violation("unknown-reference", f"rate card {quote(other)} does not exist", ("of", "rate_card"), hint)
    return None


class _Book:
    """The rates of a card while others are worked out from them; the keys of a product are read once somebody asks."""

    def __init__(self, rates: Rates, facts: RateFacts) -> None:
        self.schedules = dict(rates.items())
        self._facts = facts
        self._keys: dict[str | None, list[RateKey]] = {}

    def add(self, found: Mapping[str, str]) -> None:
        """Further rates."""
        self.schedules |= found
        for key in map(read_key, found if self._keys else ()):
            for name in (key.product, None):
                if name in self._keys:
                    self._keys[name].append(key)

    def fitting(self, one: DependentPrice) -> list[RateKey]:
        """The rates that one starts from, as far as they are there by now."""
        exact = self.exact(one)
        if exact is not None:
            return [exact] if key_text(exact) in self.schedules else []
        own = (one.target.product if one.target is not None else None,)
        return [key for name in one.price.of.product or own for key in self._of(name) if one.starts_from(key)]

    def exact(self, one: DependentPrice) -> RateKey | None:
        """The only rate that a single price can start from; None where there may be several."""
        of, target = one.price.of, one.target
        if target is None or len(of.product or ("",)) != 1:
            return None
        (product,) = of.product or (target.product,)
        if product not in self._facts.products:
            return None
        values = {**dict(target.pricing_group_values), **of.pricing_group_values}
        names = self._facts.group_key(product)
        if not values.keys() >= {*names} or not {*names} >= of.pricing_group_values.keys():
            return None
        groups = tuple((name, values[name]) for name in names)
        return RateKey(product, of.billing_frequency or target.billing_frequency, groups)

    def _of(self, product: str | None) -> list[RateKey]:
        if product not in self._keys:
            head = f"[{quoted(product)}," if product is not None else ""  # a key's text begins with its product
            self._keys[product] = [read_key(text) for text in self.schedules if text.startswith(head)]
        return self._keys[product]


class _Card:
    """A card to which rates are added."""

    def __init__(self, loading: Loading, name: str) -> None:
        self._loading, self._name = loading, name
        ref = Ref(Kind.RATE_CARD, name)
        nouns: Mapping[Ref, Any] = loading.nouns
        card: RateCard = nouns[ref]
        self._envelope = loading.envelopes[ref]
        self._facts = facts_of(loading, name, card)
        self._books: dict[str, _Book] = {}

    def _book(self, one: DependentPrice) -> _Book:
        """That of the card whose rates it starts from."""
        return self._book_of(one.price.of.rate_card or self._name)

    def _book_of(self, name: str) -> _Book:
        if name not in self._books:
            self._books[name] = _Book(self._loading.rates[name], self._facts)
        return self._books[name]

    def derive(self, said: Sequence[DependentPrice]) -> None:
        """Groups in their order; a single price as soon as there is the one that it starts from."""
        open_ = deque(one for one in said if one.target is not None)
        groups = deque(one for one in said if one.target is None)
        asleep: defaultdict[str, list[DependentPrice]] = defaultdict(list)
        """Single prices by the one rate that they wait for; those that may wait for several are `loose`."""
        loose: list[DependentPrice] = []
        grown = False
        while open_ or groups or (loose and grown):
            if not open_ and loose and grown:
                open_, loose, grown = deque(loose), [], False
            one = open_.popleft() if open_ else groups.popleft()
            found = self._book(one).fitting(one)
            if one.target is not None and not found:
                exact = self._book(one).exact(one)
                (asleep[key_text(exact)] if exact is not None else loose).append(one)
                continue
            added, wrong = self._derived(one, found)
            self._loading.reject(wrong, self._envelope, one.at)
            self._book_of(self._name).add(added)
            grown = grown or bool(added)
            for text in added:
                open_.extend(asleep.pop(text, ()))
        self._loading.rates[self._name] = RateBook(self._book_of(self._name).schedules)
        self._give_up([*loose, *(one for some in asleep.values() for one in some)])

    def _give_up(self, waiting: Sequence[DependentPrice]) -> None:
        """Say why single prices have nothing that they start from."""
        targets = {key_text(one.target): one.target for one in waiting if one.target is not None}
        for one in sorted(waiting, key=lambda one: str(one.at[1]).rjust(9)):
            exact = self._book(one).exact(one)
            own = one.price.of.rate_card is None
            by_itself = key_text(exact) in targets if exact is not None else any(map(one.starts_from, targets.values()))
            message, code = "no price is like this", "nothing-fits"
            if own and by_itself:
                message, code = "the price is said by itself, by way of what it starts from", "relation-cycle"
            violation = Violation(code, message, ("of",), "see pricebook ls, or the table")
            self._loading.reject([violation], self._envelope, one.at)

    def _derived(self, one: DependentPrice, found_in: Sequence[RateKey]) -> tuple[dict[str, str], list[Violation]]:
        """The rates that one gives; and what is wrong with it, each thing once."""
        price, facts, there = one.price, self._facts, self._book(one).schedules
        if one.target is not None and len(found_in) > 1:
            listed = ", ".join(map(str, found_in[:3]))
            message = f"{len(found_in):,} prices are like this: {listed}"
            hint = "say the product, billing_frequency and pricing_group_values"
            return {}, [Violation("ambiguous", message, ("of",), hint)]
        writer = TermsWriter(
            self._loading.scales, facts.card.fiat_credit_type, price.of.rate_card is not None, price.round, price.ending
        )
        factors = None
        if price.times_from is not None and (factors := self._factors(one)) is None:
            return {}, []
        own = self._book_of(self._name).schedules
        found: dict[str, str] = {}
        wrong: dict[tuple[str, str], Violation] = {}
        for key in found_in:
            target = one.target or (price.target(key) if isinstance(price, Relation) else key)
            made: str | Violation | None = facts.check_key(
                target.product, target.billing_frequency, tuple(name for name, _ in target.pricing_group_values)
            )
            if made is None:
                times = factors.of(target) if factors is not None else price.times
                made = writer.written(there[key_text(key)], times) if times is not None else _NO_FACTOR
            if isinstance(made, Violation):
                at = made.at if made.at == ("times_from",) else ()
                violation = Violation(made.code, f"{target}: {made.message}", at, made.hint)
                wrong.setdefault((made.code, made.message), violation)
            elif key_text(target) not in own:
                found[key_text(target)] = made
        if not found_in and there:
            hint = "see pricebook ls, or the table"
            wrong["nothing-fits", ""] = Violation("nothing-fits", "no rate is like this", ("of",), hint)
        said = "times_from" if price.times_from is not None else "times"
        self._loading.related.setdefault(self._name, {}).update(dict.fromkeys(found, (*one.at, said)))
        return found, list(wrong.values())[:LISTED]

    def _factors(self, one: DependentPrice) -> Factors | None:
        """Those of its table; None where something is wrong with that."""
        assert one.price.times_from is not None, "of one that names a table"
        span_at = self._loading.span_at(self._envelope, *one.at, "times_from")
        root, file = self._loading.scope.root, self._envelope.document.file
        factors, problems = read_factors(root, file, one.price.times_from, self._facts, span_at)
        self._loading.problems += problems
        return factors if not problems else None
