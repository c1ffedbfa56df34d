"""What a command costs before it does anything, against a click program of ten lines."""

from bench import Bench
from measure import rounds, spread
from report import Finding, Measured, Report


def startup(bench: Bench) -> Report:
    """`--help` and `--version`, against those of a ten-line click program."""
    for option in ("--help", "--version"):
        ours, theirs = bench.python("-m", "pricebook", option), bench.baseline("hello", option)
        measured = rounds(bench.rounds * 3, ours, theirs)
        mine, bare = zip(*measured, strict=True)
        yield Measured.of(f"pricebook {option}", mine)
        yield Measured.of(f"a click program's {option}", bare)
        yield Finding(f"CPU time of a click program's {option}", spread(measured, lambda a, b: a.cpu / b.cpu), 1.3)
