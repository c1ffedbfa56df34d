"""The tables, for any database: one per noun, the rates' timelines, aliases, contracts, and the journal.

Ids are UUIDs and instants are RFC 3339 UTC, both as text. `mark` says whose an object is (`acme/product:pro`) and is
taken for good; an object without one is somebody else's. `spec` is the noun's canonical JSON, with ids for names.
"""

from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

from pricebook.catalog.reference import Kind

metadata = MetaData()


def _noun(name: str, *more: Any) -> Table:
    return Table(
        name,
        metadata,
        Column("id", Text, primary_key=True),
        Column("mark", Text, CheckConstraint("length(mark) BETWEEN 1 AND 200"), unique=True),
        Column("name", Text, nullable=False),
        Column("digest", Text),
        Column("spec", Text, nullable=False),
        Column("created_at", Text, nullable=False),
        Column("archived_at", Text),
        *more,
    )


pricing_unit = _noun("pricing_unit")
billable_metric = _noun("billable_metric")
product = _noun(
    "product",
    Column("type", Text, nullable=False),
    CheckConstraint("type IN ('FIXED', 'USAGE', 'COMPOSITE', 'SUBSCRIPTION', 'PROFESSIONAL_SERVICE')"),
)
rate_card = _noun(
    "rate_card",
    Column("product_order", Text, nullable=False),  # a JSON array of product ids
    Column("rates_digest", Text, CheckConstraint("length(rates_digest) = 32")),  # NULL: somebody else changed a rate
    Column("rates_count", Integer, nullable=False),
    Column("rates_mark", Text, CheckConstraint("length(rates_mark) <= 200")),  # plan.mark.RateMark; NULL: no rates yet
    Column("aliases_mark", Text),  # plan.mark.alias_digest; NULL: no aliases yet
)
package = _noun(
    "package",
    Column("uniqueness_key", Text, CheckConstraint("length(uniqueness_key) BETWEEN 1 AND 128"), unique=True),
    Column("rate_card_id", Text, ForeignKey("rate_card.id")),
    Column("rate_card_alias", Text),
    CheckConstraint("rate_card_id IS NULL OR rate_card_alias IS NULL"),
)

rate_timeline = Table(
    "rate_timeline",
    metadata,
    Column("rate_card_id", Text, ForeignKey("rate_card.id"), primary_key=True),
    Column("key", Text, primary_key=True),  # catalog.timeline.key_text, with our product's name
    Column("product_id", Text, ForeignKey("product.id"), nullable=False),
    Column("schedule", Text, nullable=False),  # catalog.timeline.schedule_text
    sqlite_with_rowid=False,  # a fifth faster to fill, and the rows of a card lie together
)

alias = Table(
    "alias",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("kind", Text, CheckConstraint("kind IN ('rate-card', 'package')"), nullable=False),
    Column("name", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("starting_at", Text),
    Column("ending_before", Text),
    Column("assigned_at", Text, nullable=False),
    Column("withdrawn_at", Text),
    CheckConstraint("ending_before > starting_at"),
    Index("alias_name", "kind", "name"),
    Index("alias_object", "object_id"),
    sqlite_autoincrement=True,
)

contract = Table(
    "contract",
    metadata,
    Column("id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("package_id", Text, ForeignKey("package.id")),
    Column("rate_card_id", Text, ForeignKey("rate_card.id")),
    Column("starting_at", Text, nullable=False),
    Column("ending_before", Text),
    Column("uniqueness_key", Text, unique=True),
    Column("transition", Text),  # JSON
    Column("custom_fields", Text, nullable=False),  # JSON
    Column("created_at", Text),
    Column("archived_at", Text),
    CheckConstraint("ending_before >= starting_at"),
    Index("contract_package", "package_id"),
    Index("contract_rate_card", "rate_card_id"),
)

run = Table(
    "run",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("namespace", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("plan", Text, nullable=False),  # plan.digest
    Column("as_of", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("git_commit", Text, nullable=False),
    Column("git_branch", Text, nullable=False),
    Column("approved", Text, nullable=False),
    Column("ended_at", Text),  # NULL: at work, or killed
    Column("result", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),  # the plan file, deflated
    Index("run_environment", "environment"),
)
journal = Table(
    "journal",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("run", Integer, ForeignKey("run.number"), nullable=False),
    Column("step", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("token", Integer, nullable=False),
    Column("remote_id", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("journal_run", "run"),
)
lease = Table(
    "lease",
    metadata,
    Column("environment", Text, primary_key=True),
    Column("token", Integer, nullable=False),
    Column("owner", Text),  # NULL: free
    Column("process", Text),
    Column("since", Text),
    Column("expires_at", Text),
)

NOUNS = {
    Kind.PRICING_UNIT: pricing_unit,
    Kind.BILLABLE_METRIC: billable_metric,
    Kind.PRODUCT: product,
    Kind.RATE_CARD: rate_card,
    Kind.PACKAGE: package,
}
STORE = (*NOUNS.values(), rate_timeline, alias, contract)
JOURNAL = (run, journal, lease)
