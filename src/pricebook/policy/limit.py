"""Rules about what a plan may change: the limits of the project's policy, and changes that hide in others."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from pricebook.catalog.calendar import later
from pricebook.catalog.instant import instant_text, instant_words, next_hour, text_words
from pricebook.catalog.reference import Ref
from pricebook.catalog.timeline import read_schedule
from pricebook.plan.hazard import Hazard
from pricebook.plan.verb.table import AddRates, Archive, Create
from pricebook.policy.fact import package_ref
from pricebook.policy.finding import Finding
from pricebook.policy.proposal import PriceChange, Proposal
from pricebook.policy.rule import Example, Rule
from pricebook.policy.sample import SAMPLE
from pricebook.policy.waiver import matches


def approvals(proposal: Proposal, hazard: Hazard) -> Iterator[Finding]:
    """What bears a hazard that needs an approval: each object once."""
    for step in proposal.plan.steps:
        ref = step.change.ref.unversioned
        borne = [rate.key for rate in step.rates if hazard in rate.hazards]
        if borne:
            first = proposal.facts.label(borne[0])
            message = f"{hazard}: {_many(len(borne), 'price')}, the first {first}; it needs an approval"
            yield Finding(ref, (), message, _sign(hazard, ref), rate=borne[0], more=len(borne) - 1)
        elif hazard in step.hazards and not step.rates:
            yield Finding(ref, (), f"{hazard}: {step.id}; it needs an approval", _sign(hazard, ref), label=step.id)


def _sign(hazard: Hazard, ref: Ref) -> str:
    return f"waivers.yaml: {{rule: {hazard}, covers: {ref}, reason: …, by: …, until: …}}"


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'s' if count != 1 else ''}"


def _beyond(proposal: Proposal, most: Decimal | None, sign: int) -> Iterator[Finding]:
    """Prices that rise (1) or fall (-1) more than is allowed; of one product on one card the worst, and how many."""
    if most is None:
        return
    groups: dict[tuple[Ref, str], list[tuple[Decimal, PriceChange]]] = {}
    for move in proposal.moves:
        share = move.share
        size = (Decimal("Infinity") if move.after > 0 else Decimal(0)) if share is None else share
        if size * sign > most:
            groups.setdefault((move.ref, move.group), []).append((size * sign, move))
    for (ref, group), found in sorted(groups.items()):
        size, worst = max(found, key=lambda item: (item[0], item[1].rate or ""))
        how = f"by {size:.1%}" if size.is_finite() else "from nothing"
        which = proposal.facts.label(worst.rate) if worst.rate is not None else group
        message = (
            f"{which} {'rises' if sign > 0 else 'falls'} {how}, {proposal.money(worst.before, worst.unit)} to"
            f" {proposal.money(worst.after, worst.unit)} from {text_words(worst.since)}; the limit is {_share(most)}"
        )
        hint = "go in smaller steps, or let somebody sign a waiver"
        yield Finding(ref, worst.at, message, hint, rate=worst.rate, label=worst.label, more=len(found) - 1)


def _share(value: Decimal) -> str:
    return f"{(value * 100).normalize():f} %"


def _cost(proposal: Proposal, most: Decimal | None, sign: int) -> Iterator[Finding]:
    """Packages of which a year costs more (1), or less (-1), than is allowed."""
    for name, unit, was, lowest, highest in proposal.costs() if most is not None else ():
        assert most is not None
        cost, bound = highest if sign > 0 else lowest, was * (1 + sign * most)
        if cost > bound if sign > 0 else cost < bound:
            message = (
                f"what a year of package {name} costs {'rises' if sign > 0 else 'falls'} by"
                f" {abs(cost / was - 1):.1%}, {proposal.money(was, unit)} to {proposal.money(cost, unit)}; the limit is"
                f" {_share(most)}"
            )
            hint = "what is paid without any usage, in the first quantities; go in smaller steps, or sign a waiver"
            yield Finding(package_ref(name), (), message, hint)


def _notice(proposal: Proposal) -> Iterator[Finding]:
    days = proposal.policy.notice_days
    if not days:
        return
    due = instant_text(later(datetime.fromisoformat(proposal.now), days, "DAYS"))
    groups: dict[tuple[Ref, str], list[PriceChange]] = {}
    for move in proposal.moves:
        if move.after > move.before and move.since < due and move.reach != 0 and move.rate is not None:
            groups.setdefault((move.ref, move.group), []).append(move)
    for (ref, _), found in sorted(groups.items()):
        first = min(found, key=lambda move: (move.since, move.rate or ""))
        whom = f"{_many(first.reach, 'contract')}" if first.reach is not None else "contracts on the card"
        what = proposal.facts.label(first.rate or "")
        message = (
            f"{what} rises on {text_words(first.since)}, and {whom} must have {days} days of notice:"
            f" not before {text_words(due)}"
        )
        hint = f"let it start on {text_words(due)} or later"
        yield Finding(ref, (first.since,), message, hint, rate=first.rate, more=len(found) - 1)


def _frozen(proposal: Proposal) -> Iterator[Finding]:
    if not proposal.plan.steps:
        return
    for freeze in proposal.policy.freezes:
        start, end = instant_text(freeze.starting_at), instant_text(freeze.ending_before)
        span = f"{instant_words(freeze.starting_at)} to {instant_words(freeze.ending_before)}: {freeze.reason}"
        if start <= instant_text(next_hour(proposal.plan.as_of)) < end:
            message = f"nothing may be applied from {span}"
            yield Finding(None, (), message, f"apply from {instant_words(freeze.ending_before)} on", label="freeze")
        for step in proposal.plan.steps:
            for rate in step.rates:
                if rate.observed is None:
                    continue
                inside = [s for s in read_schedule(rate.segments) if start <= s.starting_at < end]
                if inside:
                    what = proposal.facts.label(rate.key)
                    message = f"{what} changes on {text_words(inside[0].starting_at)}, in the freeze {span}"
                    hint = f"let it start on {instant_words(freeze.ending_before)}"
                    yield Finding(step.change.ref, (inside[0].starting_at,), message, hint, rate=rate.key)


def _too_many(proposal: Proposal) -> Iterator[Finding]:
    most = proposal.policy.max_changes
    if most is None:
        return
    steps = proposal.plan.steps
    count = sum(rate.observed is not None for step in steps for rate in step.rates)
    count += sum(not isinstance(step.change, AddRates | Create) for step in steps)
    if count > most:
        message = f"the plan changes {count:,} prices and objects; the limit is {most:,}"
        yield Finding(None, (), message, "split it, so that each part can be read", label="plan")


def _protected(proposal: Proposal) -> Iterator[Finding]:
    for step in proposal.plan.steps:
        ref = step.change.ref.unversioned
        if not isinstance(step.change, Archive) or ref in proposal.facts.catalog.nouns:
            continue  # a superseded version makes room for the one that is declared
        pattern = next((p for p in proposal.policy.protect if matches(p, str(ref))), None)
        if pattern is not None:
            message = f"{step.change.ref} would be archived for good, and {pattern} is protected"
            yield Finding(ref, (), message, "declare it again, or take it out of policy: protect first")


def _limited(field: str, words: str) -> str:
    return f"policy: {{{field}: …}} sets the limit; without it there is none. {words}"


def _example(policy: str, *bad: tuple[str, str], good: tuple[tuple[str, str], ...] = ()) -> Example:
    return Example(bad=bad, good=good, policy=policy, contracts=(("rate-card:standard", 3),))


_SMALL = "{model: small}, starting_at: 2025-01-01, price: $0.40}"


def _later(price: str, start: str = "2026-03-01") -> tuple[str, str]:
    schedule = f"schedule: [{{starting_at: 2025-01-01, price: $0.40}}, {{starting_at: {start}, price: {price}}}]}}"
    return (_SMALL, f"{{model: small}}, {schedule}")


GONE = (SAMPLE[SAMPLE.rindex("---\n") :], "")
"""The package `yearly`, which stands last."""

RULES = (
    Rule(
        id="price-increase-limit",
        severity="error",
        title="An existing price rises more than the policy allows.",
        why="A price rise of a size that nobody decided is mostly a mistake, and always a phone call.",
        way_out=_limited("max_increase", "A larger rise takes a waiver, with a name under it."),
        example=_example("max_increase: 20%", _later("$0.60"), good=(_later("$0.48"),)),
        check_plan=lambda proposal: _beyond(proposal, proposal.policy.max_increase, 1),
    ),
    Rule(
        id="price-decrease-limit",
        severity="error",
        title="An existing price falls more than the policy allows.",
        why="A price that is halved by mistake costs half of the revenue, and nobody complains.",
        way_out=_limited("max_decrease", "A larger fall takes a waiver, with a name under it."),
        example=_example("max_decrease: 50%", _later("$0.10"), good=(_later("$0.20"),)),
        check_plan=lambda proposal: _beyond(proposal, proposal.policy.max_decrease, -1),
    ),
    Rule(
        id="package-increase-limit",
        severity="error",
        title="What a package costs a year rises more than the policy allows.",
        why="Several small changes add up: the fee, the number of seats and the commit. This looks at the sum.",
        way_out=_limited("max_package_increase", "Usage is not in the sum."),
        example=_example("max_package_increase: 10%", ("initial_quantity: 1", "initial_quantity: 2")),
        check_plan=lambda proposal: _cost(proposal, proposal.policy.max_package_increase, 1),
    ),
    Rule(
        id="package-decrease-limit",
        severity="error",
        title="What a package costs a year falls more than the policy allows.",
        why="A fee that is dropped together with a commit may give a package away.",
        way_out=_limited("max_package_decrease", "Usage is not in the sum."),
        example=_example(
            "max_package_decrease: 25%",
            (
                "starting_at: 2025-01-01, price: $100.00}",
                "schedule: [{starting_at: 2025-01-01, price: $100.00}, {starting_at: 2026-06-01, price: $60.00}]}",
            ),
            good=(("price: $100.00}", "price: $90.00}"),),
        ),
        check_plan=lambda proposal: _cost(proposal, proposal.policy.max_package_decrease, -1),
    ),
    Rule(
        id="short-notice",
        severity="error",
        title="A price rises sooner than customers have to be told.",
        why="A rate change reaches every contract on the card. Most contracts, and some laws, want weeks of notice.",
        way_out=_limited("notice_days", "Cards that no contract is on do not count."),
        example=_example("notice_days: 60", _later("$0.44", "2026-02-01"), good=(_later("$0.44", "2026-03-10"),)),
        check_plan=_notice,
    ),
    Rule(
        id="frozen",
        severity="error",
        title="Something changes in a freeze.",
        why="At the close of a year or before a launch a changed price cannot be explained, nor rolled back.",
        way_out="policy: {freezes: [{starting_at: …, ending_before: …, reason: …}]} is the calendar.",
        example=_example(
            "freezes: [{starting_at: 2026-12-15, ending_before: 2027-01-05, reason: close of the year}]",
            _later("$0.44", "2027-01-01"),
            good=(_later("$0.44", "2027-01-05"),),
        ),
        check_plan=_frozen,
    ),
    Rule(
        id="too-many-changes",
        severity="error",
        title="A plan changes more than somebody can read.",
        why="A reviewer who sees a thousand changed prices looks at ten. New prices and objects do not count.",
        way_out=_limited("max_changes", "Split the change."),
        example=_example("max_changes: 1", _later("$0.44"), ("price: $2.50", "price: $2.60")),
        check_plan=_too_many,
    ),
    Rule(
        id="protected",
        severity="error",
        title="Something protected would be archived.",
        why="Archiving cannot be undone. The protection stands in the policy and not in the manifest, so that it is not"
        " lost when the manifest is deleted.",
        way_out='policy: {protect: ["package:*"]} says what. Package versions that a newer one supersedes may go.',
        example=Example(
            bad=(GONE, ("aliases: [{name: starter}]", "aliases: [{name: starter}, {name: yearly}]")),
            policy="protect: ['package:*']",
            prune=True,
        ),
        check_plan=_protected,
        source="Terraform's prevent_destroy, which goes with the block that it stands in.",
    ),
)
