"""A cluster of executors in processes of their own, and Spark Connect: the same impact as on one machine, to the digit,
and the list of customers written by the executors, who see nothing of the driver's scratch folder."""

import os
import pickle
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from clustered import shown
from population import WINDOW, assessed, written
from pyarrow import parquet

from conftest import QUICK
from pricebook.usage.duck import DuckEngine
from pricebook.view.impact import CUSTOMER_BILL

HERE = Path(__file__).resolve().parent
HIDDEN = """#!/bin/sh
# An executor's Python: where the driver keeps its scratch files it sees an empty folder.
exec unshare --mount sh -c 'mount -t tmpfs none "$0" && exec "$@"' {scratch} {python} "$@"
"""
COLUMNS = tuple(CUSTOMER_BILL)


def settings(master: str) -> str:
    chosen = QUICK | {"spark.sql.shuffle.partitions": "4"}
    return " ".join(["--master", master, *(f"--conf {k}={v}" for k, v in chosen.items()), "pyspark-shell"])


@pytest.fixture
def executor(tmp_path: Path) -> Path:
    """The Python of an executor. Where no folder can be hidden from a process, one as any other."""
    scratch, script = tmp_path / "scratch", tmp_path / "python"
    scratch.mkdir()
    probe = subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True)
    hidden = HIDDEN.format(scratch=scratch, python=sys.executable)
    script.write_text(hidden if not probe.returncode else f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script


@pytest.mark.java
@pytest.mark.parametrize("cluster", ["local-cluster[2,2,2048]", "connect"])
def test_a_cluster_finds_what_one_machine_does(
    cluster: str, executor: Path, tmp_path: Path, require_spark: None
) -> None:
    events, output, address = written(tmp_path), tmp_path / "found", f"file://{tmp_path}/customers"
    surroundings = {
        **os.environ,
        "TMPDIR": str(tmp_path / "scratch"),
        "PYSPARK_PYTHON": str(executor),
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH")))),
        "SPARK_SCALA_VERSION": "2.13",  # asked for by a cluster that starts from a package
        "SPARK_WORKER_DIR": str(tmp_path / "workers"),
    }
    if cluster == "connect":
        # The server takes a free port then, and not the one that another run on this machine may hold.
        surroundings |= {"SPARK_REMOTE": "local[2]", "SPARK_TESTING": "1"}
        del surroundings["PYSPARK_SUBMIT_ARGS"]
    else:
        surroundings |= {"PYSPARK_SUBMIT_ARGS": settings(cluster)}
    command = [sys.executable, str(HERE / "clustered.py"), str(output), address, str(events)]
    done = subprocess.run(command, env=surroundings, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    found, census, rows = assessed(DuckEngine(), events)
    assert pickle.loads(output.read_bytes()) == (found, census)
    table = parquet.read_table(tmp_path / "customers", partitioning=None).to_pylist()
    listed = {row["customer"]: tuple(row[name] for name in COLUMNS) for row in table}
    assert len(table) == len(listed) == found.people
    assert listed == {row.customer: shown(row, WINDOW) for row in rows}
    assert len(list((tmp_path / "customers").glob("*.parquet"))) > 1, "by several executors"
