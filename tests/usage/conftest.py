"""Spark needs Java. Without it its tests are skipped aloud, and in CI they fail."""

import os
import shutil
from collections.abc import Iterator

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
