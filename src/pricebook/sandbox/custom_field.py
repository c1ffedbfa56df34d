"""Custom fields: keys are declared for an entity, and may enforce that no two objects share a value.

A key that is not declared is refused, and so is a value that another object has under a unique key.
"""

from collections.abc import Iterable, Mapping

from pricebook.account.refusal import Refused
from pricebook.sandbox.account import AccountTransaction
from pricebook.sandbox.call import Call, Json
from pricebook.sandbox.page import MOST, cursor, read_position

LONGEST = 200
"""Characters of a value (`customFields/setValues`)."""


def fields_of(work: AccountTransaction, entity: str, ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """The custom fields of each object; none for an object without any."""
    wanted = list(ids)
    found: dict[str, dict[str, str]] = {id_: {} for id_ in wanted}
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        marks = ", ".join("?" * len(part))
        sql = f"SELECT entity_id, key, value FROM field_value WHERE entity = ? AND entity_id IN ({marks})"
        for id_, key, value in work.rows(sql, entity, *part):
            found[id_][key] = value
    return found


def set_fields(work: AccountTransaction, entity: str, id_: str, fields: Mapping[str, str]) -> None:
    """Give an object values. Raises Refused: 400 for a key that is not declared, 409 for a value that is taken."""
    for key, value in fields.items():
        declared = work.one("SELECT is_unique FROM field_key WHERE entity = ? AND key = ?", entity, key)
        if declared is None:
            raise Refused(400, f"custom field key {key!r} is not declared for {entity}: customFields/addKey does that")
        if len(value) > LONGEST:
            raise Refused(400, f"the value of custom field {key!r} is longer than {LONGEST} characters")
        if declared[0]:
            sql = "SELECT entity_id FROM field_value WHERE entity = ? AND key = ? AND value = ? AND entity_id <> ?"
            taken = work.one(sql, entity, key, value, id_)
            if taken is not None:
                message = f"custom field {key!r} enforces uniqueness, and {value!r} is the value of {entity} {taken[0]}"
                raise Refused(409, message)
    work.many(
        "INSERT OR REPLACE INTO field_value (entity, entity_id, key, value) VALUES (?, ?, ?, ?)",
        [(entity, id_, key, value) for key, value in fields.items()],
    )


def add_key(call: Call) -> None:
    """`customFields/addKey`. Raises Refused (409) when the entity has the key [assumed]."""
    entity, key = call.body["entity"], call.body["key"]
    if not key:
        raise Refused(400, "key must not be empty")
    if call.work.one("SELECT 1 FROM field_key WHERE entity = ? AND key = ?", entity, key):
        raise Refused(409, f"custom field key {key!r} is declared for {entity} already")
    sql = "INSERT INTO field_key (entity, key, is_unique) VALUES (?, ?, ?)"
    call.work.run(sql, entity, key, int(call.body["enforce_uniqueness"]))


def remove_key(call: Call) -> None:
    """`customFields/removeKey`: the key goes, and with it every value."""
    entity, key = call.body["entity"], call.body["key"]
    if not call.work.run("DELETE FROM field_key WHERE entity = ? AND key = ?", entity, key):
        raise Refused(404, f"custom field key {key!r} is not declared for {entity}")
    call.work.run("DELETE FROM field_value WHERE entity = ? AND key = ?", entity, key)


def list_keys(call: Call) -> Json:
    """`customFields/listKeys`, a hundred on a page."""
    after, _ = read_position(call.query)
    entities = (call.body or {}).get("entities") or []
    marks = f" AND entity IN ({', '.join('?' * len(entities))})" if entities else ""
    sql = f"SELECT seq, entity, key, is_unique FROM field_key WHERE seq > ?{marks} ORDER BY seq LIMIT ?"
    rows = call.work.rows(sql, after, *entities, MOST + 1)
    page = rows[:MOST]
    return {
        "data": [{"entity": entity, "key": key, "enforce_uniqueness": bool(unique)} for _, entity, key, unique in page],
        "next_page": cursor((page[-1][0], 0)) if len(rows) > MOST else None,
    }


def set_values(call: Call) -> None:
    """`customFields/setValues`: all of them or none; other fields stay."""
    entity, id_ = call.body["entity"], call.body["entity_id"]
    call.work.get(entity, id_)
    set_fields(call.work, entity, id_, call.body["custom_fields"])


def delete_values(call: Call) -> None:
    """`customFields/deleteValues`."""
    entity, id_ = call.body["entity"], call.body["entity_id"]
    call.work.get(entity, id_)
    call.work.many(
        "DELETE FROM field_value WHERE entity = ? AND entity_id = ? AND key = ?",
        [(entity, id_, key) for key in call.body["keys"]],
    )
