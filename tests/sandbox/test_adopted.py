"""An account filled by the vendor's own SDK, taken over by the command line over HTTP, and one price changed."""

import json
import os
import subprocess
import sys
from pathlib import Path

from metronome import Metronome

from pricebook.sandbox.server import Served

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
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=120)


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
