"""Where usage is: files, folders, patterns and addresses become the tables that an engine reads.

A folder stands for all files below it whose names say their form; names that begin with `_` or `.` are left out, as
everywhere where tables are folders. A folder with a table `events` in it is an export of an account, and stands for
that table. A Delta or Iceberg table is known by its log or metadata; an address of one says so: `delta+s3://`,
`iceberg+s3://.../metadata/v3.metadata.json`. Another address (`s3://`, `gs://`, `abfss://`, `https://`) is whoever
reads it's to open.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from glob import glob, has_magic
from pathlib import Path
from typing import NamedTuple

from pricebook import trace
from pricebook.http.mask import unsigned
from pricebook.problem import missing_extra, quote, reject

_FORMS = {"jsonl": "jsonl", "ndjson": "jsonl", "csv": "csv", "parquet": "parquet"}
EVENTS = "events"
"""The table of events in an account's export (`<table>/dt=.../*.parquet`)."""


class UsageSource(NamedTuple):
    """Files of one form (jsonl, csv, parquet), a table (delta, iceberg), an address, or `rows` of quantities that are
    there already. `name` is what was asked for."""

    name: str
    form: str
    paths: tuple[str, ...] = ()
    remote: bool = False
    rows: Iterable[Mapping[str, object]] = ()


def form_of(name: str) -> str | None:
    """How a file is read: `jsonl`, `csv` or `parquet`, by its name, `.gz` behind the first two; None: it is not."""
    return _FORMS.get(name.lower().removesuffix(".gz").rpartition(".")[2])


def is_address(name: str) -> bool:
    """Whether something is elsewhere: who it is given to knows how it is opened."""
    return "://" in name


def shown(name: str) -> str:
    """The name of usage without what may be a secret in it."""
    return unsigned(name) if is_address(name) else name


TABLES = {"delta": "_delta_log", "iceberg": "metadata"}
"""Tables of files of their own, and the folder by which each is known."""


def sources(given: Iterable[str | Path | UsageSource]) -> list[UsageSource]:
    """What is given, file by file, those of one form together. Raises Rejected for what stands for no file."""
    found: list[UsageSource] = []
    for one in given:
        if isinstance(one, UsageSource):
            found.append(one)
            continue
        name = str(one)
        form, _, rest = name.partition("+")
        if form in TABLES and is_address(rest):
            trace.tell("usage.found", source=shown(name), files=None)
            found.append(UsageSource(name, form, (rest,)))
            continue
        if form := next((form for form in TABLES if _is_table(Path(name), form)), ""):
            trace.tell("usage.found", source=name, files=None)
            found.append(UsageSource(name, form, (name,)))
            continue
        if is_address(name):
            trace.tell("usage.found", source=shown(name), files=None)
            found.append(UsageSource(name, form_of(name.partition("?")[0]) or "", (name,), remote=True))
            continue
        files = sorted(_files(name))
        if not files:
            hint = "events are read from .jsonl, .ndjson, .csv (each also .gz) and .parquet files"
            raise reject("usage-file", f"{quote(name)} stands for no file of a known form", hint=hint)
        trace.tell("usage.found", source=name, files=len(files))
        for form in dict.fromkeys(_FORMS.values()):
            if alike := tuple(file for file in files if form_of(file) == form):
                found.append(UsageSource(name, form, alike))
    return found


def _is_table(folder: Path, form: str) -> bool:
    inside = folder / TABLES[form]
    return inside.is_dir() and (form == "delta" or any(inside.glob("*.metadata.json")))


def _files(name: str) -> Iterator[str]:
    path = Path(name)
    if path.is_dir():
        inside = path / EVENTS if (path / EVENTS).is_dir() else path
        yield from chosen(inside, (str(file) for file in inside.rglob("*") if file.is_file()))
    elif has_magic(name) and not path.exists():
        for each in glob(name, recursive=True):
            yield from _files(each)
    elif form_of(path.name) is None:
        hint = "events are read from .jsonl, .ndjson, .csv (each also .gz) and .parquet files"
        raise reject("usage-file", f"{quote(name)} is of no known form", hint=hint)
    else:
        yield name


def chosen(below: Path, files: Iterable[str]) -> Iterator[str]:
    """The files of a folder that are read."""
    for file in files:
        if form_of(file) and not any(part[0] in "_." for part in Path(file).relative_to(below).parts):
            yield file


@contextmanager
def refusing(name: str, extra: str, hint: str, *caught: type[Exception]) -> Iterator[None]:
    """What a library of an extra raises becomes a refusal, with its first line."""
    try:
        yield
    except ImportError as error:
        raise missing_extra(quote(shown(name)), extra, error) from None
    except caught as error:
        said = (str(error).splitlines() or [""])[0].replace(name, shown(name))[:300]
        raise reject("usage-file", f"{quote(shown(name))} cannot be read: {said}", hint=hint) from None


def named(paths: Sequence[str]) -> str:
    """Some files in an error: the first, and how many more."""
    return quote(paths[0]) + (f" and {len(paths) - 1:,} more" if len(paths) > 1 else "")
