"""A drift report as the cases of a test report: what somebody changed in the account fails."""

from collections.abc import Iterator

from pricebook.format.junit import Case, junit_document, problem_cases
from pricebook.view.drift import ACCEPTED, DriftItem, DriftView
from pricebook.view.words import counted


def drift_junit(view: DriftView) -> str:
    """The report."""
    return junit_document(f"drift {view.namespace}/{view.environment}", _cases(view))


def _cases(view: DriftView) -> Iterator[Case]:
    for item in view.items:
        file, _, line = item.place.rpartition(":")
        words = _words(item)
        drifted = item.section in ("drifted", "both", "unclear")
        yield Case(
            group=item.ref,
            name=f"{item.facet} {item.section}",
            failures=words if drifted else (),
            skipped="; ".join(words) if item.section == ACCEPTED else "",
            file=file,
            line=int(line) if line.isdecimal() else 0,
            output="; ".join(words) if item.section == "pending" else "",
        )
    for subject, sentence in view.unverified:
        yield Case(subject, "verified", skipped=sentence)
    same = f"{counted(view.kept, 'object')} as git has them, of {counted(view.prices, 'price')}"
    yield Case("compared", "the rest", output=same)
    yield from problem_cases("acceptance", view.findings)


def _words(item: DriftItem) -> tuple[str, ...]:
    rows = (f"{row.name}: git {row.git}, account {row.account} {row.when}".rstrip() for row in item.rows)
    hidden = item.total - item.listed
    return (item.sentence, *rows, *((f"and {hidden:,} more",) if hidden else ()))
