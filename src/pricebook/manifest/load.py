"""Loading: the manifests of a project become a desired catalogue, or a list of everything that is wrong with them."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, cast

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.check import Found, check_catalog
from pricebook.catalog.model import USD, Noun, Path, Scale, Violation
from pricebook.catalog.product import Product
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import BESIDE, Kind, Ref
from pricebook.catalog.registry import noun_class
from pricebook.catalog.timeline import read_schedule
from pricebook.catalog.traverse import references, written_references
from pricebook.catalog.unit import BUILT_IN, PricingUnit, scale_of
from pricebook.manifest.envelope import OVERLAY, Envelope, is_manifest, kind_of, open_envelope
from pricebook.manifest.place import Placer
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates import LIST_HINT, joined, read_rates
from pricebook.manifest.rates_from import RatesFrom
from pricebook.manifest.row import SHOWN, Source
from pricebook.manifest.scope import Scope, files_of
from pricebook.manifest.syntax import Document, read_documents
from pricebook.manifest.tables import Table, places, read_table
from pricebook.manifest.text import MAX_YAML, read_text
from pricebook.manifest.validation import validated
from pricebook.manifest.waiver import WaiverHere
from pricebook.manifest.whereabouts import Home, Shelf, Whereabouts
from pricebook.problem import Problem, Rejected, did_you_mean, quote
from pricebook.span import Span

if TYPE_CHECKING:
    from pricebook.catalog.migration import Migration
    from pricebook.catalog.scenario import Scenario
    from pricebook.manifest.overlay import Overlay

_OURS = re.compile(r"""^\s*["']?apiVersion["']?\s*:\s*["']?pricebook/""", re.MULTILINE)
"""A text that cannot be parsed, but says that it is a manifest."""
NEW = "new"
"""In place of an id: none of the objects with the same display name is meant."""
_RATE_FIELDS = ("rates", "rates_from")


@dataclass(frozen=True)
class Loaded:
    """The desired catalogue, where each noun stands, and the waivers and ids that stand beside nouns."""

    catalog: Catalog
    whereabouts: Whereabouts
    waivers: tuple[tuple[Ref, tuple[WaiverHere, ...]], ...] = ()
    adopt: Mapping[Ref, Mapping[str, str]] = field(default_factory=dict)
    """Of nouns that say so: by environment the id of the object that they are, or `NEW`."""
    beside: Mapping[Ref, Noun] = field(default_factory=dict)
    """What is about the catalogue and no part of it, such as its tests: no plan of prices and no store sees it."""

    def adopted(self, environment: str) -> dict[Ref, str]:
        """The objects of an environment that manifests ask for by id."""
        asked = {ref: ids[environment] for ref, ids in self.adopt.items() if environment in ids}
        return {ref: id_ for ref, id_ in asked.items() if id_ != NEW}

    def is_new(self, ref: Ref, environment: str) -> bool:
        """Whether a manifest says that its object is none of those that an environment has."""
        return self.adopt.get(ref, {}).get(environment) == NEW

    @property
    def places(self) -> dict[Ref, Span]:
        """Where each noun's manifest starts."""
        return {ref: home.at for ref, home in self.whereabouts.homes.items()}


@dataclass
class _Loading:
    """What has been read so far; the steps of `load` fill it in their order."""

    scope: Scope
    placer: Placer
    problems: list[Problem] = field(default_factory=list)
    envelopes: dict[Ref, Envelope] = field(default_factory=dict)
    nouns: dict[Ref, Noun] = field(default_factory=dict)
    rates: dict[str, RateBook] = field(default_factory=dict)
    shelves: dict[str, tuple[Shelf, ...]] = field(default_factory=dict)
    scales: dict[str, Scale] = field(default_factory=dict)

    @property
    def complaints(self) -> int:
        """How much has been found wrong so far."""
        return len(self.problems) + len(self.placer)

    def reject(self, violations: Iterable[Violation], envelope: Envelope) -> None:
        """Note broken rules of a manifest's spec."""
        self.placer.add(violations, envelope.document, ("spec",))


