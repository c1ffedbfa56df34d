"""What the verbs that make or change a noun have in common."""

from collections.abc import Iterator, MutableMapping
from dataclasses import replace

from pricebook.catalog.fingerprint import content_text
from pricebook.catalog.model import Alias, Noun
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.traverse import references
from pricebook.observe.snapshot import AFTER_RATES, Snapshot, digest_of
from pricebook.plan.verb.verb import Fold, Graph, Look, Status, Verb


class Making(Verb):
    """A verb whose `noun` is the whole of the object afterwards, and `digest` the mark that it gets."""

    __slots__ = ()
    noun: Noun
    digest: str

    def needs(self, graph: Graph, step: str) -> Iterator[str]:
        """What the noun refers to is there first, a card with its rates and aliases."""
        yield from graph.known(f"adopt:{self.ref}")
        names = {Ref(kind, name) for _, kind, name in references(self.noun)}
        alias: str = getattr(self.noun, "rate_card_alias", None) or ""
        if alias in graph.aliases:
            names.add(graph.aliases[alias])
        for ref in sorted(names):
            yield from graph.made(ref)
            if ref.kind is Kind.RATE_CARD:
                yield from graph.priced(ref.name)
                yield from graph.known(f"repoint:{ref}")

    def fold(self, world: Fold) -> None:
        """The object is as the noun says; a revised card keeps the aliases and the order that it has."""
        held, noun = world.of(self.ref), self.noun
        if isinstance(held.noun, RateCard):
            noun = noun.model_copy(update={name: getattr(held.noun, name) for name in AFTER_RATES})
        made = held.made or world.at if self.ref.kind.versioned else None
        marks = held.marks._replace(content=self.digest)
        world.objects[self.ref] = replace(held, noun=noun, id=held.id or str(self.ref), marks=marks, made=made)

    def mean(self, nouns: MutableMapping[Ref, Noun], snapshot: Snapshot) -> None:
        """As the noun says."""
        nouns[self.ref] = self.noun

    def digest_content(self) -> tuple[object, ...]:
        """The content."""
        return (type(self).__name__, content_text(self.noun))

    def status(self, expects: str | None, look: Look) -> Status:
        """Done when the object is so and bears the mark; ready when it is as it was expected, or half way there."""
        held = look.snapshot.of(self.ref)
        if held.archived:
            return Status.STALE
        present = digest_of(held.noun) if held.noun is not None else None
        if present == self.digest:
            # A store may have nowhere to put a mark: an account knows a pricing unit by its name.
            unmarkable = look.snapshot.partial and not self.ref.kind.marked
            return Status.DONE if unmarkable or held.marks.content == self.digest else Status.READY
        ours = held.marks.underway == self.digest
        return Status.READY if ours or present == expects else Status.STALE

    @property
    def gives(self) -> tuple[Alias, ...]:
        """Those of a package, which has them from the first."""
        return self.noun.held_aliases if self.ref.kind is Kind.PACKAGE else ()

    def version_status(self, previous: Ref | None, look: Look) -> Status:
        """The same of a package version, whose key says what it was made of: ready while the one before is the
        newest."""
        if look.snapshot.of(self.ref).marks.content == self.digest:
            return Status.DONE
        return Status.READY if look.snapshot.latest(self.ref) == previous else Status.STALE
