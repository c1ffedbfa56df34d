"""The vendor's rules that a database keeps by itself, against anybody's SQL: triggers, and a view for reading prices.

A rule is written once, in the words of PostgreSQL; what SQLite says otherwise is said here.
"""

from collections.abc import Collection
from typing import Literal, NamedTuple

from pricebook.store.tables import CONTRACT, RATE_TIMELINE, noun_tables

Dialect = Literal["sqlite", "postgresql"]

MARKING = "pricebook.marking"
"""The setting under which marks and keys of rates can be edited on PostgreSQL, for one transaction. It keeps from
mistakes, and not from anybody: whoever may apply may adopt, and that must not need a right to change tables."""


class Refusal(NamedTuple):
    """What nobody may do to the rows of a table: an event, on the condition (empty: always). `marking` lifts it."""

    name: str
    event: str
    table: str
    message: str
    condition: str = ""
    marking: bool = False


def statements(dialect: Dialect, made: Collection[str]) -> list[str]:
    """What makes the rules of tables, in the transaction that makes these; and the view, with the table of rates."""
    rules, rates = [rule for rule in _refusals() if rule.table in made], RATE_TIMELINE.name in made
    if dialect == "sqlite":
        return [*map(_sqlite, rules), *([_SQLITE_VIEW, *_SQLITE_FORGET] if rates else [])]
    first, last = (_POSTGRES_FUNCTIONS, [_POSTGRES_VIEW, *_POSTGRES_FORGET]) if rates else ([], [])
    return [*first, *map(_postgres, rules), *_truncates(made), *last]


def _refusals() -> list[Refusal]:
    """The rules: nothing is deleted, archived objects stay it, identities and what has versions do not change."""
    made = [
        Refusal(
            "product_type",
            "UPDATE OF type",
            "product",
            "the type of a product can never change",
            "NEW.type <> OLD.type",
        ),
        Refusal("rate_timeline_delete", "DELETE", "rate_timeline", "a rate cannot be deleted, only ended"),
        Refusal(
            "rate_timeline_key",
            "UPDATE OF rate_card_id, key, product_id",
            "rate_timeline",
            "a rate cannot move to another card or product",
            marking=True,
        ),
    ]
    nouns = noun_tables()
    for name in (*(table.name for table in nouns.values()), CONTRACT.name):
        noun = name.replace("_", " ")
        made += [
            Refusal(f"{name}_delete", "DELETE", name, f"a {noun} cannot be deleted, only archived"),
            Refusal(
                f"{name}_archived",
                "UPDATE OF archived_at",
                name,
                f"archiving a {noun} cannot be undone",
                "OLD.archived_at IS NOT NULL AND NEW.archived_at IS DISTINCT FROM OLD.archived_at",
            ),
        ]
    for kind, table in nouns.items():
        # A version is what customers were sold: its columns never change, and only its end may come.
        frozen = [name for name in table.columns if name != "archived_at" and kind.versioned]
        if frozen:
            made.append(
                Refusal(
                    f"{table.name}_update",
                    f"UPDATE OF {', '.join(frozen)}",
                    table.name,
                    f"a {kind.words} cannot be edited, only archived",
                    " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in frozen),
                )
            )
        made.append(
            Refusal(
                f"{table.name}_mark",
                "UPDATE OF mark, id",
                table.name,
                f"the identity of a {table.name.replace('_', ' ')} cannot change",
                "NEW.id <> OLD.id OR OLD.mark IS NOT NULL AND NEW.mark IS DISTINCT FROM OLD.mark",
                marking=True,
            )
        )
    return made


def _sqlite(rule: Refusal) -> str:
    """What `marking` lifts is dropped for a transaction (`adopting`): SQLite has no setting that a trigger sees."""
    when = f" WHEN {rule.condition.replace('IS DISTINCT FROM', 'IS NOT')}" if rule.condition else ""
    return (
        f"CREATE TRIGGER {rule.name} BEFORE {rule.event} ON {rule.table}{when}"
        f" BEGIN SELECT RAISE(ABORT, '{rule.message}'); END"
    )


