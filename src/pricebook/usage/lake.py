"""Delta and Iceberg tables: the only file that knows deltalake and pyiceberg. Which files are of a table, and which of
their rows are gone, its own library says; credentials come from the environment, as for the store's own tools."""

from pathlib import Path
from typing import Any

from pricebook.usage.source import UsageSource, refusing


def opened_table(source: UsageSource, scratch: Path) -> UsageSource | Any:
    """What an engine can scan: of a Delta table a dataset; of an Iceberg table, which is fetched once, a file. Raises
    Rejected."""
    (at,) = source.paths
    hint = "a Delta table is a folder with _delta_log; an Iceberg table one with metadata/*.metadata.json"
    with refusing(source.name, "lake", hint, Exception):  # both libraries raise what their own storage does
        if source.form == "delta":
            # Of an extra, for those whose usage is in tables; so are the others.
            from deltalake import DeltaTable

            return DeltaTable(at).to_pyarrow_dataset()
        # As above.
        from pyarrow import parquet
        from pyiceberg.table import StaticTable

        table = StaticTable.from_metadata(_newest(at))
        batches = table.scan().to_arrow_batch_reader()
        local = scratch / f"iceberg-{abs(hash(source.name)):x}.parquet"
        with parquet.ParquetWriter(local, batches.schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
        return UsageSource(source.name, "parquet", (str(local),))


def _newest(at: str) -> str:
    """The metadata of a table: what is named, or in a folder what its catalogue wrote last."""
    folder = Path(at) / "metadata"
    if not folder.is_dir():
        return at
    return str(max(folder.glob("*.metadata.json"), key=lambda file: (file.stat().st_mtime_ns, file.name)))
