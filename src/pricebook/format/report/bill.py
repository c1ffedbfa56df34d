"""Bills as one page of HTML for who pays and who accounts for it. It needs no script: lines open by themselves."""

from collections.abc import Sequence
from typing import NamedTuple

from pricebook.catalog.catalog import Catalog
from pricebook.format.bill_chart import CourseView, course_views, invoice_chart
from pricebook.format.shell.chart import Chart
from pricebook.format.shell.page import one_file
from pricebook.preview.invoice import Bill
from pricebook.preview.terms import Terms
from pricebook.view.bill import BillView, scales_of
from pricebook.view.price import Units


class PictureBill(NamedTuple):
    """A bill with its pictures: when its invoices come, and how its balances burn down."""

    view: BillView
    timeline: Chart | None
    courses: tuple[CourseView, ...]

    @classmethod
    def of(cls, view: BillView, terms: Terms, bill: Bill, catalog: Catalog) -> "PictureBill":
        """The pictures of a bill, by the units and the products of a catalogue."""
        units = Units(scales_of(catalog))
        names = {name: product.name for name, product in catalog.products.items()}
        return cls(view, invoice_chart(terms, bill, units), course_views(terms, bill, units, names))


def bill_page(package: str, source: str, bills: Sequence[PictureBill], notes: Sequence[str] = ()) -> str:
    """The page of the bills of a package; `source` says by which prices they are, `notes` what is on none of them."""
    verdict = bills[0].view.sentence if len(bills) == 1 else f"{len(bills):,} bills"
    return one_file(
        __package__, "bill.html", "bill.css", package=package, source=source, bills=bills, verdict=verdict, notes=notes
    )
