"""The tables, for any database: one per noun, the rates' timelines, aliases, contracts, and the journal.

Ids are UUIDs and instants are RFC 3339 UTC, both as text. `mark` says whose an object is (`acme/product:pro`) and is
taken for good; an object without one is somebody else's. `spec` is the noun's canonical JSON, with ids for names.
"""

from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

from pricebook.catalog.reference import Kind

metadata = MetaData()
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that compares by code point, as in SQLite and in Python, whatever the language of a server."""


def _noun(name: str, *more: Any) -> Table:
    return Table(
        name,
        metadata,
        Column("id", TEXT, primary_key=True),
        Column("mark", TEXT, CheckConstraint("length(mark) BETWEEN 1 AND 200"), unique=True),
        Column("name", TEXT, nullable=False),
        Column("digest", TEXT),
        Column("spec", TEXT, nullable=False),
        Column("created_at", TEXT, nullable=False),
        Column("archived_at", TEXT),
        *more,
    )


pricing_unit = _noun("pricing_unit")
billable_metric = _noun("billable_metric")
product = _noun(
    "product",
    Column("type", TEXT, nullable=False),
    CheckConstraint("type IN ('FIXED', 'USAGE', 'COMPOSITE', 'SUBSCRIPTION', 'PROFESSIONAL_SERVICE')"),
)
rate_card = _noun(
    "rate_card",
    Column("product_order", TEXT, nullable=False),  # a JSON array of product ids
    Column("rates_digest", TEXT, CheckConstraint("length(rates_digest) = 32")),  # NULL: somebody else changed a rate
    Column("rates_count", Integer, nullable=False),
    Column("rates_mark", TEXT, CheckConstraint("length(rates_mark) <= 200")),  # plan.mark.RateMark; NULL: no rates yet
    Column("aliases_mark", TEXT),  # plan.mark.alias_digest; NULL: no aliases yet
)
package = _noun(
    "package",
    Column("uniqueness_key", TEXT, CheckConstraint("length(uniqueness_key) BETWEEN 1 AND 128"), unique=True),
    Column("rate_card_id", TEXT, ForeignKey("rate_card.id")),
    Column("rate_card_alias", TEXT),
    CheckConstraint("rate_card_id IS NULL OR rate_card_alias IS NULL"),
)

rate_timeline = Table(
    "rate_timeline",
    metadata,
    Column("rate_card_id", TEXT, ForeignKey("rate_card.id"), primary_key=True),
    Column("key", TEXT, primary_key=True),  # catalog.timeline.key_text, with our product's name
    Column("product_id", TEXT, ForeignKey("product.id"), nullable=False),
    Column("schedule", TEXT, nullable=False),  # catalog.timeline.schedule_text
    sqlite_with_rowid=False,  # a fifth faster to fill, and the rows of a card lie together
)

alias = Table(
    "alias",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("kind", TEXT, CheckConstraint("kind IN ('rate-card', 'package')"), nullable=False),
    Column("name", TEXT, nullable=False),
    Column("object_id", TEXT, nullable=False),
    Column("position", Integer, nullable=False),
    Column("starting_at", TEXT),
    Column("ending_before", TEXT),
    Column("assigned_at", TEXT, nullable=False),
    Column("withdrawn_at", TEXT),
    CheckConstraint("ending_before > starting_at"),
    Index("alias_name", "kind", "name"),
    Index("alias_object", "object_id"),
    sqlite_autoincrement=True,
)

contract = Table(
    "contract",
    metadata,
    Column("id", TEXT, primary_key=True),
    Column("customer_id", TEXT, nullable=False),
    Column("package_id", TEXT, ForeignKey("package.id")),
    Column("rate_card_id", TEXT, ForeignKey("rate_card.id")),
    Column("starting_at", TEXT, nullable=False),
    Column("ending_before", TEXT),
    Column("uniqueness_key", TEXT, unique=True),
    Column("transition", TEXT),  # JSON
    Column("custom_fields", TEXT, nullable=False),  # JSON
    Column("created_at", TEXT),
    Column("archived_at", TEXT),
    CheckConstraint("ending_before >= starting_at"),
    Index("contract_package", "package_id", "starting_at", "customer_id", "id"),  # in the order of a cohort
    Index("contract_rate_card", "rate_card_id"),
    Index("contract_customer", "customer_id"),
)

account = Table(
    "account",
    metadata,
    Column("namespace", TEXT, primary_key=True),
    Column("mark", TEXT, nullable=False),  # apply.target.AccountMark
)

run = Table(
    "run",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("namespace", TEXT, nullable=False),
    Column("environment", TEXT, nullable=False),
    Column("plan", TEXT, nullable=False),  # plan.digest
    Column("as_of", TEXT, nullable=False),
    Column("owner", TEXT, nullable=False),
    Column("started_at", TEXT, nullable=False),
    Column("actor", TEXT, nullable=False),
    Column("git_commit", TEXT, nullable=False),
    Column("git_branch", TEXT, nullable=False),
    Column("approved", TEXT, nullable=False),
    Column("ended_at", TEXT),  # NULL: at work, or killed
    Column("result", TEXT, nullable=False),
    Column("document", LargeBinary, nullable=False),  # the plan file, deflated
    Index("run_environment", "environment"),
)
journal = Table(
    "journal",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("run", Integer, ForeignKey("run.number"), nullable=False),
    Column("step", TEXT, nullable=False),
    Column("state", TEXT, nullable=False),
    Column("at", TEXT, nullable=False),
    Column("owner", TEXT, nullable=False),
    Column("token", Integer, nullable=False),
    Column("remote_id", TEXT, nullable=False),
    Column("detail", TEXT, nullable=False),
    Index("journal_run", "run"),
)
lease = Table(
    "lease",
    metadata,
    Column("environment", TEXT, primary_key=True),
    Column("token", Integer, nullable=False),
    Column("owner", TEXT),  # NULL: free
    Column("process", TEXT),
    Column("since", TEXT),
    Column("expires_at", TEXT),
)

NOUNS = {
    Kind.PRICING_UNIT: pricing_unit,
    Kind.BILLABLE_METRIC: billable_metric,
    Kind.PRODUCT: product,
    Kind.RATE_CARD: rate_card,
    Kind.PACKAGE: package,
}
STORE = (*NOUNS.values(), rate_timeline, alias, contract, account)
JOURNAL = (run, journal, lease)
