"""The price list as JSON for other pages: exact amounts as text in the currency's major unit, and words beside them.

`index.json` names everything but prices; those are in a file for each rate card. Amounts are text, because a JSON
number is a binary fraction to most readers. The form is described by `feed_schema` and grows only by new keys.
"""

import json
from collections.abc import Iterator
from typing import Any

from pricebook.catalog.canonical import encode
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.instant import INSTANT_PATTERN
from pricebook.catalog.money import plain
from pricebook.catalog.reference import Kind, Ref
from pricebook.format.escape import escape_json
from pricebook.view.price import Units, major
from pricebook.view.price_list import PriceHistory, PriceList, slug
from pricebook.view.rate_terms import PricePeriod

FORMAT = "pricebook-feed/1"
compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""JSON of texts, whole numbers, booleans and what is made of them: there is no other number in what pages read."""


def feed_files(listed: PriceList) -> Iterator[tuple[str, str]]:
    """The files by path: the index, and the prices of each card."""
    index = {
        "format": FORMAT,
        "namespace": listed.namespace,
        "products": [
            {"name": name, "title": product.name, "type": product.type, "tags": product.tags}
            for name, product in listed.products.items()
        ],
        "rate_cards": [
            {
                "name": name,
                "title": card.name,
                "aliases": _aliases(listed, Ref(Kind.RATE_CARD, name)),
                "prices": f"rate-cards/{slug(name)}.json",
                "count": len(listed.prices.get(name, ())),
            }
            for name, card in listed.cards.items()
        ],
        "packages": [
            {
                "name": name,
                "versions": [
                    {
                        "version": version.number,
                        "title": version.package.name,
                        "made_at": version.made,
                        "archived": version.archived,
                        "aliases": _aliases(listed, version.ref),
                        "spec": spec_of(version.package),
                    }
                    for version in versions
                ],
            }
            for name, versions in listed.packages.items()
        ],
    }
    yield "feed/index.json", escape_json(encode(index)) + "\n"
    for name in listed.cards:
        lines = ",\n".join(_price(history, listed.units) for history in listed.prices.get(name, ()))
        head = encode({"format": FORMAT, "namespace": listed.namespace, "rate_card": name})
        yield f"feed/rate-cards/{slug(name)}.json", escape_json(f'{head[:-1]},"prices":[\n{lines}\n]}}') + "\n"


def _aliases(listed: PriceList, ref: Ref) -> list[dict[str, object]]:
    return [
        {"name": held.alias, "starting_at": held.starting_at, "ending_before": held.ending_before}
        for held in listed.holdings
        if held.ref == ref
    ]


def _price(history: PriceHistory, units: Units) -> str:
    product, frequency, values = history.key
    return compact(
        {
            "product": product,
            "billing_frequency": frequency,
            "pricing_group_values": dict(values),
            "schedule": [_stretch(stretch, units) for stretch in history.stretches],
        }
    )


def _stretch(stretch: PricePeriod, units: Units) -> dict[str, Any]:
    terms = stretch.terms
    name, fraction = terms.unit, terms.is_fraction
    data: dict[str, Any] = {
        "starting_at": stretch.starting_at,
        "ending_before": stretch.ending_before,
        "entitled": terms.entitled,
        "rate_type": terms.rate_type,
        "unit": None if fraction else name,
        "currency": None if fraction else _currency(units, name),
        "amount": plain(stretch.amount) if stretch.amount is not None else None,
        "text": stretch.words.strip(),
    }
    if terms.charge.tiers:
        data["tiers"] = [
            {
                "amount": plain(price if fraction else major(price, units[name])),
                "size": plain(size) if size is not None else None,
            }
            for price, size in terms.charge.tiers
        ]
    return data


def _currency(units: Units, name: str) -> str | None:
    scale = units.scales.get(name)
    return scale.currency if scale is not None else None


def feed_schema() -> dict[str, Any]:
    """The JSON Schema of both kinds of file."""
    text: dict[str, Any] = {"type": "string"}
    maybe = {"type": ["string", "null"]}
    amount = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}
    instant = {"type": "string", "pattern": INSTANT_PATTERN}
    instant_or_none = {"anyOf": [instant, {"type": "null"}]}
    texts = {"type": "object", "additionalProperties": text}
    head = {"format": {"const": FORMAT}, "namespace": text}
    described = {
        "index": _object(
            head
            | {
                "products": _list(_object({"name": text, "title": text, "type": text, "tags": _list(text)})),
                "rate_cards": _list(
                    _object(
                        {
                            "name": text,
                            "title": text,
                            "aliases": _list({"$ref": "#/$defs/alias"}),
                            "prices": text | {"description": "Where the card's prices are, relative to this file."},
                            "count": {"type": "integer", "minimum": 0, "description": "How many prices those are."},
                        }
                    )
                ),
                "packages": _list(_object({"name": text, "versions": _list({"$ref": "#/$defs/version"})})),
            }
        ),
        "prices": _object(head | {"rate_card": text, "prices": _list({"$ref": "#/$defs/price"})}),
        "alias": _object({"name": text, "starting_at": instant_or_none, "ending_before": instant_or_none})
        | {"description": "A name by which contracts find the object, from starting_at (inclusive) on; null: always."},
        "version": _object(
            {
                "version": {"type": "integer", "minimum": 1},
                "title": text,
                "made_at": instant_or_none,
                "archived": {"type": "boolean"},
                "aliases": _list({"$ref": "#/$defs/alias"}),
                "spec": {
                    "type": "object",
                    "description": "The package's terms under the vendor's field names; amounts in API units (cents).",
                },
            }
        ),
        "price": _object(
            {
                "product": text,
                "billing_frequency": maybe,
                "pricing_group_values": texts,
                "schedule": _list({"$ref": "#/$defs/stretch"}),
            }
        ),
        "stretch": _object(
            {
                "starting_at": instant,
                "ending_before": instant_or_none,
                "entitled": {
                    "type": "boolean",
                    "description": "Sold to everybody on the card; if not, only where a package enables it.",
                },
                "rate_type": text,
                "unit": maybe | {"description": "The pricing unit; null for a percentage."},
                "currency": maybe | {"description": "ISO 4217; null for a custom unit and for a percentage."},
                "amount": {
                    "anyOf": [amount, {"type": "null"}],
                    "description": "Exact, for one, in major units (dollars); of a percentage a fraction; "
                    "null where it is not one number.",
                },
                "text": text | {"description": "For people, mostly for a thousand or a million where it is tiny."},
            },
            tiers=_list(_object({"amount": amount, "size": {"anyOf": [amount, {"type": "null"}]}})),
        ),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pricebook feed",
        "description": "What `pricebook site` writes below feed/: index.json, and a file of prices for each rate card.",
        "anyOf": [{"$ref": "#/$defs/index"}, {"$ref": "#/$defs/prices"}],
        "$defs": described,
    }


def _object(properties: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """New keys may come: a reader leaves alone what it does not know."""
    return {"type": "object", "properties": {**properties, **optional}, "required": list(properties)}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}
