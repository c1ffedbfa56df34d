"""What a command costs before it does anything, and a plan of few prices, against a click program of ten lines."""

from bench import Bench
from measure import rounds, spread
from report import Finding, Measured, Report

RATES = 10_000


def startup(bench: Bench) -> Report:
    """`--help`, `--version` and the no-op plan of 10,000 rates, against what a ten-line click program costs."""
    for option in ("--help", "--version"):
        ours, theirs = bench.python("-m", "pricebook", option), bench.baseline("hello", option)
        measured = rounds(bench.rounds * 3, ours, theirs)
        mine, bare = zip(*measured, strict=True)
        yield Measured.of(f"pricebook {option}", mine)
        yield Measured.of(f"a click program's {option}", bare)
        yield Finding(f"CPU time of a click program's {option}", spread(measured, lambda a, b: a.cpu / b.cpu), 1.2)
    measured = rounds(bench.rounds * 3, bench.pricebook(bench.rates(RATES), "plan"), bench.baseline("hello", "--help"))
    plans, bare = zip(*measured, strict=True)
    yield Measured.of("pricebook plan, 10,000 rates in CSV", plans)
    yield Measured.of("a click program's --help", bare)
    yield Finding("CPU time of a click program, no-op plan", spread(measured, lambda a, b: a.cpu / b.cpu), 5.5)
