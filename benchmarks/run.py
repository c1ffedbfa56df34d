"""Benchmarks: each prints what it measured, a ratio against something measured in the same run, and its bound.

python benchmarks/run.py                 all of them
python benchmarks/run.py noop startup    some of them
python benchmarks/run.py --strict noop   exits with 1 when a bound is broken
"""

import argparse
import sys
import tempfile
from pathlib import Path

from account import account
from bench import HERE, Bench
from contracts import contracts
from listing import listing
from measure import Failed
from page import page
from peer import octodns, terraform
from report import Finding
from scale import first, million, noop, rules, yaml
from startup import startup
from step import steps

from usage import cohorts, counting, impact, million_customers, population

BENCHMARKS = {
    "noop": noop,
    "rules": rules,
    "million": million,
    "octodns": octodns,
    "terraform": terraform,
    "yaml": yaml,
    "first-apply": first,
    "steps": steps,
    "listing": listing,
    "page": page,
    "startup": startup,
    "counting": counting,
    "impact": impact,
    "population": population,
    "million-customers": million_customers,
    "cohorts": cohorts,
    "account": account,
    "contracts": contracts,
}
_EXAMPLE = HERE.parent / "examples" / "llm-prices" / "prices" / "litellm-1.97.0.csv"


def main() -> int:
    """Run what was asked for. 0; or 1 when a command failed, or with --strict when a bound is broken."""
    options = _options()
    if not options.table.is_file():
        sys.stderr.write(f"there is no price table at {options.table}: give one with --table\n")
        return 1
    over: list[str] = []
    with tempfile.TemporaryDirectory(prefix="pricebook-bench-", dir=options.directory) as work:
        bench = Bench(
            Path(work),
            options.table.resolve(),
            options.rounds,
            options.octodns_python,
            options.terraform_dir and options.terraform_dir.resolve(),
            options.terraform_create,
        )
        for name in options.names or BENCHMARKS:
            report = BENCHMARKS[name]
            _say(f"{name}: {report.__doc__}")
            try:
                for line in report(bench):
                    _say(str(line))
                    if isinstance(line, Finding) and not line.kept:
                        over.append(f"{name}: {line.what}")
            except Failed as error:
                _say(f"FAILED {error}")
                return 1
            _say("")
    _say(f"{len(over)} over their bounds" if over else "every bound that was measured is kept")
    return 1 if over and options.strict else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _name(text: str) -> str:
    if text not in BENCHMARKS:
        raise argparse.ArgumentTypeError(f"there is no benchmark {text}; there are {', '.join(BENCHMARKS)}")
    return text


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure pricebook against bounds. Names: " + ", ".join(BENCHMARKS))
    parser.add_argument("names", nargs="*", type=_name, metavar="NAME", help="which; all otherwise")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a bound is broken")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="rounds of A B A B (7; long ones take half)")
    parser.add_argument("--table", type=Path, default=_EXAMPLE, metavar="CSV", help="the price table to repeat")
    parser.add_argument("--directory", type=Path, metavar="DIR", help="where to make the scratch directory")
    parser.add_argument("--octodns-python", type=Path, metavar="PATH", help="a Python that can import octodns")
    parser.add_argument("--terraform-dir", type=Path, metavar="DIR", help="an applied project of 5,000 terraform_data")
    parser.add_argument(
        "--terraform-create", action="store_true", help="make and apply that project when it is not there: 11 minutes"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
