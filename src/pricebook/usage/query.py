"""The queries that count, as text in DuckDB's SQL. Pure.

A relation `raw` of texts becomes `event` (typed, each transaction once, placed in a period of its customer), and each
meter one aggregation over it. Filters, aggregations and group keys are those of the vendor's billable metrics
(`POST /v1/billable-metrics/create`). Values of manifests stand in the queries as literals only.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pricebook.catalog.instant import instant_text
from pricebook.usage.meter import Family, UsageMeter

NUMBER = "DECIMAL(38, 18)"
"""Sums: exact up to 20 digits before the point and 18 behind it."""

VALUE = "DECIMAL(33, 18)"
"""The value of one event: at most 15 digits before the point. More is absurd, and not counted: 100,000 of the greatest
that are have a sum, so one event cannot end the counting of everybody's."""


def literal(text: str) -> str:
    """A text as a literal: quotes doubled, nothing else is special."""
    return "'" + text.replace("'", "''") + "'"


def instant(text: str) -> str:
    """The instant that a text says: RFC 3339, with its offset. NULL where it says none."""
    formed = (
        f"{text} LIKE '____-__-__T__:__:__%' AND ({text} LIKE '%Z' OR {text} LIKE '%+__:__' OR {text} LIKE '%-__:__')"
    )
    return f"CASE WHEN {formed} THEN TRY_CAST({text} AS TIMESTAMPTZ) END"


def period_start(text: str) -> str:
    """The start of the period that a text says: `2026-10`, `2026-10-05`, or an instant. NULL where it says none."""
    return (
        f"CASE WHEN {text} LIKE '____-__' THEN TRY_CAST({text} || '-01T00:00:00Z' AS TIMESTAMPTZ) "
        f"WHEN {text} LIKE '____-__-__' THEN TRY_CAST({text} || 'T00:00:00Z' AS TIMESTAMPTZ) ELSE {instant(text)} END"
    )


ELSEWHERE = "COALESCE(UPPER({0}), 'PRODUCTION') <> 'PRODUCTION'"
"""Whether an event of an account's export, which holds those of the sandbox too, is another environment's."""
OTHER = "of another environment than production"


def nothing(columns: Sequence[str]) -> str:
    """No row of `raw` or `stated`."""
    kinds = {"happened_at": "TIMESTAMPTZ", "quantity": NUMBER}
    kinds |= dict.fromkeys(("dated", "elsewhere", "readable"), "BOOLEAN")
    picked = (f"CAST(NULL AS {kinds.get(name, 'VARCHAR')}) AS {name}" for name in columns)
    return f"SELECT {', '.join(picked)} WHERE FALSE"


REASONS = {
    OTHER: "elsewhere",
    "unreadable": "NOT readable",
    "no transaction_id": "COALESCE(transaction_id, '') = ''",
    "no customer_id": "COALESCE(customer_id, '') = ''",
    "no event_type": "COALESCE(event_type, '') = ''",
    "no timestamp": "NOT dated",
    "the timestamp is no RFC 3339 instant": "happened_at IS NULL",
}
"""Why an event is bad, in the order in which it is asked."""


def seen(properties: int) -> str:
    """Every line once: its text fields, when it was, and why it is bad (NULL: it is not)."""
    cases = " ".join(f"WHEN {test} THEN {literal(reason)}" for reason, test in REASONS.items())
    return (
        f"SELECT transaction_id, customer_id, event_type, happened_at{_listed(properties)}, CASE {cases} END AS reason "
        "FROM raw"
    )


CENSUS = "SELECT reason, COUNT(*), MIN(transaction_id), MAX(transaction_id) FROM seen GROUP BY reason ORDER BY reason"
"""How many lines are good (NULL) or bad, by reason, with the first and last transaction of each."""

REPEATED = (
    "SELECT transaction_id, COUNT(*) AS times FROM seen WHERE reason IS NULL "
    "GROUP BY transaction_id HAVING COUNT(*) > 1"
)
"""Transactions that came more than once."""

SPAN = (
    "SELECT CAST(MIN(happened_at) AS VARCHAR), CAST(MAX(happened_at) AS VARCHAR) FROM "
    "(SELECT happened_at FROM seen WHERE reason IS NULL UNION ALL "
    "SELECT happened_at FROM given WHERE reason IS NULL) AS whole"
)
"""The first and the last instant of a good event or quantity, as text."""


