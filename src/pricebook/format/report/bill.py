"""Bills as one page of HTML for who pays and who accounts for it. It needs no script: lines open by themselves."""

from typing import NamedTuple

from pricebook.format.bill_chart import CourseView, course_views, invoice_chart
from pricebook.format.page import Page
from pricebook.format.shell.chart import Chart
from pricebook.format.shell.page import one_file
from pricebook.view.bill import BillsView, CustomerBillView


class PictureBill(NamedTuple):
    """A bill with its pictures: when its invoices come, and how its balances burn down."""

    view: CustomerBillView
    timeline: Chart | None
    courses: tuple[CourseView, ...]


def picture_bill(view: CustomerBillView) -> PictureBill:
    """A bill with its pictures."""
    terms, bill, units = view.contract, view.bill, view.units
    return PictureBill(view, invoice_chart(terms, bill, units), course_views(terms, bill, units, dict(view.names)))


def bills_page(view: BillsView, _: Page) -> str:
    """The page of the bills of a package."""
    verdict = view.bills[0].sentence if len(view.bills) == 1 else f"{len(view.bills):,} bills"
    return one_file(
        __package__,
        "bill.html",
        "bill.css",
        package=view.package,
        source=view.source,
        bills=list(map(picture_bill, view.bills)),
        verdict=verdict,
        notes=view.lost,
    )
