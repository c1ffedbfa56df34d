"""Bills as one page of HTML for who pays and who accounts for it, with pictures of invoices and of balances.

It needs no script: lines open by themselves.
"""

from dataclasses import dataclass
from typing import NamedTuple

from pricebook.catalog.instant import instant_words
from pricebook.catalog.unit import Unit, money
from pricebook.format.page import Page
from pricebook.format.shell.chart import Chart
from pricebook.format.shell.page import one_file
from pricebook.preview.invoice import Bill
from pricebook.preview.price import ZERO
from pricebook.preview.terms import ContractTerms
from pricebook.view.balance import BalanceTimeline, timelines
from pricebook.view.bill import BillsView, CustomerBillView
from pricebook.view.bill_terms import UNITS_USED
from pricebook.view.price import Units, rounded


class PictureBill(NamedTuple):
    """A bill with its pictures: when its invoices come, and how its balances burn down."""

    view: CustomerBillView
    timeline: Chart | None
    balances: "tuple[BalanceChart, ...]"


def picture_bill(view: CustomerBillView) -> PictureBill:
    """A bill with its pictures."""
    terms, bill, units = view.contract, view.bill, view.units
    return PictureBill(view, invoice_chart(terms, bill, units), balance_charts(terms, bill, units, dict(view.names)))


def bills_page(view: BillsView, _: Page) -> str:
    """The page of the bills of a package."""
    verdict = view.bills[0].sentence if len(view.bills) == 1 else f"{len(view.bills):,} bills"
    return one_file(
        __package__,
        "bill.html",
        "bill.css",
        package=view.package,
        source=view.source or "by the manifests",
        bills=list(map(picture_bill, view.bills)),
        verdict=verdict,
        notes=view.lost,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceChart:
    """The balances of a term: what they came to, and their picture, None where nothing was ever open."""

    name: str
    label: str
    granted: str
    used: str
    lapsed: str
    open: str
    chart: Chart | None


def invoice_chart(terms: ContractTerms, bill: Bill, units: Units) -> Chart | None:
    """Each invoice as a dot at its date, as high as its total, over the time that its usage is of; None for none."""
    if not bill.invoices or bill.closing.through is None:
        return None
    totals = [invoice.total for invoice in bill.invoices]
    chart = Chart(
        terms.starting_at,
        max(bill.closing.through, bill.invoices[-1].issued_at),
        max(*totals, ZERO),
        low=min(*totals, ZERO),
    )
    told = []
    zero = chart.y(ZERO)
    chart.levels(
        (total, money(total, units[invoice.unit])) for total, invoice in zip(totals, bill.invoices, strict=True)
    )
    for invoice in bill.invoices:
        text = f"{money(invoice.total, units[invoice.unit])} on {instant_words(invoice.issued_at)} ({invoice.kind})"
        told.append(text)
        x, y = chart.x(invoice.issued_at), chart.y(invoice.total)
        if invoice.period is not None:
            start, end = (chart.x(at) for at in invoice.period)
            chart.path("period", ((start, y), (end, y)))
        chart.path("stem", ((x, zero), (x, y)))
        chart.dot(invoice.kind, x, y, text)
    chart.dates(invoice.issued_at for invoice in bill.invoices)
    chart.words = f"Invoices over time: {', '.join(told)}"
    return chart


def balance_charts(terms: ContractTerms, bill: Bill, units: Units, names: dict[str, str]) -> tuple[BalanceChart, ...]:
    """The balances of each term; `names` are those of products, for terms without one of their own."""
    through = bill.closing.through
    if through is None:
        return ()
    found = []
    for timeline in timelines(bill, through):
        grant = timeline.grant
        unit = UNITS_USED if grant.counts_units else units[grant.unit]
        granted, used, lapsed, rest = (
            money(amount, unit) for amount in (timeline.granted, timeline.used, timeline.lapsed, timeline.open)
        )
        name = f"{grant.list}[{grant.key}]" + (" rolled over" if grant.rolled_over else "")
        label = grant.term.name or names.get(grant.term.product, grant.term.product)
        found.append(
            BalanceChart(
                name=name,
                label=label,
                granted=granted,
                used=used,
                lapsed=lapsed,
                open=rest,
                chart=_balance_chart(timeline, unit, terms),
            )
        )
    return tuple(found)


def _balance_chart(timeline: BalanceTimeline, unit: Unit, terms: ContractTerms) -> Chart | None:
    points = timeline.points
    high = max((amount for point in points for amount in point[1:3]), default=ZERO)
    if not high or len(points) < 2:
        return None
    chart = Chart(min(terms.starting_at, points[0].at), points[-1].at, high)
    last = points[-1].after
    chart.levels([(high, money(high, unit)), (last, rounded(last, unit))])
    told = []
    for point, following in zip(points, (*points[1:], None), strict=True):
        x, before, after = chart.x(point.at), chart.y(point.before), chart.y(point.after)
        if point.before != point.after:
            chart.path("gone" if point.lapsed else "past", ((x, before), (x, after)))
        if following is not None and (point.after or following.before):
            chart.path("past", ((x, after), (chart.x(following.at), chart.y(following.before))))
        if point.before != point.after or following is None:
            said = f"{rounded(point.before, unit)}, then " if point.before else ""
            told.append(f"{said}{rounded(point.after, unit)} on {instant_words(point.at)}")
    chart.dates(point.at for point in points)
    chart.words = f"What is open: {'; '.join(told)}"
    return chart
