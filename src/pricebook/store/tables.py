"""The tables, for any database: one per noun, the rates' timelines, aliases, contracts, and the journal.

Ids are UUIDs and instants are RFC 3339 UTC, both as text. `mark` says whose an object is (`acme/product:pro`) and is
taken for good; an object without one is somebody else's. `spec` is the noun's canonical JSON, with ids for names.

A column's type is a word that each `database.Database` puts into its own terms: TEXT compares by code point, as in
Python, whatever the language of a server; NUMBER is a key that the database counts up; BYTES is binary.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pricebook.catalog.reference import Kind, stored_kinds

Part = Literal["store", "journal"]


@dataclass(frozen=True)
class Table:
    """One table. `columns` have a type and what it is held to, `indexes` their columns; `key` is the primary key."""

    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...] = ("id",)
    constraints: tuple[str, ...] = ()
    indexes: Mapping[str, str] = field(default_factory=dict)
    clustered: bool = False

    @property
    def counted(self) -> str | None:
        """The column that the database counts up."""
        return next((name for name, words in self.columns.items() if words == "NUMBER"), None)

    @property
    def large(self) -> bool:
        """Whether one row of it may be large."""
        return any(words.startswith("BYTES") for words in self.columns.values())

    def statements(self, types: Mapping[str, str], clustering: str) -> tuple[str, ...]:
        """What makes it, in the words of a database for types, and for rows that lie in the order of their key."""
        columns = [f"{name} {_native(words, types)}" for name, words in self.columns.items()]
        key = [] if self.counted is not None else [f"PRIMARY KEY ({', '.join(self.key)})"]
        parts = ", ".join((*columns, *key, *self.constraints))
        made = f"CREATE TABLE {self.name} ({parts}){clustering if self.clustered else ''}"
        return made, *(f"CREATE INDEX {name} ON {self.name} ({on})" for name, on in self.indexes.items())


def _native(words: str, types: Mapping[str, str]) -> str:
    type_, space, rest = words.partition(" ")
    return types.get(type_, type_) + space + rest


def _noun(name: str, columns: Mapping[str, str], constraint: str) -> Table:
    kept = {
        "id": "TEXT NOT NULL",
        "mark": "TEXT CHECK (length(mark) BETWEEN 1 AND 200) UNIQUE",
        "name": "TEXT NOT NULL",
        "digest": "TEXT",
        "spec": "TEXT NOT NULL",
        "created_at": "TEXT NOT NULL",
        "archived_at": "TEXT",
    }
    return Table(name, kept | dict(columns), constraints=(constraint,) if constraint else ())


_MORE: Mapping[Kind, tuple[Mapping[str, str], str]] = {
    Kind.PRODUCT: (
        {"type": "TEXT NOT NULL"},
        "CHECK (type IN ('FIXED', 'USAGE', 'COMPOSITE', 'SUBSCRIPTION', 'PROFESSIONAL_SERVICE'))",
    ),
    Kind.RATE_CARD: (
        {
            "product_order": "TEXT NOT NULL",  # a JSON array of product ids
            "rates_digest": "TEXT CHECK (length(rates_digest) = 32)",  # NULL: somebody else changed a rate
            "rates_count": "INTEGER NOT NULL",
            "rates_mark": "TEXT CHECK (length(rates_mark) <= 200)",  # observe.mark.RateMark; NULL: no rates yet
            "aliases_mark": "TEXT",  # observe.mark.alias_digest; NULL: no aliases yet
        },
        "",
    ),
    Kind.PACKAGE: (
        {
            "uniqueness_key": "TEXT CHECK (length(uniqueness_key) BETWEEN 1 AND 128) UNIQUE",
            "rate_card_id": "TEXT REFERENCES rate_card (id)",
            "rate_card_alias": "TEXT",
        },
        "CHECK (rate_card_id IS NULL OR rate_card_alias IS NULL)",
    ),
}
"""What the rows of a kind have besides what every noun has: columns, and a constraint."""


def table_of(kind: Kind) -> str:
    """The table that holds the nouns of a kind."""
    return kind.replace("-", "_")


def noun_tables() -> Mapping[Kind, Table]:
    """The table of each kind that there is."""
    return {kind: _noun(table_of(kind), *_MORE.get(kind, ({}, ""))) for kind in stored_kinds()}


RATE_TIMELINE = Table(
    "rate_timeline",
    {
        "rate_card_id": "TEXT NOT NULL REFERENCES rate_card (id)",
        "key": "TEXT NOT NULL",  # catalog.timeline.key_text, with our product's name
        "product_id": "TEXT NOT NULL REFERENCES product (id)",
        "schedule": "TEXT NOT NULL",  # catalog.timeline.schedule_text
    },
    key=("rate_card_id", "key"),
    clustered=True,  # a fifth faster to fill
)
ALIAS = Table(
    "alias",
    {
        "seq": "NUMBER",
        "kind": "TEXT NOT NULL CHECK (kind IN ('rate-card', 'package'))",
        "name": "TEXT NOT NULL",
        "object_id": "TEXT NOT NULL",
        "position": "INTEGER NOT NULL",
        "starting_at": "TEXT",
        "ending_before": "TEXT",
        "assigned_at": "TEXT NOT NULL",
        "withdrawn_at": "TEXT",
    },
    key=("seq",),
    constraints=("CHECK (ending_before > starting_at)",),
    indexes={"alias_name": "kind, name", "alias_object": "object_id"},
)
CONTRACT = Table(
    "contract",
    {
        "id": "TEXT NOT NULL",
        "customer_id": "TEXT NOT NULL",
        "package_id": "TEXT REFERENCES package (id)",
        "rate_card_id": "TEXT REFERENCES rate_card (id)",
        "starting_at": "TEXT NOT NULL",
        "ending_before": "TEXT",
        "uniqueness_key": "TEXT UNIQUE",
        "transition": "TEXT",  # JSON
        "custom_fields": "TEXT NOT NULL",  # JSON
        "created_at": "TEXT",
        "archived_at": "TEXT",
    },
    constraints=("CHECK (ending_before >= starting_at)",),
    indexes={
        "contract_package": "package_id, starting_at, customer_id, id",  # in the order of a cohort
        "contract_rate_card": "rate_card_id",
        "contract_customer": "customer_id",
    },
)
AGREEMENT = Table(
    "agreement",
    {
        "contract_id": "TEXT NOT NULL REFERENCES contract (id)",
        "terms": "TEXT",  # JSON of preview.terms.OwnTerms, with ids for names; NULL: it has none of its own
        "quantities": "TEXT NOT NULL",  # JSON: how those of its subscriptions changed
    },
    key=("contract_id",),
)
CUSTOMER = Table(
    "customer",
    {
        "id": "TEXT NOT NULL",
        "aliases": "TEXT NOT NULL",  # JSON: ingest aliases
        "balances": "TEXT NOT NULL",  # JSON of preview.terms.Grant, with ids for names
    },
)
ACCOUNT = Table(
    "account",
    {"namespace": "TEXT NOT NULL", "mark": "TEXT NOT NULL"},  # apply.target.AccountMark
    key=("namespace",),
)

RUN = Table(
    "run",
    {
        "number": "NUMBER",
        "namespace": "TEXT NOT NULL",
        "environment": "TEXT NOT NULL",
        "plan": "TEXT NOT NULL",  # plan.digest
        "as_of": "TEXT NOT NULL",
        "owner": "TEXT NOT NULL",
        "started_at": "TEXT NOT NULL",
        "actor": "TEXT NOT NULL",
        "git_commit": "TEXT NOT NULL",
        "git_branch": "TEXT NOT NULL",
        "approved": "TEXT NOT NULL",
        "ended_at": "TEXT",  # NULL: at work, or killed
        "result": "TEXT NOT NULL",
        "document": "BYTES NOT NULL",  # the plan file, deflated
    },
    key=("number",),
    indexes={"run_environment": "environment"},
)
JOURNAL = Table(
    "journal",
    {
        "seq": "NUMBER",
        "run": "INTEGER NOT NULL REFERENCES run (number)",
        "step": "TEXT NOT NULL",
        "state": "TEXT NOT NULL",
        "at": "TEXT NOT NULL",
        "owner": "TEXT NOT NULL",
        "token": "INTEGER NOT NULL",
        "remote_id": "TEXT NOT NULL",
        "detail": "TEXT NOT NULL",
    },
    key=("seq",),
    indexes={"journal_run": "run"},
)
LEASE = Table(
    "lease",
    {
        "environment": "TEXT NOT NULL",
        "token": "INTEGER NOT NULL",
        "owner": "TEXT",  # NULL: free
        "process": "TEXT",
        "since": "TEXT",
        "expires_at": "TEXT",
    },
    key=("environment",),
)


def tables_of(part: Part) -> tuple[Table, ...]:
    """Those of a store, or those of a journal, each after the tables that it refers to."""
    if part == "journal":
        return RUN, JOURNAL, LEASE
    return *noun_tables().values(), RATE_TIMELINE, ALIAS, CONTRACT, AGREEMENT, CUSTOMER, ACCOUNT
