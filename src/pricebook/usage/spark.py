"""Spark, the engine for those who outgrow one machine: the only file that knows pyspark.

Runs the same queries, in the dialect that sqlglot makes of them. `SPARK_REMOTE`, `spark-submit` and the usual settings
say which cluster; without them it is this machine.
"""

import os
import pickle
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from functools import partial, reduce
from itertools import islice
from socket import create_connection
from typing import TypeVar
from urllib.parse import urlsplit

import pyarrow
import sqlglot
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name that every Spark program gives it
from pyspark.sql.types import DateType, MapType, StringType, StructField, StructType, TimestampNTZType, TimestampType
from pyspark.sql.utils import is_remote

from pricebook.problem import reject
from pricebook.usage.engine import (
    FIELDS,
    ROWS,
    TEXTS,
    Job,
    Target,
    check_columns,
    columns,
    stated_columns,
    states_quantities,
)
from pricebook.usage.query import ELSEWHERE, exact, instant, nothing, period_start
from pricebook.usage.source import TABLES, UsageSource, named

_CORRUPT = "_corrupt_record"
_EVENT = StructType(
    [
        *(StructField(name, StringType()) for name in (*FIELDS, "environment_type")),
        StructField("properties", MapType(StringType(), StringType())),
        StructField(_CORRUPT, StringType()),
    ]
)


T = TypeVar("T")
_PATIENCE = 10
"""Seconds in which a Spark Connect server has to answer."""
_LOADED = 50_000
"""Rows of a table that go to the session at a time."""


