"""Custom-field keys: an account keeps a value only under a key that was declared for the kind of object.

Ours are declared when they are missing, the first with `enforce_uniqueness`, so that two objects can never bear one
mark. That is the first thing that is written: an account or a token that does not allow it stops there, with a word on
what to do.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pricebook.apply.keys import ALIASES, DIGEST, ORDER, RATES, RATES_NEXT, REF
from pricebook.apply.ports import StoreRefused
from pricebook.catalog.custom_field_key import CustomFieldKey
from pricebook.catalog.declared import lists_of
from pricebook.catalog.package import Package
from pricebook.catalog.reference import Kind
from pricebook.metronome.client import Client, Sender
from pricebook.metronome.kind import ENTITIES, KEYS
from pricebook.metronome.listing import pages

TERMS: Mapping[str, str] = {
    name: f"package_{name.removesuffix('s')}"
    for name, field in lists_of(Package).items()
    if field.model is not None and "custom_fields" in field.model.model_fields
}
"""The lists of a package whose terms can have custom fields, and what the vendor calls such a term."""


CARD_MARKS = (REF, DIGEST, RATES, RATES_NEXT, ALIASES, ORDER)
"""The keys of a rate card's marks; other objects have the first two."""


class Keys:
    """The keys that the account has. They are read when the first one is needed."""

    def __init__(self, client: Client, sender: Sender) -> None:
        self._client, self._sender = client, sender
        self._unique: dict[tuple[str, str], bool] | None = None
        self._refused: StoreRefused | None = None
        self._ready = False

    def prepare(self) -> None:
        """Declare all keys of our marks, once, before anything else is written. Raises StoreRefused, every time."""
        if self._refused is not None:
            raise StoreRefused(self._refused.message, self._refused.status, self._refused.hint)
        if self._ready:
            return
        try:
            for kind, entity in ENTITIES.items():
                self._declare(entity, CARD_MARKS if kind is Kind.RATE_CARD else (REF, DIGEST))
        except StoreRefused as refused:
            self._refused = refused
            raise
        self._ready = True

    def declare(self, kind: Kind, keys: Iterable[str]) -> None:
        """Make sure that objects of the kind can have these custom fields. Raises StoreRefused."""
        self._declare(ENTITIES[kind], keys)

    def make(self, noun: CustomFieldKey) -> str:
        """Declare one for its own sake; its name. Raises StoreRefused when it is there and otherwise."""
        there = self._known().get((noun.entity, noun.key))
        if there is None:
            self._add(noun.entity, noun.key, noun.enforce_uniqueness)
        elif there != noun.enforce_uniqueness:
            how = "enforces that values are unique" if there else "does not enforce that values are unique"
            message = f"the custom field {noun.key} of {noun.entity} is there, and {how}"
            raise StoreRefused(message, 409, "say so in its manifest; how a key is declared cannot change")
        return f"{noun.entity}/{noun.key}"

    def declare_all(self, kind: Kind, body: Mapping[str, Any]) -> None:
        """The same for every custom field in the body of a create request."""
        if kind in ENTITIES:
            self.declare(kind, body.get("custom_fields", {}))
        for name, entity in TERMS.items() if kind is Kind.PACKAGE else ():
            for term in body.get(name, ()):
                self._declare(entity, term.get("custom_fields", {}))

    def _declare(self, entity: str, keys: Iterable[str]) -> None:
        for key in keys:
            unique = self._known().get((entity, key))
            if unique is None:
                self._add(entity, key, key == REF)
            elif key == REF and not unique:
                message = f"the custom field {key} of {entity} is not unique: two objects could bear one mark"
                raise StoreRefused(message, 400, f"remove the key {key} of {entity} in the account, and apply again")

    def _add(self, entity: str, key: str, unique: bool) -> None:
        body = {"entity": entity, "key": key, "enforce_uniqueness": unique}

        def done() -> str | None:
            return key if (entity, key) in self._known(anew=True) else None

        try:
            self._sender.send("/v1/customFields/addKey", body, done=done)
        except StoreRefused as refused:
            if refused.status not in (401, 403) and done() is not None:
                return
            how = " with enforce_uniqueness" if unique else ""
            hint = (
                f"declare the custom field {key} on {entity}{how} in the account's settings, or apply with a token that"
                " may write custom fields"
            )
            raise StoreRefused(
                f"the custom field {key} cannot be declared: {refused.message}", refused.status, hint
            ) from None
        self._known()[entity, key] = unique

    def _known(self, *, anew: bool = False) -> dict[tuple[str, str], bool]:
        """Entity and key of every custom field, and whether its values are unique."""
        if self._unique is not None and not anew:
            return self._unique
        found = (item for items, _ in pages(self._client, KEYS, {}) for item in items)
        self._unique = {(item["entity"], item["key"]): bool(item.get("enforce_uniqueness")) for item in found}
        return self._unique