CUSTOMERS = (
    "SELECT customer_id FROM seen WHERE reason IS NULL UNION SELECT customer_id FROM given WHERE reason IS NULL "
    "ORDER BY customer_id"
)
"""Whose the good events and quantities are, whether anybody knows them or not."""


def given(products: Sequence[str], properties: int) -> str:
    """Quantities that were counted already, each with why it is bad (NULL: it is not)."""
    known = f"product IN ({_literals(products)})" if products else "FALSE"
    return (
        f"SELECT customer_id, product, happened_at, quantity{_listed(properties)}, "
        "CASE WHEN COALESCE(customer_id, '') = '' THEN 'a quantity of no customer' "
        "WHEN happened_at IS NULL THEN 'a quantity without a period' "
        "WHEN quantity IS NULL THEN 'a quantity that is no number' "
        f"WHEN NOT COALESCE({known}, FALSE) THEN 'a quantity of no product of type USAGE' END AS reason FROM stated"
    )


GIVEN = "SELECT reason, COUNT(*), MIN(product), MAX(product) FROM given GROUP BY reason ORDER BY reason"
"""How many of those are good (NULL) or bad, by reason, with the first and last product of each."""
GIVEN_PRODUCTS = "SELECT DISTINCT product FROM given WHERE reason IS NULL ORDER BY product"


def count_given(meters: Mapping[int, UsageMeter], properties: Sequence[str], width: int) -> str:
    """The quantities of those, as `counted` gives them: of products, each with the number of its meter."""
    meter = " ".join(f"WHEN {literal(each.name)} THEN {number}" for number, each in meters.items())
    groups = []
    for place in range(width):
        found = ((each.name, each.keys[place]) for each in meters.values() if place < len(each.keys))
        cases = " ".join(f"WHEN {literal(name)} THEN {_column(key, properties)}" for name, key in found)
        groups.append(f"CASE product {cases} END" if cases else "CAST(NULL AS VARCHAR)")
    shown = "".join(f", {group} AS g{at}" for at, group in enumerate(groups))
    names = "".join(f", g{at}" for at in range(width))
    return (
        f"SELECT number, meter{names}, CAST(SUM(quantity) AS {NUMBER}) AS quantity, CAST(0 AS BIGINT) AS invalid FROM "
        f"(SELECT period.number AS number, CASE product {meter} END AS meter{shown}, quantity FROM given JOIN period "
        "ON period.customer = given.customer_id AND happened_at >= period.starting_at "
        f"AND happened_at < period.ending_before WHERE reason IS NULL) AS named GROUP BY number, meter{names}"
    )


GIVEN_OUTSIDE = (
    "SELECT customer_id, COUNT(*) AS times FROM given LEFT JOIN period ON period.customer = given.customer_id "
    "AND happened_at >= period.starting_at AND happened_at < period.ending_before "
    "WHERE reason IS NULL AND period.number IS NULL GROUP BY customer_id ORDER BY times DESC, customer_id"
)
"""Those of nobody who is billed."""

DUPLICATES = "SELECT COUNT(*), COALESCE(SUM(times), 0) FROM repeated"


def placed(properties: int, meters: Sequence[UsageMeter]) -> str:
    """Each transaction once (of several the earliest, and of these the least), in every period of its customer that it
    falls into. Only what somebody asks for is kept: whose an event is in no period; when and of which type it was, if a
    meter looks at that."""
    kept = "CASE WHEN period.number IS NULL THEN customer_id END AS customer_id"
    if any(meter.metric.event_type_filter is not None for meter in meters):
        kept += ", event_type"
    if any(meter.metric.aggregation_type == "LATEST" for meter in meters):
        kept += ", happened_at"
    own = f"transaction_id, customer_id, event_type, happened_at{_listed(properties)}"
    return (
        f"WITH once AS (SELECT {own} FROM seen ANTI JOIN repeated USING (transaction_id) WHERE reason IS NULL), "
        f"ranked AS (SELECT {own}, ROW_NUMBER() OVER (PARTITION BY transaction_id ORDER BY happened_at, customer_id, "
        f"event_type{_listed(properties)}) AS place FROM seen SEMI JOIN repeated USING (transaction_id) "
        "WHERE reason IS NULL), "
        f"single AS (SELECT {own} FROM once UNION ALL SELECT {own} FROM ranked WHERE place = 1) "
        f"SELECT period.number AS number, {kept}{_listed(properties)} "
        "FROM single LEFT JOIN period ON period.customer = single.customer_id "
        "AND happened_at >= period.starting_at AND happened_at < period.ending_before"
    )


