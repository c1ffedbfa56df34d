"""Loading: the manifests of a project become a desired catalogue, or a list of everything that is wrong with them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from posixpath import normpath
from typing import TYPE_CHECKING, Any, NamedTuple

from pricebook.catalog.amount import Scale
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.check import NounViolation, check_catalog
from pricebook.catalog.model import Noun, noun_class
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.scenario_check import check_scenarios
from pricebook.catalog.unit import PricingUnit, scale_of, scales_of
from pricebook.catalog.violation import Violation
from pricebook.manifest.card_rates import read_card
from pricebook.manifest.envelope import OVERLAY, Envelope, WaiverHere, is_manifest, kind_of, listed, open_envelope
from pricebook.manifest.loading import Loading, aliases_of, resolve
from pricebook.manifest.locate import locate
from pricebook.manifest.place import Placer
from pricebook.manifest.scope import Scope, files_of
from pricebook.manifest.source_map import Declaration, SourceMap
from pricebook.manifest.syntax import Document, read_documents
from pricebook.manifest.text import MAX_YAML, read_text
from pricebook.manifest.validation import validated
from pricebook.problem import Problem, Rejected, did_you_mean, quote
from pricebook.span import Span

if TYPE_CHECKING:  # the module is heavy, and few projects have any
    from pricebook.manifest.overlay import Overlay

_OURS = re.compile(r"""^\s*["']?apiVersion["']?\s*:\s*["']?pricebook/""", re.MULTILINE)
"""A text that cannot be parsed, but says that it is a manifest."""
_NAMED = re.compile(r"""\bname["']?\s*:\s*["']?([\w.-]+)""")
"""A name that something is given in a text."""
NEW = "new"
"""In place of an id: none of the objects with the same display name is meant."""
_RATE_FIELDS = ("rates", "rates_from", "relations")


class Loaded(NamedTuple):
    """The desired catalogue, where each noun stands, and the waivers and ids that stand beside nouns."""

    catalog: Catalog
    source_map: SourceMap
    waivers: tuple[tuple[Ref, tuple[WaiverHere, ...]], ...]
    adopt: Mapping[Ref, Mapping[str, str]]
    """Of nouns that say so: by environment the id of the object that they are, or `NEW`."""
    beside: Mapping[Ref, Noun]
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
        return {ref: declared.at for ref, declared in self.source_map.declarations.items()}


def load(scope: Scope, environment: str | None = None) -> Loaded:
    """Read every manifest of the project, as an environment has them with its overlay; without one, as they stand.

    Raises Rejected with all problems at once.
    """
    loading = Loading(scope, Placer(scope.root))
    _open_all(loading)
    if scope.package_defaults or any(_is_based(envelope) for envelope in loading.envelopes.values()):
        # Most projects write their packages out.
        from pricebook.manifest.pattern import write_out

        write_out(loading, scope.package_defaults)
    overlay = _overlay(loading, environment)
    for ref, envelope in loading.envelopes.items():
        loading.placer.declare(ref, envelope.document)
    _validate_all(loading)
    resolve(loading)
    before = loading.complaints
    for ref, noun in loading.nouns.items():
        if isinstance(noun, RateCard):
            loading.rates[ref.name] = read_card(loading, loading.envelopes[ref], noun)
    if loading.related_rates or any(
        isinstance(e.spec, dict) and "relations" in e.spec for e in loading.envelopes.values()
    ):
        # Few cards say prices by others.
        from pricebook.manifest.derivation import relate

        relate(loading)
    # A rate that is wrong is reported where it stands, and not again by everything that wants a rate.
    muted = {"no-rate"} if loading.complaints > before or loading.unread else set()
    muted |= {"unknown-reference"} if loading.unread else set()
    beside = {ref: noun for ref, noun in loading.nouns.items() if not ref.kind.stored}
    catalog = Catalog({ref: noun for ref, noun in loading.nouns.items() if ref not in beside}, loading.rates)
    if scope.selling_entitles:
        # Most projects say what their packages entitle.
        from pricebook.manifest.pattern import sold

        nouns = dict(catalog.nouns)
        for ref, package, first in sold(catalog):
            envelope = loading.envelopes[ref]
            at = ("spec", "overrides", len(package.overrides) - 1)
            origins = {**envelope.document.origins, at: envelope.document.node(("spec", "subscriptions", first))}
            loading.envelopes[ref] = envelope._replace(document=replace(envelope.document, origins=origins))
            nouns[ref] = package
        catalog = Catalog(nouns, loading.rates)
    lost = loading.placer.noted("unknown-reference")
    for ref, path, violation in (*check_catalog(catalog), *_check_beside(beside, catalog)):
        document = loading.envelopes[ref].document
        place = ("spec", *path) if path else ("metadata", "name")
        if violation.code not in muted and document.node(place) not in lost:  # what does not exist is reported once
            loading.placer.add([violation], document, place)
    # What the reader refused has a substitute, of which the models may complain at the same place.
    refused = {problem.at for problem in loading.problems if problem.at is not None}
    problems = loading.problems + [p for p in loading.placer.placed() if p.at not in refused]
    if problems:
        raise Rejected(sorted(problems, key=_by_place))
    documents = {ref: envelope.document for ref, envelope in loading.envelopes.items()}
    declarations = {
        ref: Declaration(one.file, one.index, one.at, one.base, one.origins, one.derived)
        for ref, one in documents.items()
    }
    waivers = tuple((ref, envelope.waivers) for ref, envelope in loading.envelopes.items() if envelope.waivers)
    adopt = {ref: envelope.adopt for ref, envelope in loading.envelopes.items() if envelope.adopt}
    source_map = SourceMap(scope.root, catalog, declarations, loading.row_indexes, overlay, loading.related)
    return Loaded(catalog, source_map, waivers, adopt, beside)


def _overlay(loading: Loading, environment: str | None) -> "Overlay | None":
    """Put the environment's patches into the specs; None when it has none."""
    settings = loading.scope.environments.get(environment) if environment is not None else None
    if environment is None or settings is None or not (settings.overlays or settings.patches):
        return None
    # Most projects have no overlays.
    from pricebook.manifest.overlay import apply_overlay, read_overlay

    overlay, problems = read_overlay(loading.scope, environment, loading.placer)
    loading.problems += problems
    specs = {ref: envelope.spec for ref, envelope in loading.envelopes.items()}
    for ref, spec in apply_overlay(overlay, specs, _scales(specs), loading.placer):
        envelope = loading.envelopes[ref]
        document = replace(envelope.document, origins={**envelope.document.origins, **overlay.origins(ref)})
        loading.envelopes[ref] = envelope._replace(spec=spec, document=document)
    return overlay


def _scales(specs: Mapping[Ref, Any]) -> dict[str, Scale]:
    """How amounts of each pricing unit read, as far as manifests that nothing has judged yet can tell."""
    units = ((ref, validated(PricingUnit, spec)[0]) for ref, spec in specs.items() if ref.kind is Kind.PRICING_UNIT)
    return scales_of({ref.name: unit for ref, unit in units if unit is not None})


class Outline(NamedTuple):
    """What manifests say that no store does: ids of objects that they ask for, what one unit of a product is, and the
    order in which objects are declared."""

    adopt: Mapping[Ref, str]
    units: Mapping[Ref, str]
    order: tuple[Ref, ...] = ()


def outline(scope: Scope, environment: str) -> Outline:
    """What manifests whose outer form can be read say for an environment. Nothing else of them is looked at: whoever
    only wants to see a store need not have manifests that hold."""
    opened = _opened(scope)
    asked = {ref: envelope.adopt.get(environment, NEW) for ref, envelope in opened.items()}
    said = ((ref, one.spec.get("unit")) for ref, one in opened.items() if isinstance(one.spec, dict))
    units = {ref: unit for ref, unit in said if ref.kind is Kind.PRODUCT and isinstance(unit, str)}
    return Outline({ref: id_ for ref, id_ in asked.items() if id_ != NEW}, units, tuple(opened))


def declared(scope: Scope) -> list[Ref]:
    """The nouns of manifests whose outer form can be read, in the order of files."""
    return list(_opened(scope))


def _opened(scope: Scope) -> dict[Ref, Envelope]:
    loading = Loading(scope, Placer(scope.root))
    _open_all(loading)
    return loading.envelopes


def _check_beside(beside: Mapping[Ref, Noun], catalog: Catalog) -> Iterator[NounViolation]:
    yield from check_scenarios(beside, catalog)
    if any(ref.kind is Kind.MIGRATION for ref in beside):
        # The model of a migration is heavy, and few projects have any.
        from pricebook.catalog.migration import check_migrations

        yield from check_migrations(beside)


def _by_place(problem: Problem) -> tuple[str, bool, Span]:
    """File by file; what counts the rest of a file's problems comes last."""
    at = problem.at or Span("")
    return at.file, problem.code == "more", at


def _open_all(loading: Loading) -> None:
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


def _open_file(loading: Loading, path: FilePath, shown: str) -> bool:
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
    if any(problem.code == "yaml-syntax" for problem in problems):  # the documents that follow are missing
        loading.unread |= set(_NAMED.findall(text))
    for document in documents:
        if kind_of(document) == OVERLAY:
            _check_named(loading, document)
            continue
        manifests = list(listed(document))
        bases = [one.base for one, _ in manifests if one.base]
        places = locate(shown, text, document.index, bases) if bases else {}
        for one, violations in manifests:
            loading.placer.add(violations, document)
            for manifest, wrong in _cells(replace(one, at=places.get(one.base, one.at))):
                loading.placer.add(wrong, manifest)
                if manifest.data is not None or not (violations or wrong):
                    _open(loading, manifest)
    return bool(documents)


def _cells(document: Document) -> Iterator[tuple[Document, list[Violation]]]:
    """The manifests of a document: itself, or the packages of a matrix."""
    spec: Any = document.data.get("spec") if isinstance(document.data, dict) else None
    if kind_of(document) != Kind.PACKAGE.manifest or not isinstance(spec, dict) or "for" not in spec:
        yield document, []
        return
    # Most projects write their packages out.
    from pricebook.manifest.pattern import cells

    yield from cells(document)


def _is_based(envelope: Envelope) -> bool:
    return envelope.ref.kind is Kind.PACKAGE and isinstance(envelope.spec, dict) and "based_on" in envelope.spec


def _check_named(loading: Loading, document: Document) -> None:
    """An overlay among the manifests is no noun; one that no environment names would do nothing."""
    # Most projects have no overlays.
    from pricebook.manifest.overlay import overlay_files

    if normpath(document.file) not in overlay_files(loading.scope):
        message = f"no environment has this overlay: {quote(document.file)} changes nothing"
        hint = f"name it in pricebook.yaml: environments: {{NAME: {{overlays: [{document.file}]}}}}"
        loading.placer.add([Violation("unused-overlay", message, (), hint)], document, ("kind",))


def _open(loading: Loading, document: Document) -> None:
    envelope, violations = open_envelope(document)
    loading.placer.add(violations, document)
    if envelope is None:
        data: Any = document.data if isinstance(document.data, dict) else {}
        metadata = data.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        loading.unread |= {*([name] if isinstance(name, str) else ()), *aliases_of(data.get("spec"))}
        return
    ref = envelope.ref
    if ref in loading.envelopes:
        message = f"{ref.kind.words} {quote(ref.name)} is declared twice"
        violation = Violation("duplicate-name", message, ("metadata", "name"), related=(("first", ref, ()),))
        loading.placer.add([violation], document)
        return
    loading.envelopes[ref] = envelope
    loading.placer.declare(ref, document)
    environments = loading.scope.environments
    for name in sorted(envelope.adopt.keys() - environments.keys()):
        hint = did_you_mean(name, environments) or f"environments: {', '.join(environments)}"
        message = f"environment {quote(name)} does not exist"
        loading.placer.add([Violation("unknown-environment", message, ("metadata", "adopt", name), hint)], document)


def _validate_all(loading: Loading) -> None:
    """Pricing units first: they say what the amounts of all the others mean."""
    loading.scales = scales_of({})
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
