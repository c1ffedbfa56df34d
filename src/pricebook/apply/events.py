"""What apply tells while it works, for a progress bar or plain lines."""

from dataclasses import dataclass

from pricebook.plan.step import Step


@dataclass(frozen=True, slots=True)
class Started:
    """The run begins; so many steps of the plan are done already."""

    total: int
    already: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A step is done, failed, blocked or unknown."""

    step: Step
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verifying:
    """The store is read back."""


Event = Started | Finished | Verifying
