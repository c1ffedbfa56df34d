"""Spark, the engine for those who outgrow one machine: the only file that knows pyspark.

Runs the same queries, in the dialect that sqlglot makes of them. `SPARK_REMOTE`, `spark-submit` and the usual settings
say which cluster; without them it is this machine.
"""

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import sqlglot
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name that every Spark program gives it
from pyspark.sql.types import MapType, StringType, StructField, StructType, TimestampNTZType, TimestampType

from pricebook.problem import reject
from pricebook.usage.engine import FIELDS, TEXTS, check_columns, form_of
from pricebook.usage.query import instant

_CORRUPT = "_corrupt_record"
_EVENT = StructType(
    [
        *(StructField(name, StringType()) for name in FIELDS),
        StructField("properties", MapType(StringType(), StringType())),
        StructField(_CORRUPT, StringType()),
    ]
)


class SparkEngine:
    """An `engine.Engine` over temporary views of a session. The session is stopped only when this engine has started
    it."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="pricebook-usage-"))
        self._own = SparkSession.getActiveSession() is None
        builder = SparkSession.builder.appName("pricebook").config("spark.ui.showConsoleProgress", "false")
        self._session = builder.getOrCreate()
        self._session.conf.set("spark.sql.session.timeZone", "UTC")
        if (self._session.sparkContext.master or "").startswith("local"):
            # Two hundred pieces, as by default, are for a hundred cores.
            pieces = 2 * self._session.sparkContext.defaultParallelism
            self._session.conf.set("spark.sql.shuffle.partitions", str(pieces))
        self._kept: list[tuple[str, DataFrame]] = []

    def read(self, files: Sequence[Path], properties: Sequence[str]) -> bool:
        readers = {"jsonl": self._jsonl, "csv": self._csv, "parquet": self._parquet}
        forms = [form_of(file) for file in files]
        try:
            frames = [readers[form](file, properties) for form, file in zip(forms, files, strict=True)]
        except PySparkException as error:
            raise reject("usage-file", f"the usage cannot be read: {str(error).splitlines()[0][:300]}") from None
        whole = frames[0]
        for frame in frames[1:]:
            whole = whole.unionByName(frame)
        whole.createOrReplaceTempView("raw")
        return False

    def load(self, name: str, types: Mapping[str, str], rows: Iterable[Mapping[str, object]]) -> None:
        path = self._directory / f"{name}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
        texts = ", ".join(f"{column} STRING" for column in types)
        cast = ", ".join(f"CAST({column} AS {kind}) AS {column}" for column, kind in types.items())
        self._session.read.schema(texts).json(str(path)).createOrReplaceTempView(f"{name}_text")
        self.keep(name, f"SELECT {cast} FROM {name}_text")

    def show(self, name: str, query: str) -> None:
        self._session.sql(_translated(query)).createOrReplaceTempView(name)

    def keep(self, name: str, query: str) -> None:
        frame = self._session.sql(_translated(query)).cache()
        self._kept.append((name, frame))
        frame.createOrReplaceTempView(name)

    def rows(self, query: str) -> Iterator[tuple[object, ...]]:
        yield from map(tuple, self._session.sql(_translated(query)).toLocalIterator())

    def close(self) -> None:
        for name, frame in self._kept:
            self._session.catalog.dropTempView(name)
            frame.unpersist()
        if self._own:
            self._session.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

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
