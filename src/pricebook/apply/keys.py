"""Identity in the store comes from the intent (namespace, ref, version, digest), never from the plan.

A re-plan after a crash sends the same intent under the same marks, so a create that is sent twice cannot make two
objects. Products, metrics and rate cards carry the custom field `pricebook_ref`; packages their `uniqueness_key`.
"""

from pricebook.catalog.reference import Kind, Ref


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


def uniqueness_key(namespace: str, ref: Ref, digest: str) -> str:
    """`pricebook/acme/starter-plan@3/<digest>`."""
    assert ref.kind is Kind.PACKAGE
    assert ref.version is not None
    return f"pricebook/{namespace}/{ref.name}@{ref.version}/{digest}"
