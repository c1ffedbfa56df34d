"""What a line of a plan costs: eight thousand changed prices, listed."""

import json

from bench import Bench
from measure import Spread, rounds, run
from report import Finding, Measured, Note, Report

ROWS, CHANGES = 10_000, 8_000


def listing(bench: Bench) -> Report:
    """`plan --rows all` with 8,000 changes, against the same plan without rows; and text and page alone, in process."""
    project = bench.changed(ROWS, CHANGES)
    at = ("--as-of", "2025-06-01")
    listed, bare = bench.pricebook(project, *at, "plan", "--rows", "all"), bench.pricebook(project, *at, "plan")
    lines = run(listed).lines - run(bare).lines
    measured = rounds(bench.rounds, listed, bare)
    longs, shorts = zip(*measured, strict=True)
    yield Measured.of("pricebook plan --rows all", longs)
    yield Measured.of("pricebook plan", shorts)
    # A small difference of two large times: the least of each side is what nobody disturbed.
    cost = (min(run.cpu for run in longs) - min(run.cpu for run in shorts)) / lines * 1e6
    yield Finding(f"CPU time of each of {lines:,} lines, whole process", Spread.of([cost]), 15, " µs")
    alone: list[dict[str, float]] = [
        json.loads(run(bench.baseline("render", project.root, at[1])).output) for _ in range(bench.rounds)
    ]
    what = f"CPU time of each of {alone[0]['lines']:,.0f} lines, view and drawing alone"
    best = min(alone, key=lambda found: found["line"])
    yield Finding(what, Spread.of([best["line"]]), 15, " µs")
    written = Spread.of([found["page"] for found in alone])
    yield Finding("the data of the plan's page with every row, against json.dumps of the same", written, 4)
    yield Note(f"{best['line'] / best['echo']:.2f}x of click.echo of the same lines, one by one")
