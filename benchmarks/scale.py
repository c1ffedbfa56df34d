"""Rates by the hundred thousand: a plan that finds nothing to do, from CSV and from YAML, and the first apply."""

from bench import Bench
from measure import rounds, spread
from report import Finding, Measured, Note, Report

RATES = 100_000
MILLION = 1_000_000


def noop(bench: Bench) -> Report:
    """No-op plan of 100,000 rates in CSV, against Python's csv module reading the same file into typed tuples."""
    project = bench.rates(RATES)
    size = project.rates.stat().st_size
    commands = (bench.pricebook(project, "plan"), bench.baseline("read_csv", project.rates))
    measured = rounds(bench.rounds, *commands, bench.unruled(project, "plan"))
    plans, reads, bares = zip(*measured, strict=True)
    yield Measured.of("pricebook plan", plans)
    yield Measured.of("pricebook plan, all rules off", bares)
    yield Measured.of("csv into typed tuples", reads)
    yield Finding("CPU time of the csv module's reading", spread(measured, lambda a, b, *_: a.cpu / b.cpu), 4)
    what = "CPU time of the csv module's reading, all rules off"
    yield Finding(what, spread(measured, lambda _, b, c: c.cpu / b.cpu), 4)
    yield Finding("the file's size, peak memory", spread(measured, lambda a, *_: a.peak / size), 10)


def rules(bench: Bench) -> Report:
    """No-op plan of 100,000 rates with every rule, against the same plan with all of them switched off."""
    project = bench.rates(RATES)
    measured = rounds(bench.rounds, bench.pricebook(project, "plan"), bench.unruled(project, "plan"))
    with_rules, without = zip(*measured, strict=True)
    yield Measured.of("pricebook plan", with_rules)
    yield Measured.of("pricebook plan, rules off", without)
    yield Finding("CPU time of the plan without rules", spread(measured, lambda a, b: a.cpu / b.cpu), 2)


def million(bench: Bench) -> Report:
    """No-op plan of 1,000,000 rates in CSV, against 100,000."""
    commands = [bench.pricebook(bench.rates(rows), "plan") for rows in (MILLION, RATES)]
    measured = rounds(max(bench.rounds // 2, 2), *commands, warm_up=False)
    many, few = zip(*measured, strict=True)
    yield Measured.of("1,000,000 rates", many)
    yield Measured.of("100,000 rates", few)
    yield Finding("CPU time of 100,000", spread(measured, lambda a, b: a.cpu / b.cpu), 11)
    yield Finding("peak memory", spread(measured, lambda a, _: a.peak / 1e6), 1000, " MB")


def yaml(bench: Bench) -> Report:
    """No-op plan of 100,000 rates in YAML, against a bare walk of libyaml's events over the same bytes."""
    project, table = bench.rates(RATES, "yaml"), bench.rates(RATES)
    measured = rounds(
        max(bench.rounds // 2, 3),
        bench.pricebook(project, "plan"),
        bench.baseline("walk_yaml", project.rates),
        bench.pricebook(table, "plan"),
    )
    plans, walks, tables = zip(*measured, strict=True)
    yield Measured.of("pricebook plan, YAML", plans)
    yield Measured.of("walk of the events", walks)
    yield Measured.of("pricebook plan, CSV", tables)
    what = "CPU time of the walk, once the plan from CSV is taken off"
    yield Finding(what, spread(measured, lambda a, b, c: (a.cpu - c.cpu) / b.cpu), 1.7)
    both = spread(measured, lambda a, b, c: a.cpu / (b.cpu + c.cpu))
    yield Note(f"{both.middle:.2f}x of walk and plan from CSV together")


def first(bench: Bench) -> Report:
    """First apply of 100,000 rates, against a bare bulk insert of the same rows."""
    project, done = bench.unapplied(RATES), bench.rates(RATES)
    rows = bench.work / "rows.marshal"
    target = bench.work / "insert.db"
    dump = bench.baseline("insert", "dump", done.database, rows)
    rounds(1, dump, warm_up=False)
    measured = rounds(
        bench.rounds,
        bench.pricebook(project, "apply", "--yes", before=project.forget),
        bench.baseline("insert", "load", rows, target),
        bench.pricebook(project, "plan", before=project.forget),
    )
    applies, inserts, plans = zip(*measured, strict=True)
    yield Measured.of("pricebook apply --yes", applies)
    yield Measured.of("bulk insert of the same rows", inserts)
    yield Measured.of("pricebook plan, the store empty", plans)
    what = "CPU time of the insert, once the plan is taken off"
    yield Finding(what, spread(measured, lambda a, b, c: (a.cpu - c.cpu) / b.cpu), 3)
    both = spread(measured, lambda a, b, c: a.cpu / (b.cpu + c.cpu))
    yield Note(f"{both.middle:.2f}x of insert and plan together")
