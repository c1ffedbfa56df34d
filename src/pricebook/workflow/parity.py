"""Diff: what two environments hold, read from their stores, the one against the other. Both are only read."""

from collections.abc import Callable
from datetime import datetime

from pricebook.apply.ports import Store
from pricebook.manifest.load import Loaded, load
from pricebook.observe.renames import present
from pricebook.plan.parity import Parity, Side, parity
from pricebook.problem import quote, reject
from pricebook.project.project import Project


def compare_environments(
    project: Project, one: str, other: str, open_store: Callable[[str], Store], as_of: datetime
) -> tuple[Parity, tuple[tuple[str, str], ...]]:
    """How two environments differ, and what could not be compared, by environment and object.

    Raises Rejected for an environment that there is not and for bad manifests, StoreError for an unreadable store.
    """
    both = load_both(project, one, other)
    namespace = project.settings.namespace
    sides = []
    for name, declared in zip((one, other), both, strict=True):
        observed = open_store(name).snapshot(namespace, as_of, declared.adopted(name))
        sides.append(Side(name, present(observed, project.moves, declared.catalog), declared.catalog))
    found = parity(*sides, namespace=namespace, as_of=as_of, places=both[0].places)
    notes = [
        (f"{side.name} {note.subject or 'store'}", note.message) for side in sides[:1] for note in side.snapshot.notes
    ]
    return found, (*notes, *((f"{other} {subject}", words) for subject, words in found.comparison.unverified))


def load_both(project: Project, one: str, other: str) -> tuple[Loaded, Loaded]:
    """The manifests as two environments have them: the same where neither says anything otherwise. Raises Rejected,
    also for an environment that there is not, and for one that is named twice."""
    settings = [project.environment(name)[1] for name in (one, other)]
    if one == other:
        raise reject("one-environment", f"{quote(one)} is named twice", hint="name two environments of pricebook.yaml")
    here = load(project, one)
    alike = not any(environment.overlays or environment.patches for environment in settings)
    return here, here if alike else load(project, other)
