"""Making a table of rates say other prices where it stands: cells are replaced, rows follow the one before in time.

The rule it keeps: a row that says what it should is not touched, and neither is a column that nobody names. What needs
a column that is not there gets one, empty for all other rows, for an empty cell means the default.
"""

import csv
from collections.abc import Collection, Mapping
from decimal import Decimal
from io import StringIO

from pricebook.catalog.instant import day_text, instant_text
from pricebook.catalog.money import EXACT, carries, parse_money
from pricebook.catalog.terms import Terms, is_fraction
from pricebook.catalog.timeline import RateKey, Segment, Timeline, read_key, read_schedule, terms_at
from pricebook.catalog.violation import Path
from pricebook.edit.dump import BARE, times_of
from pricebook.edit.rate_edit import amount_like, amountless
from pricebook.edit.rewrite import Unplaceable
from pricebook.edit.table_dump import Form, amount_text, form_of
from pricebook.manifest.cell_amount import AmountReader, Multiplier
from pricebook.manifest.table_source import TableSource, cells_of
from pricebook.manifest.tables import price_places


class TableEdit:
    """The text of one table while it is edited. `columns` are those that it was given, as paths below the entry of
    `rates_from` with what has to stand there. `later` are cells by the instant at which they hold and by their line, of
    a table whose rows all begin at once: they need a table of their own, with the same head. Of an edition that is the
    whole list once more, of any other table the rows that differ, without the prices that do not."""

    def __init__(self, source: TableSource, text: str) -> None:
        self._source = source
        self._text = text
        self._lines = text.split("\n")
        head = self._lines[0].removeprefix("\ufeff").rstrip("\r")
        self._header = [name.strip() for name in next(csv.reader([head], delimiter=source.spec.delimiter), [])]
        self.spec = source.spec.matched(self._header)
        self._after: dict[int, list[str]] = {}
        self._gone: set[int] = set()
        self.columns: dict[Path, str] = {}
        self.later: dict[str, dict[int, dict[int, str]]] = {}
        self._price = 0
        self._factor: Multiplier | None = None

    def rows(self, keys: Collection[str]) -> dict[str, dict[str, int]]:
        """The lines of the prices of these keys that stand here, by the instant from which each holds."""
        found: dict[str, dict[str, int]] = {}
        for (key, start), at in price_places(self._source, keys, text=self._text).items() if keys else ():
            found.setdefault(key, {})[start] = at.line
        return found

    def beside(self, start: str) -> str:
        """The text of the table of the prices that begin later."""
        if self.is_edition:
            found = dict(enumerate(self._lines, 1))
            for each in sorted(at for at in self.later if at <= start):
                found |= {line: self._with(found[line], cells) for line, cells in self.later[each].items()}
            return "\n".join(found.values())
        others = dict.fromkeys(map(self._header.index, self.spec.columns.price.values()), "")
        rows = (self._with(self._lines[line - 1], others | cells) for line, cells in self.later[start].items())
        return "\n".join([self._lines[0], *rows, ""])

    @property
    def is_edition(self) -> bool:
        """Whether it is one of several tables, each of which takes the place of the one before."""
        return self._source.named != ("table",)

    @property
    def named(self) -> Path:
        """The place of what names it, below the entry of `rates_from`."""
        return self._source.named[:-1]

    @property
    def text(self) -> str:
        """The table as it is by now."""
        lines = [
            line
            for number, old in enumerate(self._lines, 1)
            for line in ([] if number in self._gone else [old]) + self._after.get(number, [])
        ]
        if self.columns:
            end = "\r" if lines[0].endswith("\r") else ""
            lines[0] = self.spec.delimiter.join([lines[0].removesuffix("\r"), *self.columns.values()]) + end
            lines[1:] = [self._padded(line) if line.strip() else line for line in lines[1:]]
        return "\n".join(lines)

    def takes(self, key: str, schedule: str) -> bool:
        """Whether a new price can stand here: it is of the form of the table's rows."""
        form = form_of(read_key(key), read_schedule(schedule))
        fixed = self.spec.where or self.spec.defaults.pricing_group_values or self.is_edition
        single = self.spec.is_plain and self.spec.columns.product is not None
        return not fixed and single and form is not None and form == self._form

    def append(self, key: str, schedule: str) -> None:
        """A price that is new here, in rows at the end. Raises Unplaceable."""
        self._begin(key)
        last = len(self._lines) - (self._lines[-1] == "")
        timeline = read_schedule(schedule)
        rows = [self._row(read_key(key), times, s) for times, s in zip(times_of(timeline), timeline, strict=True)]
        self._after.setdefault(last, []).extend(rows)

    def change(self, key: str, was: Timeline, now: Timeline, rows: Mapping[str, int]) -> None:
        """Make a price that stands in these rows what it should be. Raises Unplaceable, with nothing changed."""
        if not rows or not self.spec.is_plain or form_of(read_key(key), now) != self._form:
            raise Unplaceable(key)
        self._begin(key)
        alone = len(self.spec.columns.price) == 1
        wanted = {segment.starting_at: (times, segment) for times, segment in zip(times_of(now), now, strict=True)}
        before = {segment.starting_at: segment for segment in was}
        edits: list[tuple[int, str | None]] = []
        added: list[tuple[int, str]] = []
        later: list[tuple[str, int, str]] = []
        at = min(rows.values())
        if self.is_edition and not self._ends_itself(now):
            raise Unplaceable(key)
        for start in sorted({*rows, *wanted}):
            line = rows.get(start)
            if start not in wanted and line is not None:
                same = start not in before and terms_at(was, start) == terms_at(now, start)
                if not same and (not alone or self.is_edition):
                    raise Unplaceable(key)  # the row has other prices too
                edits += [] if same else [(line, None)]
            elif line is not None:
                times, segment = wanted[start]
                edits.append((line, self._edited(self._lines[line - 1], before.get(start), segment, times)))
                at = line
            elif not alone and (self.spec.empty == "ERROR" and not self.is_edition):
                raise Unplaceable(key)
            elif self.spec.columns.starting_at is None:
                later.append((start, at, self._later(wanted[start][1], terms_at(was, start), self._lines[at - 1])))
            else:
                times, segment = wanted[start]
                added.append((at, self._row(read_key(key), times, segment, self._lines[at - 1])))
        if later and any(text is None for _, text in edits):
            raise Unplaceable(key)
        for start, line, new in later:
            self.later.setdefault(start, {}).setdefault(line, {})[self._price] = new
        for line, text in edits:
            if text is None:
                self._gone.add(line)
            else:
                self._lines[line - 1] = text
        for line, text in added:
            self._after.setdefault(line, []).append(text)

    @property
    def _form(self) -> Form:
        defaults, card = self.spec.defaults, self._source.facts.card
        unit = defaults.credit_type or card.fiat_credit_type
        if defaults.currency is not None:
            scales = self._source.facts.scales
            fits = [name for name, scale in scales.items() if scale.currency == defaults.currency]
            unit = card.fiat_credit_type if card.fiat_credit_type in fits else next(iter(fits), "")
        groups = tuple(sorted((*self.spec.columns.pricing_group_values, *defaults.pricing_group_values)))
        return Form(defaults.rate_type, "" if is_fraction(defaults.rate_type) else unit, groups)

    def _edited(self, line: str, was: Segment | None, now: Segment, times: Mapping[str, str]) -> str:
        """A row that begins when it should, with the cells replaced that differ."""
        cells: dict[int, str] = {}
        if was is None or was.terms.price != now.terms.price:
            at = self._price
            cells[at] = self._amount(now, self._cell(line.removesuffix("\r"), at))
        if was is None or was.terms.entitled != now.terms.entitled:
            self._put(cells, "entitled", "true" if now.terms.entitled else "false")
        end = "\r" if line.endswith("\r") else ""
        text = line.removesuffix("\r")
        ends = times.get("ending_before", "")
        # The same end has to be said where the row that was the next one, and said it, is no longer there.
        moved = was is None or was.ending_before != now.ending_before or (ends and not self._own_end(text))
        if moved and not self.is_edition:
            self._put(cells, "ending_before", ends)
        cells = {at: new for at, new in cells.items() if self._cell(text, at) != new}
        return with_cells(self._padded(text), self.spec.delimiter, cells) + end if cells else line

    def _ends_itself(self, timeline: Timeline) -> bool:
        """Whether prices of an edition end where the next one begins, and nowhere else."""
        ends = [times["ending_before"] for times in times_of(timeline) if "ending_before" in times]
        return not ends or (ends == [self._default("ending_before")] and timeline[-1].ending_before is not None)

    def _own_end(self, text: str) -> str:
        """The end that a row says by itself."""
        column = self.spec.columns.ending_before
        return (self._cell(text, self._header.index(column)) if column else "") or self._default("ending_before")

    def _later(self, segment: Segment, before: Terms | None, like: str) -> str:
        """The cell of a price that begins later than all of this table, and differs in its amount alone."""
        ends = segment.ending_before is not None and not self.is_edition
        if ends or before is None or amountless(before) != amountless(segment.terms):
            raise Unplaceable(like)
        return self._amount(segment, self._cell(like.removesuffix("\r"), self._price))

    def _row(self, key: RateKey, times: Mapping[str, str], segment: Segment, like: str = "") -> str:
        """A new row, with the cells that nobody names as they are in the row that it follows."""
        columns = self.spec.columns
        text = like.removesuffix("\r")
        at = self._price
        cells = dict.fromkeys(map(self._header.index, columns.price.values()), "")
        cells |= {at: self._amount(segment, self._cell(text, at) if like else "")}
        if columns.product is not None:
            cells[self._column("product")] = key.product
        for name, value in key.pricing_group_values:
            if name not in self.spec.defaults.pricing_group_values:
                cells[self._header.index(columns.pricing_group_values[name])] = value
        self._put(cells, "billing_frequency", key.billing_frequency or "")
        self._put(cells, "starting_at", times["starting_at"])
        self._put(cells, "ending_before", times.get("ending_before", ""))
        self._put(cells, "entitled", "true" if segment.terms.entitled else "false")
        end = "\r" if self._lines[0].endswith("\r") else ""
        if like:
            cells = {at: new for at, new in cells.items() if self._cell(text, at) != new}
            return with_cells(self._padded(text), self.spec.delimiter, cells) + end
        stream = StringIO()
        row = [cells.get(at, "") for at in range(len(self._header))]
        csv.writer(stream, delimiter=self.spec.delimiter, lineterminator="").writerow(row)
        return stream.getvalue() + end

    def _amount(self, segment: Segment, like: str = "") -> str:
        """A price as a cell: in the form of the one that stands there, where that one is money."""
        facts, price = self._source.facts, segment.terms.price or Decimal(0)
        if self._factor is not None:
            above, below = self._factor
            price, whole = EXACT.divide(EXACT.multiply(price, below), above), price
            if EXACT.divide(EXACT.multiply(price, above), below) != whole or not carries(price):
                raise Unplaceable(like)
        if parse_money(like) is not None:
            return amount_like(like, price, facts.scales[self._form.unit].scale)
        return amount_text(price, self._form, facts.card, facts.scales if self.spec.defaults.currency else {})

    def _begin(self, key: str) -> None:
        """What follows is about the price of a key: its column, and what stands there is multiplied by."""
        product = read_key(key).product
        self._price = self._header.index(self._price_column(product))
        facts = self._source.facts
        self._factor = AmountReader(self.spec, facts, "", BARE).multiplier(product)

    def _with(self, line: str, cells: Mapping[int, str]) -> str:
        end = "\r" if line.endswith("\r") else ""
        return with_cells(line.removesuffix("\r"), self.spec.delimiter, cells) + end

    # --- columns

    def _price_column(self, product: str) -> str:
        columns = self.spec.columns.price
        return columns[product] if product in columns else columns.get("", "")

    def _column(self, field: str) -> int:
        return self._header.index(getattr(self.spec.columns, field))

    def _put(self, cells: dict[int, str], field: str, value: str) -> None:
        """What a row says in a column that may not be there: nothing where the default says it."""
        column = getattr(self.spec.columns, field)
        if column is None:
            column = self.columns.get(("columns", field))
        if column is None:
            if value == self._default(field):
                return
            if field in ("starting_at", "billing_frequency") or not value:
                raise Unplaceable(field)
            column = self._added(field)
        cells[self._header.index(column)] = value

    def _default(self, field: str) -> str:
        default = getattr(self.spec.defaults, field)
        if isinstance(default, bool):
            return "true" if default else "false"
        if field in ("starting_at", "ending_before"):
            return day_text(instant_text(default)) if default is not None else ""
        return default or ""

    def _added(self, field: str) -> str:
        """A new last column; the cell of every other row is empty."""
        name = field
        while name in self._header:
            name += "_value"
        self._header.append(name)
        self.columns["columns", field] = name
        return name

    def _cell(self, line: str, at: int) -> str:
        try:
            return cell(line, self.spec.delimiter, at)
        except IndexError:
            return ""

    def _padded(self, line: str) -> str:
        """The row with a cell for every column."""
        end = "\r" if line.endswith("\r") else ""
        text = line.removesuffix("\r")
        short = len(self._header) - len(next(csv.reader([text], delimiter=self.spec.delimiter), []))
        return text + self.spec.delimiter * max(0, short) + end


def with_cells(line: str, delimiter: str, values: Mapping[int, str]) -> str:
    """The line with other texts in some cells, by their number from 0."""
    places = _places(line, delimiter)
    for (start, end), new in sorted(((places[index], new) for index, new in values.items()), reverse=True):
        quoted = line[start:end].startswith('"')
        line = line[:start] + (f'"{new}"' if quoted or delimiter in new else new) + line[end:]
    return line


def _places(line: str, delimiter: str) -> list[tuple[int, int]]:
    found = cells_of(line, delimiter)
    if found is None:
        raise Unplaceable(line[:60])
    return found


def cell(line: str, delimiter: str, index: int) -> str:
    """The content of a cell."""
    start, end = _places(line, delimiter)[index]
    raw = line[start:end]
    return raw[1:-1].replace('""', '"') if raw.startswith('"') else raw
