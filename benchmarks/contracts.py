"""Contracts as they are, over HTTP: how near reading them comes to what latency allows, and that memory stays flat."""

import subprocess
import sys

from account import serving
from bench import HERE, SOURCE, Bench
from measure import Run, Spread, rounds
from report import Finding, Measured, Note, Report

FEW, MANY = 1_000, 10_000
LATENCY, CONCURRENCY = 50, 8


def contracts(bench: Bench) -> Report:
    """The contracts of 10,000 customers of a sandbox with 50 ms latency, a request for each; and of a tenth of them."""
    few, many = (_read(bench, customers) for customers in (FEW, MANY))
    yield Measured.of(f"reading the contracts of {MANY:,} customers, a whole process", [many])
    seconds, requests, found = map(float, many.output.split())
    assert found == MANY + 1
    waiting = requests / CONCURRENCY * LATENCY / 1000
    what = f"the waiting, {requests:.0f} requests {CONCURRENCY} at a time (on the wall)"
    yield Finding(what, Spread.of([seconds / waiting]), 1.5)
    yield Finding(f"peak memory of {FEW:,} customers", Spread.of([many.peak / few.peak]), 1.3)
    yield Note(f"{seconds:.1f} s, of which the waiting is {waiting:.1f} s; {many.peak / 2**20:.0f} MB")


def _read(bench: Bench, customers: int) -> Run:
    file = bench.work / f"contracts-{customers}.db"
    fill = (sys.executable, str(HERE / "baseline" / "fill_account.py"), str(file), str(customers))
    subprocess.run(fill, check=True, env={"PYTHONPATH": str(SOURCE)})
    serve = (sys.executable, "-m", "pricebook", "serve", "--port", "0", "--latency", str(LATENCY))
    with serving((*serve, "--store", f"sqlite:///{file}")) as port:
        command = bench.baseline("read_contracts", f"http://127.0.0.1:{port}", CONCURRENCY)
        ((found,),) = rounds(1, command)
    return found
