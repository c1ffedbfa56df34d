"""`pricebook show`."""

import click

from pricebook.catalog.reference import Kind
from pricebook.catalog.timeline import key_text
from pricebook.cli.complete import complete_objects
from pricebook.cli.invocation import Invocation, instant_of, invoked
from pricebook.cli.options import card_option, rows_option
from pricebook.problem import Problem
from pricebook.view.lookup import Decided, differences_view, moves_view, prices_view, timelines_view, versions_view
from pricebook.view.plain import View
from pricebook.view.price_list import PriceList, price_list
from pricebook.view.rows import RowChoice
from pricebook.workflow import show, site


@click.command()
@click.argument(
    "about", required=False, metavar="[OBJECT]", shell_complete=complete_objects("product", "rate-card", "package")
)
@click.option("--on", metavar="INSTANT", help="The price on that date.")
@click.option("--from", "before", metavar="INSTANT", help="What differs between that date ...")
@click.option("--to", "after", metavar="INSTANT", help="... and this one (now, when only --from is given).")
@card_option
@click.option("--where", multiple=True, metavar="KEY=VALUE", help="Only prices of this group value; repeatable.")
@click.option("--desired", is_flag=True, help="What the manifests lead to, not what the store holds.")
@rows_option
@invoked("prices")
def command(
    invocation: Invocation,
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
    versions and aliases), or two versions of one: package:starter@1..@3. The kind may be left out where one object
    alone bears the name. Without it, every price and alias is meant.
    Who decided a price is said where the journal knows it.
    """
    if on is not None and (before is not None or after is not None):
        invocation.fail([Problem("conflict", "--on stands beside --from or --to", hint="say one of the two")])
    asked = show.question(about) if about is not None and ":" in about else None
    environment, at = invocation.environment[0], invocation.as_of
    project, store = invocation.project, invocation.store()
    read = site.desired if desired else site.observed
    held = read(project, environment, store, at)
    if asked is None and about is not None:
        asked = show.question(about, held.catalog.nouns)
    ref, versions = asked if asked is not None else (None, None)
    snapshot = show.narrowed(held, ref, card, show.groups(where))
    choice = RowChoice.parse(rows)

    def decide(kept: PriceList) -> Decided:
        """Who decided the prices that are listed."""
        keys = {card: [key_text(each.key) for each in found] for card, found in kept.prices.items() if found}
        return show.deciders(invocation.journal(), environment, keys)

    listed = price_list(snapshot, invocation.project.settings.namespace)
    view: View | None
    if versions is not None and ref is not None:
        view = differences_view(listed, ref, *versions)
        if view is None:
            there = ", ".join(f"@{version.number}" for version in listed.packages.get(ref.name, ()))
            message = f"{ref} has no version {versions[0]} or no version {versions[1]}"
            invocation.fail([Problem("unknown-object", message, hint=f"there are: {there}")])
    elif before is not None or after is not None:
        since, until = instant_of(before, "--from") or at, instant_of(after, "--to") or at
        view = moves_view(listed, snapshot.catalog.rates, since, until, choice)
    elif ref is not None and ref.kind is Kind.PACKAGE:
        view = versions_view(listed, ref)
    elif on is None and ref is not None and ref.kind is Kind.PRODUCT:
        view = timelines_view(listed, choice, decide)
    else:
        view = prices_view(listed, instant_of(on, "--on") or at, ref, choice, decide)
    invocation.answer(view)