OUTSIDE = (
    "SELECT customer_id, COUNT(*) AS times FROM event WHERE number IS NULL "
    "GROUP BY customer_id ORDER BY times DESC, customer_id"
)
"""Events of nobody who is billed, or of a time that is not, by who they say it was."""


def unmatched(groups: Sequence[Family], properties: Sequence[str], periods: int) -> str:
    """How many events that are placed in the first so many periods no meter counts."""
    tests = dict.fromkeys(f"COALESCE({_taken(family, properties)}, FALSE)" for family in groups)
    return f"SELECT COUNT(*) FROM event WHERE number < {periods} AND NOT ({' OR '.join(tests) or 'FALSE'})"


def counted(family: Family, properties: Sequence[str], width: int) -> str:
    """The quantities of one family: period, meter, `width` group values, quantity, and how many events had a value that
    is no number. No row for no event.

    LATEST takes the value of the latest instant, and of several at that instant the greatest [assumed].
    """
    meter = family.meter
    names = [_column(key, properties) for key in meter.keys]
    chosen = _column(family.property, properties) if family.property is not None else "''"
    inner = ", ".join(["number", f"{chosen} AS chosen", *names])
    by = ", ".join(["number", *([chosen] if family.property is not None else []), *names])
    test = f"number IS NOT NULL AND {_taken(family, properties)}"
    value = _column(meter.metric.aggregation_key, properties) if meter.metric.aggregation_key is not None else ""
    number = exact(value)
    match meter.metric.aggregation_type:
        case "COUNT":
            source = f"SELECT {inner}, COUNT(*) AS quantity, 0 AS invalid FROM event WHERE {test} GROUP BY {by}"
        case "UNIQUE":
            source = (
                f"SELECT {inner}, COUNT(DISTINCT {value}) AS quantity, 0 AS invalid FROM event "
                f"WHERE {test} GROUP BY {by}"
            )
        case "LATEST":
            instants = (
                f"SELECT {inner}, happened_at, MAX({number}) AS quantity, COUNT({value}) - COUNT({number}) AS invalid "
                f"FROM event WHERE {test} GROUP BY {by}, happened_at"
            )
            outer = ", ".join(["number", "chosen", *names])
            source = (
                f"SELECT {outer}, ARG_MAX(quantity, CASE WHEN quantity IS NOT NULL THEN happened_at END) AS quantity, "
                f"SUM(invalid) AS invalid FROM ({instants}) AS instant GROUP BY {outer}"
            )
        case kind:  # SUM, MAX
            source = (
                f"SELECT {inner}, {kind}({number}) AS quantity, COUNT({value}) - COUNT({number}) AS invalid "
                f"FROM event WHERE {test} GROUP BY {by}"
            )
    index = " ".join(f"WHEN {literal(text)} THEN {at}" for text, at in family.members.items())
    shown = "".join(f", {names[at] if at < len(names) else 'CAST(NULL AS VARCHAR)'} AS g{at}" for at in range(width))
    return (
        f"SELECT number, CASE chosen {index} END AS meter{shown}, CAST(quantity AS {NUMBER}) AS quantity, "
        f"CAST(invalid AS BIGINT) AS invalid FROM ({source}) AS counted"
    )


def no_quantity(width: int) -> str:
    """The quantities of nothing."""
    groups = "".join(f", CAST(NULL AS VARCHAR) AS g{at}" for at in range(width))
    columns = f"CAST(0 AS BIGINT) AS number, CAST(0 AS BIGINT) AS meter{groups}, CAST(0 AS {NUMBER}) AS quantity"
    return f"SELECT * FROM (SELECT {columns}, CAST(0 AS BIGINT) AS invalid) AS nothing WHERE FALSE"


def invalid(periods: int) -> str:
    """How many events of each meter in the first so many periods had a value that is no number."""
    return (
        f"SELECT meter, SUM(invalid) FROM quantity WHERE number < {periods} "
        "GROUP BY meter HAVING SUM(invalid) > 0 ORDER BY meter"
    )


