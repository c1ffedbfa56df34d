"""A month reconciled: what the vendor invoiced against what would have been billed here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from pricebook.catalog.amount import Scale
from pricebook.preview.price import ZERO
from pricebook.preview.reconciliation import ComparedLine, LineVerdict
from pricebook.view.plain import hidden
from pricebook.workflow.reconcile import ReconciledContract, ReconciledMonth


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledLine:
    """A line that is not equal. `ours` and `theirs` are None where a side has no such line; amounts are in the API unit
    of `unit`, those of one product and group added up."""

    verdict: LineVerdict
    type: str
    product: str
    name: str
    group_values: Mapping[str, str]
    unit: str
    ours: Decimal | None
    theirs: Decimal | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledContractView:
    """A contract with the lines that are not equal, and how many are. `note` says why it is not billed here."""

    contract: str
    customer: str
    package: str | None
    invoices: tuple[str, ...]
    equal: int
    lines: tuple[ReconciledLine, ...]
    note: str


@dataclass(frozen=True, slots=True)
class ReconciledMoney:
    """What is at stake in a unit: of each line the greater side."""

    unit: str
    equal: Decimal
    explained: Decimal
    not_explained: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledView:
    """The month. `share` is that of the money which is equal or explained, in the unit where it is least, None where
    there is no money; `bound` is the least that is accepted. Contracts of which all is equal are only counted."""

    answer: ClassVar[str] = "reconciled"
    month: datetime
    contracts: int
    invoices: int
    passed_over: int
    money: tuple[ReconciledMoney, ...]
    share: Decimal | None
    bound: Decimal
    differing: tuple[ReconciledContractView, ...]
    scales: Mapping[str, Scale] = hidden()

    @property
    def accepted(self) -> bool:
        """Whether enough is explained; where nothing was invoiced there is nothing to explain."""
        return self.share is None or self.share >= self.bound


def reconciled_view(found: ReconciledMonth, bound: Decimal, scales: Mapping[str, Scale]) -> ReconciledView:
    """The view of a month."""
    of = [(unit, money) for unit, money in sorted(found.money.items()) if any(money.values())]
    return ReconciledView(
        month=found.month,
        contracts=len(found.contracts),
        invoices=sum(len(one.invoices) for one in found.contracts),
        passed_over=found.passed_over,
        money=tuple(ReconciledMoney(unit, *(money.get(v, ZERO) for v in LineVerdict)) for unit, money in of),
        share=found.share,
        bound=bound,
        differing=tuple(_differing(found.contracts)),
        scales=scales,
    )


def _differing(contracts: Iterable[ReconciledContract]) -> Iterable[ReconciledContractView]:
    for one in contracts:
        lines = tuple(_line(line) for line in one.lines if line.verdict is not LineVerdict.EQUAL)
        if lines or one.note:
            package = str(one.package) if one.package is not None else None
            equal = len(one.lines) - len(lines)
            yield ReconciledContractView(
                contract=one.contract,
                customer=one.customer,
                package=package,
                invoices=one.invoices,
                equal=equal,
                lines=lines,
                note=one.note,
            )


def _line(line: ComparedLine) -> ReconciledLine:
    key = line.key
    return ReconciledLine(
        verdict=line.verdict,
        type=key.kind,
        product=key.product,
        name=line.name,
        group_values=dict(key.values),
        unit=key.unit,
        ours=line.ours,
        theirs=line.theirs,
        why=line.why,
    )
