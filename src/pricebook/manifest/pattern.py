"""Packages without repetition: what a manifest says once is written out, before anything is judged.

A package may be one of a matrix (`for`), be based on another (`based_on`), and leave to the project what all packages
say alike. This is total and without any logic: values are put in places, mappings are merged field by field, lists of
terms by their keys. Of each node that comes from elsewhere it is known from where, so that problems, plans and findings
point at the line that says it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from math import prod
from typing import Any

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.condition import Given
from pricebook.catalog.declared import lists_of
from pricebook.catalog.override import Override, OverrideSpecifier
from pricebook.catalog.package import Package
from pricebook.catalog.rate_book import NO_RATES
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.subscription import SubscriptionRate
from pricebook.catalog.term import RelativeDate
from pricebook.catalog.timeline import RateKey, key_text, read_schedule
from pricebook.catalog.violation import Path, Violation
from pricebook.manifest.envelope import Envelope
from pricebook.manifest.loading import Loading
from pricebook.manifest.scope import PROJECT_FILE
from pricebook.manifest.syntax import Document, Node
from pricebook.problem import did_you_mean, quote, written
from pricebook.span import Span

MAX_CELLS = 1000
"""Packages of one matrix."""
_PLACE = re.compile(r"\{(\w+)\}")
_ITS_OWN = ("based_on", "without", "name", "aliases")
"""What a package has for itself, whatever it is based on."""


def cells(document: Document) -> Iterator[tuple[Document, list[Violation]]]:
    """The packages of a document that is a matrix of them, each with what is wrong with it."""
    data: Any = document.data
    spec = data["spec"]
    violations = list(_check_axes(spec["for"]))
    values = spec.get("values", {})
    if not isinstance(values, dict):
        violations.append(
            Violation("type", "values is a mapping", ("spec", "values"), "values: {credits: {team: 300}}")
        )
    if violations:
        yield replace(document, data=None), violations
        return
    own = {name: value for name, value in spec.items() if name not in ("for", "values")}
    for cell in product(*spec["for"].values()):
        writer = _Cell(document, dict(zip(spec["for"], cell, strict=True)), values)
        metadata = writer.written(data.get("metadata"), ("metadata",), lower=True)
        writer.call(metadata)
        made = {**data, "metadata": metadata, "spec": writer.written(own, ("spec",))}
        if writer.violations:
            made = {}
        yield replace(document, data=made or None, origins=writer.origins, derived=True), writer.violations


def _check_axes(axes: object) -> Iterator[Violation]:
    at: Path = ("spec", "for")
    if not isinstance(axes, dict) or not axes:
        yield Violation("type", "for is a mapping of lists", at, "for: {plan: [team, enterprise]}")
        return
    for name, values in axes.items():
        if not isinstance(values, tuple) or not values or not all(isinstance(value, str) for value in values):
            yield Violation("type", f"{name} is not a list of texts", (*at, name), f"{name}: [team, enterprise]")
            return
        if len(set(values)) < len(values):
            yield Violation("duplicate", f"{name} has a value twice", (*at, name), "remove one")
            return
    count = prod(map(len, axes.values()))
    if count > MAX_CELLS:
        message = f"the matrix has {count:,} packages, and {MAX_CELLS:,} are the most"
        yield Violation("too-many", message, at, "make several manifests")


class _Cell:
    """One package of a matrix: its values by axis, and what is written out for it. `origins` has the nodes that stand
    under `values`."""

    def __init__(self, document: Document, cell: Mapping[str, str], values: Mapping[str, Any]) -> None:
        self._document, self._cell, self._values = document, cell, values
        self.origins: dict[Path, Node] = {}
        self.violations: list[Violation] = []

    def written(self, data: Any, at: Path, *, lower: bool = False) -> Any:
        """The data with this cell's values in their places. What has a value that is null here is left out: the term
        of a list, or else the field."""
        match data:
            case str() if whole := _PLACE.fullmatch(data):
                return self._value(whole[1], at, data, lower=lower)
            case str():
                return _PLACE.sub(lambda found: self._text(found, at, lower=lower), data)
            case dict() if len(data) == 1 and next(iter(data.values())) is None and self._knows(next(iter(data))):
                return self._value(next(iter(data)), at, data, lower=lower)  # {plan}, without quotes
            case dict():
                found = {name: self.written(value, (*at, name), lower=lower) for name, value in data.items()}
                lost = [name for name, value in found.items() if value is None and data[name] is not None]
                if lost and any(isinstance(step, int) for step in at):
                    return None
                return {name: value for name, value in found.items() if name not in lost}
            case tuple():
                items: list[Any] = []
                for index, item in enumerate(data):
                    made = self.written(item, (*at, index), lower=lower)
                    if made is None and item is not None:
                        continue
                    if len(items) != index:  # one before it is left out
                        self.origins[(*at, len(items))] = self._document.node((*at, index))
                    items.append(made)
                return tuple(items)
        return data

    def call(self, metadata: Any) -> None:
        """Let `{name}` stand for what the package is called in this cell."""
        name = metadata.get("name") if isinstance(metadata, dict) else None
        self._cell = {"name": name, **self._cell} if isinstance(name, str) else self._cell

    def _knows(self, name: str) -> bool:
        return name in self._cell or name in self._values

    def _text(self, found: re.Match[str], at: Path, *, lower: bool) -> str:
        if not self._knows(found[1]):
            return found[0]  # such as {version}
        value = self._value(found[1], at, found[0], lower=lower)
        return value if isinstance(value, str) else "" if value is None else written(value)

    def _value(self, name: str, at: Path, data: Any, *, lower: bool) -> Any:
        if name in self._cell:
            return self._cell[name].lower() if lower else self._cell[name]
        if name not in self._values:
            if name != "version":
                known = (*self._cell, *self._values)
                hint = did_you_mean(name, known) or f"known: {', '.join(known)}"
                self.violations.append(Violation("unknown-value", f"{quote(name)} is no value of the matrix", at, hint))
            return data
        node: Path = ("spec", "values", name)
        value = self._values[name]
        while isinstance(value, dict) and (keys := [one for one in self._cell.values() if one in value]):
            value, node = value[keys[0]], (*node, keys[0])
        if isinstance(value, dict) and value.keys() <= set(self._axes(value)):
            message = f"{name} has no value for {' · '.join(self._cell.values())}"
            hint = "give it one; null leaves out the term that has it"
            self.violations.append(Violation("missing-field", message, node, hint))
            return None
        self.origins[at] = self._document.node(node)
        return value

    def _axes(self, value: Mapping[str, Any]) -> Iterator[str]:
        """The keys that are values of an axis, of this cell or of another."""
        data: Any = self._document.data
        for values in data["spec"]["for"].values():
            yield from (one for one in values if one in value)


def write_out(loading: Loading, defaults: Mapping[str, Mapping[str, Any]]) -> None:
    """Give packages what they are based on, and their terms what the project says of all of them."""
    lists = lists_of(Package)
    for name in defaults.keys() - lists.keys():
        hint = did_you_mean(name, lists) or f"lists: {', '.join(lists)}"
        violation = Violation("unknown-field", f"packages have no list {quote(name)}", ("package_defaults", name), hint)
        loading.placer.add([violation], Document(PROJECT_FILE, 0, None, Span(PROJECT_FILE)))
    done: set[Ref] = set()
    for ref in [ref for ref in loading.envelopes if ref.kind is Kind.PACKAGE]:
        _merge_base(loading, ref, done, ())
    for ref in [ref for ref in loading.envelopes if ref.kind is Kind.PACKAGE]:
        envelope = loading.envelopes[ref]
        if isinstance(envelope.spec, dict) and defaults:
            loading.envelopes[ref] = _with_defaults(envelope, defaults)


def _merge_base(loading: Loading, ref: Ref, done: set[Ref], below: tuple[Ref, ...]) -> None:
    envelope = loading.envelopes.get(ref)
    if envelope is None or ref in done or not isinstance(envelope.spec, dict) or "based_on" not in envelope.spec:
        return
    named = envelope.spec["based_on"]
    base = Ref(Kind.PACKAGE, named) if isinstance(named, str) else ref
    violation = None
    if not isinstance(named, str):
        violation = Violation("type", f"{written(named)} is not the name of a package", ("based_on",))
    elif base in (ref, *below):
        message = f"package {quote(ref.name)} is based on itself, by way of {quote(named)}"
        violation = Violation("package-cycle", message, ("based_on",), "one of them stands on its own")
    elif base not in loading.envelopes and named not in loading.unread:
        names = [other.name for other in loading.envelopes if other.kind is Kind.PACKAGE]
        hint = did_you_mean(named, names) or "name a package of this project"
        violation = Violation("unknown-reference", f"package {quote(named)} does not exist", ("based_on",), hint)
    else:
        _merge_base(loading, base, done, (*below, ref))
    done.add(ref)
    if violation is not None:
        loading.reject([violation], envelope)
    if violation is not None or base not in loading.envelopes:
        del loading.envelopes[ref]
        loading.unread.add(ref.name)
        return
    merger = _Merger(loading.envelopes[base].document, envelope.document)
    inherited = {k: v for k, v in loading.envelopes[base].spec.items() if k not in _ITS_OWN}
    own = {k: v for k, v in envelope.spec.items() if k not in ("based_on", "without")}
    loading.reject(merger.check(envelope.spec.get("without"), inherited), envelope)
    spec = merger.merged(inherited, own, ("spec",), ("spec",), ("spec",))
    document = replace(envelope.document, origins=merger.origins, derived=True)
    loading.envelopes[ref] = envelope._replace(spec=spec, document=document)


class _Merger:
    """A package over the one that it is based on. `origins` says where the nodes of the outcome stand."""

    def __init__(self, base: Document, own: Document) -> None:
        self._base, self._own = base, own
        self.origins: dict[Path, Node] = dict(own.origins)
        self._without: Mapping[str, tuple[str, ...]] = {}

    def check(self, without: Any, inherited: Mapping[str, Any]) -> Iterator[Violation]:
        """What is wrong with `without`, the keys of terms by list; else they are left out."""
        if without is None:
            return
        if not isinstance(without, dict) or not all(isinstance(keys, tuple) for keys in without.values()):
            hint = "without: {subscriptions: [seats]}"
            yield Violation("type", "without is a mapping of lists of keys", ("without",), hint)
            return
        for name, keys in without.items():
            terms = inherited.get(name)
            there = [t.get("key") for t in terms if isinstance(t, dict)] if isinstance(terms, tuple) else []
            for index, key in enumerate(keys):
                if key not in there:
                    hint = did_you_mean(str(key), [k for k in there if isinstance(k, str)])
                    message = f"the package that this is based on has no {name} with the key {written(key)}"
                    yield Violation("unknown-key", message, ("without", name, index), hint)
        self._without = without

    def merged(self, base: Any, own: Any, at: Path, base_at: Path, own_at: Path) -> Any:
        """One value over another: fields of mappings and terms of lists each for themselves, anything else whole. A
        field that is null is left out."""
        if isinstance(base, Mapping) and isinstance(own, Mapping):
            found: dict[str, Any] = {}
            for name in dict.fromkeys((*base, *own)):
                if name in own and own[name] is None and name in base:
                    continue
                where, theirs, ours = (*at, name), (*base_at, name), (*own_at, name)
                if name not in own:
                    found[name] = self._kept(base[name], where, theirs, name)
                elif name not in base:
                    found[name] = own[name]
                    self._moved(where, ours, self._own)
                else:
                    found[name] = self.merged(base[name], own[name], where, theirs, ours)
            return found
        if _is_keyed(base) and _is_keyed(own):
            return self._terms(base, own, at, base_at, own_at)
        self._moved(at, own_at, self._own)
        return own

    def _terms(self, base: Any, own: Any, at: Path, base_at: Path, own_at: Path) -> tuple[Any, ...]:
        ours = {term["key"]: index for index, term in enumerate(own)}
        items: list[Any] = []
        left_out = self._without.get(str(at[-1]), ())
        for index, term in enumerate(base):
            where = (*at, len(items))
            if term["key"] in ours:
                mine = ours.pop(term["key"])
                self._moved(where, (*own_at, mine), self._own)
                items.append(self.merged(term, own[mine], where, (*base_at, index), (*own_at, mine)))
            elif term["key"] not in left_out:
                self._moved(where, (*base_at, index), self._base)
                items.append(term)
        for index in ours.values():
            self._moved((*at, len(items)), (*own_at, index), self._own)
            items.append(own[index])
        return tuple(items)

    def _kept(self, value: Any, at: Path, base_at: Path, name: str) -> Any:
        self._moved(at, base_at, self._base)
        if name not in self._without or not _is_keyed(value):
            return value
        items: list[Any] = []
        for index, term in enumerate(value):
            if term["key"] not in self._without[name]:
                self._moved((*at, len(items)), (*base_at, index), self._base)
                items.append(term)
        return tuple(items)

    def _moved(self, at: Path, where: Path, document: Document) -> None:
        """A node that stands elsewhere than in its own place of the package's manifest, and what is known below it."""
        if document is not self._own or at != where:
            self.origins[at] = document.node(where)
            for path, node in document.origins.items():
                if path[: len(where)] == where:
                    self.origins[(*at, *path[len(where) :])] = node