CONTRACT = "SELECT contract, owner, entry FROM named WHERE entry IS NOT NULL"
"""Each contract once, of those that are `named` by the ids of their customers."""


UNBILLED = 1 << 60
"""The number of the times in which a customer's contract does not run: what was used then is nobody else's."""


def periods(bounds: Sequence[datetime]) -> str:
    """The times between the bounds, of every contract, under every name of its customer; numbered by contract and then
    by time. Of a contract that has a `since` or an `until` between them, the time before or after is UNBILLED."""
    months = len(bounds) - 1
    texts = [f"CAST({literal(instant_text(bound))} AS TIMESTAMPTZ)" for bound in bounds]
    parts = [
        f"SELECT contract * {months} + {at} AS number, customer, GREATEST({texts[at]}, since) AS starting_at, "
        f"LEAST({texts[at + 1]}, until) AS ending_before FROM named "
        f"WHERE COALESCE(since < {texts[at + 1]}, TRUE) AND COALESCE(until > {texts[at]}, TRUE)"
        for at in range(months)
    ]
    unbilled = f"SELECT CAST({UNBILLED} AS BIGINT) AS number, customer"
    parts.append(f"{unbilled}, {texts[0]} AS starting_at, since AS ending_before FROM named WHERE since > {texts[0]}")
    parts.append(f"{unbilled}, until AS starting_at, {texts[-1]} AS ending_before FROM named WHERE until < {texts[-1]}")
    return " UNION ALL ".join(parts)


def bills(months: int, width: int) -> str:
    """A row for each contract, and one for each of its quantities. Quantities are texts, for whoever reads them."""
    groups = "".join(f", g{at}" for at in range(width))
    nothing = "".join(f", CAST(NULL AS VARCHAR) AS g{at}" for at in range(width))
    return (
        f"SELECT owner, contract, entry, CAST(-1 AS BIGINT) AS number, CAST(-1 AS BIGINT) AS meter{nothing}, "
        "CAST(NULL AS VARCHAR) AS quantity FROM contract UNION ALL "
        "SELECT owner, contract, CAST(NULL AS VARCHAR) AS entry, number, CAST(meter AS BIGINT) AS meter"
        f"{groups}, CAST(quantity AS VARCHAR) AS quantity FROM quantity JOIN contract "
        f"ON contract.contract = CAST(FLOOR(number / {months}) AS BIGINT) WHERE quantity IS NOT NULL"
    )


def bill_order(width: int) -> Sequence[str]:
    """The columns by which those are ordered: a customer's together, and a contract before its quantities."""
    return ("owner", "contract", "number", "meter", *(f"g{at}" for at in range(width)))


def _listed(properties: int) -> str:
    return "".join(f", p{index}" for index in range(properties))


def _column(name: str, properties: Sequence[str]) -> str:
    return f"p{properties.index(name)}"


def exact(value: str) -> str:
    """The number that a text says; NULL where it says none."""
    # Underscores are digits' separators to one engine and nonsense to another.
    return f"CASE WHEN STRPOS({value}, '_') = 0 THEN TRY_CAST({value} AS {VALUE}) END"


def _taken(family: Family, properties: Sequence[str]) -> str:
    """The events that a family takes: all filters must pass; a property that must not have a value may be missing."""
    tests = []
    metric = family.meter.metric
    types = metric.event_type_filter
    if types is not None and types.in_values:
        tests.append(f"event_type IN ({_literals(types.in_values)})")
    if types is not None and types.not_in_values:
        tests.append(f"event_type NOT IN ({_literals(types.not_in_values)})")
    for each in metric.property_filters:
        column = _column(each.name, properties)
        if each.exists is not None:
            tests.append(f"{column} IS {'NOT ' if each.exists else ''}NULL")
        if each.name == family.property:
            tests.append(f"{column} IN ({_literals(tuple(family.members))})")
        elif each.in_values:
            tests.append(f"{column} IN ({_literals(each.in_values)})")
        if each.not_in_values:
            tests.append(f"({column} IS NULL OR {column} NOT IN ({_literals(each.not_in_values)}))")
    return " AND ".join(tests) or "TRUE"


def _literals(values: Sequence[str]) -> str:
    return ", ".join(map(literal, values))
