"""DuckDB, the engine for one machine: the only file that knows duckdb. It spills to disk when memory runs short."""

import json
import shutil
import tempfile
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import duckdb

from pricebook.problem import reject
from pricebook.usage.engine import FIELDS, TEXTS, Job, check_columns, columns, form_of
from pricebook.usage.pool import worked
from pricebook.usage.query import instant, literal

T = TypeVar("T")
PIECE = 20_000
"""Rows fetched at a time."""


class DuckEngine:
    """An `engine.Engine` over a scratch database that lives as long as the engine. `memory` bounds what it holds
    outside the disk."""

    def __init__(self, memory: str = "2GB") -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="pricebook-usage-"))
        self._connection = duckdb.connect(str(self._directory / "usage.duckdb"))
        for setting, value in {
            "memory_limit": memory,
            "temp_directory": str(self._directory),
            "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }.items():
            self._connection.execute(f"SET {setting} = {literal(value)}")

    def read(self, files: Sequence[Path], properties: Sequence[str]) -> bool:
        readers = {"jsonl": _jsonl, "csv": self._csv, "parquet": self._parquet}
        forms = [form_of(file) for file in files]
        with _refusing():
            listed = ", ".join(columns(properties))
            parts = [
                f"SELECT {listed} FROM ({readers[form](file, properties)})"
                for form, file in zip(forms, files, strict=True)
            ]
            self._connection.execute("CREATE VIEW raw AS " + " UNION ALL ".join(parts))
        return set(forms) == {"parquet"}

    def load(self, name: str, types: Mapping[str, str], rows: Iterable[Mapping[str, object]]) -> None:
        path = self._directory / f"{name}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
        named = ", ".join(f"{literal(column)}: {literal(kind)}" for column, kind in types.items())
        source = f"read_json({literal(str(path))}, columns = {{{named}}}, format = 'newline_delimited')"
        self.keep(name, f"SELECT * FROM {source}")
        path.unlink()

    def show(self, name: str, query: str) -> None:
        self._connection.execute(f"CREATE VIEW {name} AS {query}")

    def keep(self, name: str, query: str) -> None:
        with _refusing():
            self._connection.execute(f"CREATE TABLE {name} AS {query}")

    def rows(self, query: str) -> Iterator[tuple[object, ...]]:
        with _refusing():
            cursor = self._connection.cursor().execute(query)
        while piece := cursor.fetchmany(PIECE):
            yield from piece

    def work(self, query: str, order: Sequence[str], job: Job[T]) -> Iterator[T]:
        return worked(self.rows(f"{query} ORDER BY {', '.join(order)}"), job)

    def close(self) -> None:
        self._connection.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _csv(self, file: Path, properties: Sequence[str]) -> str:
        return self._table(f"read_csv({literal(str(file))}, all_varchar = true, header = true)", properties, file)

    def _parquet(self, file: Path, properties: Sequence[str]) -> str:
        return self._table(f"read_parquet({literal(str(file))})", properties, file)

    def _table(self, source: str, properties: Sequence[str], file: Path) -> str:
        described = self._connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        types = {str(row[0]): str(row[1]) for row in described}
        check_columns(file, types)
        picked = [f'CAST("{name}" AS VARCHAR) AS {name}' for name in TEXTS]
        typed = types["timestamp"].startswith("TIMESTAMP")
        # An instant without a zone is UTC here, whatever the machine's is.
        at = (
            "CAST(CAST(\"timestamp\" AS VARCHAR) || 'Z' AS TIMESTAMPTZ)"
            if types["timestamp"] == "TIMESTAMP"
            else '"timestamp"'
        )
        picked.append(f"{at if typed else instant('timestamp')} AS happened_at")
        dated = '"timestamp" IS NOT NULL' if typed else "COALESCE(CAST(\"timestamp\" AS VARCHAR), '') <> ''"
        picked.append(f"{dated} AS dated")
        fields: set[str] = set()
        if types.get("properties", "").startswith("STRUCT"):
            listed = self._connection.execute(f"DESCRIBE SELECT unnest(properties) FROM {source}").fetchall()
            fields = {str(row[0]) for row in listed}
        picked += [f"{_property(name, types, fields)} AS p{at}" for at, name in enumerate(properties)]
        return f"SELECT {', '.join(picked)}, TRUE AS readable FROM {source}"


@contextmanager
def _refusing() -> Iterator[None]:
    """What the engine says of the files becomes a refusal; its first line names file and line."""
    try:
        yield
    except duckdb.Error as error:
        raise reject("usage-file", f"the usage cannot be read: {str(error).splitlines()[0][:300]}") from None


def _jsonl(file: Path, properties: Sequence[str]) -> str:
    paths = [*(f"/{name}" for name in FIELDS), *("/properties" + _pointer(name) for name in properties)]
    at = f"v[{len(FIELDS)}]"
    picked = [f"v[{place}] AS {name}" for place, name in enumerate(TEXTS, 1)]
    picked += [f"{instant(at)} AS happened_at", f"COALESCE({at}, '') <> '' AS dated"]
    picked += [f"v[{len(FIELDS) + 1 + place}] AS p{place}" for place in range(len(properties))]
    source = f"read_json_objects({literal(str(file))}, format = 'newline_delimited', ignore_errors = true)"
    return (
        f"SELECT {', '.join(picked)}, readable FROM (SELECT COALESCE(json_type(json) = 'OBJECT', FALSE) AS readable, "
        f"json_extract_string(json, [{', '.join(map(literal, paths))}]) AS v FROM {source})"
    )


def _pointer(name: str) -> str:
    """A JSON pointer (RFC 6901): any name can be written in one."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _property(name: str, types: Mapping[str, str], fields: Container[str]) -> str:
    """One property as text, from a column `properties.<name>`, or from `properties` as map, struct (which has `fields`)
    or JSON text."""
    flat = f"properties.{name}"
    if flat in types:
        return f'CAST("{flat.replace(chr(34), chr(34) * 2)}" AS VARCHAR)'
    kind = types.get("properties", "")
    if kind.startswith("MAP"):
        return f"CAST(properties[{literal(name)}] AS VARCHAR)"
    if name in fields:
        return f"CAST(struct_extract(properties, {literal(name)}) AS VARCHAR)"
    if kind in ("VARCHAR", "JSON"):
        return f"CASE WHEN json_valid(properties) THEN json_extract_string(properties, {literal(_pointer(name))}) END"
    return "CAST(NULL AS VARCHAR)"
