"""Identity in the store comes from the intent (namespace, ref, version, digest), never from the plan.

A re-plan after a crash sends the same intent under the same marks, so a create that is sent twice cannot make two
objects. Products, metrics and rate cards carry the custom field `pricebook_ref`; packages their `uniqueness_key`.
"""

from pricebook.catalog.reference import Kind, Ref

REF_FIELD = "pricebook_ref"
DIGEST_FIELD = "pricebook_digest"
MAX_UNIQUENESS_KEY = 128


def mark_of(namespace: str, ref: Ref) -> str:
    """The value of `pricebook_ref`: `acme/product:pro`."""
    return f"{namespace}/{ref.kind.value}:{ref.name}"


def read_mark(namespace: str, mark: str) -> Ref | None:
    """The ref of a mark of our namespace; None for anybody else's."""
    owner, _, text = mark.partition("/")
    if owner != namespace:
        return None
    try:
        return Ref.parse(text)
    except ValueError:
        return None


def uniqueness_key(namespace: str, ref: Ref, digest: str) -> str:
    """`pricebook/acme/starter-plan@3/<digest>`."""
    assert ref.kind is Kind.PACKAGE
    assert ref.version is not None
    return f"pricebook/{namespace}/{ref.name}@{ref.version}/{digest}"


def read_uniqueness_key(namespace: str, key: str) -> tuple[Ref, str] | None:
    """The package version and the digest of a key of our namespace; None for anybody else's."""
    parts = key.split("/")
    if len(parts) != 4 or parts[0] != "pricebook" or parts[1] != namespace:
        return None
    name, at, version = parts[2].rpartition("@")
    return (Ref(Kind.PACKAGE, name, int(version)), parts[3]) if at and version.isdecimal() else None
