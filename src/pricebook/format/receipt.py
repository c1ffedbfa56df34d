"""What was really done, once a run has ended: counted, with reasons for what was not, and the way on."""

from collections import Counter
from collections.abc import Iterator

from pricebook.apply.runner import Receipt, StepResult
from pricebook.catalog.canonical import encode
from pricebook.format.escape import escape_json, escape_terminal
from pricebook.format.page import MIN_WIDTH, Paint, wrapped
from pricebook.plan.step import Plan
from pricebook.view.tally import tally, tally_words
from pricebook.view.words import counted

LISTED = 20
"""Steps of one outcome that are listed; all are counted."""
_AGAIN = "Run apply again: it looks first what is there, and goes on where this run ended."


def draw_receipt(receipt: Receipt, plan: Plan, width: int = 100, colour: bool = False) -> Iterator[str]:
    """`Applied: 3 objects created, 1 new version, 43 rates added. Read back and verified.`, or what is in the way."""
    width, paint = max(width, MIN_WIDTH), Paint(colour)
    style = "green" if receipt.complete else "alarm"
    yield from (paint(style, line) for line in wrapped(receipt_sentence(receipt, plan), width))
    for outcome, title in (("failed", "Failed"), ("unknown", "Unknown: no answer came, it may be done or not")):
        yield from _listed([r for r in receipt.results if r.outcome == outcome], title, width, paint)
    blocked = [r for r in receipt.results if r.outcome == "blocked"]
    if blocked:
        yield f"Not tried: {counted(len(blocked), 'step')}"
        for reason, count in Counter(r.detail for r in blocked).most_common(LISTED):
            line = f"{count:,} because: {escape_terminal(reason, 300)}"
            yield from (f"  {part}" for part in wrapped(line, width - 2))
    if receipt.unverified:
        yield paint("alarm", "Read back, but not as it was sent")
        for item in receipt.unverified[:LISTED]:
            yield from (f"  {part}" for part in wrapped(escape_terminal(item, 300), width - 2))
        if len(receipt.unverified) > LISTED:
            yield f"  and {len(receipt.unverified) - LISTED:,} more"
    if not receipt.complete:
        yield from wrapped(_AGAIN, width)


def remember_line(environment: str, account: str) -> str:
    """What to write where git reviews it, so that no other account is taken for the environment's."""
    name = escape_terminal(environment)
    return f"To have any other account refused, add in pricebook.yaml to {name}: account: {escape_terminal(account)}"


def receipt_sentence(receipt: Receipt, plan: Plan) -> str:
    """The run in a sentence or two."""
    outcomes = Counter[str](result.outcome for result in receipt.results)
    done = {result.step_id for result in receipt.results if result.outcome == "done"}
    words = tally_words(tally(step for step in plan.steps if step.id in done))
    already = counted(outcomes["already"], "step")
    sentences = []
    if words:
        start = "Applied" if receipt.complete else "Applied in part"
        sentences.append(f"{start}: {words}.")
        if outcomes["already"]:
            sentences.append(f"{already} had been done before.")
    elif outcomes["already"]:
        whole = "Nothing was left to do" if receipt.complete else "Nothing was applied"
        sentences.append(f"{whole}: {already} had been done before.")
    else:
        sentences.append("Nothing was applied." if receipt.results else "There was nothing to apply.")
    missing = ", ".join(
        f"{outcomes[outcome]:,} {word}"
        for outcome, word in (("failed", "failed"), ("unknown", "unknown"), ("blocked", "not tried"))
        if outcomes[outcome]
    )
    if missing:
        sentences.append(f"Of {counted(len(receipt.results), 'step')}: {missing}.")
    if receipt.verified is None:
        sentences.append("Not read back.")
    elif receipt.verified:
        sentences.append("Read back and verified." if receipt.complete else "What was done is read back and verified.")
    return " ".join(sentences)


def receipt_json(receipt: Receipt) -> str:
    """Every step's outcome, and their counts."""
    outcomes = Counter[str](result.outcome for result in receipt.results)
    data = {
        "plan": receipt.plan,
        "complete": receipt.complete,
        "counts": {name: outcomes[name] for name in ("done", "already", "failed", "blocked", "unknown")},
        "results": [
            {"step": r.step_id, "outcome": r.outcome, "detail": r.detail, "remote_id": r.remote_id}
            for r in receipt.results
        ],
        "verified": receipt.verified,
        "unverified": receipt.unverified,
    }
    return escape_json(encode(data))


def _listed(results: list[StepResult], title: str, width: int, paint: Paint) -> Iterator[str]:
    if not results:
        return
    yield paint("alarm", title)
    for result in results[:LISTED]:
        line = f"{escape_terminal(result.step_id)}: {escape_terminal(result.detail, 500)}"
        yield from (f"  {part}" for part in wrapped(line, width - 2))
    if len(results) > LISTED:
        yield f"  and {len(results) - LISTED:,} more"
