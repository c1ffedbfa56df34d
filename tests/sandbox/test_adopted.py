"""An account filled by the vendor's own SDK, taken over by the command line over HTTP, and one price changed."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from metronome import Metronome

from pricebook.sandbox.server import Served

pytestmark = pytest.mark.whole
PROJECT = """\
namespace: acme
manifests: [catalog]
environments:
  production: {{store: metronome, base_url: '{url}', requests_per_minute: 100000}}
"""
CATALOG = """\
apiVersion: pricebook/v1
kind: Product
metadata: {{name: seat, adopt: {{production: {seat}}}}}
spec: {{name: Seat, type: SUBSCRIPTION}}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {{name: list, adopt: {{production: {card}}}}}
spec:
  name: List
  description: Old prices
  rates:
    - product: seat
      billing_frequency: MONTHLY
      schedule:
        - {{starting_at: 2025-01-01, price: $20.00}}
        - {{starting_at: 2030-01-01, price: ${price}}}
---
apiVersion: pricebook/v1
kind: Package
metadata: {{name: team, adopt: {{production: {package}}}}}
spec:
  name: Team
  rate_card: list
  duration: {{value: 12, unit: MONTHS}}
"""


def pricebook(root: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """The command in a project."""
    environment = {**os.environ, "METRONOME_BEARER_TOKEN": "sandbox"}
    argv = [sys.executable, "-m", "pricebook", "-C", str(root), *words]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=600)


def filled(client: Metronome) -> dict[str, str]:
    """The ids of what somebody made."""
    seat = client.v1.contracts.products.create(name="Seat", type="SUBSCRIPTION").data.id
    card = client.v1.contracts.rate_cards.create(name="List", description="Old prices").data.id
    rate = {"product_id": seat, "billing_frequency": "MONTHLY", "entitled": True, "rate_type": "FLAT"}
    rates = [
        {**rate, "price": 2000, "starting_at": "2025-01-01T00:00:00Z"},
        {**rate, "price": 2500, "starting_at": "2030-01-01T00:00:00Z"},
    ]
    client.v1.contracts.rate_cards.rates.add_many(rate_card_id=card, rates=rates)  # type: ignore[arg-type]
    package = client.v1.packages.create(
        name="Team", rate_card_id=card, duration={"value": 12, "unit": "MONTHS"}
    ).data.id
    return {"seat": seat, "card": card, "package": package}


def test_taken_over_and_changed(served: Served, client: Metronome, tmp_path: Path) -> None:
    ids = filled(client)
    (tmp_path / "catalog").mkdir()
    (tmp_path / "pricebook.yaml").write_text(PROJECT.format(url=served.url))
    manifests = tmp_path / "catalog" / "all.yaml"
    manifests.write_text(CATALOG.format(**ids, price="25.00"))
    first = pricebook(tmp_path, "plan")
    assert first.returncode == 0, first.stderr
    assert "= product:seat" in first.stdout
    assert "Plan: 2 objects adopted." in first.stdout
    note = f"By metadata.adopt alone, as packages bear no marks: package:team@1 is {ids['package']}."
    assert note in " ".join(first.stdout.split())
    assert pricebook(tmp_path, "apply", "--yes").returncode == 0
    manifests.write_text(CATALOG.format(**ids, price="24.00"))
    made = pricebook(tmp_path, "--format", "json", "plan")
    (change,) = json.loads(made.stdout)["objects"]
    assert (change["ref"], change["action"]) == ("rate-card:list", "rates")
    assert pricebook(tmp_path, "apply", "--yes").returncode == 0
    assert pricebook(tmp_path, "plan", "--exit-code").returncode == 0
    shown = pricebook(tmp_path, "show", "package:team")
    assert "package:team@1" in shown.stdout


MIGRATION = """\
---
apiVersion: pricebook/v1
kind: Migration
metadata: {{name: all}}
spec: {{package: crew, from_versions: [1], waves: [{{starting_at: {wave}}}], transition: END_AND_PROVISION}}
"""


def answer(root: Path, *words: str) -> dict[str, Any]:
    """The JSON answer of a command that went well."""
    made = pricebook(root, "--format", "json", *words)
    assert made.returncode == 0, made.stderr + made.stdout
    found: dict[str, Any] = json.loads(made.stdout)
    return found


def test_customers_of_a_package_that_was_adopted_and_renamed_are_moved(
    served: Served, client: Metronome, tmp_path: Path
) -> None:
    """Version 1 is known by its id alone, and version 2 by a key with the name that it was made under."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    start, wave = now - timedelta(days=40), now + timedelta(days=40)
    ids = filled(client)
    customers = [client.v1.customers.create(name=f"Customer {number}").data.id for number in range(3)]
    for customer in customers:
        client.v1.contracts.create(customer_id=customer, starting_at=start, package_id=ids["package"])
    (tmp_path / "catalog").mkdir()
    project, manifests = tmp_path / "pricebook.yaml", tmp_path / "catalog" / "all.yaml"
    project.write_text(PROJECT.format(url=served.url))
    text = CATALOG.format(**ids, price="25.00")
    for said in (text, text.replace("value: 12", "value: 24")):
        manifests.write_text(said)
        assert pricebook(tmp_path, "apply", "--yes").returncode == 0
    project.write_text(project.read_text() + "moved: [{from: package:team, to: package:crew}]\n")
    renamed = said.replace("{name: team,", "{name: crew,")
    manifests.write_text(renamed + MIGRATION.format(wave=f"{wave:%Y-%m-%dT%H:%M:%SZ}"))
    assert pricebook(tmp_path, "plan", "--exit-code").returncode == 0

    def standing() -> list[tuple[str, int, int]]:
        versions = answer(tmp_path, "cohorts", "crew")["versions"]
        return [(f"{each['package']}@{each['version']}", each["running"], each["to_start"]) for each in versions]

    assert standing() == [("crew@1", 3, 0), ("crew@2", 0, 0)]
    assert answer(tmp_path, "migrate", "all", "--apply", "--yes")["counts"] == {"moved": 3}
    assert answer(tmp_path, "migrate", "--check")["sound"]
    assert standing() == [("crew@1", 3, 0), ("crew@2", 0, 3)]
    another = client.v1.customers.create(name="Another").data.id
    asked = ("provision", "--customer", another, "--package", "crew@1", "--starting-at", f"{wave:%Y-%m-%d}", "--yes")
    assert pricebook(tmp_path, *asked).returncode == 0
    assert standing() == [("crew@1", 3, 1), ("crew@2", 0, 3)]
    (made,) = client.v2.contracts.list(customer_id=another).data
    assert made.package_id == ids["package"]  # type: ignore[attr-defined]
