"""Rules in Python, for those who need code: functions that packages offer under the entry point `pricebook.rules`.

Off by default. Whoever turns them on runs that code with all their rights, so it is a switch of the machine
(`PRICEBOOK_PYTHON_RULES=allow`) and never of the manifests: a pull request cannot turn it on. Each runs in a process of
its own, which is ended when it takes too long; what it breaks is its own.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pricebook.policy.fact import Facts
from pricebook.policy.finding import Finding
from pricebook.policy.judge import Meter, Task, level_of
from pricebook.policy.proposal import Proposal
from pricebook.problem import Severity
from pricebook.project.policy import Policy

if TYPE_CHECKING:  # as in `isolated`
    from multiprocessing.connection import Connection

SECONDS = 10.0
"""How long one rule may take."""

Code = Callable[[Facts, Proposal | None], Iterable[Finding]]
"""What an entry point leads to. The plan is None when only the catalogue is judged."""


class PythonRule(NamedTuple):
    """A rule in Python, by the name of its entry point."""

    id: str
    severity: Severity
    code: Code


class Reviewer(NamedTuple):
    """What runs rules: a meter of CPU seconds, and the rules in Python that this machine allows."""

    meter: Meter
    code: Sequence[PythonRule] = ()


def python_tasks(
    rules: Sequence[PythonRule], facts: Facts, proposal: Proposal | None, policy: Policy
) -> Iterator[Task]:
    """The rules to run, each in a process of its own."""
    for rule in rules:
        severity = level_of(rule.id, rule.severity, policy)
        if severity is not None:
            yield rule.id, severity, partial(isolated, rule.code, facts, proposal)


def isolated(code: Code, facts: Facts, proposal: Proposal | None, seconds: float = SECONDS) -> list[Finding]:
    """What the code finds, run in a child process. Raises RuntimeError when it fails, ends without an answer, or takes
    too long."""
    # Processes, pipes and pickle are for the few machines that allow such rules.
    import multiprocessing

    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_answer, args=(sender, code, facts, proposal), daemon=True)
    child.start()
    sender.close()
    try:
        if not receiver.poll(seconds):
            raise RuntimeError(f"it was stopped after {seconds:.0f} seconds")
        failed, value = receiver.recv()
    except EOFError:
        raise RuntimeError("its process ended without an answer") from None
    finally:
        if child.is_alive() and not receiver.closed:
            child.kill()
        child.join()
        receiver.close()
    if failed:
        raise RuntimeError(failed)
    found: list[Finding] = value
    return found


def _answer(sender: "Connection", code: Code, facts: Facts, proposal: Proposal | None) -> None:
    try:
        found = list(code(facts, proposal))
        if not all(isinstance(finding, Finding) for finding in found):
            raise TypeError("it gave something that is no Finding")
        answer: tuple[str, list[Finding]] = ("", found)
    except Exception as error:  # noqa: BLE001 - whatever it does wrong is said, and the other rules run
        answer = (f"{type(error).__name__}: {error}", [])
    sender.send(answer)
    sender.close()
