"""Spark needs Java. Without it its tests are skipped aloud, and in CI they fail."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

QUICK = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""Compiling a query takes longer than a thousand events take without."""
SETTINGS = {
    "PYSPARK_SUBMIT_ARGS": " ".join(
        ["--master local[1]", *(f"--conf {k}={v}" for k, v in QUICK.items()), "pyspark-shell"]
    ),
    "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData",
}


@pytest.fixture(scope="session")
def require_spark() -> Iterator[None]:
    """Java, pyspark and settings with which a session starts quickly, or a skip that says what is missing; in CI a
    failure."""
    missing = "" if shutil.which("java") else "java (Debian: default-jre-headless)"
    if missing and os.environ.get("CI"):
        pytest.fail(f"Spark cannot be tested: there is no {missing}")
    if missing:
        pytest.skip(f"SPARK IS NOT TESTED: there is no {missing}")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], str]]:
    """An object store on this machine; what puts a folder there gives its address."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    for variable, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(variable, value)
    client, name = boto3.client("s3"), f"usage-{uuid4().hex}"  # servers of one process share what they hold
    client.create_bucket(Bucket=name)

    def put(folder: Path) -> str:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                client.upload_file(str(file), name, f"all/{file.relative_to(folder).as_posix()}")
        return f"s3://{name}/all"

    try:
        yield put
    finally:
        server.stop()
