"""The account as a catalogue, for the bill engine: its nouns and rates, with ids for names and `usd` for US dollars."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from pricebook.catalog.amount import USD, USD_ID
from pricebook.catalog.canonical import encode
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.model import Noun
from pricebook.catalog.rate_book import book_digest, digest_text
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms, is_fraction
from pricebook.catalog.timeline import Segment, head_text, read_key, read_schedule, schedule_text
from pricebook.catalog.traverse import rewritten
from pricebook.catalog.unit import PricingUnit, known_scale
from pricebook.metronome.wire.noun import read_noun
from pricebook.sandbox import metric, product, rate_card, unit
from pricebook.sandbox.account import AccountTransaction

UNIT_NAMES: Mapping[str, str] = {USD_ID: USD}
"""The one unit that is called otherwise than by its id."""


class CardRates:
    """The rates of one card, in the account (`catalog.rate_book.Rates`): read one by one, when they are asked for."""

    def __init__(self, work: AccountTransaction, card: str) -> None:
        self._work, self._card = work, card

    @property
    def digest(self) -> str:
        return digest_text(book_digest(self.items()))

    def __len__(self) -> int:
        return sum(1 for _ in self.items())

    def items(self) -> Iterator[tuple[str, str]]:
        """Every (key text, schedule text)."""
        sql = "SELECT product_id, frequency, group_values, schedule FROM timeline WHERE card_id = ?"
        for product_id, frequency, values, schedule in self._work.rows(sql, self._card):
            yield f"{head_text(product_id, frequency)},{values}]", _named(schedule)

    def get(self, key: str) -> str | None:
        """The schedule text of one key."""
        product_id, frequency, values = read_key(key)
        sql = (
            "SELECT schedule FROM timeline WHERE card_id = ? AND product_id = ? AND frequency = ? AND group_values = ?"
        )
        row = self._work.one(sql, self._card, product_id, frequency or "", encode(dict(values)))
        return _named(row[0]) if row is not None else None


class Catalogue:
    """What the account has, as far as bills need it. Products are as they are now."""

    def __init__(self, work: AccountTransaction) -> None:
        self._work = work

    @cached_property
    def nouns(self) -> Mapping[Ref, Noun]:
        """Metrics, products and units."""
        work, found = self._work, {}
        for record in work.page(metric.KIND, 0, -1):
            found[Ref(Kind.BILLABLE_METRIC, record.id)] = read_noun(Kind.BILLABLE_METRIC, record.body)
        for record in work.page(product.KIND, 0, -1):
            said = {"type": record.body["type"], "current": product.current(record, work.now)}
            found[Ref(Kind.PRODUCT, record.id)] = read_noun(Kind.PRODUCT, said)
        fiat = {id_: name[:3] for id_, name in unit.FIAT.items() if id_ != USD_ID}
        custom = {record.id: record.body["name"] for record in work.page(unit.KIND, 0, -1)}
        for id_, name in {**fiat, **custom}.items():
            code: Any = name if id_ in fiat else None
            noun = PricingUnit.model_construct(name=name, currency=code, scale=known_scale(code))
            found[Ref(Kind.PRICING_UNIT, id_)] = noun
        return found

    def with_card(self, card: str | None) -> Catalog:
        """The catalogue of the contracts on a card."""
        if card is None:
            return Catalog(self.nouns)
        record = self._work.get(rate_card.KIND, card)
        read = read_noun(Kind.RATE_CARD, rate_card.show(self._work, record, {}))
        noun = rewritten(read, lambda kind, id_: UNIT_NAMES.get(id_, id_))
        assert isinstance(noun, RateCard)
        noun = noun.model_copy(update={"product_order": tuple(record.body["product_order"])})
        nouns = {**self.nouns, Ref(Kind.RATE_CARD, card): noun}
        return Catalog(nouns, {card: CardRates(self._work, card)})


def _named(schedule: str) -> str:
    """A timeline as it is kept, with the units of its terms under the names that models have for them."""
    if '"credit_type_id"' not in schedule:
        return schedule
    segments = (s._replace(terms=Terms.of(_unit_named(s.terms.fields))) for s in read_schedule(schedule))
    return schedule_text([Segment(*segment) for segment in segments])


def _unit_named(terms: Mapping[str, Any]) -> dict[str, Any]:
    made = {name: value for name, value in terms.items() if name != "credit_type_id"}
    id_ = terms.get("credit_type_id", USD_ID)
    made |= {"credit_type": id_} if id_ != USD_ID and not is_fraction(made["rate_type"]) else {}
    if "commit_rate" in made:
        made["commit_rate"] = _unit_named(made["commit_rate"])
    return made
