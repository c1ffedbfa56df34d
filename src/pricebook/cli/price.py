"""`pricebook price`."""

import click

from pricebook.cli.complete import complete_objects
from pricebook.cli.invocation import Invocation, hour_of, invoked
from pricebook.cli.options import edits_option, yes_option
from pricebook.cli.reprice import answered
from pricebook.manifest.rate_fact import FREQUENCIES
from pricebook.workflow.pricing import NewPrice, set_price
from pricebook.workflow.show import groups


@click.group()
def command() -> None:
    """Write a price into the manifests, from a day on, for review. The store is not touched."""


@command.command("set")
@click.argument("product", shell_complete=complete_objects("product"))
@click.option("--from", "day", required=True, metavar="INSTANT", help="From when the new price holds: 2027-01-01.")
@click.option(
    "--price", required=True, metavar="PRICE", help="With its currency: '$2.00'; of a share 5%; else a number."
)
@click.option("--where", multiple=True, metavar="KEY=VALUE", help="The price of this group value; repeatable.")
@click.option(
    "--frequency", type=click.Choice(FREQUENCIES, case_sensitive=False), help="The price with this frequency."
)
@click.option(
    "--card", metavar="NAME", shell_complete=complete_objects("rate-card"), help="The price on this rate card."
)
@click.option("--new", is_flag=True, help="There is no such price yet.")
@edits_option
@yes_option
@invoked("repricing")
def command_set(
    invocation: Invocation,
    product: str,
    day: str,
    price: str,
    where: tuple[str, ...],
    frequency: str | None,
    card: str | None,
    new: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Write the price of PRODUCT from a day on: a further entry of its schedule, a row, or an edition of its table.

    What holds until then stays where it is, and so does what begins later. Prices that are said by this one (relations)
    follow it. One price is meant: where the product has several, --where, --frequency and --card say which.
    """
    asked = NewPrice(
        product=product,
        price=price.strip(),
        day=hour_of(day, "--from"),
        groups=groups(where),
        frequency=frequency,
        card=card,
        new=new,
    )
    answered(invocation, set_price(invocation.project, asked), dry_run=dry_run, yes=yes)