class SparkEngine:
    """An `engine.Engine` over temporary views of a session, classic or of Spark Connect. The session is stopped only
    when this engine has started it. Nothing is written where only this machine could read it."""

    def __init__(self) -> None:
        self._own = SparkSession.getActiveSession() is None
        self._kept: list[tuple[str, DataFrame]] = []
        with _refusing("there is no Spark session"):
            _look(os.environ.get("SPARK_REMOTE", ""))
            builder = SparkSession.builder.appName("pricebook")
            if not is_remote() and "SPARK_REMOTE" not in os.environ:
                builder = builder.config("spark.ui.showConsoleProgress", "false")
            self._session = builder.getOrCreate()
            self._session.conf.set("spark.sql.session.timeZone", "UTC")
            if (self._session.conf.get("spark.master", "") or "").startswith("local"):
                # Two hundred pieces, as by default, are for a hundred cores.
                self._session.conf.set("spark.sql.shuffle.partitions", str(2 * (os.cpu_count() or 1)))
                if not is_remote():
                    self._session.sparkContext.pythonExec = sys.executable

    def read(self, given: Sequence[UsageSource], properties: Sequence[str]) -> bool:
        parts: dict[str, list[DataFrame]] = {"raw": [], "stated": []}
        with _refusing("the usage cannot be read"):
            for source in given:
                name, frame = self._source(source, properties)
                parts[name].append(frame)
            for name, wanted in (("raw", columns(properties)), ("stated", stated_columns(properties))):
                frames = parts[name] or [self._session.sql(_translated(nothing(wanted)))]
                reduce(DataFrame.unionByName, frames).createOrReplaceTempView(name)
        return False

    def _source(self, source: UsageSource, properties: Sequence[str]) -> tuple[str, DataFrame]:
        """A part of `raw` or `stated`: of which. An address is the cluster's to open; a folder there is of Parquet."""
        paths, name = list(source.paths), named(source.paths)
        if source.form == "jsonl":
            return "raw", self._jsonl(paths, properties)
        if source.form == "rows":
            self.load("counted_rows", ROWS, source.rows)
            return "stated", _stated(self._session.table("counted_rows"), properties, source.name)
        if source.form in TABLES:
            frame = self._session.read.format(source.form).load(*paths)
        elif source.form == "csv":
            options = {"header": "true", "escape": '"', "multiLine": "true"}
            frame = self._session.read.options(**options).csv(paths)
        else:
            frame = self._session.read.option("mergeSchema", "true").parquet(*paths)
        if states_quantities(frame.columns):
            return "stated", _stated(frame, properties, name)
        return "raw", _table(frame, properties, name)

    def load(self, name: str, types: Mapping[str, str], rows: Iterable[Mapping[str, object]]) -> None:
        texts = pyarrow.schema([(column, pyarrow.string()) for column in types])
        cast = ", ".join(f"CAST({column} AS {kind}) AS {column}" for column, kind in types.items())
        none = ", ".join(f"CAST(NULL AS STRING) AS {column}" for column in types)
        left, whole = iter(rows), self._session.sql(f"SELECT {none} WHERE FALSE")
        while some := [
            {key: None if value is None else str(value) for key, value in row.items()} for row in islice(left, _LOADED)
        ]:
            whole = whole.unionByName(self._session.createDataFrame(pyarrow.Table.from_pylist(some, texts)))
        whole.createOrReplaceTempView(f"{name}_text")
        self.keep(name, f"SELECT {cast} FROM {name}_text")

    def show(self, name: str, query: str) -> None:
        self._session.sql(_translated(query)).createOrReplaceTempView(name)

    def keep(self, name: str, query: str) -> None:
        frame = self._session.sql(_translated(query)).cache()
        self._kept.append((name, frame))
        frame.createOrReplaceTempView(name)

    def forget(self, names: Sequence[str]) -> None:
        """What rests on them may have to be found again."""

    def rows(self, query: str) -> Iterator[tuple[object, ...]]:
        with _refusing("the usage cannot be counted"):
            yield from map(tuple, self._session.sql(_translated(query)).toLocalIterator())

    def work(self, query: str, order: Sequence[str], job: Job[T], target: Target | None = None) -> Iterator[T]:
        frame = self._session.sql(_translated(query)).repartition(order[0]).sortWithinPartitions(*order)
        kinds = {
            bytes: "BINARY",
            str: "STRING",
            int: "BIGINT",
            Decimal: f"DECIMAL(38, {target.places if target else 0})",
        }
        types = {"part": bytes, **(target.types if target is not None else {})}
        schema = ", ".join(f"`{name}` {kinds[kind]}" for name, kind in types.items())
        made = frame.mapInArrow(partial(_work, pickle.dumps(job), types, target.places if target else 0), schema)
        with _refusing("the usage cannot be billed"):
            if target is not None:
                made = made.persist()  # it is needed twice, and found once
                rows = made.where("part IS NULL").drop("part")
                rows.write.mode("error").parquet(target.address)
            # An iterator would have one partition done at a time.
            found = made.where("part IS NOT NULL").select("part").collect()
        for row in found:
            yield pickle.loads(row[0])
        made.unpersist()

    def close(self) -> None:
        with suppress(PySparkException):  # of a session that is gone nothing is left
            for name, frame in reversed(self._kept):  # each rests on those before
                frame.unpersist()
                self._session.catalog.dropTempView(name)
            if self._own:
                self._session.stop()

    def _jsonl(self, paths: list[str], properties: Sequence[str]) -> DataFrame:
        lines = self._session.read.text(paths).where("trim(value) <> ''")
        parsed = F.from_json("value", _EVENT, {"columnNameOfCorruptRecord": _CORRUPT})
        event = lines.select(parsed.alias("event"))
        picked = [F.col(f"event.{name}").alias(name) for name in TEXTS]
        picked += _dated(F.col("event.timestamp"), "event.timestamp")
        picked += [F.col("event.properties")[name].alias(f"p{at}") for at, name in enumerate(properties)]
        picked.append(F.expr(ELSEWHERE.format("event.environment_type")).alias("elsewhere"))
        return event.select(*picked, F.col(f"event.{_CORRUPT}").isNull().alias("readable"))


def _table(frame: DataFrame, properties: Sequence[str], name: str) -> DataFrame:
    """Events."""
    check_columns(name, frame.columns)
    picked = [F.col(text).cast("string").alias(text) for text in TEXTS]
    if isinstance(frame.schema["timestamp"].dataType, (TimestampType, TimestampNTZType)):
        at = F.col("timestamp")
        picked += [at.cast("timestamp").alias("happened_at"), at.isNotNull().alias("dated")]
    else:
        picked += _dated(F.col("timestamp").cast("string"), "CAST(timestamp AS VARCHAR)")
    picked += [
        _property(frame, property_, "properties").cast("string").alias(f"p{at}")
        for at, property_ in enumerate(properties)
    ]
    other = ELSEWHERE.format("CAST(environment_type AS STRING)") if "environment_type" in frame.columns else "FALSE"
    return frame.select(*picked, F.expr(other).alias("elsewhere"), F.lit(True).alias("readable"))


