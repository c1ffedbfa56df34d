"""Custom fields: keys are declared for an entity, and may enforce that no two objects share a value.

A key that is not declared is refused, and so is a value that another object has under a unique key.
"""

from pricebook.account.refusal import Refused
from pricebook.sandbox.call import MOST, Body, Call, page, read_position


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


def list_keys(call: Call) -> Body:
    """`customFields/listKeys`, a hundred on a page."""
    after, _ = read_position(call)
    entities = (call.body or {}).get("entities") or []
    marks = f" AND entity IN ({', '.join('?' * len(entities))})" if entities else ""
    sql = f"SELECT seq, entity, key, is_unique FROM field_key WHERE seq > ?{marks} ORDER BY seq LIMIT ?"
    rows = call.work.rows(sql, after, *entities, MOST + 1)
    keys = [{"entity": entity, "key": key, "enforce_uniqueness": bool(unique)} for _, entity, key, unique in rows]
    return page(keys[:MOST], (rows[MOST - 1][0], 0) if len(rows) > MOST else None)


def set_values(call: Call) -> None:
    """`customFields/setValues`: all of them or none; other fields stay."""
    entity, id_ = _object(call)
    call.work.set_fields(entity, id_, call.body["custom_fields"])


def delete_values(call: Call) -> None:
    """`customFields/deleteValues`."""
    entity, id_ = _object(call)
    call.work.many(
        "DELETE FROM field_value WHERE entity = ? AND entity_id = ? AND key = ?",
        [(entity, id_, key) for key in call.body["keys"]],
    )


def _object(call: Call) -> tuple[str, str]:
    """The object that is meant, which is there. The terms of a package have their values from its creation: "Setting
    package managed fields is not yet supported" (the vendor's answer, in github.com/dust-tt/dust). Raises Refused."""
    entity, id_ = call.body["entity"], call.body["entity_id"]
    if entity.startswith("package_"):
        raise Refused(400, f"Setting package managed fields is not yet supported ({entity})")
    call.work.get(entity, id_)
    return entity, id_
