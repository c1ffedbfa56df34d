"""What a price is for, in words: `per 1M tokens`, `per seat a month`, `per GB-month`.

What one unit of a product is says its `unit`; where it says nothing, its metric may. The conversion of the product says
of how many of these a price is. A word that nobody said is not made up: the price is then per unit.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.metric import BillableMetric
from pricebook.catalog.model import Noun
from pricebook.catalog.money import EXACT, plain
from pricebook.catalog.product import PricedProduct, Product, QuantityConversion
from pricebook.catalog.reference import Kind
from pricebook.catalog.timeline import RateKey, read_key
from pricebook.catalog.traverse import references

SCALES = {"k": 3, "thousand": 3, "m": 6, "mn": 6, "million": 6, "b": 9, "bn": 9, "billion": 9}
"""Powers of ten, as names of conversions have them."""
_SUFFIXES = ((9, "B"), (6, "M"), (3, "K"))
_COUNT = r"(?P<count>\d[\d,_]*(?:\.\d+)?)?\s*(?P<scale>k|mn?|bn?|(?:thousand|million|billion)s?)?(?![^\W\d])"
_NAMED = rf"(?:per\s+)?(?:{_COUNT}\s*)?(?:of\s+)?(?P<word>[^\W\d][^,;]*)?\Z"
HABITS = {"token": 6, "character": 6, "pixel": 6}
"""Of what is so small that the whole field prices it by the million, the power of ten. A price is never told for so
many because it is small: one that is wrong would look right."""
_VAGUE = frozenset(("n", "amount", "count", "number", "quantity", "total", "unit", "units", "usage", "value"))
"""Names of properties that say nothing of what is counted."""
_TIMES = frozenset(("day", "week", "month", "year"))
_LONGEST = 40
SHARE = "of "
"""How what a price is for begins where it is a share of spend."""
_LISTED = 3
"""Products that a share is of and that are named."""


def priced_products(
    desired: Catalog, names: Iterable[str], observed: Catalog | None = None
) -> Mapping[str, PricedProduct]:
    """How products are spoken of, by name; of one that is desired no more as it was observed. What is not known is left
    out."""
    seats, sold, frequencies = packaged(desired)
    products, metrics = desired.products, desired.metrics
    places = {name: place for place, name in enumerate(products)}
    former, counted = (observed.products, observed.metrics) if observed is not None else (products, metrics)
    found = {}
    for name in sorted(set(names)):
        product, was = products.get(name) or former.get(name), former.get(name)
        if product is not None:
            unit, power = unit_of(product, metrics if name in products else counted, is_seat=name in seats)
            unit = unit or shared(product, {**former, **products})
            if was is not None and was.unit is None:  # an account is not told
                was = was.model_copy(update={"unit": product.unit})
            old, old_power = unit_of(was, counted, is_seat=name in seats) if was is not None else (unit, power)
            tagged = any(tag in sold for tag in product.tags)
            # A unit that was only called otherwise is no other one.
            same = was is None or was.quantity_conversion == product.quantity_conversion
            found[name] = PricedProduct(
                product.name,
                unit,
                power,
                *(("", 0) if same else (old, old_power)),
                packaged=name in sold or tagged,
                frequencies=tuple(sorted(frequencies.get(name, ()))),
                groups=product.pricing_group_key,
                place=places.get(name, len(places)),
            )
    return found


def products_of(
    keys: Iterable[str], nouns: Iterable[Noun], desired: Catalog, observed: Catalog, names: Iterable[str] = ()
) -> Mapping[str, PricedProduct]:
    """The same of the products of some rates, by their keys, of those that nouns refer to, and of those named."""
    named = {name for noun in nouns for _, kind, name in references(noun) if kind is Kind.PRODUCT} | {*names}
    return priced_products(desired, named | {read_key(key).product for key in keys}, observed)


def labelled(said: PricedProduct, key: RateKey) -> str:
    """A price as people call it, its group values in the order in which they are declared: `Input · m1 · batch`."""
    places = {name: place for place, name in enumerate(said.groups)}
    groups = sorted(key.pricing_group_values, key=lambda group: places.get(group[0], len(places)))
    return " · ".join((said.name, *(value for _, value in groups)))


def packaged(catalog: Catalog) -> tuple[frozenset[str], frozenset[str], Mapping[str, frozenset[str]]]:
    """The products of which packages sell seats; the products, and tags of such, that packages sell at all; and for how
    long at a time they subscribe to which."""
    seats: set[str] = set()
    sold: set[str] = set()
    every: dict[str, set[str]] = {}
    for package in catalog.packages.values():
        for term in package.subscriptions:
            sold.add(term.subscription_rate.product)
            every.setdefault(term.subscription_rate.product, set()).add(term.subscription_rate.billing_frequency)
            if term.quantity_management_mode == "SEAT_BASED":
                seats.add(term.subscription_rate.product)
        for override in package.overrides:
            for specifier in override.override_specifiers if override.entitled else ():
                sold |= {specifier.product} if specifier.product is not None else set(specifier.product_tags)
    return frozenset(seats), frozenset(sold), {name: frozenset(found) for name, found in every.items()}


def unit_of(product: Product, metrics: Mapping[str, BillableMetric], *, is_seat: bool = False) -> tuple[str, int]:
    """What a price of the product is for: `1M tokens`, `seat`, `unit`; empty where it is for a time alone. And the
    power of ten that turns the price as it is written into one for that: 0, but for what is counted one by one and told
    by the million."""
    if product.type != "USAGE":
        return product.unit or ("seat" if is_seat else ""), 0
    word = unit_word(product, metrics)
    conversion = product.quantity_conversion
    if conversion is not None:
        return _converted(conversion, word), 0
    power = HABITS.get(word.rpartition(" ")[2].casefold(), 0)
    return _many(Decimal(1).scaleb(power), word), power


def shared(product: Product, products: Mapping[str, Product]) -> str:
    """What a product is a share of: `of Input and Output`, `of what is tagged tokens`; empty where it is none."""
    names = [products[name].name if name in products else name for name in product.composite_products or ()]
    tags = ", ".join(product.composite_tags or ())
    told = [*names[:_LISTED], *([f"{len(names) - _LISTED:,} more"] if names[_LISTED:] else [])]
    told += [f"what is tagged {tags}"] if tags else []
    return f"{SHARE}{', '.join(told[:-1])}{' and ' if told[1:] else ''}{told[-1]}" if told else ""


def unit_word(product: Product, metrics: Mapping[str, BillableMetric]) -> str:
    """What one metered unit of the product is: `token`; empty where nobody says."""
    return product.unit or _counted(metrics.get(product.billable_metric or ""))


def _counted(metric: BillableMetric | None) -> str:
    """What a metric counts, in the singular, as far as its names say; empty where they do not."""
    if metric is None or metric.sql is not None:
        return ""
    if metric.aggregation_type == "COUNT":
        types = metric.event_type_filter.in_values if metric.event_type_filter is not None else ()
        return _worded(types[0]) if len(types) == 1 else "event"
    word = _singular(_worded(metric.aggregation_key or ""))
    if not word or word.casefold() in _VAGUE:
        return ""
    return f"distinct {word}" if metric.aggregation_type == "UNIQUE" else word


def _worded(name: str) -> str:
    return " ".join(name.replace("_", " ").split())[:_LONGEST]


def _singular(words: str) -> str:
    if words[-3:].casefold() == "ies" and len(words) > 4:
        return f"{words[:-3]}y"
    ends = words[-2:].casefold()
    return words[:-1] if len(words) > 3 and ends[1:] == "s" and ends not in ("ss", "us", "is") else words


def plural(word: str) -> str:
    """`tokens`, `GB-months`; of an abbreviation the same."""
    last = re.split(r"[\s-]", word)[-1]
    if last.endswith("y") and last[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return word if not last or last.isupper() or last.endswith("s") or not last[-1].isalpha() else f"{word}s"


def _converted(conversion: QuantityConversion, word: str) -> str:
    """What one of the converted units is. The conversion's own name is taken at its word where it does not say another
    number than its factor."""
    count = conversion.conversion_factor
    name = " ".join((conversion.name or "").split())[:_LONGEST]
    if " to " in name.casefold():  # from MB to GB
        target = name[name.casefold().rindex(" to ") + 4 :].strip()
        # A price `per months` is read as one for a time.
        return _many(count, word) if not target or _singular(target).casefold() in _TIMES else target
    if conversion.operation == "MULTIPLY":
        return f"1/{plain(count)} {word or 'unit'}"
    named = re.match(_NAMED, name, re.IGNORECASE) if name else None
    if named is None:
        return _many(count, word)
    said = _count_of(named)
    if said is None:  # a name without a number is that of the converted unit
        return named["word"].strip() if named["word"] else _many(count, word)
    return _many(count, word or (_singular((named["word"] or "").strip()) if said == count else ""))


def _count_of(named: "re.Match[str]") -> Decimal | None:
    if named["count"] is None and named["scale"] is None:
        return None
    many = Decimal((named["count"] or "1").replace(",", "").replace("_", ""))
    return EXACT.scaleb(many, Decimal(SCALES[named["scale"].casefold().removesuffix("s")])) if named["scale"] else many


def _many(count: Decimal, word: str) -> str:
    """`1M tokens`, `1,024 MB`, `token`."""
    if count == 1:
        return word or "unit"
    for power, suffix in _SUFFIXES:
        many = count.scaleb(-power, EXACT)
        if many >= 1 and many * 10 == (many * 10).to_integral_value():
            return f"{Decimal(plain(many)):,f}{suffix} {plural(word or 'unit')}"
    return f"{Decimal(plain(count)):,f} {plural(word or 'unit')}"
