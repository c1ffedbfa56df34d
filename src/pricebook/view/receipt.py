"""What was really done, once a run has ended: every step with its outcome, counted, and the run in a sentence."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pricebook.apply.runner import Receipt
from pricebook.plan.step import Plan
from pricebook.view.check import Case, Checks
from pricebook.view.plain import hidden
from pricebook.view.words import counted, tally, tally_words

OUTCOMES = ("done", "already", "failed", "blocked", "unknown")


@dataclass(frozen=True, slots=True)
class StepView:
    """What became of a step: its outcome, a sentence when it was not done, and the store's id."""

    step: str
    outcome: str
    detail: str
    remote_id: str


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """A run. `verified` is None when nothing was read back; `unverified` is what the store does not show as done."""

    answer: ClassVar[str] = "receipt"
    plan: str
    complete: bool
    counts: Mapping[str, int]
    results: tuple[StepView, ...]
    verified: bool | None
    unverified: tuple[str, ...]
    namespace: str = hidden()
    environment: str = hidden()
    sentence: str = hidden()

    def of(self, *outcomes: str) -> list[StepView]:
        """The steps that ended so."""
        return [result for result in self.results if result.outcome in outcomes]

    @property
    def checks(self) -> Checks:
        """For CI systems: a case for each step, and one for what was read back."""
        cases = (*map(_case, self.results), Case(group="read back", name=self.sentence, failures=self.unverified))
        return Checks(f"apply {self.namespace}/{self.environment}", cases)


def _case(result: StepView) -> Case:
    failures = (f"{result.outcome}: {result.detail}",) if result.outcome in ("failed", "unknown") else ()
    return Case(
        group="step", name=result.step, failures=failures, skipped=result.detail if result.outcome == "blocked" else ""
    )


def receipt_view(receipt: Receipt, plan: Plan) -> ReceiptView:
    """The view of what was done of a plan."""
    outcomes = Counter[str](result.outcome for result in receipt.results)
    return ReceiptView(
        plan=receipt.plan,
        complete=receipt.complete,
        counts={name: outcomes[name] for name in OUTCOMES},
        results=tuple(StepView(r.step_id, r.outcome, r.detail, r.remote_id) for r in receipt.results),
        verified=receipt.verified,
        unverified=receipt.unverified,
        namespace=plan.namespace,
        environment=plan.environment,
        sentence=_sentence(receipt, plan, outcomes),
    )


def _sentence(receipt: Receipt, plan: Plan, outcomes: Counter[str]) -> str:
    """`Applied: 3 objects created, 1 new version, 43 rates added. Read back and verified.`"""
    done = {result.step_id for result in receipt.results if result.outcome == "done"}
    words = tally_words(tally(step for step in plan.steps if step.id in done))
    already = counted(outcomes["already"], "step")
    sentences = []
    if words:
        start = "Applied" if receipt.complete else "Applied in part"
        sentences.append(f"{start}: {words}.")
        if outcomes["already"]:
            sentences.append(f"{already} had been done before.")
    elif outcomes["already"]:
        whole = "Nothing was left to do" if receipt.complete else "Nothing was applied"
        sentences.append(f"{whole}: {already} had been done before.")
    else:
        sentences.append("Nothing was applied." if receipt.results else "There was nothing to apply.")
    missing = ", ".join(
        f"{outcomes[outcome]:,} {word}"
        for outcome, word in (("failed", "failed"), ("unknown", "unknown"), ("blocked", "not tried"))
        if outcomes[outcome]
    )
    if missing:
        sentences.append(f"Of {counted(len(receipt.results), 'step')}: {missing}.")
    if receipt.verified is None:
        sentences.append("Not read back.")
    elif receipt.verified:
        sentences.append("Read back and verified." if receipt.complete else "What was done is read back and verified.")
    return " ".join(sentences)