def _stated(frame: DataFrame, properties: Sequence[str], name: str) -> DataFrame:
    """Quantities that were counted already."""
    customer = "customer" if "customer" in frame.columns else "customer_id"
    when = "period" if "period" in frame.columns else "timestamp"
    check_columns(name, frame.columns, (customer, when))
    if isinstance(frame.schema[when].dataType, (TimestampType, TimestampNTZType, DateType)):
        at = F.col(when).cast("timestamp")
    else:
        at = _expression((period_start if when == "period" else instant)(f"CAST({when} AS VARCHAR)"))
    picked = [F.col(customer).cast("string").alias("customer_id"), F.col("product").cast("string").alias("product")]
    picked += [at.alias("happened_at"), _expression(exact("CAST(quantity AS VARCHAR)")).alias("quantity")]
    picked += [
        _property(frame, property_, "group_values").cast("string").alias(f"p{at}")
        for at, property_ in enumerate(properties)
    ]
    return frame.select(*picked)


def _work(
    job: bytes, types: Mapping[str, type], places: int, batches: Iterable[pyarrow.RecordBatch]
) -> Iterator[pyarrow.RecordBatch]:
    """What an executor does on a partition. What comes of it goes to the driver as one, and what is listed nowhere but
    to where it is written."""
    rows = (row for batch in batches for row in zip(*(column.to_pylist() for column in batch.columns), strict=True))
    doing = pickle.loads(job)
    kinds = {
        bytes: pyarrow.binary(),
        str: pyarrow.string(),
        int: pyarrow.int64(),
        Decimal: pyarrow.decimal128(38, places),
    }
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in types.items()])
    parts = []
    for part in doing.start()(rows):
        rest, found = doing.listed(part)
        parts.append(rest)
        if found:
            listed = (dict(zip(types, (None, *row), strict=True)) for row in found)
            yield pyarrow.RecordBatch.from_pylist(list(listed), schema)
    yield pyarrow.RecordBatch.from_pylist([{"part": pickle.dumps(doing.joined(parts))}], schema)


def _look(remote: str) -> None:
    """Whether somebody is there: the client itself goes on trying for minutes. Raises OSError."""
    at = urlsplit(remote)
    if at.scheme == "sc":
        create_connection((at.hostname or "", at.port or 15002), timeout=_PATIENCE).close()


@contextmanager
def _refusing(what: str) -> Iterator[None]:
    """What Spark says becomes a refusal, with its first line."""
    try:
        yield
    except (PySparkException, ImportError, OSError, ValueError) as error:
        hint = "SPARK_REMOTE or spark-submit say which cluster; pip install 'pricebook[spark]' brings all that it needs"
        raise reject("usage-file", f"{what}: {(str(error).splitlines() or [''])[0][:300]}", hint=hint) from None


def _dated(text: Column, name: str) -> list[Column]:
    return [_expression(instant(name)).alias("happened_at"), F.coalesce(text != "", F.lit(False)).alias("dated")]


def _expression(text: str) -> Column:
    return F.expr(_translated(f"SELECT {text}").removeprefix("SELECT "))


def _property(frame: DataFrame, name: str, inside: str) -> Column:
    flat = f"{inside}.{name}"
    if inside == "group_values" and flat not in frame.columns:
        flat = name
    if flat in frame.columns:
        return F.col("`" + flat.replace("`", "``") + "`")
    if inside not in frame.columns:
        return F.lit(None)
    kind = frame.schema[inside].dataType
    if isinstance(kind, MapType):
        return F.col(inside)[name]
    if isinstance(kind, StructType):
        return F.col(inside).getField(name) if name in kind.names else F.lit(None)
    return F.from_json(inside, MapType(StringType(), StringType()))[name]


def _translated(query: str) -> str:
    return sqlglot.transpile(query, read="duckdb", write="spark")[0]
