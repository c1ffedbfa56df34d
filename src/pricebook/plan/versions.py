"""What cannot be edited, as packages: a changed one is a new version. The latest version is the one to compare with.

Same digest as the latest: keep. Anything else, an old content come back included, is version n+1. A package that was
adopted has no digest of ours in its key: it is compared with what the store shows of it.
"""

from typing import TypeVar

from pricebook.catalog.fingerprint import content_digest, content_text
from pricebook.catalog.model import Noun
from pricebook.catalog.reference import Ref
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.fields import field_changes
from pricebook.plan.verb.table import Create, Supersede

PLACEHOLDER = "{version}"
NAMED = ("name", "contract_name")
"""The fields in which it may stand."""
N = TypeVar("N", bound=Noun)


def version_change(ref: Ref, desired: Noun, snapshot: Snapshot) -> Create | Supersede | None:
    """The next version of a noun, or None when the latest one is what is desired."""
    digest = content_digest(desired)
    latest = snapshot.latest(ref)
    if latest is None:
        return Create(ref._replace(version=1), named(desired, 1), digest, "it is new")
    observed = snapshot.catalog.nouns.get(latest)
    same = snapshot.of(latest).marks.content == digest
    if latest in snapshot.unmarked and observed is not None:
        same = content_text(observed) == content_text(named(desired, latest.version or 0))
    if same and latest not in snapshot.archived:
        return None
    version = (latest.version or 0) + 1
    fields = field_changes(observed, named(desired, latest.version or 0)) if observed is not None else ()
    reason = f"{latest} is archived" if latest in snapshot.archived else f"{ref.kind.words}s cannot be edited"
    return Supersede(ref._replace(version=version), named(desired, version), digest, latest, fields, reason)


def named(noun: N, version: int) -> N:
    """The noun with `{version}` in its names replaced."""
    update = {
        field: value.replace(PLACEHOLDER, str(version))
        for field in NAMED
        if isinstance(value := getattr(noun, field, None), str) and PLACEHOLDER in value
    }
    return noun.model_copy(update=update) if update else noun


def unnamed(observed: N, declared: N, version: int) -> N:
    """The reverse of `named`, of a version that was made from what is declared: `{version}` again where its number
    stands."""
    meant = named(declared, version)
    update = {
        field: getattr(declared, field)
        for field in NAMED
        if getattr(observed, field, None) == getattr(meant, field, None) != getattr(declared, field, None)
    }
    return observed.model_copy(update=update) if update else observed
