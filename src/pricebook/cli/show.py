"""`pricebook show`."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import click

from pricebook.cli.invocation import Invocation
from pricebook.cli.options import rows_option
from pricebook.cli.session import errors
from pricebook.problem import Problem

if TYPE_CHECKING:
    from pricebook.catalog.reference import Ref
    from pricebook.observe.snapshot import Snapshot
    from pricebook.view.lookup import Decided
    from pricebook.view.price_list import PriceList
    from pricebook.view.rate_shape import RowChoice


@click.command()
@click.argument("about", required=False, metavar="[OBJECT]")
@click.option("--on", metavar="INSTANT", help="The price on that date.")
@click.option("--from", "before", metavar="INSTANT", help="What differs between that date ...")
@click.option("--to", "after", metavar="INSTANT", help="... and this one (now, when only --from is given).")
@click.option("--card", metavar="NAME", help="Only prices of this rate card.")
@click.option("--where", multiple=True, metavar="KEY=VALUE", help="Only prices of this group value; repeatable.")
@click.option("--desired", is_flag=True, help="What the manifests lead to, not what the store holds.")
@rows_option
@click.pass_context
def command(
    ctx: click.Context,
    about: str | None,
    on: str | None,
    before: str | None,
    after: str | None,
    card: str | None,
    where: tuple[str, ...],
    desired: bool,
    rows: str | None,
) -> None:
    """Look up what something costs on a date, how that came to be, and who an alias stands for.

    OBJECT is a product (its price on a date, or the timeline of each of its prices), a rate card, a package (its
    versions and aliases), or two versions of one: package:starter@1..@3. Without it, every price and alias is meant.
    Who decided a price is said where the journal knows it.
    """
    invocation = Invocation.of(ctx)
    with errors(invocation):
        invocation.answers_in("text", "json")
        from pricebook.view.price_list import price_list
        from pricebook.view.rate_shape import RowChoice
        from pricebook.workflow import show, site
        from pricebook.workflow.history import instant_of

        if on is not None and (before is not None or after is not None):
            invocation.fail([Problem("conflict", "--on stands beside --from or --to", hint="say one of the two")])
        ref, versions = show.question(about) if about is not None else (None, None)
        environment, at = invocation.environment[0], invocation.as_of
        project, store = invocation.project, invocation.store()
        read = site.desired if desired else site.observed
        held = read(project, environment, store, at)
        snapshot = show.narrowed(held, ref, card, show.groups(where))
        choice = RowChoice.parse(rows)
        listed = price_list(snapshot, invocation.project.settings.namespace)
        answer = _Answer(invocation, listed, snapshot, ref, choice)
        if versions is not None and ref is not None:
            answer.versions_between(ref, *versions)
        elif before is not None or after is not None:
            answer.moves(instant_of(before, "--from") or at, instant_of(after, "--to") or at)
        elif ref is not None and ref.kind.value == "package":
            answer.package(ref)
        elif on is None and ref is not None and ref.kind.value == "product":
            answer.timelines()
        else:
            answer.prices(instant_of(on, "--on") or at)


class _Answer:
    """What is printed for one question: lines for people, or one JSON document."""

    def __init__(
        self, invocation: Invocation, listed: "PriceList", snapshot: "Snapshot", ref: "Ref | None", choice: "RowChoice"
    ) -> None:
        self._invocation, self._listed, self._snapshot = invocation, listed, snapshot
        self._ref, self._choice = ref, choice

    def prices(self, at: datetime) -> None:
        """The prices at an instant, and the aliases."""
        from pricebook.catalog.instant import instant_text, instant_words
        from pricebook.format.lookup_text import draw_aliases, draw_prices
        from pricebook.view.lookup import aliases_of, prices_on

        kept = self._kept(instant_text(at))
        found = list(prices_on(kept, instant_text(at), self._decided(kept)))
        total = sum(1 for _ in prices_on(self._listed, instant_text(at), {}))
        aliases = list(aliases_of(self._listed, self._ref)) if self._shows_aliases else []
        self._say(
            draw_prices(found, total, instant_words(at), self._width),
            draw_aliases(aliases, self._width),
            on=instant_text(at),
            prices=found,
            total=total,
            aliases=aliases,
        )

    def timelines(self) -> None:
        """The whole history of prices."""
        from pricebook.format.lookup_text import draw_timelines
        from pricebook.view.lookup import timelines

        kept = self._kept()
        found = list(timelines(kept, self._decided(kept)))
        total = sum(len(histories) for histories in self._listed.prices.values())
        self._say(draw_timelines(found, total, self._width), prices=found, total=total)

    def moves(self, before: datetime, after: datetime) -> None:
        """What differs between two instants."""
        from pricebook.catalog.instant import instant_text, instant_words
        from pricebook.format.lookup_text import draw_moves
        from pricebook.view.lookup import moves

        every = list(moves(self._snapshot.catalog.rates, instant_text(before), instant_text(after), self._listed.units))
        found = [each for each in every if self._choice.pattern.casefold() in each.name.casefold()][: self._most]
        words = instant_words(before), instant_words(after)
        document = {"from": instant_text(before), "to": instant_text(after), "prices": found, "total": len(every)}
        self._say(draw_moves(found, len(every), *words, self._width), **document)

    def package(self, ref: "Ref") -> None:
        """The versions of a package, and its aliases."""
        from pricebook.format.lookup_text import draw_aliases, draw_versions
        from pricebook.format.page import Paint
        from pricebook.view.lookup import aliases_of, versions_of

        versions = [each for each in versions_of(self._listed, ref.name) if ref.version is None or each.ref == str(ref)]
        aliases = list(aliases_of(self._listed, ref))
        self._say(
            draw_versions(versions, self._width, Paint(self._invocation.colour)),
            draw_aliases(aliases, self._width),
            versions=versions,
            aliases=aliases,
        )

    def versions_between(self, ref: "Ref", before: int, after: int) -> None:
        """What differs from one version of a package to another."""
        from pricebook.format.lookup_text import draw_fields
        from pricebook.view.lookup import between

        fields = between(self._listed, ref.name, before, after)
        if fields is None:
            there = ", ".join(f"@{version.number}" for version in self._listed.packages.get(ref.name, ()))
            message = f"{ref} has no version {before} or no version {after}"
            self._invocation.fail([Problem("unknown-object", message, hint=f"there are: {there}")])
        same = [] if fields else [f"{ref}@{before} and @{after} say the same."]
        document = {"ref": str(ref), "from": before, "to": after, "fields": fields}
        self._say(iter(same), draw_fields(fields, self._width), **document)

    @property
    def _width(self) -> int:
        return self._invocation.width

    @property
    def _shows_aliases(self) -> bool:
        return self._ref is None or self._ref.kind.value != "product"

    @property
    def _most(self) -> int | None:
        """How many prices are listed; None for all."""
        from pricebook.format.lookup_text import LINES

        if self._choice.every or self._choice.pattern:
            return None
        return self._choice.first if self._choice.first is not None else LINES

    def _kept(self, instant: str = "") -> "PriceList":
        """The list with those prices alone that are listed; of an instant, those that there are then."""
        from dataclasses import replace

        pattern, left = self._choice.pattern.casefold(), self._most
        kept = {}
        for card, histories in self._listed.prices.items():
            chosen = tuple(
                each
                for each in histories
                if (not pattern or pattern in str(each.key).casefold())
                and (not instant or any(s.starting_at <= instant < (s.ending_before or "~") for s in each.stretches))
            )
            kept[card] = chosen[:left]
            left = left - len(kept[card]) if left is not None else None
        return replace(self._listed, prices=kept)

    def _decided(self, kept: "PriceList") -> "Decided":
        """Who decided the prices that are listed."""
        from pricebook.catalog.timeline import key_text
        from pricebook.workflow.show import deciders

        keys = {card: [key_text(each.key) for each in found] for card, found in kept.prices.items() if found}
        return deciders(self._invocation.journal(), self._invocation.environment[0], keys)

    def _say(self, *parts: Iterator[str], **document: object) -> None:
        from pricebook.format.lookup_text import lookup_json

        if self._invocation.json:
            self._invocation.print([lookup_json(**document)])
            return
        lines: list[str] = []
        for part in parts:
            found = list(part)
            lines += ["", *found] if lines and found else found
        self._invocation.print(lines or ["There is nothing of this."])
