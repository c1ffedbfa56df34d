"""What has been read of a project's manifests so far, and whether every reference in it leads somewhere."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from pricebook.catalog.amount import USD, Scale
from pricebook.catalog.model import Noun, noun_class
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.traverse import references, written_references
from pricebook.catalog.violation import Path, Violation
from pricebook.manifest.envelope import Envelope
from pricebook.manifest.place import Placer
from pricebook.manifest.scope import Scope
from pricebook.manifest.source_map import RowIndex
from pricebook.problem import Problem, did_you_mean, quote
from pricebook.span import Span


@dataclass
class Loading:
    """What has been read so far; the steps of `load` fill it in their order."""

    scope: Scope
    placer: Placer
    problems: list[Problem] = field(default_factory=list)
    envelopes: dict[Ref, Envelope] = field(default_factory=dict)
    nouns: dict[Ref, Noun] = field(default_factory=dict)
    rates: dict[str, RateBook] = field(default_factory=dict)
    row_indexes: dict[str, tuple[RowIndex, ...]] = field(default_factory=dict)
    related: dict[str, dict[str, Path]] = field(default_factory=dict)
    """By card the rates that are said by others, each with the path below the spec that says by how much."""
    related_rates: dict[str, list[int]] = field(default_factory=dict)
    """By card the positions of rates whose price is said by another one."""
    scales: dict[str, Scale] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    """Names and aliases of what cannot be read as a whole: that is told there, and not again by every reference."""

    @property
    def complaints(self) -> int:
        """How much has been found wrong so far."""
        return len(self.problems) + len(self.placer)

    def reject(self, violations: Iterable[Violation], envelope: Envelope, below: Path = (), more: int = 0) -> None:
        """Note broken rules of a manifest's spec, or of what is below a path of it. Each stands for `more` others."""
        self.placer.add(violations, envelope.document, ("spec", *below), more)

    def span_at(self, envelope: Envelope, *below: str | int) -> Callable[[Path], Span]:
        """Where a path stands below one of a manifest's spec, once somebody asks."""
        return lambda path: self.placer.span(envelope.document, ("spec", *below, *path))


def resolve(loading: Loading) -> None:
    """Every reference names something that is declared, though it may itself be wrong."""
    names: dict[Kind, dict[str, Ref]] = {kind: {} for kind in Kind}
    for ref in loading.envelopes:
        names[ref.kind][ref.name] = ref
    cards = (e.spec for e in loading.envelopes.values() if e.ref.kind is Kind.RATE_CARD)
    aliases = {alias for spec in cards for alias in aliases_of(spec)}
    for ref, envelope in loading.envelopes.items():
        alias = envelope.spec.get("rate_card_alias") if isinstance(envelope.spec, dict) else None
        if isinstance(alias, str) and ref.kind is Kind.PACKAGE and alias not in aliases | loading.unread:
            hint = did_you_mean(alias, aliases) or "give the alias to a rate card, under its aliases"
            message = f"no rate card has the alias {quote(alias)}"
            loading.reject([Violation("unknown-reference", message, ("rate_card_alias",), hint)], envelope)
        noun = loading.nouns.get(ref)
        made = references(noun) if noun is not None else written_references(noun_class(ref.kind), envelope.spec)
        for path, kind, name in made:
            if name in names[kind] or (kind is Kind.PRICING_UNIT and name == USD) or name in loading.unread:
                continue
            known = [*names[kind], *((USD,) if kind is Kind.PRICING_UNIT else ())]
            hint = did_you_mean(name, known)
            related = tuple(("there", names[kind][n], ()) for n in names[kind] if f'"{n}"' in hint)
            if not hint:
                hint = f"{kind.words}s: {', '.join(sorted(known)[:10])}" if known else f"no {kind.words} is declared"
            message = f"{kind.words} {quote(name)} does not exist"
            loading.reject([Violation("unknown-reference", message, path, hint, related)], envelope)


def aliases_of(spec: object) -> Iterator[str]:
    """The aliases that a spec gives, whatever else may be wrong with it."""
    given = spec.get("aliases") if isinstance(spec, dict) else None
    for alias in given if isinstance(given, tuple) else ():
        name = alias.get("name") if isinstance(alias, dict) else alias
        if isinstance(name, str):
            yield name
