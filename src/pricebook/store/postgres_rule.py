"""The vendor's rules that PostgreSQL can keep by itself: triggers, and a view for reading prices. See `schema`.

Every statement is run once, in the transaction that makes the tables.
"""

from pricebook.store.tables import NOUNS

MARKING = "pricebook.marking"
"""The setting under which marks and keys of rates can be edited, for one transaction. It keeps from mistakes, and not
from anybody: whoever may apply may adopt, and that must not need a right to change tables."""
_NOT_MARKING = f"current_setting('{MARKING}', true) IS DISTINCT FROM 'on'"

_REFUSE = """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation'; END $$"""

_FORGET = """CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
UPDATE rate_card SET rates_digest = NULL
WHERE rates_digest IS NOT NULL AND id IN (SELECT rate_card_id FROM touched);
RETURN NULL;
END $$"""
"""A card's digest speaks for its rates, so whoever changes a rate takes it away; we put the new one in its place."""


def rules() -> list[str]:
    """The statements."""
    frozen = [column.name for column in next(reversed(NOUNS.values())).columns if column.name != "archived_at"]
    made = [
        _VIEW,
        _REFUSE,
        _FORGET,
        _refusal(
            "package_update",
            f"UPDATE OF {', '.join(frozen)} ON package",
            " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in frozen),
            "a package cannot be edited, only archived",
        ),
        _refusal(
            "product_type",
            "UPDATE OF type ON product",
            "NEW.type <> OLD.type",
            "the type of a product can never change",
        ),
        _refusal("rate_timeline_delete", "DELETE ON rate_timeline", "", "a rate cannot be deleted, only ended"),
        _refusal(
            "rate_timeline_key",
            "UPDATE OF rate_card_id, key, product_id ON rate_timeline",
            _NOT_MARKING,
            "a rate cannot move to another card or product",
        ),
        _refusal(
            "contract_archived",
            "UPDATE OF archived_at ON contract",
            "OLD.archived_at IS NOT NULL AND NEW.archived_at IS DISTINCT FROM OLD.archived_at",
            "archiving a contract cannot be undone",
        ),
        _refusal("contract_delete", "DELETE ON contract", "", "a contract cannot be deleted, only archived"),
        *(
            f"CREATE TRIGGER rate_timeline_{what.lower()} AFTER {what} ON rate_timeline"
            " REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION forget()"
            for what in ("INSERT", "UPDATE")
        ),
    ]
    for table in (*(table.name for table in NOUNS.values()), "rate_timeline", "contract"):
        words = f"{table.replace('_', ' ')}s cannot be deleted"
        made.append(
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION refuse('{words}')"
        )
    for table in (table.name for table in NOUNS.values()):
        noun = table.replace("_", " ")
        made += [
            _refusal(f"{table}_delete", f"DELETE ON {table}", "", f"a {noun} cannot be deleted, only archived"),
            _refusal(
                f"{table}_archived",
                f"UPDATE OF archived_at ON {table}",
                "OLD.archived_at IS NOT NULL AND NEW.archived_at IS DISTINCT FROM OLD.archived_at",
                f"archiving a {noun} cannot be undone",
            ),
            _refusal(
                f"{table}_mark",
                f"UPDATE OF mark, id ON {table}",
                f"(NEW.id <> OLD.id OR OLD.mark IS NOT NULL AND NEW.mark IS DISTINCT FROM OLD.mark) AND {_NOT_MARKING}",
                f"the identity of a {noun} cannot change",
            ),
        ]
    return made


def _refusal(name: str, what: str, when: str, message: str) -> str:
    condition = f" WHEN ({when})" if when else ""
    return f"CREATE TRIGGER {name} BEFORE {what} FOR EACH ROW{condition} EXECUTE FUNCTION refuse('{message}')"


_VIEW = """CREATE VIEW rate AS
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
"""One row for each stretch of time of each price. `price` is text, digit for digit: in cents for usd."""
