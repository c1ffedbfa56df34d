"""Copy: what an environment keeps in a database, to another database, and the proof that it is the same there.

Nobody applies and nobody writes meanwhile. The same means: every table, row for row; what each namespace has; and the
plan of the project. Where the copy is there already nothing is written.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from typing import Any

from pricebook.apply.copied import Copied, Copier
from pricebook.apply.ports import Clock, Journal, Store
from pricebook.catalog.rate_book import NO_RATES
from pricebook.plan.document import write
from pricebook.plan.step import Plan
from pricebook.problem import Problem, Rejected, quote, reject
from pricebook.project.project import METRONOME, Project
from pricebook.span import Span
from pricebook.workflow.plan import plan


def copy(
    project: Project,
    name: str,
    copier: Copier,
    journal: Journal,
    stores: tuple[Store, Store] | None,
    *,
    owner: str,
    clock: Clock,
    tell: Callable[[int], None],
) -> Copied:
    """Copy what the environment of that name keeps. `stores` are the store where it is and where it will be, None when
    it is an account.

    Raises Rejected, LeaseTaken while somebody applies, and StoreError.
    """
    if copier.onto_itself:
        raise reject("occupied-target", f"{copier.target} is where it is already", hint="name another place")
    if copier.is_empty():
        hint = "nothing needs to be copied: write the new place into pricebook.yaml, and apply"
        raise reject("nothing-to-copy", f"there is nothing in {' and '.join(copier.sources)}", hint=hint)
    at = clock()
    with ExitStack() as stack:
        for environment in sorted({name, *copier.environments()}):
            stack.callback(journal.release, environment, journal.acquire(environment, owner, clock()))
        # The lease keeps others from applying, the lock whoever writes without one.
        stack.enter_context(copier.locked())
        made = plan(project, name, stores[0], at) if stores is not None else None
        found = copier.compared()
        if found == "other":
            hint = "name a database or a ?schema= that holds nothing; nothing was written"
            raise reject("occupied-target", f"{copier.target} holds something else already", hint=hint)
        # A copy that is whole already was interrupted after it was made: it is checked like a new one.
        tables = copier.run(tell) if found == "empty" else copier.present()
        namespaces = tuple(sorted(copier.namespaces()))
        if stores is not None and made is not None:
            problems = list(_differences(project, made, stores, namespaces, at))
            if problems:
                raise Rejected(problems)
    steps = len(made.steps) if made is not None else None
    lines = tuple(_lines(project, name, copier.shown))
    return Copied(
        environment=name,
        sources=copier.sources,
        target=copier.target,
        already=found == "same",
        tables=tables,
        namespaces=namespaces,
        steps=steps,
        lines=lines,
    )


def _differences(
    project: Project, made: Plan, stores: tuple[Store, Store], namespaces: tuple[str, ...], at: datetime
) -> Iterator[Problem]:
    """Where the copy does not say what its source says, seen as a plan sees them."""
    hint = "nothing uses the copy yet: delete it. This is a bug of pricebook; please report it"
    for namespace in namespaces:
        source, target = (_seen(store, namespace, at) for store in stores)
        if source != target:
            yield Problem("copy-differs", f"what {quote(namespace)} has is not the same in the copy", hint=hint)
    if write(plan(project, made.environment, stores[1], at)) != write(made):
        yield Problem("copy-differs", "the plan against the copy is another one", hint=hint)


def _seen(store: Store, namespace: str, at: datetime) -> tuple[Any, ...]:
    """Everything of a snapshot; of its rates the digest."""
    found = store.snapshot(namespace, at)
    beside = {ref: replace(each, noun=None, rates=NO_RATES) for ref, each in found.objects.items()}
    return found.digest, beside, found.unmanaged


def _lines(project: Project, name: str, shown: str) -> Iterator[tuple[Span, str]]:
    """What to write for every environment that keeps it in the same place."""
    environments = project.settings.environments
    here = environments[name]
    for other, environment in environments.items():
        if (environment.store, environment.journal) != (here.store, here.journal):
            continue
        account = environment.store == METRONOME
        yield project.place(("environments", other, "store")), f'{"journal" if account else "store"}: "{shown}"'
        if environment.journal is not None and not account:
            yield (
                project.place(("environments", other, "journal")),
                "without journal, which is in the store's place now",
            )
