"""Identity in the store comes from the intent (namespace, ref, version, digest), never from the plan.

A re-plan after a crash sends the same intent under the same marks, so a create that is sent twice cannot make two
objects. Products, metrics and rate cards carry the custom field `pricebook_ref`; packages their `uniqueness_key`.
"""

import re
from datetime import datetime

from pricebook.catalog.canonical import digest, encode
from pricebook.catalog.instant import instant_text
from pricebook.catalog.reference import Kind, Ref

REF, DIGEST = "pricebook_ref", "pricebook_digest"
"""The custom fields in which an account keeps whose an object is, and the digest of what was last applied to it."""
RATES, RATES_NEXT, ALIASES, ORDER = "pricebook_rates", "pricebook_rates_next", "pricebook_aliases", "pricebook_order"
"""Those of rate cards alone: what was last applied to the rates, what is being applied to them, and what was last
applied to the aliases and to the product order."""
ACCOUNT = "pricebook_account"
"""On one object of ours: which account this is (`apply.target`)."""
MARKS = frozenset((REF, DIGEST, RATES, RATES_NEXT, ALIASES, ORDER, ACCOUNT))
UNDER_WAY = ">"
"""Stands between the digests of a mark while a change is made: from what, through what, to what."""


def mark_of(namespace: str, ref: Ref) -> str:
    """What says whose an object is: `acme/product:pro`, `acme/package:starter@3`."""
    return f"{namespace}/{ref}"


def read_mark(namespace: str, mark: str) -> Ref | None:
    """The ref of a mark of our namespace; None for anybody else's."""
    owner, _, text = mark.partition("/")
    if owner != namespace:
        return None
    try:
        return Ref.parse(text)
    except ValueError:
        return None


RELEASED = "~"
"""What the mark of an object begins with that its owner let go."""


def released_mark(namespace: str, ref: Ref, id_: str) -> str:
    """What an object bears once it was let go: whose it was, and a part of its id, for two may have had one name."""
    return f"{RELEASED}{mark_of(namespace, ref)}#{id_[:6]}"


def mark_before_release(mark: str) -> str:
    """The mark that an object bore that was let go; empty for the mark of any other."""
    return mark.removeprefix(RELEASED).rpartition("#")[0] if mark.startswith(RELEASED) else ""


def chain(*digests: str) -> str:
    """The mark of an object that is being changed: whatever of these it is found to be is our doing."""
    return UNDER_WAY.join(dict.fromkeys(digests))


def settled(mark: str, observed: str) -> str:
    """The digest that a mark stands for, of an object whose content has the digest `observed`.

    Of a change that was under way: what is observed if it is one of its stations, else where the change was going.
    """
    stations = mark.split(UNDER_WAY)
    return observed if observed in stations else stations[-1]


def read_uniqueness_key(namespace: str, kind: Kind, key: str) -> tuple[Ref, str] | None:
    """The version of an object of this kind and the digest of a uniqueness key of ours; None for anybody else's."""
    found = _KEY.match(key)
    if found is None or found["namespace"] != namespace or (found["kind"] or Kind.PACKAGE) != kind:
        return None
    return Ref(kind, found["name"], int(found["version"])), found["digest"]


_KEY = re.compile(
    r"pricebook/(?P<namespace>[^/]+)/(?:(?P<kind>[a-z-]+):)?(?P<name>[^/@:]+)@(?P<version>[1-9]\d{0,8})/(?P<digest>[0-9a-f]+)\Z"
)


KEY = "pricebook/"
"""What a uniqueness key of ours begins with, of any namespace."""


def uniqueness_key(namespace: str, ref: Ref, digest: str) -> str:
    """`pricebook/acme/starter-plan@3/<digest>`; before the name of what is no package stands its kind."""
    assert ref.version is not None
    name = f"{ref.name}@{ref.version}" if ref.kind is Kind.PACKAGE else str(ref)
    return f"{KEY}{namespace}/{name}/{digest}"


def contract_key(namespace: str, customer: str, package: str, starting_at: datetime) -> str:
    """The uniqueness key of a contract that was given none: the same for the same intent, at most 128 characters."""
    intent = digest(encode((namespace, customer, package, instant_text(starting_at))))
    return f"pricebook/{namespace[:60]}/contract/{intent}"
