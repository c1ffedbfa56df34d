"""Show: the part of a price list that a question is about, and who decided what stands in it. Reads only."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress

from pricebook.apply.ports import Journal, Run, StoreError
from pricebook.apply.record import decided
from pricebook.catalog.rate_book import RateBook, Rates
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import read_key
from pricebook.observe.snapshot import Snapshot, with_rates
from pricebook.plan.change import RateChange
from pricebook.problem import did_you_mean, quote, reject
from pricebook.workflow.history import object_of

KINDS = (Kind.PRODUCT, Kind.RATE_CARD, Kind.PACKAGE)
"""What has something to show."""
_VERSIONS = re.compile(r"(?P<package>(?:package:)?[^:@]+)@(?P<before>\d{1,9})\.\.@?(?P<after>\d{1,9})\Z")


def question(text: str, known: Iterable[Ref] = ()) -> tuple[Ref, tuple[int, int] | None]:
    """The object that is asked about, and two of its versions for `package:starter@1..@3`. A name without a kind is
    that of the one `known` object with a price that bears it. Raises Rejected."""
    found = _VERSIONS.match(text)
    name = found["package"] if found else text
    ref = object_of(name) if ":" in name else _called(name, known, versions=found is not None)
    if ref.kind not in KINDS:
        raise reject("object-name", f"{quote(text)} has no price", hint="a product, a rate card or a package has")
    return ref, (int(found["before"]), int(found["after"])) if found else None


def _called(name: str, known: Iterable[Ref], *, versions: bool) -> Ref:
    kinds = (Kind.PACKAGE,) if versions else KINDS
    return one_called(name, {ref.unversioned for ref in known if ref.kind in kinds}, "that has a price ")


def one_called(name: str, known: Iterable[Ref], what: str = "") -> Ref:
    """The one of the objects that a Ref says, or that alone bears a name. Raises Rejected."""
    there = set(known)
    named = sorted(str(ref) for ref in there if name in (ref.name, str(ref)))
    if not named:
        words = {word for ref in there for word in ((str(ref),) if ":" in name else (ref.name,))}
        hint = did_you_mean(name, words) or "write it as plans do: product:NAME, package:NAME"
        raise reject("unknown-object", f"nothing {what}is called {quote(name)}", hint=hint)
    if len(named) > 1:
        raise reject("object-name", f"{quote(name)} is called more than one object", hint=f"one of {', '.join(named)}")
    return Ref.parse(named[0])


def groups(words: Iterable[str]) -> dict[str, str]:
    """The pricing group values of `--where model=gpt-4o`. Raises Rejected."""
    wanted = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise reject("value", f"--where {quote(word)} is not KEY=VALUE", hint="write --where model=gpt-4o")
        wanted[name] = value
    return wanted


def narrowed(snapshot: Snapshot, about: Ref | None, card: str | None, where: Mapping[str, str]) -> Snapshot:
    """The snapshot with those rates alone that are asked about. Raises Rejected for what is not there."""
    catalog = snapshot.catalog
    if about is not None:
        _check(about, snapshot)
    if card is not None:
        _check(Ref(Kind.RATE_CARD, card.removeprefix("rate-card:")), snapshot)
    wanted = about.name if about is not None and about.kind is Kind.RATE_CARD else card
    wanted = wanted.removeprefix("rate-card:") if wanted is not None else None
    product = about.name if about is not None and about.kind is Kind.PRODUCT else None
    rates: dict[str, Rates] = {}
    for name, book in catalog.rates.items():
        if wanted in (None, name):
            found = _matching(book, product, where)
            if about is not None and about.kind is Kind.PACKAGE:  # of a package the fees in it are told
                found = {key: text for key, text in found.items() if read_key(key).billing_frequency}
            if found:
                rates[name] = RateBook(found)
    return with_rates(snapshot, rates)


def deciders(
    journal: Journal, environment: str, rates: Mapping[str, Iterable[str]]
) -> dict[tuple[str, str], list[tuple[Run, RateChange]]]:
    """Of prices, by card and key: the runs that changed them, newest first; none of a journal that cannot be read."""
    found: dict[tuple[str, str], list[tuple[Run, RateChange]]] = {}
    with suppress(StoreError):
        for card, keys in rates.items():
            for key, runs in decided(journal, environment, card, set(keys)).items():
                found[card, key] = runs
    return found


def _matching(rates: Rates, product: str | None, where: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for key, schedule in rates.items():
        name, frequency, values = read_key(key)
        held = {**dict(values), **({"billing_frequency": frequency} if frequency else {})}
        if product in (None, name) and where.items() <= held.items():
            found[key] = schedule
    return found


def _check(ref: Ref, snapshot: Snapshot) -> None:
    there = {known.unversioned for known in snapshot.catalog.nouns}
    if ref.unversioned not in there:
        near = did_you_mean(ref.name, [known.name for known in there if known.kind is ref.kind])
        raise reject("unknown-object", f"there is no {quote(ref)}", hint=near)
