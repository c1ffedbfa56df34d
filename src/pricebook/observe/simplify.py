"""A package that was read, as a person would have written it: the reverse of `observe.normalise`.

An account shows every field that it filled in, and links terms by ids. Here what was filled in is left out, and every
term gets a key that says what it is. The rule it keeps: a plan takes the result for what the account holds.
"""

from typing import TYPE_CHECKING, Any

from pricebook.catalog.declared import granting_lists, keyed_lists
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.naming import name_of
from pricebook.catalog.traverse import relinked
from pricebook.observe.snapshot import Quirks

if TYPE_CHECKING:  # the module is heavy, and a project may have no packages
    from pricebook.catalog.package import Package


def simplify(package: "Package", quirks: Quirks) -> "Package":
    """The package with keys, and without what the account filled in."""
    renamed: dict[str, str] = {}
    update: dict[str, tuple[Any, ...]] = {}
    balances: set[str] = set()
    for name in keyed_lists(type(package)):
        used = balances if name in granting_lists(type(package)) else set()  # a link may mean any of the balances
        terms = []
        for term in getattr(package, name):
            key = _free(_wanted(term), used)
            if key is None and term.key is not None:
                key = _free(name.removesuffix("s").replace("_", "-"), used)
            if key is not None:
                used.add(key)
                if term.key is not None:
                    renamed[term.key] = key
            terms.append(_bare(term, quirks).model_copy(update={"key": key}))
        update[name] = tuple(terms)
    for name in keyed_lists(type(package)):
        update[name] = tuple(relinked(term, renamed) for term in update[name])
    statement = package.usage_statement_schedule
    filled = statement is not None and spec_of(statement) == quirks.statement
    return package.model_copy(update={**update, **({"usage_statement_schedule": None} if filled else {})})


def _wanted(term: Any) -> str:
    """What the term is about: its name or its product; of an override the one product or tag that it changes."""
    specifiers = getattr(term, "override_specifiers", None)
    if specifiers is None:
        rate = getattr(term, "subscription_rate", term)
        return name_of(term.name or "") or name_of(str(rate.product))
    said = {specifier.product or "-".join(specifier.product_tags) for specifier in specifiers}
    return name_of(said.pop()) if len(said) == 1 else ""


def _free(wanted: str, used: set[str]) -> str | None:
    """The key, or with a number what of it is still free; None when nothing is wanted."""
    if not wanted:
        return None
    key, number = wanted, 1
    while key in used:
        number += 1
        key = f"{wanted}-{number}"
    return key


def _bare(term: Any, quirks: Quirks) -> Any:
    """The term, and its proration, without what the account filled in."""
    update = {name: None for name, filled in quirks.filled_in.items() if getattr(term, name, None) == filled}
    term = term.model_copy(update=update) if update else term
    proration = getattr(term, "proration", None)
    if proration is not None and getattr(proration, "invoice_behavior", None) == quirks.filled_in["invoice_behavior"]:
        term = term.model_copy(update={"proration": proration.model_copy(update={"invoice_behavior": None})})
    return term
