"""An account is seeded with what a project says, or it is said why it does not take it."""

from contextlib import closing
from pathlib import Path

import httpx
import pytest
from small import small

from pricebook.problem import Rejected
from pricebook.store.journal import SqlJournal
from pricebook.workflow.seed import seed
from project import planned
from vendor import AT, Call, Vendor


def seeded(vendor: Vendor, folder: Path) -> int:
    with closing(SqlJournal(f"sqlite:///{folder}/journal.db")) as journal:
        return seed(small(folder), "local", vendor.store(), journal, owner="me@here:1:x", clock=lambda: AT)


def test_everything_is_there_afterwards(vendor: Vendor, tmp_path: Path) -> None:
    assert seeded(vendor, tmp_path) == 9
    assert planned(small(tmp_path), vendor.store()).steps == ()
    assert seeded(vendor, tmp_path) == 0


def test_what_the_account_does_not_take_is_said(vendor: Vendor, tmp_path: Path) -> None:
    def refuse(call: Call) -> httpx.Response | None:
        wanted = call.path.endswith("products/create")
        return httpx.Response(400, json={"message": "no more products"}) if wanted else None

    vendor.before = refuse
    with pytest.raises(Rejected, match=r"does not take .*no more products"):
        seeded(vendor, tmp_path)
