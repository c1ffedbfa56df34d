"""Which pricing unit of the account is which of ours: the account has nowhere to put a mark on one.

A unit is known by the vendor's name for it. Ours is the name that the environment's `pricing_units` gives it, or else
the vendor's in lower case with a hyphen for everything that is no letter or digit: "AI credits" is `ai-credits`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pricebook.apply.ports import StoreRefused
from pricebook.catalog.amount import USD, USD_ID
from pricebook.catalog.money import CURRENCIES
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.unit import PricingUnit, known_scale


@dataclass
class AccountUnits:
    """The account's units. `given` are the vendor's names by ours, from the environment's settings."""

    given: Mapping[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=lambda: {USD: USD_ID})
    nouns: dict[str, PricingUnit] = field(default_factory=dict)
    adopted: dict[Ref, str] = field(default_factory=dict)
    """The ids of the units that were asked for by id."""
    unnamed: list[Mapping[str, Any]] = field(default_factory=list)
    """Units as the account lists them that no name of ours stands for."""
    _names: dict[str, str] = field(default_factory=lambda: {USD_ID: USD})

    @classmethod
    def of(
        cls, given: Mapping[str, str], listed: Iterable[Mapping[str, Any]], adopted: Mapping[str, str]
    ) -> "AccountUnits":
        """The units that the account lists. Of two that would have one name of ours, neither has it, unless `adopted`
        says by its id which of them is meant, or else `given` by its name."""
        units = cls(given)
        ours = {vendors: name for name, vendors in given.items()}
        found: dict[str, list[Mapping[str, Any]]] = {}
        for item in listed:
            if item["id"] != USD_ID:
                name = adopted.get(item["id"]) or ours.get(item["name"]) or short_name(item["name"])
                found.setdefault(name, []).append(item)
        for name, items in found.items():
            meant = [item for item in items if item["id"] in adopted]
            meant = meant or [item for item in items if item["name"] in ours] or items
            known = len(meant) == 1 and name not in ("", USD) and _is_known(meant[0])
            units.unnamed += [item for item in items if not known or item is not meant[0]]
            if known:
                (item,) = meant
                if item["id"] in adopted:
                    units.adopted[Ref(Kind.PRICING_UNIT, name)] = item["id"]
                units.add(name, item["name"], item["id"], fiat=bool(item.get("is_currency")))
        return units

    def add(self, name: str, vendors: str, id_: str, *, fiat: bool = False) -> None:
        """One more unit, under our name."""
        code = vendors[:3].upper() if fiat else None
        self.nouns[name] = PricingUnit.model_construct(name=vendors, currency=code, scale=known_scale(code))
        self.ids[name] = id_
        self._names[id_] = name

    def id_of(self, name: str) -> str:
        """The vendor's id of our unit. Raises StoreRefused."""
        if name not in self.ids:
            message = f"the account has no pricing unit that goes by the name {name}"
            raise StoreRefused(message, 404, "declare it, or say its name under pricing_units of the environment")
        return self.ids[name]

    def name_of(self, id_: str) -> str:
        """Our name of the vendor's unit; the id itself when it has none."""
        return self._names.get(id_, id_)


def _is_known(item: Mapping[str, Any]) -> bool:
    """Whether it is a custom unit, or one of the currencies that we know how to count, which go by their codes."""
    return not item.get("is_currency") or bool(re.match(rf"({'|'.join(CURRENCIES)})\b", item["name"], re.IGNORECASE))


def short_name(vendors: str) -> str:
    """Our name for a unit that the settings do not name."""
    return re.sub(r"[^a-z0-9]+", "-", vendors.lower()).strip("-")