def sold(catalog: Catalog) -> Iterator[tuple[Ref, Package, int]]:
    """The packages that subscribe to rates which are not entitled on their card, each with an override that entitles
    them from the start, and the position of the first such subscription. What a package says of it itself holds."""
    for name, package in catalog.packages.items():
        rates = catalog.rates.get(catalog.only_card(package.rate_card, package.rate_card_alias) or "", NO_RATES)
        missing: dict[SubscriptionRate, int] = {}
        for index, subscription in enumerate(package.subscriptions):
            rate = subscription.subscription_rate
            key = RateKey(rate.product, rate.billing_frequency, ())
            schedule = rates.get(key_text(key))
            entitled = schedule is None or all(segment.terms.entitled for segment in read_schedule(schedule))
            tags = catalog.tags_of(rate.product)
            told = any(each.entitled is not None and each.is_about(key, tags) for each in package.overrides)
            if not (entitled or told):
                missing.setdefault(rate, index)
        if missing:
            start = RelativeDate(value=0, unit="DAYS")
            meant = tuple(OverrideSpecifier(product=r.product, billing_frequency=r.billing_frequency) for r in missing)
            override = Override(override_specifiers=meant, starting_at_offset=start, entitled=True)
            made = package.model_copy(update={"overrides": (*package.overrides, override)})
            yield Ref(Kind.PACKAGE, name), made, next(iter(missing.values()))


def _is_keyed(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(t, Mapping) and isinstance(t.get("key"), str) for t in value)


def _with_defaults(envelope: Envelope, defaults: Mapping[str, Mapping[str, Any]]) -> Envelope:
    """The package with what its terms do not say themselves, where nothing that they say excludes it."""
    spec, origins = dict(envelope.spec), dict(envelope.document.origins)
    models = lists_of(Package)
    for name, fields in defaults.items():
        terms, declared = spec.get(name), models.get(name)
        if not isinstance(terms, tuple) or declared is None or declared.model is None:
            continue
        barred = [(c.when.name, c.bars) for c in declared.model.conditions if isinstance(c.when, Given)]
        filled = []
        for index, term in enumerate(terms):
            new: dict[str, Any] = {}
            if isinstance(term, Mapping):
                out = {field for given, fields in barred if given in term for field in fields}
                new = {field: value for field, value in fields.items() if field not in term and field not in out}
            for field in new:
                origins["spec", name, index, field] = PROJECT_FILE, 0, ("package_defaults", name, field)
            filled.append({**term, **new} if new else term)
        spec[name] = tuple(filled)
    return envelope._replace(spec=spec, document=replace(envelope.document, origins=origins))
