"""The names that a shell completes. It asks while somebody types: manifests are opened and not judged, and whatever is
wrong with them completes to nothing."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from pricebook.manifest.load import declared
from pricebook.problem import Rejected
from pricebook.project.project import read_project


def objects(directory: Path, kinds: Iterable[str], *, refs: bool) -> set[str]:
    """The objects of a project of these kinds, or of all: their Refs, or the names that one of them alone bears."""
    wanted = tuple(kinds)
    try:
        found = [ref for ref in declared(read_project(directory)) if not wanted or ref.kind.value in wanted]
    except (Rejected, OSError):
        return set()
    borne = Counter(ref.name for ref in found)
    return {str(ref) for ref in found} if refs else {name for name, count in borne.items() if count == 1}


def environments(directory: Path) -> set[str]:
    """The environments of a project."""
    try:
        return set(read_project(directory).settings.environments)
    except (Rejected, OSError):
        return set()
