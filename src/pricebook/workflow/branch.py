"""A branch against its merge base: what the branch itself changes, apart from what is pending besides.

What the base has and the store has not is planned first, and rehearsed; the branch is planned on what the store will be
then. So the branch's plan, its hazards and its digest stay the same when what is pending has been applied. The files of
the base are read from git's objects: nothing is checked out, no filter or hook runs, the working tree is not touched.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from pricebook.apply.ports import NOTHING, BillingStore, Store
from pricebook.catalog.reference import Ref
from pricebook.catalog.violation import Violation
from pricebook.manifest.load import Loaded, load
from pricebook.manifest.scope import PROJECT_FILE
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.rehearse import applied_to
from pricebook.plan.step import Besides, Plan
from pricebook.plan.verb.verb import Verb
from pricebook.policy.judge import in_order
from pricebook.problem import Problem, Rejected, quote, reject
from pricebook.project.project import Project, read_project
from pricebook.project.signed import signed_waivers
from pricebook.workflow.git import GitFailed, ask, brought, git
from pricebook.workflow.plan import plan
from pricebook.workflow.python_rule import Reviewer
from pricebook.workflow.waiver import NewWaiver, asked, new_waivers, unchecked

READ = frozenset((".yaml", ".yml", ".csv", ".tsv", ".psv", ".txt", ".json"))
"""Endings of the files that a project is made of."""
_FILE = ("100644", "100755")


class _Ahead:
    """An `apply.ports.Store` as it will be once a plan has been applied to it. Only reads."""

    def __init__(self, store: Store, pending: Plan) -> None:
        self._store, self._pending = store, pending

    def snapshot(self, namespace: str, at: datetime, adopt: Mapping[Ref, str] = NOTHING) -> Snapshot:
        held = self._store.snapshot(namespace, at, {**self._pending.adopted, **adopt})
        return applied_to(held, self._pending)

    def perform(self, namespace: str, change: Verb, at: datetime, expects: str | None = None) -> str:
        raise AssertionError("what is only rehearsed is not written")

    def cannot(self, namespace: str, change: Verb) -> Iterable[Violation]:
        return self._store.cannot(namespace, change)


def plan_on_base(
    project: Project,
    environment: str,
    store: BillingStore,
    as_of: datetime,
    ref: str,
    *,
    prune: bool,
    reviewer: Reviewer,
) -> Plan:
    """The plan of what the working tree changes against the merge base with `ref`; `besides` says what is pending. The
    rules judge the branch.

    Raises Rejected, as `plan` does, and for a name or a history that git does not know.
    """
    with base_of(project, ref) as (commit, base):
        pending = Plan(project.settings.namespace, environment, as_of, "", "", ())
        if base is not None:
            pending = plan(base, environment, store, as_of, prune=prune)
        waivers = new_waivers(project, load(project, environment), environment, base, environment)
        findings = tuple(unchecked(waivers, project.policy(environment)))
    own = plan(project, environment, _Ahead(store, pending), as_of, prune=prune, reviewer=reviewer, billed=store)
    before = {left.ref for left in pending.leftovers}
    leftovers = tuple(left for left in own.leftovers if left.ref not in before)
    findings = in_order([*own.findings, *findings])
    return replace(own, leftovers=leftovers, findings=findings, besides=Besides(ref, commit, pending))


@contextmanager
def base_of(project: Project, ref: str) -> Iterator[tuple[str, Project | None]]:
    """The merge base with `ref`: its commit, and the project as that has it, None when there is none. Raises Rejected,
    and says of what is wrong there that it is."""
    commit = merge_base(project.root, ref)
    with _project_at(project, commit) as base:
        try:
            yield commit, base
        except Rejected as rejected:
            raise Rejected([_of_base(problem, ref, commit) for problem in rejected.problems]) from None


def every_waiver(project: Project, loaded: Loaded, environment: str, as_of: datetime) -> Iterator[NewWaiver]:
    """The waivers in force, each with the commit that brought it; once for each where several brought parts of it. Who
    may sign is what the policy said before that commit. Raises Rejected."""
    policies = {"": project.policy(environment)}
    for waiver in signed_waivers(project, loaded):
        if waiver.until <= as_of:
            continue
        for commit in brought(project.root, waiver.at.file, waiver.lines):
            if commit not in policies:
                before = ask(project.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^1")
                with _project_at(project, before) if before else nullcontext() as base:
                    known = base is not None and environment in base.settings.environments
                    policies[commit] = (base if base is not None and known else project).policy(environment)
            yield asked(waiver, policies[commit], commit)


def merge_base(root: Path, ref: str) -> str:
    """The commit from which the working tree's commit and `ref` went apart. Raises Rejected."""
    if not ask(root, "rev-parse", "--show-toplevel"):
        hint = "plan without --base, or in a checkout"
        try:
            git(root, "rev-parse", "--show-toplevel")
        except GitFailed as error:
            raise reject("no-repository", f"{root} is in no git repository: {error}", hint=hint) from None
    shallow = ask(root, "rev-parse", "--is-shallow-repository") == "true"
    deepen = "this clone is shallow: fetch the whole history (fetch-depth: 0, or git fetch --unshallow)"
    known = ask(root, "rev-parse", "--verify", "--quiet", "--end-of-options", ref + "^{commit}")
    if not known:
        hint = deepen if shallow else "name a branch, a tag or a commit that was fetched: origin/main"
        raise reject("unknown-base", f"git knows no commit {quote(ref)}", hint=hint)
    found = ask(root, "merge-base", known, "HEAD")
    if not found:
        hint = deepen if shallow else "name a branch that this one came from"
        raise reject("unknown-base", f"{quote(ref)} and this branch have no commit in common", hint=hint)
    return found


