"""Price set: one price from a day on, written where the card has it, for review. The store is never touched."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.instant import instant_text
from pricebook.catalog.money import read_number
from pricebook.catalog.rate import RateTerms
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms, is_fraction
from pricebook.catalog.timeline import (
    RateKey,
    Segment,
    Timeline,
    key_text,
    normal,
    read_key,
    read_schedule,
    schedule_text,
    terms_from,
)
from pricebook.edit.manifest_edit import EditRequest, ManifestEdit
from pricebook.manifest.load import load
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.validation import validated
from pricebook.problem import Rejected, fits_nothing, quote, reject
from pricebook.project.project import Project
from pricebook.workflow.reprice import Repricing, placed, price_words


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPrice:
    """A price as it is to be from a day on: of which product, and of which of its prices. `new`: there is none yet."""

    product: str
    price: str
    day: datetime
    groups: Mapping[str, str] = field(default_factory=dict)
    frequency: str | None = None
    card: str | None = None
    new: bool = False


def set_price(project: Project, asked: NewPrice) -> Repricing:
    """What has to be written. Until the day the price stays what it is; after it, what begins later stays as well.
    Raises Rejected when not exactly one price is meant, or it cannot be placed."""
    loaded = load(project)
    catalog, day = loaded.catalog, instant_text(asked.day)
    if asked.product not in catalog.products:
        raise Rejected([fits_nothing("PRODUCT", asked.product, catalog.products)])
    card, key = _meant(catalog, asked)
    ref, noun = Ref(Kind.RATE_CARD, card), catalog.cards[card]
    was = catalog.rates[card].get(key) if card in catalog.rates else None
    timeline = read_schedule(was) if was is not None else ()
    held = terms_from(timeline, day) or (timeline[-1].terms if timeline else None)
    free = Terms.of({"entitled": True, "rate_type": "FLAT", "price": 0, "credit_type": noun.fiat_credit_type})
    terms = _terms(held or free, asked, catalog)
    now = schedule_text(_priced(timeline, day, terms))
    made, editor = Repricing(before=catalog.rates), ManifestEdit(loaded)
    if now != was:
        words = price_words(was, day, catalog.scales) if was is not None else ""
        made.prices.append((f"{card} · {read_key(key)}", words, price_words(now, day, catalog.scales)))
        made.wanted[card] = {key: now}
        editor.make(EditRequest(ref, noun, frozenset(), made.wanted[card]))
    return placed(made, editor, loaded, [])


def _meant(catalog: Catalog, asked: NewPrice) -> tuple[str, str]:
    """The card and the key of the one price that is meant. Raises Rejected."""
    if asked.card is not None and asked.card not in catalog.cards:
        raise Rejected([fits_nothing("--card", asked.card, catalog.cards)])
    cards = [name for name in sorted(catalog.cards) if asked.card in (None, name)]
    found = [
        (card, text)
        for card in cards
        for text, _ in (catalog.rates[card].items() if card in catalog.rates else ())
        if (key := read_key(text)).product == asked.product
        and asked.frequency in (None, key.billing_frequency)
        and asked.groups.items() <= dict(key.pricing_group_values).items()
    ]
    if len(found) > 1:
        several = {card for card, _ in found}
        listed = ", ".join(f"{card} · {read_key(text)}" for card, text in sorted(found)[:5])
        more = ", …" if len(found) > 5 else ""
        way = "say which: --card NAME" if len(several) > 1 else "say which: --where KEY=VALUE, or --frequency"
        raise reject("ambiguous", f"{len(found):,} prices are like this: {listed}{more}", hint=way)
    if found and not asked.new:
        return found[0]
    if found:
        raise reject("exists", f"there is this price: {read_key(found[0][1])}", hint="leave out --new")
    if not asked.new:
        raise reject("fits-nothing", f"no price of {quote(asked.product)} is like this", hint="to make it, say --new")
    if len(cards) != 1:
        raise reject("ambiguous", f"it may stand on {len(cards)} cards", hint=f"say --card, one of {', '.join(cards)}")
    groups = tuple(sorted(asked.groups.items()))
    facts = RateFacts(cards[0], catalog.cards[cards[0]], catalog.products, catalog.scales)
    wrong = facts.check_key(asked.product, asked.frequency, tuple(name for name, _ in groups))
    if wrong is not None:
        raise reject(wrong.code, wrong.message, hint=wrong.hint)
    return cards[0], key_text(RateKey(asked.product, asked.frequency, groups))


def _terms(held: Terms, asked: NewPrice, catalog: Catalog) -> Terms:
    """What holds with the new price. Raises Rejected."""
    if held.flat is None:
        raise reject("not-applicable", "this price is no single amount", hint="edit its tiers in the manifest")
    scale = catalog.scales.get(held.unit)
    number = read_number(asked.price)
    if number is not None and scale is not None and scale.currency is not None and not is_fraction(held.rate_type):
        hint = f"write --price with its currency: $20.00, or {asked.price} {scale.currency}"
        raise reject("amount", f"--price {quote(asked.price)} says no currency", hint=hint)
    fields = {"credit_type": held.unit, **held.fields, "price": asked.price if number is None else number}
    if is_fraction(held.rate_type):
        del fields["credit_type"]
    terms, wrong = validated(RateTerms, fields, catalog.scales)
    if terms is None:
        raise reject(wrong[0].code, f"--price {quote(asked.price)}: {wrong[0].message}", hint=wrong[0].hint)
    return Terms.of(spec_of(terms))


def _priced(timeline: Timeline, day: str, terms: Terms) -> Timeline:
    """The timeline with other terms from a day on, until what begins later, or ends."""
    after = min((s.starting_at for s in timeline if s.starting_at > day), default=None)
    found = []
    for segment in timeline:
        if segment.covers(day):
            after = segment.ending_before
            found += [segment._replace(ending_before=day)] if segment.starting_at < day else []
        else:
            found.append(segment)
    return normal([*found, Segment(day, after, terms)])
