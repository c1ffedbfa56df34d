"""`pricebook drift --adopt`: the manifests come to say what the account says, and nothing else in them changes."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

PROJECT = """\
namespace: acme
manifests: [catalog]
environments:
  local: {store: "sqlite:///pricebook.db"}
"""
CATALOG = """\
# What we sell.
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: calls}
spec: {name: Calls, aggregation_type: COUNT, group_keys: [[model]], property_filters: [{name: model}],
  event_type_filter: {in_values: [call]}}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: pro}
spec: {name: Pro, type: SUBSCRIPTION}   # the one
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: tokens}
spec:
  name: "Tokens"            # shown on invoices
  type: USAGE
  billable_metric: calls
  pricing_group_key: [model]
  tags:                     # for discounts
    - old
    - llm
  is_refundable: false
"""
CARD = """\
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: list}
spec:
  name: List
  aliases: [{name: list}]   # contracts use it
  rates_from:
    - table: prices.csv
      columns: {pricing_group_values: [model], price: usd}
      defaults: {product: tokens, starting_at: 2026-01-01, currency: USD}
  rates:
    # by the month
    - {product: pro, billing_frequency: MONTHLY, starting_at: 2026-01-01, price: $5.00}   # cheap
    - product: pro
      billing_frequency: annual
      schedule:
        - {starting_at: 2026-01-01, price: $50.00}
        - {starting_at: 2027-01-01, price: "$55.00"}   # next year
"""
TABLE = 'model,usd,note\nlarge,0.50,a\nsmall,0.25,"b, c"\nhuge,1.00,d\n'


def pricebook(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a project."""
    line = [sys.executable, "-m", "pricebook", "-C", str(folder), "--as-of", "2026-02-01", *words]
    return subprocess.run(line, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with a table, that was applied."""
    (tmp_path / "pricebook.yaml").write_text(PROJECT)
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "products.yaml").write_text(CATALOG)
    (tmp_path / "catalog" / "card.yaml").write_text(CARD)
    (tmp_path / "catalog" / "prices.csv").write_bytes(TABLE.replace("\n", "\r\n").encode())
    answer = pricebook(tmp_path, "apply", "--yes")
    assert answer.returncode == 0, answer.stderr
    return tmp_path


def by_hand(shop: Path, *statements: str) -> None:
    """Somebody works in the account."""
    with closing(sqlite3.connect(shop / "pricebook.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


MOVED = (
    "UPDATE rate_timeline SET schedule = replace(schedule, ':500,', ':700,') WHERE key LIKE '%MONTHLY%'",
    "UPDATE rate_timeline SET schedule = replace(schedule, ':5500,', ':6000,') WHERE key LIKE '%ANNUAL%'",
    "UPDATE rate_timeline SET schedule = replace(schedule, ':25,', ':0.00000003,') WHERE key LIKE '%small%'",
    "INSERT INTO rate_timeline SELECT rate_card_id, replace(key, 'MONTHLY', 'WEEKLY'), product_id, schedule"
    " FROM rate_timeline WHERE key LIKE '%MONTHLY%'",
    """UPDATE product SET spec = replace(spec, '"llm"', '"new: \\u001b[31m"') WHERE name = 'Tokens'""",
    """UPDATE product SET spec = replace(spec, '"Tokens"', '"To<k>ens"') WHERE name = 'Tokens'""",
    "UPDATE alias SET name = 'by hand'",
)
ADOPTED = """\
--- a/catalog/card.yaml
+++ b/catalog/card.yaml
@@ -3,16 +3,17 @@
 metadata: {name: list}
 spec:
   name: List
-  aliases: [{name: list}]   # contracts use it
+  aliases: [by hand]   # contracts use it
   rates_from:
     - table: prices.csv
       columns: {pricing_group_values: [model], price: usd}
       defaults: {product: tokens, starting_at: 2026-01-01, currency: USD}
   rates:
     # by the month
-    - {product: pro, billing_frequency: MONTHLY, starting_at: 2026-01-01, price: $5.00}   # cheap
+    - {product: pro, billing_frequency: MONTHLY, starting_at: 2026-01-01, price: $7.00}   # cheap
     - product: pro
       billing_frequency: annual
       schedule:
         - {starting_at: 2026-01-01, price: $50.00}
-        - {starting_at: 2027-01-01, price: "$55.00"}   # next year
+        - {starting_at: 2027-01-01, price: "$60.00"}   # next year
+    - {product: pro, billing_frequency: WEEKLY, starting_at: 2026-01-01, price: $7.00}
"""


def test_git_comes_to_agree_and_the_plan_is_empty(shop: Path) -> None:
    by_hand(shop, *MOVED)
    store = (shop / "pricebook.db").read_bytes()
    answer = pricebook(shop, "drift", "--adopt")
    assert (answer.returncode, answer.stderr) == (2, "")
    assert ADOPTED in answer.stdout
    assert "Not adopted" not in answer.stdout
    assert '-small,0.25,"b, c"\n+small,0.0000000003,"b, c"' in answer.stdout
    assert "\x1b" not in answer.stdout
    products = (shop / "catalog" / "products.yaml").read_text()
    assert 'name: "To<k>ens"            # shown on invoices' in products
    assert products.startswith(CATALOG[: CATALOG.index('  name: "Tokens"')])
    assert (shop / "catalog" / "prices.csv").read_bytes().count(b"\r\n") == 4
    assert (shop / "pricebook.db").read_bytes() == store
    after = pricebook(shop, "plan", "--exit-code")
    assert (after.returncode, after.stdout.startswith("Nothing to change")) == (0, True), after.stdout
    assert pricebook(shop, "drift").returncode == 0


def test_what_is_pending_or_accepted_is_not_adopted(shop: Path) -> None:
    by_hand(shop, MOVED[0])
    card = shop / "catalog" / "card.yaml"
    card.write_text(CARD.replace("$50.00", "$49.00"))
    (shop / "known.txt").write_text("accept: [{what: 'rate-card:*', reason: known, until: 2027-01-01}]")
    before = card.read_text()
    assert pricebook(shop, "drift", "--adopt", "--accept", str(shop / "known.txt")).returncode == 0
    assert card.read_text() == before
    pricebook(shop, "drift", "--adopt")
    assert card.read_text() == before.replace("$5.00}", "$7.00}")


def test_what_has_no_place_is_said_and_left(shop: Path) -> None:
    by_hand(
        shop,
        "UPDATE rate_timeline SET schedule = replace(schedule, '2026-01-01', '2026-01-15') WHERE key LIKE '%huge%'",
        "UPDATE product SET archived_at = '2026-01-15T00:00:00Z' WHERE mark LIKE '%product:pro'",
    )
    answer = pricebook(shop, "drift", "--adopt")
    words = " ".join(answer.stdout.split())
    assert 'Not adopted: rate-card:list: "tokens · model=huge" has no place of its own in the text' in words
    assert "Not adopted: product:pro: it is not there any more" in words
    assert (shop / "catalog" / "card.yaml").read_text() == CARD
