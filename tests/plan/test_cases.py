"""Scenario files: what a store holds, what the manifests say, and the plan that follows. Each ends with an empty plan.

A case (`tests/cases/*.yaml`) has `story`, `base` (the manifests in `tests/cases/base/` that it starts from),
`applied` (what was applied, at one `as_of` after the other, with `edits` of the base), `contracts` by ref, `as_of`,
`desired` (edits of the base), `plan` (one line a step: id, and its hazards), and maybe `fields` by step id. An edit
writes `new` in the one place that says `old`, or drops the one manifest that says `drop`.

With `refused` instead of `plan` the codes of the problems are expected. Of what was applied, `unmarked` are refs whose
objects bear no mark, as if somebody else had made them; the store's id of each is its ref. `moved` are entries as in
`pricebook.yaml`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from observed import unmarked, with_contracts
from pricebook.catalog.money import plain
from pricebook.catalog.path import path_text
from pricebook.catalog.reference import Ref
from pricebook.manifest.load import Loaded, load
from pricebook.observe.renames import renamed
from pricebook.observe.snapshot import Foreign, Snapshot
from pricebook.plan.document import read, write
from pricebook.plan.planner import make_plan
from pricebook.plan.rehearse import rehearse
from pricebook.plan.step import Plan
from pricebook.plan.verb.table import Revise, Supersede
from pricebook.problem import Rejected
from pricebook.project.project import MovedObject, Project, ProjectSettings
from pricebook.workflow.plan import claims_of

CASES = sorted((Path(__file__).parent.parent / "cases").glob("*.yaml"))
SETTINGS = ProjectSettings.model_validate(
    {"namespace": "acme", "manifests": ("catalog.yaml",), "environments": {"local": {"store": "memory"}}}
)


def instant(text: str) -> datetime:
    """A date of a case file."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def loaded(manifests: str, folder: Path) -> Loaded:
    """The catalogue of a case's manifests."""
    (folder / "catalog.yaml").write_text(manifests, encoding="utf-8")
    return load(Project(folder, SETTINGS))


def edited(case: Mapping[str, Any], said: Sequence[Mapping[str, str]]) -> str:
    """The manifests of a case: as the base is with these edits. Each edit fits exactly once."""
    text = (CASES[0].parent / "base" / f"{case['base']}.yaml").read_text(encoding="utf-8")
    for edit in said:
        if "drop" in edit:
            manifests = text.split("---\n")
            (old,) = (each for each in manifests if edit["drop"] in each)
            text = "---\n".join(each for each in manifests if each is not old)
        else:
            assert text.count(edit["old"]) == 1, edit["old"]
            text = text.replace(edit["old"], edit["new"])
    return text


def planned(
    desired: Loaded, snapshot: Snapshot, as_of: datetime, *, prune: bool, moved: tuple[MovedObject, ...] = ()
) -> Plan:
    """The plan of a case."""
    project = Project(desired.source_map.root, SETTINGS.model_copy(update={"moved": moved}))
    return make_plan(
        desired.catalog,
        snapshot,
        namespace="acme",
        environment="local",
        as_of=as_of,
        prune=prune,
        places=desired.places,
        claims=claims_of(project, desired, "local"),
    )


def nobodys(snapshot: Snapshot, refs: list[Ref], desired: Loaded) -> Snapshot:
    """The snapshot as it is when these objects bear no mark: read as ours where that is asked for, else foreign."""
    asked = set(desired.adopted("local").values())
    strange = [ref for ref in refs if str(ref) not in asked]
    bare = unmarked(snapshot).objects
    return replace(
        snapshot,
        objects={
            ref: bare[ref] if ref in refs else each for ref, each in snapshot.objects.items() if ref not in strange
        },
        foreign=tuple(Foreign(kind=ref.kind, id=str(ref), name=display_name(snapshot, ref)) for ref in strange),
    )


def display_name(snapshot: Snapshot, ref: Ref) -> str:
    """What an object is called in the store."""
    name: str = getattr(snapshot.catalog.nouns[ref], "name", "")
    return name


def fields_of(plan: Plan) -> dict[str, dict[str, list[Any]]]:
    """Step id -> path -> [observed, desired], of changed nouns."""
    return {
        step.id: {path_text(each.path): [_shown(each.observed), _shown(each.desired)] for each in step.change.fields}
        for step in plan.steps
        if isinstance(step.change, (Revise, Supersede))
    }


def _shown(value: object) -> object:
    if value is None or isinstance(value, (bool, str, dict, tuple, list)):
        return value
    return plain(value) if hasattr(value, "as_tuple") else str(value)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path, tmp_path: Path) -> None:
    case: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # everything is text
    snapshot = Snapshot(instant(case["as_of"]))
    for applied in case.get("applied", []):
        before = planned(
            loaded(edited(case, applied.get("edits", ())), tmp_path), snapshot, instant(applied["as_of"]), prune=False
        )
        snapshot = rehearse(snapshot, [step.change for step in before.steps])
    contracts = {Ref.parse(ref): int(count) for ref, count in case.get("contracts", {}).items()}
    snapshot = with_contracts(snapshot, contracts)
    desired, as_of, prune = loaded(edited(case, case["desired"]), tmp_path), instant(case["as_of"]), "prune" in case
    snapshot = nobodys(snapshot, [Ref.parse(ref) for ref in case.get("unmarked", ())], desired)
    moved = tuple(map(MovedObject.model_validate, case.get("moved", ())))
    if "refused" in case:
        with pytest.raises(Rejected) as caught:
            planned(desired, snapshot, as_of, prune=prune, moved=moved)
        assert [f"{p.code}: {p.message}" for p in caught.value.problems] == case["refused"]
        return
    plan = planned(desired, snapshot, as_of, prune=prune, moved=moved)
    assert [" ".join((step.id, *step.hazards)) for step in plan.steps] == case["plan"]
    if "fields" in case:
        assert fields_of(plan) == case["fields"]
    assert write(read(write(plan), "plan.json")) == write(plan)
    after = rehearse(renamed(snapshot, plan.moved), [step.change for step in plan.steps])
    assert planned(desired, after, as_of, prune=prune, moved=moved).steps == ()
