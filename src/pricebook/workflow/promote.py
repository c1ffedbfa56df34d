"""Promote: what one environment holds becomes what another is planned to hold.

The content is that of the first one's store, and not that of the manifests: what was tried there is what goes on. What
an overlay of either has a say in is taken as the manifests have it for the second, so neither's own values travel. What
was applied in the first one otherwise than the manifests say, and what was not applied there, is said in the plan.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from pricebook.apply.ports import Store
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.check import check_catalog
from pricebook.catalog.fingerprint import content_text, noun_of, spec_of, tupled
from pricebook.catalog.model import Noun
from pricebook.catalog.path import FieldPath
from pricebook.catalog.rate_book import NO_RATES, RateBook, Rates
from pricebook.catalog.reference import Ref
from pricebook.manifest.field_path import Finder, Nowhere, put, taken_out, value_at
from pricebook.manifest.load import Loaded
from pricebook.observe.renames import present
from pricebook.plan.applied import applied, from_now_on
from pricebook.plan.drift import Comparison, Facet, compare
from pricebook.plan.step import Plan
from pricebook.problem import Problem, Rejected
from pricebook.project.project import Project
from pricebook.workflow.parity import load_both
from pricebook.workflow.plan import plan_to
from pricebook.workflow.python_rule import Reviewer


def promote(
    project: Project,
    source: str,
    target: str,
    open_store: Callable[[str], Store],
    as_of: datetime,
    *,
    reviewer: Reviewer,
) -> Plan:
    """The rehearsed plan that makes the target hold what the source holds. Reads both stores, and writes to neither.

    Raises Rejected, as `plan` does, and when the source's content with the target's values does not hold together.
    """
    here, there = load_both(project, source, target)
    namespace = project.settings.namespace
    observed = open_store(source).snapshot(namespace, as_of, here.adopted(source))
    observed = present(observed, project.moves, here.catalog)
    store = open_store(target)
    snapshot = store.snapshot(namespace, as_of, there.adopted(target))
    content = applied(observed, here.catalog.nouns)
    desired = _with_values(content, here, there)
    _check(desired, content, source)
    desired = from_now_on(desired, snapshot.catalog, as_of)
    known = compare(here.catalog, observed, namespace=namespace, environment=source, as_of=as_of, places=here.places)
    said = tuple(_differences(known, content, here, source))
    del known  # of a long price list it may be long
    plan = plan_to(project, target, store, there._replace(catalog=desired), snapshot, as_of, reviewer=reviewer)
    # What the target has besides is no leftover: its manifests may well declare it.
    return replace(plan, leftovers=(), findings=(*plan.findings, *said))


def _with_values(content: Catalog, here: Loaded, there: Loaded) -> Catalog:
    """The content of the source with the target's values of what overlays have a say in."""
    nouns: dict[Ref, Noun] = {}
    for ref, noun in content.nouns.items():
        own, theirs = here.catalog.nouns.get(ref), there.catalog.nouns.get(ref)
        if own is None or theirs is None or content_text(own) == content_text(theirs):
            nouns[ref] = noun
        elif content_text(noun) == content_text(own):
            nouns[ref] = theirs
        else:
            nouns[ref] = _with_fields(ref, noun, theirs, [*_patched(here, ref), *_patched(there, ref)])
    rates: dict[str, Rates] = {
        card: _with_prices(held, here.catalog.rates.get(card, NO_RATES), there.catalog.rates.get(card, NO_RATES))
        for card, held in content.rates.items()
    }
    return Catalog(nouns, rates)


def _patched(loaded: Loaded, ref: Ref) -> Iterator[FieldPath]:
    overlay = loaded.source_map.overlay
    for patch in overlay.patches.get(ref, ()) if overlay is not None else ():
        yield patch.path


def _with_fields(ref: Ref, noun: Noun, theirs: Noun, paths: Sequence[FieldPath]) -> Noun:
    """The noun with the values of some fields as the other one has them; what the noun does not have it keeps
    without."""
    data, meant = tupled(spec_of(noun)), tupled(spec_of(theirs))
    for path in paths:
        try:
            node = Finder(data).find(path)
            wanted = Finder(meant).find(path)
        except Nowhere:
            continue
        found, value = value_at(meant, wanted)
        data = put(data, node, value) if found else taken_out(data, node)
    return noun_of(ref.kind, data)


def _with_prices(held: Rates, own: Rates, theirs: Rates) -> Rates:
    """The prices held, in memory as desired ones are, with those that overlays have a say in as the target's manifests
    have them."""
    entries = dict(held.items())
    if own.digest == theirs.digest:
        return RateBook(entries)
    mine, other = dict(own.items()), dict(theirs.items())
    for key in mine.keys() | other.keys():
        if mine.get(key) == other.get(key) or (key in mine and key not in entries):
            continue
        if key in other:
            entries[key] = other[key]
        else:
            entries.pop(key, None)
    return RateBook(entries)


def _check(desired: Catalog, content: Catalog, source: str) -> None:
    """What was put together holds together. What a store holds alone is not judged: it is there already."""
    if desired.nouns == content.nouns:
        return
    problems = []
    for ref, path, violation in check_catalog(desired):
        where = ".".join(map(str, path))
        message = f"{ref} as {source} has it, with the other environment's values: {where} {violation.message}"
        problems.append(Problem(violation.code, message, hint=violation.hint, subject=str(ref)))
    if problems:
        raise Rejected(problems)


def _differences(known: Comparison, content: Catalog, here: Loaded, source: str) -> Iterator[Problem]:
    """Where the source is not what its manifests say."""
    absent: set[Ref] = set()
    for drift in known.drifts:
        ref = drift.ref.unversioned
        if drift.facet in (Facet.MISSING, Facet.ARCHIVED):
            if ref not in absent and ref not in content.nouns:
                absent.add(ref)
                hint = f"apply it to {source} first, if it is meant to go with the rest"
                message = f"it is in the manifests and not in {source}: it is not promoted"
                yield _problem("not-promoted", message, hint, ref, here)
        elif ref in content.nouns:
            parts = ", ".join(drift.parts[:3]) + (", ..." if len(drift.parts) > 3 else "")
            message = f"it is promoted as {source} has it, which is not what the manifests say: {parts}"
            hint = f"see: pricebook --env {source} drift"
            yield _problem("promoted-otherwise", message, hint, ref, here)
    for ref in sorted(content.nouns.keys() - here.catalog.nouns.keys()):
        message = f"it is in {source} and in no manifest, and is promoted all the same"
        yield _problem("promoted-undeclared", message, "declare it, or archive it there with --prune", ref, here)


def _problem(code: str, message: str, hint: str, ref: Ref, here: Loaded) -> Problem:
    return Problem(code, message, here.places.get(ref), hint, severity="warning", subject=str(ref))
