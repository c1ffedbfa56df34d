"""Dumping: a catalogue becomes the manifests that a person would have written for it.

The rule it keeps (law 4): what is dumped loads as the same catalogue. Defaults are left out, amounts of a currency are
written as money, exactly, and a price that changes is a schedule.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from pricebook.catalog.amount import USD, Scale
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import tupled
from pricebook.catalog.instant import day_text, instant_text
from pricebook.catalog.leaf import NO_UNITS, AmountUnits, given_fields, units_below, units_of
from pricebook.catalog.model import Alias, Model, Noun
from pricebook.catalog.rate import RateTerms
from pricebook.catalog.rate_book import Rates
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.recurring import AccessAmount, CommitDuration, InvoiceAmount, RecurringCredit
from pricebook.catalog.reference import Ref
from pricebook.catalog.term import RelativeDate
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import Timeline, read_key, read_schedule
from pricebook.catalog.unit import PricingUnit, money_text
from pricebook.edit.layout import lay_out
from pricebook.manifest.envelope import API_VERSION

_SHARED = ("rate_type", "entitled", "credit_type")
"""What the prices of one rate usually share: it stands beside the schedule then."""


def dump(catalog: Catalog) -> dict[str, str]:
    """File name -> text: one manifest per noun, in a folder for its kind. Of a package it is the latest version."""
    scales = catalog.scales
    files = {}
    for ref, noun in sorted(latest(catalog).items()):
        spec = spec_data(noun, scales)
        if isinstance(noun, RateCard) and len(catalog.rates.get(ref.name, ())):
            spec["rates"] = rates_data(catalog.rates[ref.name], noun, scales)
        files[f"{ref.kind.value}s/{ref.name}.yaml"] = manifest_text(ref, {}, spec)
    return files


def manifest_text(ref: Ref, metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    """The text of one manifest. `metadata` is what it has besides its name."""
    head = {"apiVersion": API_VERSION, "kind": ref.kind.manifest}
    return lay_out({**head, "metadata": {"name": ref.name, **metadata}, "spec": spec})


def latest(catalog: Catalog) -> dict[Ref, Noun]:
    """What manifests declare of a catalogue: every noun, of a package the latest version, under refs without one."""
    return {ref.unversioned: catalog.nouns[ref] for ref in sorted(catalog.nouns, key=lambda ref: ref.version or 0)}


def spec_data(model: Model, scales: Mapping[str, Scale], outer: AmountUnits = NO_UNITS) -> dict[str, Any]:
    """The model's fields, in the model's order, as they stand in a manifest."""
    units = units_of(model, outer)
    spec = {name: _written(value, scales, units_below(units, name)) for name, _, value in given_fields(model)}
    return _without_defaults(model, spec, scales)


def _brief(model: Model, spec: dict[str, Any], scales: Mapping[str, Scale]) -> Any:
    """A term in its short form, where it has one that says all of it."""
    text: Any = None
    match model:
        case RelativeDate(value=value, unit=unit) | CommitDuration(value=value, unit=unit):
            text = f"{value} {unit.lower() if value != 1 else unit.lower().removesuffix('s')}"
        case Alias() | AccessAmount() | InvoiceAmount():
            text = spec.get("name") or spec.get("unit_price")
    if not isinstance(text, str):
        return spec
    fields = type(model).spelled_out(text, scales)
    try:
        same = fields is not None and type(model).model_validate(fields, context={"units": scales}) == model
    except ValidationError:  # the text is an amount of another pricing unit
        same = False
    return text if same else spec


BARE = Scale(None, 0)


def _without_defaults(model: Model, spec: dict[str, Any], scales: Mapping[str, Scale]) -> dict[str, Any]:
    """The spec without what the model tells itself when it is not given."""
    match model:
        case PricingUnit():
            del spec["scale"]
        case RecurringCredit(subscription_config=None, access_amount=AccessAmount(quantity=1)):
            amount = {name: value for name, value in spec["access_amount"].items() if name != "quantity"}
            spec["access_amount"] = _brief(model.access_amount.model_copy(update={"quantity": None}), amount, scales)
    return spec


def _written(value: Any, scales: Mapping[str, Scale], units: AmountUnits) -> Any:
    if isinstance(value, Model):
        return _brief(value, spec_data(value, scales, units), scales)
    if isinstance(value, (list, tuple)):
        below = units_below(units, "*")
        return [_written(item, scales, below) for item in value]
    if isinstance(value, Mapping):
        return {key: _written(value[key], scales, NO_UNITS) for key in sorted(value)}
    unit = units.get(())
    if unit is not None and (currency := scales.get(unit, BARE)).currency is not None:
        return money_text(value, currency)
    return day_text(instant_text(value)) if isinstance(value, datetime) else value


def rates_data(rates: Rates, card: RateCard, scales: Mapping[str, Scale]) -> list[dict[str, Any]]:
    """The card's rates in the order of their keys."""
    known: dict[Terms, dict[str, Any]] = {}
    found = []
    for key_text, schedule in sorted(rates.items()):
        key, timeline = read_key(key_text), read_schedule(schedule)
        for segment in timeline:
            if segment.terms not in known:
                known[segment.terms] = _terms(segment.terms, card, scales)
        rate: dict[str, Any] = {"product": key.product}
        if key.billing_frequency is not None:
            rate["billing_frequency"] = key.billing_frequency
        if key.pricing_group_values:
            rate["pricing_group_values"] = dict(key.pricing_group_values)
        prices = [{**times, **known[s.terms]} for times, s in zip(times_of(timeline), timeline, strict=True)]
        found.append(rate | (prices[0] if len(prices) == 1 else _schedule(prices)))
    return found


def _terms(terms: Terms, card: RateCard, scales: Mapping[str, Scale]) -> dict[str, Any]:
    """What a price says: FLAT, entitled and in the card's fiat unit unless it says otherwise."""
    unit = {} if terms.is_fraction else {"credit_type": card.fiat_credit_type}
    tacit = {"rate_type": "FLAT", "entitled": True, "credit_type": USD} | unit
    spec = {"credit_type": terms.unit, **spec_data(RateTerms.model_validate(tupled(terms.fields)), scales)}
    return {name: value for name, value in spec.items() if name not in tacit or value != tacit[name]}


def times_of(timeline: Timeline) -> Iterable[dict[str, Any]]:
    """From when each segment holds, and until when where that is not the start of the next."""
    for segment, after in zip(timeline, (*timeline[1:], None), strict=True):
        times = {"starting_at": day_text(segment.starting_at)}
        if segment.ending_before is not None and (after is None or segment.ending_before != after.starting_at):
            times["ending_before"] = day_text(segment.ending_before)
        yield times


def _schedule(prices: list[dict[str, Any]]) -> dict[str, Any]:
    shared = {n: prices[0][n] for n in _SHARED if n in prices[0] and all(p.get(n) == prices[0][n] for p in prices)}
    return shared | {"schedule": [{n: value for n, value in p.items() if n not in shared} for p in prices]}
