"""What a step of an apply costs, and that the five-thousandth costs what the hundredth did."""

import json

from bench import Bench
from measure import Run, Spread, rounds
from report import Finding, Measured, Note, Report

SIZES = (100, 1_000, 5_000)


def steps(bench: Bench) -> Report:
    """Apply of 100, 1,000 and 5,000 products: the slope of the cost, and the journal's share of a step."""
    projects = [bench.products(size) for size in SIZES]
    whole = [bench.pricebook(project, "apply", "--yes", before=project.forget) for project in projects]
    measured = rounds(max(bench.rounds // 2, 3), *whole)
    for size, runs in zip(SIZES, zip(*measured, strict=True), strict=True):
        yield Measured.of(f"pricebook apply --yes, {size:,} steps", runs)
    yield from _slopes("whole process", [_costs(*(run.cpu for run in runs)) for runs in measured])
    inside = [bench.baseline("walk_steps", project.root, before=project.forget) for project in projects]
    found = [[_seen(run) for run in runs] for runs in rounds(max(bench.rounds // 2, 3), *inside)]
    yield from _slopes("the walk of the steps alone", [_costs(*(one["walk"] for one in runs)) for runs in found])
    book = Spread.of([runs[-1]["journal"] / SIZES[-1] * 1e3 for runs in found])
    wall = Spread.of([runs[-1]["journal_wall"] / SIZES[-1] * 1e3 for runs in found])
    share = Spread.of([runs[-1]["journal"] / runs[-1]["walk"] for runs in found])
    yield Finding(f"CPU time of intent, receipt and lease per step, of {SIZES[-1]:,}", book, 0.6, " ms")
    yield Note(f"on the wall {wall.middle:.2f} ms; {share.middle:.0%} of the walk's CPU time")


def _costs(low: float, middle: float, high: float) -> tuple[float, float]:
    """Milliseconds per step between 100 and 1,000 steps, and between 1,000 and 5,000."""
    return (middle - low) / (SIZES[1] - SIZES[0]) * 1e3, (high - middle) / (SIZES[2] - SIZES[1]) * 1e3


def _slopes(what: str, costs: list[tuple[float, float]]) -> Report:
    few, many = (Spread.of(side) for side in zip(*costs, strict=True))
    yield Note(f"{what}: {few.middle:.2f} ms a step up to 1,000, {many.middle:.2f} ms from there to 5,000")
    growth = Spread.of([late / early for early, late in costs])
    yield Finding(f"the cost of an early step is that of a later one, {what}", growth, 1.25)


def _seen(run: Run) -> dict[str, float]:
    found: dict[str, float] = json.loads(run.output)
    return found
