"""Packages cannot be edited: a changed one is a new immutable version. The latest version is the one to compare with.

Same digest as the latest: keep. Anything else, an old content come back included, is version n+1. A package that was
adopted has no digest of ours in its key: it is compared with what the store shows of it.
"""

from typing import TYPE_CHECKING

from pricebook.catalog.fingerprint import content_digest, content_text
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.fields import field_changes
from pricebook.plan.verb.table import Create, Supersede

if TYPE_CHECKING:  # the module is heavy, and a project may have no packages
    from pricebook.catalog.package import Package

PLACEHOLDER = "{version}"


def package_change(name: str, desired: "Package", snapshot: Snapshot) -> Create | Supersede | None:
    """The next version of a package, or None when the latest one is what is desired."""
    digest = content_digest(desired)
    latest = snapshot.latest(name)
    if latest is None:
        ref = Ref(Kind.PACKAGE, name, 1)
        return Create(ref, named(desired, 1), digest, "it is new")
    observed = snapshot.catalog.nouns.get(latest)
    same = snapshot.of(latest).marks.content == digest
    if latest in snapshot.unmarked and observed is not None:
        same = content_text(observed) == content_text(named(desired, latest.version or 0))
    if same and latest not in snapshot.archived:
        return None
    version = (latest.version or 0) + 1
    fields = field_changes(observed, named(desired, latest.version or 0)) if observed is not None else ()
    reason = f"{latest} is archived" if latest in snapshot.archived else "packages cannot be edited"
    return Supersede(Ref(Kind.PACKAGE, name, version), named(desired, version), digest, latest, fields, reason)


def named(package: "Package", version: int) -> "Package":
    """The package with `{version}` in its names replaced."""
    update = {
        field: value.replace(PLACEHOLDER, str(version))
        for field in ("name", "contract_name")
        if isinstance(value := getattr(package, field), str) and PLACEHOLDER in value
    }
    return package.model_copy(update=update) if update else package


def unnamed(observed: "Package", declared: "Package", version: int) -> "Package":
    """The reverse of `named`, of a version that was made from what is declared: `{version}` again where its number
    stands."""
    meant = named(declared, version)
    update = {
        field: getattr(declared, field)
        for field in ("name", "contract_name")
        if getattr(observed, field) == getattr(meant, field) != getattr(declared, field)
    }
    return observed.model_copy(update=update) if update else observed