def _postgres(rule: Refusal) -> str:
    conditions = [f"({rule.condition})"] if rule.condition else []
    conditions += [f"current_setting('{MARKING}', true) IS DISTINCT FROM 'on'"] if rule.marking else []
    when = f" WHEN ({' AND '.join(conditions)})" if conditions else ""
    return (
        f"CREATE TRIGGER {rule.name} BEFORE {rule.event} ON {rule.table}"
        f" FOR EACH ROW{when} EXECUTE FUNCTION refuse('{rule.message}')"
    )


def _truncates(made: Collection[str]) -> list[str]:
    """PostgreSQL can empty a table without a trigger for rows hearing of it."""
    return [
        f"CREATE TRIGGER {table.name}_truncate BEFORE TRUNCATE ON {table.name}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION refuse('{table.name.replace('_', ' ')}s cannot be deleted')"
        for table in (*noun_tables().values(), RATE_TIMELINE, CONTRACT)
        if table.name in made
    ]


# A card's digest speaks for its rates, so whoever changes a rate takes it away; we put the new one in its place.
_SQLITE_FORGET = [
    f"CREATE TRIGGER rate_timeline_{name} AFTER {event} ON rate_timeline BEGIN UPDATE rate_card SET rates_digest = NULL"
    " WHERE id = NEW.rate_card_id AND rates_digest IS NOT NULL; END"
    for name, event in (("insert", "INSERT"), ("update", "UPDATE OF schedule"))
]
_POSTGRES_FUNCTIONS = [
    """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation'; END $$""",
    """CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
UPDATE rate_card SET rates_digest = NULL
WHERE rates_digest IS NOT NULL AND id IN (SELECT rate_card_id FROM touched);
RETURN NULL;
END $$""",
]
_POSTGRES_FORGET = [
    f"CREATE TRIGGER rate_timeline_{event.lower()} AFTER {event} ON rate_timeline"
    " REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION forget()"
    for event in ("INSERT", "UPDATE")
]

# One row for each stretch of time of each price. `price` is text, digit for digit: in cents for usd.
_SQLITE_VIEW = """CREATE VIEW rate AS
SELECT rate_card.name AS rate_card,
       product.name AS product,
       json_extract(rate_timeline.key, '$[1]') AS billing_frequency,
       json_extract(rate_timeline.key, '$[2]') AS pricing_group_values,
       json_extract(segment.value, '$[0]') AS starting_at,
       json_extract(segment.value, '$[1]') AS ending_before,
       json_extract(segment.value, '$[2].rate_type') AS rate_type,
       segment.value -> '$[2].price' AS price,
       coalesce(json_extract(segment.value, '$[2].credit_type'), 'usd') AS credit_type,
       json_extract(segment.value, '$[2].entitled') AS entitled,
       json_extract(segment.value, '$[2]') AS terms,
       rate_timeline.rate_card_id,
       rate_timeline.product_id
FROM rate_timeline
JOIN rate_card ON rate_card.id = rate_timeline.rate_card_id
JOIN product ON product.id = rate_timeline.product_id
JOIN json_each(rate_timeline.schedule) AS segment"""
_POSTGRES_VIEW = """CREATE VIEW rate AS
SELECT rate_card.name AS rate_card,
       product.name AS product,
       rate_timeline.key::json ->> 1 AS billing_frequency,
       (rate_timeline.key::json -> 2)::text AS pricing_group_values,
       segment.value ->> 0 AS starting_at,
       segment.value ->> 1 AS ending_before,
       segment.value -> 2 ->> 'rate_type' AS rate_type,
       segment.value -> 2 ->> 'price' AS price,
       coalesce(segment.value -> 2 ->> 'credit_type', 'usd') AS credit_type,
       (segment.value -> 2 ->> 'entitled')::boolean AS entitled,
       (segment.value -> 2)::text AS terms,
       rate_timeline.rate_card_id,
       rate_timeline.product_id
FROM rate_timeline
JOIN rate_card ON rate_card.id = rate_timeline.rate_card_id
JOIN product ON product.id = rate_timeline.product_id
CROSS JOIN LATERAL json_array_elements(rate_timeline.schedule::json) AS segment(value)"""
