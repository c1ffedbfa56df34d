"""DuckDB, the engine for one machine: the only file that knows duckdb. It spills to disk when memory runs short."""

import json
import shutil
import tempfile
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TypeVar, cast

import duckdb

from pricebook.problem import quote, reject
from pricebook.usage.cloud import opened
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
from pricebook.usage.lake import opened_table
from pricebook.usage.pool import worked
from pricebook.usage.query import ELSEWHERE, exact, instant, literal, nothing, period_start
from pricebook.usage.source import TABLES, UsageSource, named

T = TypeVar("T")
PIECE = 20_000
"""Rows fetched at a time."""
SORTED = 400_000
"""Rows sorted at a time, about."""


class DuckEngine:
    """An `engine.Engine` over a database that lives as long as the engine, and spills to a scratch folder. `memory`
    bounds what it holds outside the disk."""

    def __init__(self, memory: str = "750MB") -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="pricebook-usage-"))
        # In memory, and spilled from there: tables of a file would be compressed first, which takes twice the time.
        self._connection = duckdb.connect(":memory:")
        for setting, value in {
            "memory_limit": memory,
            "temp_directory": str(self._directory),
            "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }.items():
            self._connection.execute(f"SET {setting} = {literal(value)}")

    def read(self, given: Sequence[UsageSource], properties: Sequence[str]) -> bool:
        parts: dict[str, list[str]] = {"raw": [], "stated": []}
        again = True
        with _refusing():
            for source in self._opened(given):
                if isinstance(source, UsageSource) and source.form == "jsonl":
                    parts["raw"].append(_jsonl(source.paths, properties))
                    again = False
                elif isinstance(source, UsageSource) and source.form == "rows":
                    self.load("counted_rows", ROWS, source.rows)
                    parts["stated"].append(self._table("counted_rows", properties, source.name)[1])
                elif isinstance(source, UsageSource):
                    files = _list(source.paths)
                    options = "all_varchar = true, header = true, " if source.form == "csv" else ""
                    function = {"csv": "read_csv", "parquet": "read_parquet"}[source.form]
                    table = f"{function}({files}, {options}union_by_name = true)"
                    name, query = self._table(table, properties, named(source.paths))
                    parts[name].append(query)
                    again &= source.form == "parquet"
                else:
                    table = f"cloud{sum(map(len, parts.values()))}"
                    self._connection.register(table, source)
                    name, query = self._table(table, properties, quote(table))
                    parts[name].append(query)
                    again = False  # every byte comes from afar
            for name, wanted in (("raw", columns(properties)), ("stated", stated_columns(properties))):
                listed = ", ".join(wanted)
                queries = [f"SELECT {listed} FROM ({part})" for part in parts[name]] or [nothing(wanted)]
                self._connection.execute(f"CREATE VIEW {name} AS " + " UNION ALL ".join(queries))
        return again

    def _opened(self, given: Sequence[UsageSource]) -> Iterator[object]:
        """Files of this machine, and datasets of other places."""
        for source in given:
            if source.form in TABLES:
                yield opened_table(source, self._directory)
            elif source.remote:
                yield from opened(source, self._directory)
            else:
                yield source

    def load(self, name: str, types: Mapping[str, str], rows: Iterable[Mapping[str, object]]) -> None:
        path = self._directory / f"{name}.jsonl"
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
        named = ", ".join(f"{literal(column)}: {literal(kind)}" for column, kind in types.items())
        source = f"read_json({literal(str(path))}, columns = {{{named}}}, format = 'newline_delimited')"
        self.keep(name, f"SELECT * FROM {source}")
        path.unlink()

    def show(self, name: str, query: str) -> None:
        self._connection.execute(f"CREATE VIEW {name} AS {query}")

    def keep(self, name: str, query: str) -> None:
        with _refusing():
            self._connection.execute(f"CREATE OR REPLACE TABLE {name} AS {query}")

    def forget(self, names: Sequence[str]) -> None:
        for name in names:
            self._connection.execute(f"DROP TABLE {name}")

    def rows(self, query: str) -> Iterator[tuple[object, ...]]:
        with _refusing():
            cursor = self._connection.cursor().execute(query)
        while piece := cursor.fetchmany(PIECE):
            yield from piece

    def work(self, query: str, order: Sequence[str], job: Job[T], target: Target | None = None) -> Iterator[T]:
        if target is not None:
            hint = "name a file (.csv, .jsonl, .parquet), or let a cluster write it: --engine spark"
            raise reject("value", f"{quote(target.address)} is no file of this machine", hint=hint)
        # What is sorted at a time has to fit into memory, next to the tables.
        ((count,),) = cast("list[tuple[int]]", list(self.rows(f"SELECT COUNT(*) FROM ({query}) AS whole")))
        parts = count // SORTED + 1
        some = f"SELECT * FROM ({query}) AS whole WHERE hash({order[0]}) % {parts} = {{}} ORDER BY {', '.join(order)}"
        return worked(chain.from_iterable(self.rows(some.format(part)) for part in range(parts)), job)

    def close(self) -> None:
        self._connection.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _table(self, source: str, properties: Sequence[str], name: str) -> tuple[str, str]:
        """A table as a part of `raw` or `stated`: of which, and its query."""
        described = self._connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        types = {str(row[0]): str(row[1]) for row in described}
        if states_quantities(types):
            return "stated", self._stated(source, types, properties, name)
        check_columns(name, types)
        picked = [f'CAST("{text}" AS VARCHAR) AS {text}' for text in TEXTS]
        picked.append(f"{_at('timestamp', types)} AS happened_at")
        typed = types["timestamp"].startswith("TIMESTAMP")
        dated = '"timestamp" IS NOT NULL' if typed else "COALESCE(CAST(\"timestamp\" AS VARCHAR), '') <> ''"
        picked.append(f"{dated} AS dated")
        picked += self._properties(source, types, properties, "properties")
        where = ELSEWHERE.format("CAST(environment_type AS VARCHAR)") if "environment_type" in types else "FALSE"
        return "raw", f"SELECT {', '.join(picked)}, {where} AS elsewhere, TRUE AS readable FROM {source}"

    def _stated(self, source: str, types: Mapping[str, str], properties: Sequence[str], name: str) -> str:
        customer = "customer" if "customer" in types else "customer_id"
        when = "period" if "period" in types else "timestamp"
        check_columns(name, types, (customer, when))
        picked = [f"CAST({customer} AS VARCHAR) AS customer_id", "CAST(product AS VARCHAR) AS product"]
        picked.append(f"{_at(when, types)} AS happened_at")
        picked.append(f"{exact('CAST(quantity AS VARCHAR)')} AS quantity")
        picked += self._properties(source, types, properties, "group_values")
        return f"SELECT {', '.join(picked)} FROM {source}"

    def _properties(
        self, source: str, types: Mapping[str, str], properties: Sequence[str], inside: str
    ) -> Iterator[str]:
        fields: set[str] = set()
        if types.get(inside, "").startswith("STRUCT"):
            listed = self._connection.execute(f"DESCRIBE SELECT unnest({inside}) FROM {source}").fetchall()
            fields = {str(row[0]) for row in listed}
        for at, name in enumerate(properties):
            yield f"{_property(name, types, fields, inside)} AS p{at}"


def _list(paths: Sequence[str]) -> str:
    return f"[{', '.join(map(literal, paths))}]"


def _at(column: str, types: Mapping[str, str]) -> str:
    """The instant of a column, or the start of its period. Without a zone it is UTC here, whatever the machine's is."""
    kind, text = types[column], f'CAST("{column}" AS VARCHAR)'
    if kind == "DATE":
        return f"CAST({text} || 'T00:00:00Z' AS TIMESTAMPTZ)"
    if kind.startswith("TIMESTAMP"):
        return f"CAST({text} || 'Z' AS TIMESTAMPTZ)" if kind == "TIMESTAMP" else f'"{column}"'
    return period_start(text) if column == "period" else instant(text)


@contextmanager
def _refusing() -> Iterator[None]:
    """What the engine says of the files becomes a refusal; its first line names file and line."""
    try:
        yield
    except duckdb.Error as error:
        raise reject("usage-file", f"the usage cannot be read: {str(error).splitlines()[0][:300]}") from None


def _jsonl(paths: Sequence[str], properties: Sequence[str]) -> str:
    fields = (*FIELDS, "environment_type")
    pointers = [*(f"/{name}" for name in fields), *("/properties" + _pointer(name) for name in properties)]
    at = f"v[{len(FIELDS)}]"
    picked = [f"v[{place}] AS {name}" for place, name in enumerate(TEXTS, 1)]
    picked += [f"{instant(at)} AS happened_at", f"COALESCE({at}, '') <> '' AS dated"]
    picked += [f"v[{len(fields) + 1 + place}] AS p{place}" for place in range(len(properties))]
    source = f"read_json_objects({_list(paths)}, format = 'newline_delimited', ignore_errors = true)"
    return (
        f"SELECT {', '.join(picked)}, {ELSEWHERE.format(f'v[{len(fields)}]')} AS elsewhere, readable "
        "FROM (SELECT COALESCE(json_type(json) = 'OBJECT', FALSE) AS readable, "
        f"json_extract_string(json, [{', '.join(map(literal, pointers))}]) AS v FROM {source})"
    )


def _pointer(name: str) -> str:
    """A JSON pointer (RFC 6901): any name can be written in one."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _property(name: str, types: Mapping[str, str], fields: Container[str], inside: str) -> str:
    """One property (or group value) as text, from a column `properties.<name>`, or from `properties` as map, struct
    (which has `fields`) or JSON text; a group value may have a column of its own name."""
    flat = f"{inside}.{name}"
    if inside == "group_values" and flat not in types:
        flat = name
    if flat in types:
        return f'CAST("{flat.replace(chr(34), chr(34) * 2)}" AS VARCHAR)'
    kind = types.get(inside, "")
    if kind.startswith("MAP"):
        return f"CAST({inside}[{literal(name)}] AS VARCHAR)"
    if name in fields:
        return f"CAST(struct_extract({inside}, {literal(name)}) AS VARCHAR)"
    if kind in ("VARCHAR", "JSON"):
        return f"CASE WHEN json_valid({inside}) THEN json_extract_string({inside}, {literal(_pointer(name))}) END"
    return "CAST(NULL AS VARCHAR)"