def load(scope: Scope, environment: str | None = None) -> Loaded:
    """Read every manifest of the project, as an environment has them with its overlay; without one, as they stand.

    Raises Rejected with all problems at once.
    """
    loading = _Loading(scope, Placer(scope.root))
    _open_all(loading)
    overlay = _overlay(loading, environment)
    _validate_all(loading)
    _resolve(loading)
    before = loading.complaints
    for ref, noun in loading.nouns.items():
        if isinstance(noun, RateCard):
            loading.rates[ref.name] = _read_card(loading, loading.envelopes[ref], noun)
    # A rate that is wrong is reported where it stands, and not again by everything that wants a rate.
    muted = {"no-rate"} if loading.complaints > before else set()
    beside = {ref: noun for ref, noun in loading.nouns.items() if ref.kind in BESIDE}
    catalog = Catalog({ref: noun for ref, noun in loading.nouns.items() if ref not in beside}, loading.rates)
    lost = loading.placer.noted("unknown-reference")
    for ref, path, violation in (*check_catalog(catalog), *_check_beside(beside, catalog)):
        document = loading.envelopes[ref].document
        place = ("spec", *path) if path else ("metadata", "name")
        if (
            violation.code not in muted and (document.file, document.index, place) not in lost
        ):  # what does not exist is reported once
            loading.placer.add([violation], document, place)
    # What the reader refused has a substitute, of which the models may complain at the same place.
    refused = {problem.at for problem in loading.problems if problem.at is not None}
    problems = loading.problems + [p for p in loading.placer.placed() if p.at not in refused]
    if problems:
        raise Rejected(sorted(problems, key=_by_place))
    documents = {ref: envelope.document for ref, envelope in loading.envelopes.items()}
    homes = {ref: Home(document.file, document.index, document.at) for ref, document in documents.items()}
    waivers = tuple((ref, envelope.waivers) for ref, envelope in loading.envelopes.items() if envelope.waivers)
    adopt = {ref: envelope.adopt for ref, envelope in loading.envelopes.items() if envelope.adopt}
    whereabouts = Whereabouts(scope.root, catalog, homes, loading.shelves, overlay)
    return Loaded(catalog, whereabouts, waivers, adopt, beside)


def _overlay(loading: _Loading, environment: str | None) -> "Overlay | None":
    """Put the environment's patches into the specs; None when it has none."""
    settings = loading.scope.environments.get(environment) if environment is not None else None
    if environment is None or settings is None or not (settings.overlays or settings.patches):
        return None
    from pricebook.manifest.overlay import apply_overlay, read_overlay

    overlay, problems = read_overlay(loading.scope, environment, loading.placer)
    loading.problems += problems
    specs = {ref: (envelope.document, envelope.spec) for ref, envelope in loading.envelopes.items()}
    for ref, spec in apply_overlay(overlay, specs, loading.placer):
        loading.envelopes[ref] = replace(loading.envelopes[ref], spec=spec)
    loading.placer.source = overlay.source
    return overlay


def asked_for(scope: Scope, environment: str) -> dict[Ref, str]:
    """The objects of an environment that manifests ask for by id, of manifests whose outer form can be read. Nothing
    else of them is looked at: whoever only wants to see a store need not have manifests that hold."""
    loading = _Loading(scope, Placer(scope.root))
    _open_all(loading)
    asked = {ref: envelope.adopt.get(environment, NEW) for ref, envelope in loading.envelopes.items()}
    return {ref: id_ for ref, id_ in asked.items() if id_ != NEW}


def _check_beside(beside: Mapping[Ref, Noun], catalog: Catalog) -> Iterator[Found]:
    for ref, noun in beside.items():
        if ref.kind is Kind.SCENARIO:
            from pricebook.catalog.scenario_check import check_scenario

            for path, violation in check_scenario(cast("Scenario", noun), catalog):
                yield ref, path, violation
    migrations = {ref.name: cast("Migration", noun) for ref, noun in beside.items() if ref.kind is Kind.MIGRATION}
    if migrations:
        from pricebook.catalog.migration_check import check_migrations

        yield from check_migrations(migrations)


def _by_place(problem: Problem) -> tuple[str, bool, Span]:
    """File by file; what counts the rest of a file's problems comes last."""
    at = problem.at or Span("")
    return at.file, problem.code == "more", at


def _open_all(loading: _Loading) -> None:
    found = False
    try:
        for path, shown in files_of(loading.scope, loading.scope.manifests):
            found |= _open_file(loading, path, shown)
    except Rejected as rejected:
        loading.problems.extend(rejected.problems)
    if not found and not loading.problems:
        where = ", ".join(loading.scope.manifests) if loading.scope.named else "this project"
        hint = "a manifest starts with: apiVersion: pricebook/v1"
        loading.problems.append(Problem("no-manifest", f"there is no manifest in {where}", None, hint))


