"""A Metronome account over HTTP: how near reading comes to what latency allows, and how few requests an apply takes."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench import HERE, SOURCE, Bench
from measure import Command, Spread, rounds, run
from report import Finding, Measured, Note, Report

from project import write_project

CARDS, PRODUCTS, PRICES = 20, 10, 500
LATENCY, CONCURRENCY = 50, 8
APPLIED = 20_000


def account(bench: Bench) -> Report:
    """100,000 rates on 20 cards read with 50 ms latency, against the waiting alone; requests of an apply of 20,000."""
    canned = (sys.executable, str(HERE / "baseline" / "canned_account.py"))
    sizes = tuple(map(str, (CARDS, PRODUCTS, PRICES, LATENCY)))
    with serving(canned + sizes) as port:
        command = bench.baseline("read_account", f"http://127.0.0.1:{port}", CONCURRENCY)
        runs = [one for (one,) in rounds(max(bench.rounds // 2, 3), command)]
    yield Measured.of("reading 100,000 rates, a whole process", runs)
    seen = [tuple(map(float, one.output.split())) for one in runs]
    rates = CARDS * PRODUCTS * PRICES
    assert all(found == rates for _, _, found in seen)
    waiting = [requests / CONCURRENCY * LATENCY / 1000 for _, requests, _ in seen]
    ratio = Spread.of([seconds / least for (seconds, _, _), least in zip(seen, waiting, strict=True)])
    yield Finding(f"the waiting, {seen[0][1]:.0f} requests {CONCURRENCY} at a time (on the wall)", ratio, 1.5)
    allowed = 1.1 * rates / 100 + CARDS * PRODUCTS
    yield Finding("1.1 requests for every hundred rates and one for each product", _same(seen[0][1] / allowed), 1)
    yield from _applied(bench)


def _applied(bench: Bench) -> Report:
    """Plan, apply and read back, against a request for every rate."""
    root = bench.work / "account"
    write_project(root, bench.table, APPLIED)
    log = bench.work / "requests.jsonl"
    serve = (sys.executable, "-m", "pricebook", "serve", "--port", "0", "--request-log", str(log))
    with serving(serve) as port:
        settings = f"store: metronome, base_url: 'http://127.0.0.1:{port}', requests_per_minute: 100000"
        file = root / "pricebook.yaml"
        before = file.read_text(encoding="utf-8")
        start = before.index("store:")
        file.write_text(before[:start] + settings + before[before.index("}", start) :], encoding="utf-8")
        environment = {"METRONOME_BEARER_TOKEN": "sandbox", "PYTHONPATH": str(SOURCE)}
        argv = (sys.executable, "-m", "pricebook")
        apply = Command((*argv, "apply", "--yes"), root, environment)
        again = Command((*argv, "plan", "--exit-code"), root, environment)
        applied = run(apply)
        requests = len(log.read_text(encoding="utf-8").splitlines())
        planned = run(again)
        more = len(log.read_text(encoding="utf-8").splitlines()) - requests
    yield Measured.of(f"apply --yes of {APPLIED:,} rates", [applied])
    yield Measured.of("plan again: nothing to do", [planned])
    yield Finding("fewer requests than rates, with what is read", _same(APPLIED / requests), 50, "x", at_least=True)
    yield Note(f"{requests} requests, and {more} to plan again")


def _same(value: float) -> Spread:
    return Spread.of([value])


@contextmanager
def serving(argv: tuple[str, ...]) -> Iterator[int]:
    """A server in a process of its own, which prints its port or its URL first."""
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(SOURCE)})
    try:
        assert process.stdout is not None
        first = process.stdout.readline().split(" (")[0]
        time.sleep(0.5)
        yield int(first.rsplit(":", 1)[-1].rsplit(" ", 1)[-1])
    finally:
        process.terminate()
        process.wait(10)
