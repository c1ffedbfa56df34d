"""Impact: the usage of customers billed under what is observed and under what a plan leads to.

The usage of past months is billed as if it happened in the months from which on every change of the plan holds: that is
the window. Nothing is written.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from pricebook.apply.ports import BillingStore
from pricebook.catalog.calendar import first_of_month, later, months_between
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.impact_limit import ImpactLimits
from pricebook.catalog.instant import next_hour
from pricebook.catalog.threshold_notification import ThresholdNotification
from pricebook.catalog.timeline import read_schedule
from pricebook.observe.renames import renamed
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.contract import Contract, Lives
from pricebook.plan.rehearse import applied_to
from pricebook.plan.step import Plan
from pricebook.plan.verb.move_contract import found_in
from pricebook.plan.verb.table import Create, Supersede
from pricebook.preview.customer import Billed, Billing, present
from pricebook.preview.impact import CustomerRow
from pricebook.preview.price import EXACT
from pricebook.preview.terms import Window
from pricebook.preview.watched import grouped
from pricebook.problem import Problem, reject
from pricebook.project.project import Project
from pricebook.span import Span
from pricebook.usage.alarmed import AlarmJob, Noise, count_alarms, unadded
from pricebook.usage.assessment import Assessment, NoiseSides
from pricebook.usage.billed import BillingJob, bill_usage
from pricebook.usage.engine import Engine, Target
from pricebook.usage.measure import read_usage
from pricebook.usage.meter import UsageMeter, meters_of, stated_of
from pricebook.usage.query import GIVEN_PRODUCTS
from pricebook.usage.source import UsageSource
from pricebook.workflow.account_usage import account_usage, is_account, month_of


def assess_impact(
    plan: Plan,
    store: BillingStore,
    files: Sequence[str],
    engine: Engine,
    *,
    starting_at: datetime | None = None,
    assume_migrated: bool = False,
    limits: tuple[Decimal, ...] = (),
    keep: Callable[[CustomerRow, Window], object] | None = None,
    shown: Callable[[CustomerRow, Window], tuple[object, ...]] | None = None,
    target: Target | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Assessment:
    """What the plan does to the bills of the customers in the store, by their usage in the files.

    `starting_at` is the first month of the window; by default the first one in which every change of the plan holds.
    Customers who pay more than one of the `limits` more are counted; `keep` is given the rows of all customers, and the
    window; the engine writes what `shown` makes of them to the target. Raises Rejected for files that are no usage,
    StoreError when the store cannot be read.
    """
    before = (plan.besides.plan,) if plan.besides is not None else ()
    adopted = {ref: id_ for each in (*before, plan) for ref, id_ in each.adopted.items()}
    snapshot = store.snapshot(plan.namespace, plan.as_of, adopted)
    for pending in before:  # a branch's plan starts where what is pending besides ends
        snapshot = applied_to(snapshot, pending)
    desired = applied_to(snapshot, plan).catalog
    snapshot = renamed(snapshot, plan.moved)
    # A metric counts the same on both sides: what it counts can never change.
    known = Catalog({**snapshot.catalog.nouns, **desired.nouns})
    loud, quiet = _notifications(plan, snapshot)
    keys = {each.key for noun in (*loud.values(), *quiet.values()) for each in noun.group_values}
    meters, uncounted = meters_of(grouped(known, keys))
    stated = stated_of(grouped(known, keys))
    tell("reading usage")
    given = [
        _of_account(store, snapshot, known, plan, name, starting_at) if is_account(name) else name for name in files
    ]
    used, months = _read(engine, given, meters, stated)
    start = first_of_month(starting_at) if starting_at is not None else _in_force(plan)
    window = Window(start, later(start, months, "MONTHS"))
    billed = (present(each, (*before, plan)) for each in store.billed(plan.namespace, plan.as_of))
    sides = snapshot.catalog, desired, window, months
    job = BillingJob(*sides, assume_migrated, limits, meters, stated, listing=keep is not None, shown=shown)
    asked = {f"{name}\n{side}": noun for side, nouns in enumerate((loud, quiet)) for name, noun in nouns.items()}
    watch = AlarmJob(
        desired=desired,
        window=window,
        months=months,
        assume_migrated=assume_migrated,
        meters=meters,
        stated=stated,
        used_from=used.starting_at,
        notifications=asked,
    )
    noise: Noise = {}

    def look(alike: tuple[str, ...]) -> None:
        noise.update(count_alarms(engine, replace(watch, alike=alike), tell))

    census, found = bill_usage(
        engine,
        billed,
        used.starting_at,
        job,
        keep=keep or _nobody,
        tell=tell,
        target=target,
        then=look if loud else None,
    )
    told = _not_given(engine, uncounted)
    made = Assessment(found, census, used, told, assume_migrated, unlisted=store.unlisted, names=_names(known))
    if not loud:
        return made
    both = {name: NoiseSides(noise[f"{name}\n0"], noise.get(f"{name}\n1")) for name in loud}
    return replace(made, noise=both, unadded=unadded(meters))


def _notifications(
    plan: Plan, snapshot: Snapshot
) -> tuple[dict[str, ThresholdNotification], dict[str, ThresholdNotification]]:
    """The threshold notifications that the plan makes, and those in whose place some of them come, by name."""
    loud, quiet = dict[str, ThresholdNotification](), dict[str, ThresholdNotification]()
    for step in plan.steps:
        change = step.change
        if isinstance(change, (Create, Supersede)) and isinstance(change.noun, ThresholdNotification):
            loud[change.ref.name] = change.noun
            was = snapshot.of(change.previous).noun if isinstance(change, Supersede) else None
            if isinstance(was, ThresholdNotification):
                quiet[change.ref.name] = was
    return loud, quiet


def _of_account(
    store: BillingStore, snapshot: Snapshot, known: Catalog, plan: Plan, name: str, starting_at: datetime | None
) -> UsageSource:
    """The usage that an account counted of those who are billed."""
    month = month_of(name, plan.as_of)
    start = first_of_month(starting_at) if starting_at is not None else _in_force(plan)
    end = later(start, 1, "MONTHS")
    customers: dict[str, bool] = {}
    for billed in store.billed(plan.namespace, plan.as_of, shared=False):
        contract = billed.billing.contract
        within = start < contract.starting_at < end or start < contract.end < end
        customers[contract.customer] = customers.get(contract.customer, False) or within
    parted = {customer for customer, within in customers.items() if within}
    return UsageSource(name, "rows", rows=account_usage(store, snapshot, known, list(customers), parted, month))


def _nobody(row: CustomerRow, window: Window) -> None:
    """Keep nothing."""


def assess_migration(
    plan: Plan,
    snapshot: Snapshot,
    lives: Lives,
    files: Sequence[str],
    engine: Engine,
    *,
    starting_at: datetime | None = None,
    limits: tuple[Decimal, ...] = (),
    keep: Callable[[CustomerRow, Window], object] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Assessment:
    """What a migration does to the bills of exactly those who move, by their usage in the files: before as if their
    contracts stayed, after on what they move to.

    The window begins, unless `starting_at` says otherwise, with the first month in which all have moved. Contracts that
    are renewed, each at its own end, are billed on both sides as if they were renewed when it begins. Raises Rejected.
    """
    meters, uncounted = meters_of(snapshot.catalog)
    stated = stated_of(snapshot.catalog)
    tell("reading usage")
    used, months = _read(engine, files, meters, stated)
    renewed = plan.moving.transition == "RENEWAL"
    moved = [(min if renewed else max)((move.at for move in plan.moves), default=plan.as_of)]
    start = first_of_month(starting_at) if starting_at is not None else _month_from(moved)
    window = Window(start, later(start, months, "MONTHS"))
    billed = (Billed(Billing(old, (), then)) for old, then in _pairs(plan, lives, start, renewed=renewed))
    sides = snapshot.catalog, snapshot.catalog, window, months
    job = BillingJob(*sides, False, limits, meters, stated, listing=keep is not None)
    census, found = bill_usage(engine, billed, used.starting_at, job, keep=keep or _nobody, tell=tell)
    return Assessment(
        found,
        census,
        used,
        _not_given(engine, uncounted),
        assume_migrated=False,
        moved_to=str(plan.moving.target),
        names=_names(snapshot.catalog),
    )


def _names(catalog: Catalog) -> dict[str, str]:
    """What people call products."""
    return {name: product.name for name, product in catalog.products.items()}


def _pairs(plan: Plan, lives: Lives, start: datetime, *, renewed: bool) -> Iterator[tuple[Contract, Contract]]:
    """The contract that stays and the one that takes its place, of each move."""
    for move in plan.moves:
        old = found_in(move, lives).old
        if old is not None:
            began = start if renewed else move.at
            before = replace(old, starting_at=start, ending_before=None) if renewed else old
            # The card is settled anew when a contract is made.
            yield before, replace(old, package=plan.moving.target, card=None, starting_at=began, ending_before=None)


def _read(
    engine: Engine, files: Sequence[str | UsageSource], meters: Sequence[UsageMeter], stated: Sequence[UsageMeter]
) -> tuple[Window, int]:
    """The months of the usage, and how many. Raises Rejected."""
    span = read_usage(engine, files, meters, stated)
    if span is None:
        raise reject(
            "usage-file",
            "there is no usable event in the usage",
            hint="an event has a transaction_id, customer_id, event_type, timestamp and properties",
        )
    return _whole_months(*span)


def _not_given(engine: Engine, uncounted: Mapping[str, str]) -> dict[str, str]:
    """Products that cannot be counted, without those whose quantities were given."""
    told = {row[0] for row in engine.rows(GIVEN_PRODUCTS)}
    return {product: reason for product, reason in uncounted.items() if product not in told}


def exceeded(
    assessment: Assessment, limits: ImpactLimits, span_at: Callable[[str], Span | None], where: str
) -> Iterator[Problem]:
    """What of the limits the impact exceeds. `span_at` is where one of them stands; `where` names them."""
    found, most = assessment.impact, limits.max_customer_increase
    if most is not None and (above := found.above[most]):
        named = ", ".join(customer for _, customer in found.risen[most])
        message = f"{above:,} of {found.people:,} customers pay more than the limit allows: {named}"
        yield _limit(span_at, where, "max_customer_increase", message)
    total = limits.max_total_change
    if total is not None:
        for unit, sides in sorted(found.yearly.items()):
            if abs(sides.change) > EXACT.multiply(abs(sides.before), total):
                relative = f"{sides.relative * 100:+.1f} %" if sides.relative is not None else "from nothing"
                message = f"the bills of all customers in {unit} change by {relative}, more than the limit allows"
                yield _limit(span_at, where, "max_total_change", message)
    least, coverage = limits.min_coverage, assessment.coverage
    if least is not None and coverage < least:
        # Down, so that what is a little below the limit does not read like it.
        share = (coverage * 100).quantize(Decimal("0.1"), ROUND_FLOOR)
        message = f"only {share} % of the usage could be read and belongs to somebody who is billed"
        hint = f"say who the others are (ingest aliases, contracts); when it is meant, lower {where}.min_coverage"
        yield Problem("impact-coverage", message, span_at("min_coverage"), hint)


def policy_place(project: Project) -> tuple[Callable[[str], Span | None], str]:
    """Where the project's own limits stand, and their name."""
    return lambda name: project.place(("policy", "impact", name)), "policy.impact"


def _limit(span_at: Callable[[str], Span | None], where: str, name: str, message: str) -> Problem:
    hint = f"see who in the report; when it is meant, raise {where}.{name}"
    return Problem("impact-limit", message, span_at(name), hint)


def _whole_months(first: datetime, last: datetime) -> tuple[Window, int]:
    start = first_of_month(first.replace(minute=0, second=0, microsecond=0))
    months = months_between(first, last) + 1
    return Window(start, later(start, months, "MONTHS")), months


def _in_force(plan: Plan) -> datetime:
    """The first month that begins when every change of the plan holds."""
    instants = [next_hour(plan.as_of)]
    for step in plan.steps:
        for rate in step.rates:
            last = read_schedule(rate.segments)[-1]
            instants.append(datetime.fromisoformat(last.starting_at))
    return _month_from(instants)


def _month_from(instants: Iterable[datetime]) -> datetime:
    """The first month that begins with the latest of the instants, or after it."""
    latest = max(instants)
    start = first_of_month(latest)
    return start if start == latest else later(start, 1, "MONTHS")