def _open_file(loading: _Loading, path: FilePath, shown: str) -> bool:
    """Open the manifests of a file; whether it has any."""
    try:
        text = read_text(path, shown, limit=MAX_YAML)
    except Rejected as rejected:
        loading.problems.extend(rejected.problems)
        return False
    documents, problems = read_documents(shown, text)
    named = loading.scope.named
    if not named and not any(map(is_manifest, documents)) and not (problems and _OURS.search(text)):
        return False  # somebody else's YAML beside the manifests
    loading.problems.extend(problems)
    for document in documents:
        if kind_of(document) == OVERLAY:
            _check_named(loading, document)
        else:
            _open(loading, document)
    return bool(documents)


def _check_named(loading: _Loading, document: Document) -> None:
    """An overlay among the manifests is no noun; one that no environment names would do nothing."""
    from pricebook.manifest.overlay import overlay_files

    if os.path.normpath(document.file) not in overlay_files(loading.scope):
        message = f"no environment has this overlay: {quote(document.file)} changes nothing"
        hint = f"name it in pricebook.yaml: environments: {{NAME: {{overlays: [{document.file}]}}}}"
        loading.placer.add([Violation("unused-overlay", message, (), hint)], document, ("kind",))


def _open(loading: _Loading, document: Document) -> None:
    envelope, violations = open_envelope(document)
    loading.placer.add(violations, document)
    if envelope is None:
        return
    ref = envelope.ref
    if ref in loading.envelopes:
        message = f"{ref.kind.words} {quote(ref.name)} is declared twice"
        violation = Violation("duplicate-name", message, ("metadata", "name"), related=(("first", ref, ()),))
        loading.placer.add([violation], document)
        return
    loading.envelopes[ref] = envelope
    loading.placer.home(ref, document)
    environments = loading.scope.environments
    for name in sorted(envelope.adopt.keys() - environments.keys()):
        hint = did_you_mean(name, environments) or f"environments: {', '.join(environments)}"
        message = f"environment {quote(name)} does not exist"
        loading.placer.add([Violation("unknown-environment", message, ("metadata", "adopt", name), hint)], document)


def _validate_all(loading: _Loading) -> None:
    """Pricing units first: they say what the amounts of all the others mean."""
    loading.scales = {name: scale_of(unit) for name, unit in BUILT_IN.items()}
    for ref, envelope in sorted(loading.envelopes.items(), key=lambda item: item[0].kind.rank):
        spec = envelope.spec
        if ref.kind is Kind.RATE_CARD and isinstance(spec, dict):
            spec = {name: value for name, value in spec.items() if name not in _RATE_FIELDS}
        noun, violations = validated(noun_class(ref.kind), spec, loading.scales)
        loading.reject(violations, envelope)
        if isinstance(noun, PricingUnit):
            loading.scales[ref.name] = scale_of(noun)
        if noun is not None:
            loading.nouns[ref] = noun


def _resolve(loading: _Loading) -> None:
    """Every reference names something that is declared, though it may itself be wrong."""
    names: dict[Kind, dict[str, Ref]] = {kind: {} for kind in Kind}
    for ref in loading.envelopes:
        names[ref.kind][ref.name] = ref
    aliases = _card_aliases(loading.envelopes.values())
    for ref, envelope in loading.envelopes.items():
        alias = envelope.spec.get("rate_card_alias") if isinstance(envelope.spec, dict) else None
        if isinstance(alias, str) and ref.kind is Kind.PACKAGE and alias not in aliases:
            hint = did_you_mean(alias, aliases) or "give the alias to a rate card, under its aliases"
            message = f"no rate card has the alias {quote(alias)}"
            loading.reject([Violation("unknown-reference", message, ("rate_card_alias",), hint)], envelope)
        noun = loading.nouns.get(ref)
        made = references(noun) if noun is not None else written_references(noun_class(ref.kind), envelope.spec)
        for path, kind, name in made:
            if name in names[kind] or (kind is Kind.PRICING_UNIT and name == USD):
                continue
            known = [*names[kind], *((USD,) if kind is Kind.PRICING_UNIT else ())]
            hint = did_you_mean(name, known)
            related = tuple(("there", names[kind][n], ()) for n in names[kind] if f'"{n}"' in hint)
            if not hint:
                hint = f"{kind.words}s: {', '.join(sorted(known)[:10])}" if known else f"no {kind.words} is declared"
            message = f"{kind.words} {quote(name)} does not exist"
            loading.reject([Violation("unknown-reference", message, path, hint, related)], envelope)


