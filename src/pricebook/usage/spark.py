"""Spark, the engine for those who outgrow one machine: the only file that knows pyspark.

Runs the same queries, in the dialect that sqlglot makes of them. `SPARK_REMOTE`, `spark-submit` and the usual settings
say which cluster; without them it is this machine.
"""

import os
import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from socket import create_connection
from typing import TypeVar
from urllib.parse import urlsplit

import pyarrow
import sqlglot
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name that every Spark program gives it
from pyspark.sql.types import MapType, StringType, StructField, StructType, TimestampNTZType, TimestampType
from pyspark.sql.utils import is_remote

from pricebook.problem import reject
from pricebook.usage.engine import FIELDS, TEXTS, Job, check_columns, form_of
from pricebook.usage.query import instant

_CORRUPT = "_corrupt_record"
_EVENT = StructType(
    [
        *(StructField(name, StringType()) for name in FIELDS),
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
            builder = SparkSession.builder.appName("pricebook").config("spark.ui.showConsoleProgress", "false")
            self._session = builder.getOrCreate()
            self._session.conf.set("spark.sql.session.timeZone", "UTC")
            if not is_remote() and (self._session.sparkContext.master or "").startswith("local"):
                # Two hundred pieces, as by default, are for a hundred cores.
                pieces = 2 * self._session.sparkContext.defaultParallelism
                self._session.conf.set("spark.sql.shuffle.partitions", str(pieces))

    def read(self, files: Sequence[Path], properties: Sequence[str]) -> bool:
        readers = {"jsonl": self._jsonl, "csv": self._csv, "parquet": self._parquet}
        forms = [form_of(file) for file in files]
        with _refusing("the usage cannot be read"):
            frames = [readers[form](file, properties) for form, file in zip(forms, files, strict=True)]
        whole = frames[0]
        for frame in frames[1:]:
            whole = whole.unionByName(frame)
        whole.createOrReplaceTempView("raw")
        return False

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

    def rows(self, query: str) -> Iterator[tuple[object, ...]]:
        with _refusing("the usage cannot be counted"):
            yield from map(tuple, self._session.sql(_translated(query)).toLocalIterator())

    def work(self, query: str, order: Sequence[str], job: Job[T]) -> Iterator[T]:
        frame = self._session.sql(_translated(query)).repartition(order[0]).sortWithinPartitions(*order)
        made = frame.mapInArrow(partial(_work, pickle.dumps(job)), _PART)
        with _refusing("the usage cannot be billed"):
            found = made.collect()  # an iterator would have one partition done at a time
        for row in found:
            yield pickle.loads(row[0])

    def close(self) -> None:
        with suppress(PySparkException):  # of a session that is gone nothing is left
            for name, frame in reversed(self._kept):  # each rests on those before
                frame.unpersist()
                self._session.catalog.dropTempView(name)
            if self._own:
                self._session.stop()

    def _jsonl(self, file: Path, properties: Sequence[str]) -> DataFrame:
        lines = self._session.read.text(str(file)).where("trim(value) <> ''")
        parsed = F.from_json("value", _EVENT, {"columnNameOfCorruptRecord": _CORRUPT})
        event = lines.select(parsed.alias("event"))
        picked = [F.col(f"event.{name}").alias(name) for name in TEXTS]
        picked += _dated(F.col("event.timestamp"), "event.timestamp")
        picked += [F.col("event.properties")[name].alias(f"p{at}") for at, name in enumerate(properties)]
        return event.select(*picked, F.col(f"event.{_CORRUPT}").isNull().alias("readable"))

    def _csv(self, file: Path, properties: Sequence[str]) -> DataFrame:
        options = {"header": "true", "escape": '"', "multiLine": "true"}
        return self._table(self._session.read.options(**options).csv(str(file)), properties, file)

    def _parquet(self, file: Path, properties: Sequence[str]) -> DataFrame:
        return self._table(self._session.read.parquet(str(file)), properties, file)

    def _table(self, frame: DataFrame, properties: Sequence[str], file: Path) -> DataFrame:
        check_columns(file, frame.columns)
        picked = [F.col(name).cast("string").alias(name) for name in TEXTS]
        if isinstance(frame.schema["timestamp"].dataType, (TimestampType, TimestampNTZType)):
            at = F.col("timestamp")
            picked += [at.cast("timestamp").alias("happened_at"), at.isNotNull().alias("dated")]
        else:
            picked += _dated(F.col("timestamp").cast("string"), "CAST(timestamp AS VARCHAR)")
        picked += [_property(frame, name).cast("string").alias(f"p{at}") for at, name in enumerate(properties)]
        return frame.select(*picked, F.lit(True).alias("readable"))


_PART = "part BINARY"


def _work(job: bytes, batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
    """What an executor does on a partition. What comes of it goes to the driver as one."""
    rows = (row for batch in batches for row in zip(*(column.to_pylist() for column in batch.columns), strict=True))
    doing = pickle.loads(job)
    yield pyarrow.RecordBatch.from_pydict({"part": [pickle.dumps(doing.joined(doing.start()(rows)))]})


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
    at = F.expr(_translated(f"SELECT {instant(name)}").removeprefix("SELECT "))
    return [at.alias("happened_at"), F.coalesce(text != "", F.lit(False)).alias("dated")]


def _property(frame: DataFrame, name: str) -> Column:
    flat = f"properties.{name}"
    if flat in frame.columns:
        return F.col("`" + flat.replace("`", "``") + "`")
    if "properties" not in frame.columns:
        return F.lit(None)
    kind = frame.schema["properties"].dataType
    if isinstance(kind, MapType):
        return F.col("properties")[name]
    if isinstance(kind, StructType):
        return F.col("properties").getField(name) if name in kind.names else F.lit(None)
    return F.from_json("properties", MapType(StringType(), StringType()))[name]


def _translated(query: str) -> str:
    return sqlglot.transpile(query, read="duckdb", write="spark")[0]
