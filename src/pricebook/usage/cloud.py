"""Usage in object stores and behind https: Parquet as Arrow datasets that an engine scans where they are, anything else
fetched once. Credentials come from the environment, as the vendors of the stores have them."""

from contextlib import closing
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from typing import Any
from urllib.parse import urlsplit

from pricebook.http.client import HttpClient, Patience, RequestLost, RequestRefused
from pricebook.problem import quote, reject
from pricebook.project.project import LOOPBACK
from pricebook.usage.source import EVENTS, UsageSource, chosen, form_of, refusing, shown

_HINT = "credentials and the region come from the environment, as for the store's own tools"
_PATIENCE = Patience(repeated=4, once=1, connections=2, connect_seconds=30.0, answer_seconds=6 * 3600.0, silent=60.0)
_PER_MINUTE = 600


def opened(source: UsageSource, scratch: Path) -> list[UsageSource | Any]:
    """What an address stands for: a dataset of all its Parquet, and what else there is as files of this machine. Raises
    Rejected."""
    with refusing(source.name, "cloud", _HINT, OSError, ValueError, KeyError, NotImplementedError):  # as Arrow raises
        if urlsplit(source.name).scheme in ("http", "https"):
            return [_fetched(source, scratch)]
        dataset, fs = _arrow()
        system, path = system_of(source.name)
        info = system.get_file_info(path)
        files = [path]
        if info.type == fs.FileType.Directory:
            below = f"{path.rstrip('/')}/{EVENTS}"
            inside = below if system.get_file_info(below).type == fs.FileType.Directory else path
            listed = system.get_file_info(fs.FileSelector(inside, recursive=True))
            files = sorted(chosen(Path(inside), (each.path for each in listed if each.is_file)))
        elif info.type == fs.FileType.NotFound:
            files = []
        if not files or not all(map(form_of, files)):
            hint = "events are read from .jsonl, .ndjson, .csv (each also .gz) and .parquet files"
            raise reject("usage-file", f"{quote(shown(source.name))} stands for no file of a known form", hint=hint)
        found: list[UsageSource | Any] = []
        if tables := [file for file in files if form_of(file) == "parquet"]:
            found.append(dataset.dataset(tables, filesystem=system, format="parquet", partitioning="hive"))
        for number, file in enumerate(file for file in files if form_of(file) != "parquet"):
            local = scratch / f"fetched-{abs(hash(source.name)):x}-{number}-{PurePosixPath(file).name}"
            with system.open_input_stream(file, compression=None) as stream, local.open("wb") as out:
                copyfileobj(stream, out)
            found.append(UsageSource(source.name, form_of(file) or "", (str(local),)))
        return found


def system_of(address: str) -> tuple[Any, str]:
    """The store of an address, with what its query sets (`?region=`, `?endpoint_override=`), and the path there. Raises
    what Arrow does."""
    found: tuple[Any, str] = _arrow()[1].FileSystem.from_uri(address)
    return found


def _arrow() -> tuple[Any, Any]:
    # Of an extra, for those whose usage is elsewhere.
    from pyarrow import dataset, fs

    return dataset, fs


def _fetched(source: UsageSource, scratch: Path) -> UsageSource:
    at = urlsplit(source.name)
    form = form_of(at.path)
    if form is None:
        hint = "an address behind https is of one file: .jsonl, .ndjson, .csv (each also .gz) or .parquet"
        raise reject("usage-file", f"{quote(shown(source.name))} is of no known form", hint=hint)
    if at.username is not None:
        raise reject(
            "usage-file", f"{quote(shown(source.name))} has a user in it", hint="use an address that is signed"
        )
    if at.scheme == "http" and at.hostname not in LOOPBACK:
        raise reject("usage-file", f"{quote(shown(source.name))} is not encrypted", hint="say https")
    local = scratch / f"fetched-{abs(hash(source.name)):x}-{PurePosixPath(at.path).name}"
    base = f"{at.scheme}://{at.netloc}"
    client = HttpClient(base, {}, at.query, requests_per_minute=_PER_MINUTE, patience=_PATIENCE)
    try:
        with closing(client), local.open("wb") as out:
            client.fetch(source.name, out)
    except (RequestLost, RequestRefused) as failed:
        hint = "look whether the file is there; an address that is signed ends with its time"
        if isinstance(failed, RequestRefused) and 300 <= failed.status < 400:
            hint = "what signs an address is not sent to another: say the one where the file is"
        raise reject("usage-file", f"{quote(shown(source.name))} cannot be read: {failed}", hint=hint) from None
    return UsageSource(source.name, form, (str(local),))
