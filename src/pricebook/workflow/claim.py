"""What the manifests of a project say about objects that an environment had before them, or under other names."""

from collections.abc import Iterator
from functools import partial

from pricebook.catalog.reference import Ref
from pricebook.manifest.load import Loaded
from pricebook.plan.adoption import Claims
from pricebook.problem import Problem, Rejected
from pricebook.project.project import Project
from pricebook.span import Span


def claims_of(project: Project, loaded: Loaded, environment: str) -> Claims:
    """The claims of an environment. Where they stand is looked up when it has to be said. Raises Rejected for what
    moved to where nothing is."""
    problems = [*_check_moves(project, loaded), *_check_removed(project, loaded, environment)]
    if problems:
        raise Rejected(problems)
    fresh = {ref for ref in loaded.adopt if loaded.is_new(ref, environment)}
    moves = project.moves
    places = partial(_at, project, loaded, environment)
    return Claims(environment, loaded.adopted(environment), fresh, moves, project.removed(environment), places)


def _check_moves(project: Project, loaded: Loaded) -> Iterator[Problem]:
    """An entry leads from a name that is given up to one that is declared, or that moved on."""
    left = {old for old, _ in project.moves}
    for index, (old, new) in enumerate(project.moves):
        if old in loaded.catalog.nouns:
            hint = "an object has one name: rename its manifest, or remove this entry"
            yield Problem("moved", f"{old} is still declared", project.place(("moved", index, "from")), hint)
        elif new not in loaded.catalog.nouns and new not in left:
            message = f"{new} is not declared: the entry matches nothing any more"
            yield Problem("moved", message, project.place(("moved", index, "to")), "remove this entry")


def _check_removed(project: Project, loaded: Loaded, environment: str) -> Iterator[Problem]:
    """What is let go is not declared."""
    for ref, path in project.removed(environment).items():
        if ref in loaded.catalog.nouns:
            hint = "remove its manifest, or this entry"
            yield Problem("removed", f"{ref} is still declared", project.place(path), hint)


def _at(project: Project, loaded: Loaded, environment: str, ref: Ref) -> Span | None:
    """Where the entry stands; for a noun without one its name, for a name that was given up the entry that says so."""
    for index, (old, _) in enumerate(project.moves):
        if old == ref:
            return project.place(("moved", index, "from"))
    if ref in (removed := project.removed(environment)):
        return project.place(removed[ref])
    said = environment in loaded.adopt.get(ref, ())
    return loaded.source_map.at(ref, ("metadata", "adopt", environment) if said else ("metadata", "name"))
