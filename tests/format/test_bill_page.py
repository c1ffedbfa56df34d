"""The page of a bill: one file without a script, whose amounts add up, and which is inert whatever the names."""

import re
from base64 import b64encode
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
import sample_bill
from html_page import ACTS, Page

from pricebook.preview.assumption import ASSUMPTIONS
from pricebook.view.balance import timelines

DOCS = Path(__file__).parents[2] / "docs" / "bills.md"


def amount(text: str) -> Decimal:
    return Decimal(re.sub(r"[$€,]", "", text))


def test_the_page(golden: Callable[[str, str], None]) -> None:
    text = sample_bill.page_of(sample_bill.starter_bill())
    golden("bill.html", text[text.index("<main") : text.index("</main>")])


@pytest.mark.parametrize("make", [lambda: [sample_bill.starter_bill()], lambda: [sample_bill.hostile_bill()] * 2])
def test_it_reaches_for_nothing_and_is_inert(make: Callable[[], list[sample_bill.PictureBill]]) -> None:
    text = sample_bill.page_of(*make())
    assert not ACTS.search(text)
    page = Page(text)
    tags = {tag for tag, _ in page.elements}
    assert not {"script", "img", "iframe", "object", "embed", "form", "link", "base", "foreignObject"} & tags
    names = {name for _, attributes in page.elements for name in attributes}
    assert not {"src", "srcset", "action", "style", "http", "data"} & names
    assert not any(name.startswith("on") for name in names)
    assert all((attributes.get("href") or "#").startswith("#") for _, attributes in page.elements)
    (policy,) = (a["content"] or "" for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    style = text.split("<style>")[1].split("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'"


def test_every_link_of_a_page_leads_somewhere() -> None:
    page = Page(sample_bill.page_of(sample_bill.starter_bill(), sample_bill.hostile_bill()))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {(a["href"] or "")[1:] for _, a in page.elements if "href" in a} <= {str(one) for one in ids}


@pytest.mark.parametrize("name", sample_bill.worked_names())
def test_what_is_shown_adds_up(name: str) -> None:
    """The parts and the lines of the worked invoices, as they are written, against the totals, as they are written."""
    view = sample_bill.worked_bill(name).view
    for invoice in view.invoices:
        rows = [row.amount_words for row in invoice.lines if invoice.total_words.strip("-")[0] in row.amount_words]
        assert sum(map(amount, rows)) == amount(invoice.total_words)
    assert sum(amount(part.amount) for part in view.parts) == amount(view.total_words)
    if view.invoices:
        assert view.invoices[-1].so_far == view.total_words


@pytest.mark.parametrize("name", sample_bill.worked_names())
def test_what_is_granted_is_used_or_lapsed_or_open(name: str) -> None:
    verdict = sample_bill.worked_verdict(name)
    assert verdict.bill.closing.through is not None
    for timeline in timelines(verdict.bill, verdict.bill.closing.through):
        assert timeline.granted == timeline.used + timeline.lapsed + timeline.open
        assert timeline.points[-1].after == timeline.open
        assert all(point.before >= 0 and point.after >= 0 for point in timeline.points)


def test_every_assumption_is_met_by_a_worked_invoice_and_stands_in_the_documentation() -> None:
    met = {one.code for name in sample_bill.worked_names() for one in sample_bill.worked_bill(name).view.assumptions}
    beyond = {"rolled-over"}  # the contract that follows is no scenario: tests/preview/test_bill.py
    assert met | beyond == {one.code for one in ASSUMPTIONS}
    headings = re.findall(r"^### (.*)$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert {one.chapter for one in ASSUMPTIONS} <= set(headings)


def test_the_same_bill_is_the_same_page() -> None:
    assert sample_bill.page_of(sample_bill.hostile_bill()) == sample_bill.page_of(sample_bill.hostile_bill())