def _card_aliases(envelopes: Iterable[Envelope]) -> set[str]:
    """The aliases that rate cards are given, whatever else may be wrong with the cards."""
    specs = [e.spec for e in envelopes if e.ref.kind is Kind.RATE_CARD and isinstance(e.spec, dict)]
    given = [alias for spec in specs if isinstance(spec.get("aliases"), tuple) for alias in spec["aliases"]]
    return {alias["name"] for alias in given if isinstance(alias, dict) and isinstance(alias.get("name"), str)}


def _read_card(loading: _Loading, envelope: Envelope, card: RateCard) -> RateBook:
    """The rates of a card, from its manifest and its tables."""
    products = {ref.name: noun for ref, noun in loading.nouns.items() if isinstance(noun, Product)}
    broken = frozenset(ref.name for ref in loading.envelopes if ref.kind is Kind.PRODUCT) - products.keys()
    facts = RateFacts(envelope.ref.name, card, products, loading.scales, broken)
    entries: dict[str, str] = {}
    position: dict[str, int] = {}
    if "rates" in envelope.spec:
        written = read_rates(envelope.spec["rates"], facts)
        entries, position = written.entries, written.position
        found = [Violation(v.code, v.message, ("rates", *v.at), v.hint, v.related) for v in written.violations]
        loading.reject(found, envelope)
        if written.unlisted:
            message = f"{written.unlisted:,} more bad rates of this card are not listed"
            violation = Violation("more", message, ("rates",))
            loading.placer.add([violation], envelope.document, ("spec",), written.unlisted)
    sources = envelope.spec.get("rates_from", ())
    if not isinstance(sources, tuple):
        loading.reject([Violation("type", "rates_from is not a list", ("rates_from",), LIST_HINT)], envelope)
        return RateBook(entries)
    counts, shelves = None, []
    for index, source in enumerate(sources):
        path = ("rates_from", index)
        spec, violations = validated(RatesFrom, source)
        loading.reject([Violation(v.code, v.message, (*path, *v.at), v.hint) for v in violations], envelope)
        if spec is not None:
            said_at = partial(_span_below, loading, envelope, ("spec", *path))
            table_source = Source.beside(loading.scope.root, envelope.document.file, spec, facts, said_at)
            table = _read_beside(loading, envelope, entries, position, table_source)
            shelves.append(Shelf(len(entries), table.lines, table.price_column, table_source.shown))
            if entries:
                entries.update(table.entries)
                counts = None
            else:
                entries, counts = table.entries, table.counts or None
    if len(entries) == len(position) + sum(len(shelf.lines) for shelf in shelves):  # each rate is one row
        loading.shelves[envelope.ref.name] = tuple(shelves)
    return RateBook(entries, counts)


def _span_below(loading: _Loading, envelope: Envelope, base: Path, path: Path) -> Span:
    return loading.placer.span(envelope.document, (*base, *path))


def _read_beside(
    loading: _Loading, envelope: Envelope, entries: Mapping[str, str], position: Mapping[str, int], source: Source
) -> Table:
    """A table whose rates are to be added to those that the card has. A rate in two sources is one schedule when their
    periods differ: the later one takes over when it starts. Otherwise it is a problem with both places."""
    if not source.path.resolve().is_relative_to(loading.scope.root.resolve()):
        # Manifests may come from somebody who is not trusted with this machine's files.
        message = f"table {quote(source.spec.table)} is outside the project"
        loading.problems.append(
            Problem("outside", message, source.said_at(("table",)), "keep tables below pricebook.yaml")
        )
        return Table()
    table = read_table(source)
    loading.problems += table.problems
    twice = sorted(key for key in table.entries.keys() & entries.keys() if not _continue(entries, table.entries, key))
    spans = places(source, twice[:SHOWN]) if twice else {}
    for key in twice[:SHOWN]:
        path = ("spec", "rates", position[key]) if key in position else ("spec", "rates_from")
        related = (("first", loading.placer.span(envelope.document, path)),)
        message = f"the same rate stands twice: {RateFacts.words(key)}"
        loading.problems.append(Problem("duplicate-rate", message, spans.get(key), related=related))
    if len(twice) > SHOWN:
        more = len(twice) - SHOWN
        message = f"{more:,} more rates of this table stand elsewhere too"
        loading.problems.append(Problem("more", message, Span(source.shown), more=more))
    return table


def _continue(entries: Mapping[str, str], table: dict[str, str], key: str) -> bool:
    """Join the schedules that two sources give a rate, in `table`; False when they overlap."""
    schedule = joined([*read_schedule(entries[key]), *read_schedule(table[key])])
    if isinstance(schedule, str):
        table[key] = schedule
    return isinstance(schedule, str)