@contextmanager
def _project_at(project: Project, commit: str) -> Iterator[Project | None]:
    """The project as a commit has it; None when there is none in it."""
    top = Path(ask(project.root, "rev-parse", "--show-toplevel")).resolve()
    folder = project.root.resolve().relative_to(top)
    with TemporaryDirectory(prefix="pricebook-") as scratch:
        try:
            _write_out(top, commit, folder, Path(scratch))
        except GitFailed as error:
            raise reject("unknown-base", f"the files of {commit} cannot be read: {error}") from None
        yield read_project(Path(scratch)) if (Path(scratch) / PROJECT_FILE).is_file() else None


def _write_out(top: Path, commit: str, folder: Path, to: Path) -> None:
    """Write the files of a folder as a commit has them. Links, and what is no part of a project, are left out."""
    where = () if folder == Path() else (folder.as_posix(),)
    listing = git(top, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *where)
    wanted: list[tuple[str, PurePosixPath]] = []
    for line in listing.split(b"\0"):
        head, _, name = line.partition(b"\t")
        mode, _, blob = [*head.decode().split(" "), "", ""][:3]
        path = PurePosixPath(name.decode(errors="surrogateescape"))
        if mode in _FILE and path.suffix.lower() in READ:
            wanted.append((blob, path.relative_to(folder.as_posix()) if where else path))
    data = git(top, "cat-file", "--batch", data="".join(f"{blob}\n" for blob, _ in wanted).encode())
    at = 0
    for _, path in wanted:
        end = data.index(b"\n", at)
        size = int(data[at:end].rsplit(b" ", 1)[1])
        target = to / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data[end + 1 : end + 1 + size])
        at = end + 1 + size + 1


def _of_base(problem: Problem, ref: str, commit: str) -> Problem:
    """A problem that stands in the base and not in the working tree: its place is no place here."""
    place = f"{problem.at}: " if problem.at is not None else ""
    return replace(problem, message=f"in {ref} ({commit[:12]}): {place}{problem.message}", at=None, related=())
