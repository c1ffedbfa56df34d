"""What migrations say of one another: a contract is moved by one of them, never by two."""

from collections.abc import Iterator, Mapping

from pricebook.catalog.migration import Migration
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.violation import Path, Violation
from pricebook.problem import quote


def check_migrations(migrations: Mapping[str, Migration]) -> Iterator[tuple[Ref, Path, Violation]]:
    """Migrations that may concern the same contracts: the same package and version, and not lists of customers that
    have nobody in common."""
    names = sorted(migrations)
    for index, name in enumerate(names):
        for other in names[:index]:
            if _may_meet(migrations[other], migrations[name]):
                message = f"migration {quote(other)} may move the same contracts"
                hint = "name other versions or other customers, or remove the one that is over"
                first = Ref(Kind.MIGRATION, other)
                violation = Violation("migration-overlap", message, (), hint, (("first", first, ()),))
                yield Ref(Kind.MIGRATION, name), (), violation


def _may_meet(one: Migration, other: Migration) -> bool:
    if one.package != other.package:
        return False
    versions = set(one.from_versions), set(other.from_versions)
    if all(versions) and not versions[0] & versions[1]:
        return False
    listed = set(one.whom.customers), set(other.whom.customers)
    return not (all(listed) and not listed[0] & listed[1])
