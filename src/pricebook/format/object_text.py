"""The objects of a plan, as text: what happens to each, its fields, its prices.

A plan of thousands of objects names some of a kind and counts the rest.
"""

from collections import Counter
from collections.abc import Iterator

from pricebook.format.escape import cut, escape_terminal, padded, width_of
from pricebook.format.page import Paint, wrapped
from pricebook.format.price_table import LONG, draw_rates
from pricebook.plan.hazard import Hazard
from pricebook.view.field import FieldRow, OfferView
from pricebook.view.object import ObjectView
from pricebook.view.plan import PlanView
from pricebook.view.words import counted

OBJECTS = 60
"""Up to so many objects are drawn one by one ..."""
ALIKE = 20
"""... and of more, so many of a kind to which the same happens. What is refused, and rates, always are."""
FIELDS = 40
"""Fields of one object that are drawn."""
_STYLES = {"+": "green", "=": "green", "~": "yellow", "○": "yellow", "±": "magenta", "→": "cyan", "-": "red"}
"""By the symbol of what happens."""
_WORDED = frozenset((Hazard.ALIAS_MOVES, Hazard.ARCHIVES))
"""What a sentence or a note says already."""
_REF, _SENTENCE, _GAP = 20, 20, 3
_BODY = 6


def draw_objects(view: PlanView, width: int, paint: Paint) -> Iterator[str]:
    """The lines of every object that is drawn, and how many are not."""
    drawn: Counter[tuple[str, str]] = Counter()
    left_out: Counter[tuple[str, tuple[str, str]]] = Counter()
    sizes = sorted(width_of(escape_terminal(item.ref)) for item in view.objects)
    column = min(max(sizes[(len(sizes) - 1) * 4 // 5], _REF), width * 2 // 5)
    for item in view.objects:
        alike = (item.action, item.kind)
        needed = view.whole or item.rates is not None or any(hazard.refused for hazard in item.hazards)
        if len(view.objects) > OBJECTS and drawn[alike] >= ALIKE and not needed:
            left_out[item.kind, item.done] += 1
            continue
        drawn[alike] += 1
        yield from _object(item, column, width, paint, whole=view.whole)
    if left_out:
        rest = ", ".join(f"{counted(n, kind.replace('-', ' '))} {done[n > 1]}" for (kind, done), n in left_out.items())
        yield from wrapped(f"  and {rest} (--rows all shows every one)", width)


def _object(item: ObjectView, column: int, width: int, paint: Paint, *, whole: bool) -> Iterator[str]:
    ref, style = cut(escape_terminal(item.ref), width - _BODY - _SENTENCE), _STYLES.get(item.symbol, "")
    ref = padded(ref, max(column, width_of(ref)))
    room = width - width_of(ref) - _BODY
    lines = list(wrapped(escape_terminal(item.sentence, 400), width - _BODY, room))
    place = escape_terminal(item.place)
    gap = room - width_of(lines[0]) - width_of(place)
    tail = " " * gap + paint("dim", place) if place and gap >= 2 else ""
    yield f"  {paint(style, item.symbol)} {paint('bold', ref)}  {lines[0]}{tail}"
    yield from (" " * _BODY + line for line in lines[1:])
    if item.offer is not None:
        yield from draw_offer(item.offer, width, paint, whole=whole)
    if item.offer is None or whole:
        yield from _fields(item, width, paint, whole=whole)
    if item.rates is not None:
        yield from draw_rates(item.rates, item.hazards, width, paint)
    if item.notes:
        notes = " · ".join(escape_terminal(note, 300) for note in item.notes)
        yield from (" " * _BODY + line for line in wrapped(notes, width - _BODY))
    if item.rates is None:
        borne = [h for h in item.hazards if h.hazard not in _WORDED or (h.refused and h.hazard is not Hazard.ARCHIVES)]
        if borne:
            words = "  ".join(paint("alarm" if h.refused else "yellow", h.hazard.value) for h in borne)
            yield " " * _BODY + words


def draw_offer(offer: OfferView, width: int, paint: Paint, *, whole: bool) -> Iterator[str]:
    """An offer in words: all of a new one, of another what differs, before and after."""
    room = width - _BODY
    if offer.before is not None:
        head = escape_terminal(f"{offer.name}, in place of {offer.before_name} ({offer.before})", LONG)
        yield from (" " * _BODY + line for line in wrapped(head, room))
    shown = [line for line in offer.lines if whole or line.differs]
    column = min(max((width_of(escape_terminal(line.name)) for line in shown), default=0), room // 3)
    left = room - column - 4
    for line in shown:
        name = padded(cut(escape_terminal(line.name), column), column)
        before, after = (escape_terminal(text, LONG) for text in (line.before, line.after))
        if not line.differs or offer.before is None:
            texts = [after]
        else:
            texts = [f"- {before}"] if before else []
            texts += [f"+ {after}"] if after else []
        for index, part in enumerate(part for text in texts for part in wrapped(text, left)):
            yield f"{' ' * _BODY}  {name if not index else ' ' * column}  {part}"
    same = sum(not line.differs for line in offer.lines)
    if same and not whole and offer.before is not None:
        yield " " * _BODY + paint("dim", f"  {counted(same, 'part')} of it the same (--rows all shows all)")


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
