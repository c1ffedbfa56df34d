"""What an account has no place to mark is told by what it says: the key of a custom field by its entity and key, an
offset notification by its name. What manifests call it makes no difference."""

from collections.abc import Mapping

from pricebook.catalog.reference import Ref

Identities = Mapping[Ref, tuple[str, ...]]
"""What objects say by which they are told (`catalog.model.Noun.identity`), by the names that they have."""


def names_met(there: Identities, wanted: Identities) -> dict[Ref, Ref]:
    """The objects that go by another name than they were read under, with that: what is wanted by the name under which
    it is wanted; and what nobody wants gives way, where its name is that of something else."""
    by_identity = {(ref.kind, said): ref for ref, said in wanted.items() if said}
    found = {ref: by_identity[ref.kind, said] for ref, said in there.items() if (ref.kind, said) in by_identity}
    taken = {*there, *wanted}
    for ref in there:
        if ref in wanted and ref not in found:
            number = 2
            while (name := Ref(ref.kind, f"{ref.name}-{number}")) in taken:
                number += 1
            taken.add(name)
            found[ref] = name
    return {ref: name for ref, name in found.items() if ref != name}
