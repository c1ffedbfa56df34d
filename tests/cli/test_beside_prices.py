"""Notifications and keys, through every command that a noun goes through: on SQLite, and as two accounts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from test_environments import Desk

from pricebook.sandbox.server import Served, serving

HEAD = "namespace: acme\nmanifests: [catalog]\nenvironments:\n"
MANIFESTS = """\
apiVersion: pricebook/v1
kind: ThresholdNotification
metadata: {name: spend}
spec: {name: Spend, alert_type: spend_threshold_reached, threshold: $50.00}   # to begin with
---
apiVersion: pricebook/v1
kind: OffsetNotification
metadata: {name: reminder}
spec:
  name: Trial ends
  policy: {type: credit.segment.end, offset: -P7D}
---
apiVersion: pricebook/v1
kind: CustomFieldKey
metadata: {name: crm}
spec: {entity: customer, key: CRM id, enforce_uniqueness: true}
"""
REFS = ["custom-field-key:crm", "offset-notification:reminder", "threshold-notification:spend"]


class Account:
    """One of the accounts, as somebody else writes to it."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.probe = self.ask("/v1/customers", {"name": "Probe"})["data"]["id"]

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        """A request of its own."""
        headers = {"authorization": f"Bearer {self.served.token}"}
        answer = httpx.post(f"{self.served.url}{path}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def accounts() -> Iterator[tuple[Account, Account]]:
    """A sandbox and a production account."""
    with serving(token="same") as sandbox, serving(token="same") as production:
        yield Account(sandbox), Account(production)


def settings(account: Account, name: str) -> str:
    """An environment on an account."""
    more = f"store: metronome, requests_per_minute: 1000000, token_env: PRICEBOOK_SAME, probe_customer: {account.probe}"
    return f"  {name}: {{{more}, base_url: '{account.served.url}', journal: 'sqlite:///{name}.db'}}\n"


@pytest.fixture(params=["sqlite", "http"])
def desk(
    request: pytest.FixtureRequest,
    accounts: tuple[Account, Account],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    """Both environments are empty."""
    monkeypatch.setenv("PRICEBOOK_SAME", "same")
    monkeypatch.setenv("COLUMNS", "100")
    said = "  sandbox: {store: 'sqlite:///s.db'}\n  production: {store: 'sqlite:///p.db'}\n"
    if request.param == "http":
        said = settings(accounts[0], "sandbox") + settings(accounts[1], "production")
    (tmp_path / "catalog").mkdir()
    (tmp_path / "pricebook.yaml").write_text(HEAD + said)
    (tmp_path / "catalog" / "all.yaml").write_text(MANIFESTS)
    return Desk(tmp_path, ("", ""))


def test_they_are_applied_told_promoted_and_shown(desk: Desk) -> None:
    desk.apply("sandbox")
    assert "Nothing to change" in desk.pricebook("--env", "sandbox", "plan", "--exit-code")
    desk.edit("catalog/all.yaml", "$50.00", "$80.00")
    desk.edit("catalog/all.yaml", "-P7D", "-P14D")
    changed = desk.pricebook("--env", "sandbox", "plan", "--exit-code", at="2025-11-01", status=2)
    for said in ("threshold-notification:spend@2", "$50.00 -> $80.00", "-P7D -> -P14D", "spend@1"):
        assert said in changed
    desk.apply("sandbox", at="2025-11-01")
    history = desk.pricebook("--env", "sandbox", "history")
    assert "threshold-notification:spend@2" in history
    assert "offset-notification:reminder" in history
    file = str(desk.folder / "plan.json")
    promoted = desk.pricebook("promote", "sandbox", "production", "-o", file, "--exit-code", status=2)
    assert all(ref in promoted for ref in REFS)
    assert "threshold   $80.00" in promoted or "$80.00" in promoted
    desk.pricebook("--env", "production", "apply", file, "--yes")
    assert "Nothing to promote" in desk.pricebook("promote", "sandbox", "production", "--exit-code")
    assert "hold the same" in desk.pricebook("diff", "sandbox", "production")
    site = desk.folder / "public"
    desk.pricebook("--env", "sandbox", "site", "--output", str(site))
    pages = "".join(page.read_text() for page in site.rglob("*.html"))
    assert "CRM id" not in pages, "what other systems keep is nobody's business"
    for said in ("Spend", "$80.00", "Trial ends", "-P14D"):
        assert said in pages, said


@pytest.mark.parametrize("desk", ["http"], indirect=True)  # nobody else writes to an embedded store
def test_what_somebody_else_did_in_an_account_is_drift(desk: Desk, accounts: tuple[Account, Account]) -> None:
    account = accounts[0]
    desk.apply("sandbox")
    (offset,) = account.ask("/v2/notifications/offset/list", {})["data"]
    policy = {"type": "credit.segment.end", "offset": "-P2D"}
    account.ask("/v2/notifications/edit", {"id": offset["id"], "policy": policy})
    (alert,) = account.ask("/v1/customer-alerts/list", {"customer_id": account.probe})["data"]
    account.ask("/v1/alerts/archive", {"id": alert["alert"]["id"]})
    account.ask("/v1/customFields/removeKey", {"entity": "customer", "key": "CRM id"})
    drift = desk.pricebook("--env", "sandbox", "drift", status=2)
    assert "offset-notification:reminder" in drift
    assert "-P2D" in drift
    assert "threshold-notification:spend@1   archived in the account, for good" in drift
    assert "custom-field-key:crm   gone from the account, where it had been applied" in drift
    desk.pricebook("--env", "sandbox", "drift", "--adopt", status=2)
    assert 'offset: "-P2D"}' in (desk.folder / "catalog" / "all.yaml").read_text()
    # Its key is taken for good, so what is made in its place is the next version.
    assert "threshold-notification:spend@2" in desk.pricebook("--env", "sandbox", "plan")
    desk.apply("sandbox")
    assert "Nothing to change" in desk.pricebook("--env", "sandbox", "plan", "--exit-code")


def test_what_an_account_has_is_imported_and_adopted(
    accounts: tuple[Account, Account], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = accounts[0]
    monkeypatch.setenv("PRICEBOOK_SAME", "same")
    said: dict[str, Any] = {"name": "Large", "alert_type": "invoice_total_reached", "threshold": 100000}
    account.ask("/v1/alerts/create", said)
    policy = {"type": "contract.start", "offset": "P3D"}
    account.ask("/v2/notifications/create", {"name": "Hello!", "policy": policy})
    for key in ("CRM id", "CRM-id"):
        body = {"entity": "customer", "key": key, "enforce_uniqueness": False}
        account.ask("/v1/customFields/addKey", body)
    (tmp_path / "pricebook.yaml").write_text(HEAD + settings(account, "sandbox"))
    desk = Desk(tmp_path, ("", ""))
    desk.pricebook("import")
    written = "".join(file.read_text() for file in (tmp_path / "catalog").rglob("*.yaml"))
    for text in ("threshold: $1000.00", "Hello!", "offset: P3D", "key: CRM id", "key: CRM-id"):
        assert text in written, text
    assert "pricebook_" not in written, "keys of our own marks are nobody's to declare"
    desk.pricebook("apply", "--yes")
    assert "Nothing to change" in desk.pricebook("plan", "--exit-code")


def test_what_left_the_manifests_is_told_and_stays(
    accounts: tuple[Account, Account], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRICEBOOK_SAME", "same")
    (tmp_path / "catalog").mkdir()
    (tmp_path / "pricebook.yaml").write_text(HEAD + settings(accounts[0], "sandbox"))
    manifest = tmp_path / "catalog" / "all.yaml"
    manifest.write_text(MANIFESTS)
    desk = Desk(tmp_path, ("", ""))
    desk.apply("sandbox")
    keys = json.loads(desk.pricebook("--format", "json", "account"))["keys"]
    assert {"contract_product/pricebook_ref", "rate_card/pricebook_rates"} <= set(keys)
    assert not any("CRM" in key for key in keys)
    spend, offset, key = MANIFESTS.split("---\n")
    manifest.write_text("---\n".join((spend, key)))
    said = " ".join(desk.pricebook("plan", "--prune").split())
    assert 'the account sends 1 offset notification of no manifest: "Trial ends"' in said
    assert "archive in the account what is not meant, or declare it" in said
    assert "archive:" not in said
    manifest.write_text("---\n".join((spend, offset.replace("{name: reminder}", "{name: other}"), key)))
    assert "sends" not in desk.pricebook("plan")
