"""Usage: events counted, and customers billed before and after a change of the price list."""

import shutil
import sqlite3
from pathlib import Path

from bench import HERE, Bench
from measure import Command, Failed, rounds, run, spread
from report import Finding, Measured, Note, Report

from project import Project

EXAMPLE = HERE.parent / "examples" / "llm-prices"
EVENTS, CUSTOMERS = 1_000_000, 10_000
ALL_EVENTS, ALL_CUSTOMERS = 10_000_000, 100_000
MANY_CONTRACTS, FEW_CONTRACTS = 200_000, 20_000


def counting(bench: Bench) -> Report:
    """Counting 1,000,000 events, against the query that somebody would write by hand for the same."""
    project, usage = _population(bench, CUSTOMERS, EVENTS)
    ours, hand = (bench.baseline("count_usage", how, project.root, usage) for how in ("ours", "hand"))
    said = {run(command).output.split()[0]: run(command).output for command in (ours, hand)}
    if len({text.strip() for text in said.values()}) != 1:
        raise Failed(f"the two count differently: {said}")
    measured = rounds(max(bench.rounds // 2, 3), ours, hand)
    one, other = zip(*measured, strict=True)
    yield Measured.of("pricebook", one)
    yield Measured.of("by hand", other)
    yield Finding("CPU time of the query by hand", spread(measured, lambda a, b: a.cpu / b.cpu), 1.5)


def impact(bench: Bench) -> Report:
    """`plan --impact` of 2,000,000 events of 20,000 customers, against half of both."""
    commands = [_planned(bench, *_population(bench, CUSTOMERS * times, EVENTS * times)) for times in (2, 1)]
    measured = rounds(max(bench.rounds // 3, 2), *commands, warm_up=False)
    many, few = zip(*measured, strict=True)
    yield Measured.of(f"{EVENTS * 2:,} events", many)
    yield Measured.of(f"{EVENTS:,} events", few)
    yield Finding("CPU time of half as much", spread(measured, lambda a, b: a.cpu / b.cpu), 2.2)


def population(bench: Bench) -> Report:
    """`plan --impact` of 10,000,000 events of 100,000 customers, once."""
    (measured,) = rounds(1, _planned(bench, *_population(bench, ALL_CUSTOMERS, ALL_EVENTS)), warm_up=False)
    yield Measured.of("pricebook plan --impact", measured)
    yield Finding("peak memory of one process", spread([measured], lambda a: a.peak / 1e6), 1000, " MB")
    yield Finding("seconds of CPU", spread([measured], lambda a: a.cpu), 40, " s")
    yield Note(f"{measured[0].cpu / ALL_CUSTOMERS * 1e3:.2f} ms of CPU for each customer, counted and billed twice")


def million_customers(bench: Bench) -> Report:
    """`plan --impact` of 1,000,000 customers with ten events each, once, against a tenth of them."""
    commands = [_planned(bench, *_population(bench, many, 10 * many)) for many in (1_000_000, 100_000)]
    measured = rounds(1, *commands, warm_up=False)
    many, few = zip(*measured, strict=True)
    yield Measured.of("1,000,000 customers", many)
    yield Measured.of("100,000 customers", few)
    yield Finding("CPU time of a tenth", spread(measured, lambda a, b: a.cpu / b.cpu), 11)
    yield Finding("peak memory of one process", spread(measured, lambda a, _: a.peak / 1e6), 1000, " MB")


def cohorts(bench: Bench) -> Report:
    """`cohorts` of 200,000 contracts, counted and listed one by one, against 20,000."""
    projects = [_contracts(bench, count) for count in (MANY_CONTRACTS, FEW_CONTRACTS)]
    asked = (("cohorts", "--ended"), ("cohorts", "--ended", "--contracts", "--csv"))
    commands = [bench.pricebook(project, *arguments) for arguments in asked for project in projects]
    measured = rounds(max(bench.rounds // 3, 2), *commands, warm_up=False)
    for what, at in (("counted", 0), ("listed", 2)):
        yield Measured.of(f"{MANY_CONTRACTS:,} contracts, {what}", [found[at] for found in measured])
        ratio = spread([found[at : at + 2] for found in measured], lambda many, few: many.peak / few.peak)
        yield Finding(f"peak memory of {FEW_CONTRACTS:,}, {what}", ratio, 1.15)
    if any(found[2].lines != MANY_CONTRACTS + 1 for found in measured):
        raise Failed("not every contract was listed")


def _contracts(bench: Bench, count: int) -> Project:
    """The starter plan with so many contracts on it."""
    root = bench.work / f"contracts-{count}"
    project = Project(root, root / "catalog" / "rate-card.yaml", 0)
    if not root.exists():
        shutil.copytree(EXAMPLE.parent / "starter-plan", root, ignore=shutil.ignore_patterns("pricebook.db*"))
        run(bench.pricebook(project, "--as-of", "2025-10-01", "apply", "--yes"))
        _provision(root / "pricebook.db", count)
    return project


def _population(bench: Bench, customers: int, events: int) -> tuple[Project, Path]:
    """The example with so many customers, its next release ahead of it, and their events."""
    root = bench.work / f"population-{customers}"
    usage = root / "usage.parquet"
    project = Project(root, root / "prices" / "litellm-1.67.0.csv", 0)
    if not root.exists():
        shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("pricebook.db*"))
        run(bench.pricebook(project, "--as-of", "2025-01-01", "apply", "--yes"))
        size = ("--customers", str(customers), "--events", str(events), "--output", str(usage), "--events-only")
        run(bench.python(str(root / "population.py"), *size, cwd=root))
        _provision(root / "pricebook.db", customers)
        card = root / "catalog" / "rate-card.yaml"
        text = card.read_text(encoding="utf-8")
        card.write_text(text.replace("1.57.2", "1.67.0").replace("2025-01-01", "2026-03-01"), encoding="utf-8")
    return project, usage


def _provision(store: Path, customers: int) -> None:
    """A contract for everyone, all in one transaction: one by one, as the store makes them, they take longer than what
    is measured here."""
    with sqlite3.connect(store) as connection:
        (package,), (card,) = (
            connection.execute(f"SELECT id FROM {table}").fetchone() for table in ("package", "rate_card")
        )
        connection.executemany(
            "INSERT INTO contract (id, customer_id, package_id, rate_card_id, starting_at, custom_fields)"
            " VALUES (?, ?, ?, ?, ?, '{}')",
            (
                (
                    f"contract-{number}",
                    f"customer-{number:06}",
                    package,
                    card,
                    f"2025-{number % 12 + 1:02}-01T00:00:00Z",
                )
                for number in range(customers)
            ),
        )
    connection.close()


def _planned(bench: Bench, project: Project, usage: Path) -> Command:
    return bench.pricebook(project, "--as-of", "2026-02-10", "plan", "--impact", str(usage))
