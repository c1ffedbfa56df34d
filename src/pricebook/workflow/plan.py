"""Plan: what would make the store say what the manifests say."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pricebook.apply.ports import Store
from pricebook.manifest.load import Loaded, load
from pricebook.observe.renames import renamed
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.planner import RehearsalFailed, make_plan
from pricebook.plan.step import Plan
from pricebook.policy.judge import Meter
from pricebook.problem import reject
from pricebook.project.project import Project
from pricebook.workflow.claim import claims_of
from pricebook.workflow.limits import check_limits
from pricebook.workflow.policy import company_rules
from pricebook.workflow.python_rule import PythonRule
from pricebook.workflow.review import review_plan


def plan(
    project: Project,
    environment: str,
    store: Store,
    as_of: datetime,
    *,
    prune: bool = False,
    meter: Meter | None = None,
    code: Sequence[PythonRule] = (),
) -> Plan:
    """The rehearsed plan of a project against a store, as of an instant. Reads only. With a meter of CPU seconds the
    rules are run, and the plan has their findings.

    Raises Rejected for what is wrong with the manifests or impossible for the store, StoreError when it is unreadable.
    """
    loaded = load(project, environment)
    snapshot = store.snapshot(project.settings.namespace, as_of, loaded.adopted(environment))
    return plan_to(project, environment, store, loaded, snapshot, as_of, prune=prune, meter=meter, code=code)


def plan_to(
    project: Project,
    environment: str,
    store: Store,
    loaded: Loaded,
    snapshot: Snapshot,
    as_of: datetime,
    *,
    prune: bool = False,
    meter: Meter | None = None,
    code: Sequence[PythonRule] = (),
) -> Plan:
    """The same to a catalogue that is given, from what the store was seen to hold with the claims of the manifests."""
    namespace = project.settings.namespace
    claims = claims_of(project, loaded, environment)
    try:
        made = make_plan(
            loaded.catalog,
            snapshot,
            namespace=namespace,
            environment=environment,
            as_of=as_of,
            prune=prune,
            places=loaded.places,
            claims=claims,
        )
    except RehearsalFailed as error:
        hint = "this is a bug of pricebook, not of the manifests; nothing was written. Please report it with them"
        raise reject("rehearsal", str(error), hint=hint) from error
    check_limits(made, store, loaded.places)
    if meter is None:
        return made
    snapshot = renamed(snapshot, made.moved)
    policy, company = project.policy(environment), company_rules(project, environment)
    return replace(made, findings=review_plan(project, policy, loaded, snapshot, made, meter, company, code))
