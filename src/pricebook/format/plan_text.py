"""A plan as plain lines for a terminal, a log or a pull request: what changes, by how much, for whom, from when.

Lines fit the width. Whoever calls decides about colour; without it the lines hold no control character at all,
whatever the data was.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from pricebook.format.escape import cut, escape_terminal, padded, width_of
from pricebook.format.page import Page, Paint, filled, wrapped
from pricebook.format.price_table import draw_rates
from pricebook.format.problem import draw_findings
from pricebook.plan.hazard import Hazard
from pricebook.view.field import FieldRow
from pricebook.view.object import ObjectView
from pricebook.view.plan import BesidesView, DigestView, HazardView, PlanView, as_of_words
from pricebook.view.words import counted

OBJECTS = 60
"""Up to so many objects are drawn one by one ..."""
ALIKE = 20
"""... and of more, so many of a kind to which the same happens. What is refused, and rates, always are."""
FIELDS = 40
"""Fields of one object that are drawn."""
PENDING = 10
"""Objects that are named of what is pending besides; all are counted."""
_STYLES = {
    "create": "green",
    "revise": "yellow",
    "rates": "yellow",
    "version": "magenta",
    "repoint": "cyan",
    "adopt": "green",
    "rename": "green",
    "release": "yellow",
    "archive": "red",
}
_SAID = frozenset((Hazard.ALIAS_MOVES, Hazard.ARCHIVES))
"""What a sentence or a note says already."""
_ACTIONS = {
    "create": ("is created", "are created"),
    "revise": ("is revised", "are revised"),
    "version": ("gets a new version", "get a new version"),
    "repoint": ("gets its aliases", "get their aliases"),
    "adopt": ("is adopted", "are adopted"),
    "rename": ("is renamed", "are renamed"),
    "release": ("is let go", "are let go"),
    "archive": ("is archived", "are archived"),
}
_REF, _SENTENCE, _MEANING, _GAP = 20, 20, 32, 3
_BODY = 6


def plan_text(view: PlanView, page: Page) -> Iterator[str]:
    """The lines of a plan."""
    width, paint = page.columns, page.paint
    notes = chain(
        draw_notes(view.leftovers, view.unmanaged, width, paint), draw_adopted(view.adopted or {}, width, paint)
    )
    if view.empty:
        yield from wrapped(escape_terminal(view.verdict, 400), width)
        yield from _impact(view, width, paint)
        yield from draw_findings(view.findings, width, paint)
        yield from notes
        yield from _besides(view.besides, width, paint) if view.besides is not None else ()
        return
    target = f"{view.namespace} · {view.environment} · as of {as_of_words(view)}"
    yield paint("dim", cut(escape_terminal(target), width))
    yield from (paint("bold", line) for line in wrapped(escape_terminal(view.verdict, 1000), width))
    yield ""
    yield from _objects(view, width, paint)
    yield ""
    yield from _impact(view, width, paint)
    yield from _hazards(view, width, paint)
    yield from _findings(view, width, paint)
    yield from notes
    yield from (paint("bold", line) for line in wrapped(view.summary, width))
    yield from _besides(view.besides, width, paint) if view.besides is not None else ()


def digest_text(view: DigestView, _: Page) -> str:
    """The digest and nothing else."""
    return view.digest


def _objects(view: PlanView, width: int, paint: Paint) -> Iterator[str]:
    drawn: Counter[tuple[str, str]] = Counter()
    left_out: Counter[tuple[str, str]] = Counter()
    sizes = sorted(width_of(escape_terminal(item.ref)) for item in view.objects)
    column = min(max(sizes[(len(sizes) - 1) * 4 // 5], _REF), width * 2 // 5)
    for item in view.objects:
        alike = (item.action, item.kind)
        needed = view.whole or item.rates is not None or any(hazard.refused for hazard in item.hazards)
        if len(view.objects) > OBJECTS and drawn[alike] >= ALIKE and not needed:
            left_out[alike] += 1
            continue
        drawn[alike] += 1
        yield from _object(item, column, width, paint, whole=view.whole)
    if left_out:
        rest = ", ".join(
            f"{counted(n, kind.replace('-', ' '))} {_ACTIONS[action][n > 1]}" for (action, kind), n in left_out.items()
        )
        yield from wrapped(f"  and {rest} (--rows all shows every one)", width)


def _object(item: ObjectView, column: int, width: int, paint: Paint, *, whole: bool) -> Iterator[str]:
    ref, style = cut(escape_terminal(item.ref), width - _BODY - _SENTENCE), _STYLES.get(item.action, "")
    ref = padded(ref, max(column, width_of(ref)))
    room = width - width_of(ref) - _BODY
    lines = list(wrapped(escape_terminal(item.sentence, 400), width - _BODY, room))
    place = escape_terminal(item.place)
    gap = room - width_of(lines[0]) - width_of(place)
    tail = " " * gap + paint("dim", place) if place and gap >= 2 else ""
    yield f"  {paint(style, item.symbol)} {paint('bold', ref)}  {lines[0]}{tail}"
    yield from (" " * _BODY + line for line in lines[1:])
    yield from _fields(item, width, paint, whole=whole)
    if item.rates is not None:
        yield from draw_rates(item.rates, item.hazards, width, paint)
    if item.notes:
        notes = " · ".join(escape_terminal(note, 300) for note in item.notes)
        yield from (" " * _BODY + line for line in wrapped(notes, width - _BODY))
    if item.rates is None:
        borne = [h for h in item.hazards if h.hazard not in _SAID or (h.refused and h.hazard is not Hazard.ARCHIVES)]
        if borne:
            words = "  ".join(paint("alarm" if h.refused else "yellow", h.hazard.value) for h in borne)
            yield " " * _BODY + words


def _fields(item: ObjectView, width: int, paint: Paint, *, whole: bool) -> Iterator[str]:
    shown = item.fields if whole else item.fields[:FIELDS]
    cells = [("  " * row.depth + escape_terminal(row.path), _field_words(row)) for row in shown]
    room = width - _BODY
    widest = max((width_of(words) for _, words in cells), default=0)
    column = min(max((width_of(path) for path, _ in cells), default=0), room - _GAP - min(widest, room // 3))
    for row, (path, words) in zip(shown, cells, strict=True):
        if width_of(words) <= room - column - _GAP:
            line = f"{padded(cut(path, column), column)}{' ' * _GAP}{words}"
            yield " " * _BODY + (paint("dim", line) if row.cosmetic else line)
        else:
            yield " " * _BODY + cut(path, room)
            yield from (" " * (_BODY + 4) + line for line in wrapped(words, room - 4))
    if len(shown) < len(item.fields):
        yield " " * _BODY + f"and {counted(len(item.fields) - len(shown), 'more field')} (--rows all shows every one)"


def _field_words(row: FieldRow) -> str:
    """`$10.00 -> $15.00   +50.0 %`; of what comes or goes the value alone, or that it does."""
    if not row.sign:
        change = f"   {row.change}" if row.change else ""
        return f"{escape_terminal(row.observed)} -> {escape_terminal(row.desired)}{change}"
    value = escape_terminal(row.desired or row.observed)
    return f"{row.sign} {value}" if value and not row.depth else value or row.change


def _hazards(view: PlanView, width: int, paint: Paint) -> Iterator[str]:
    accepted = [hazard for hazard in view.hazards if not hazard.refused]
    if accepted:
        yield "Hazards"
        yield from _hazard_lines(accepted, width, paint)
    if view.refused:
        yield paint("alarm", "Refused unless allowed")
        refused = [hazard for hazard in view.hazards if hazard.refused]
        yield from _hazard_lines(refused, width, paint)
        flags = [hazard.flag for hazard in refused]
        yield from (f"  {line}" for line in filled(["When all of it is meant: apply", *flags], width - 2, " "))
    if view.hazards:
        yield ""


def _impact(view: PlanView, width: int, paint: Paint) -> Iterator[str]:
    if view.impact is not None:
        from pricebook.format.impact import draw_impact  # few plans were asked for it

        yield from draw_impact(view.impact, width, paint)
        yield ""


def _besides(besides: BesidesView, width: int, paint: Paint) -> Iterator[str]:
    """What is pending besides a branch's own plan, in short: nobody is asked about it here, but it goes first."""
    yield ""
    name, commit = escape_terminal(besides.ref, 80), besides.commit[:12]
    if besides.plan.empty:
        yield from wrapped(f"Nothing is pending besides: the store has all of {name} ({commit}).", width)
        return
    yield from (
        paint("bold", line) for line in wrapped(f"Pending besides, in {name} ({commit}), not applied yet", width)
    )
    shown = besides.plan.objects[:PENDING]
    column = max(width_of(escape_terminal(item.ref, width // 2)) for item in shown)
    for item in shown:
        head = f"  {item.symbol} {padded(escape_terminal(item.ref, width // 2), column)}  "
        yield head + cut(escape_terminal(item.sentence, 300), max(width - width_of(head), 20))
    if more := len(besides.plan.objects) - len(shown):
        yield f"  and {counted(more, 'more object')}"
    yield from (f"  {line}" for line in wrapped(besides.plan.summary, width - 2))


def _findings(view: PlanView, width: int, paint: Paint) -> Iterator[str]:
    lines = list(draw_findings(view.findings, width, paint))
    yield from lines
    yield from [""] if lines else []


def _hazard_lines(hazards: Sequence[HazardView], width: int, paint: Paint) -> Iterator[str]:
    name = max(len(hazard.hazard.value) for hazard in hazards)
    count = max(len(f"{hazard.count:,}") for hazard in hazards)
    flags = max(len(hazard.flag) + 2 if hazard.refused else 0 for hazard in hazards)
    left = max(width - name - count - flags - 6, 0)
    for hazard in hazards:
        flag = f"  {hazard.flag}" if hazard.refused else ""
        label = paint("alarm" if hazard.refused else "yellow", hazard.hazard.value.ljust(name))
        words = cut(hazard.meaning, left)
        yield f"  {label}  {hazard.count:>{count},}  {words.ljust(min(left, _MEANING)) if flag else words}{flag}"


NAMED = 5
"""Leftovers that are named; all are counted."""


def draw_adopted(adopted: Mapping[str, str], width: int, paint: Paint) -> Iterator[str]:
    """What no step is there for: the account cannot mark a package."""
    if adopted:
        named = ", ".join(
            cut(f"{escape_terminal(ref)} is {escape_terminal(id_)}", 110) for ref, id_ in [*adopted.items()][:NAMED]
        )
        more = f" and {len(adopted) - NAMED:,} more" if len(adopted) > NAMED else ""
        text = f"By metadata.adopt alone, as packages bear no marks: {named}{more}."
        yield from (paint("dim", line) for line in wrapped(text, width))


def draw_notes(leftovers: Sequence[str], unmanaged: Mapping[str, int], width: int, paint: Paint) -> Iterator[str]:
    """What is left alone: objects of ours that no manifest declares, and objects of other owners by kind."""
    if leftovers:
        count = len(leftovers)
        named = ", ".join(cut(escape_terminal(ref), 60) for ref in leftovers[:NAMED])
        more = f" and {count - NAMED:,} more" if count > NAMED else ""
        text = f"Left alone: {counted(count, 'object')} of ours in no manifest: {named}{more} (--prune archives)."
        yield from (paint("dim", line) for line in wrapped(text, width))
    if unmanaged:
        kinds = ", ".join(counted(n, escape_terminal(kind).replace("-", " ")) for kind, n in unmanaged.items())
        yield from (paint("dim", line) for line in wrapped(f"Not ours and untouched: {kinds}.", width))
