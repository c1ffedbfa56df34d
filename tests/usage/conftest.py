"""Spark needs Java. Without it its tests are skipped aloud, and in CI they fail."""

import os
import shutil

import pytest


@pytest.fixture(scope="session")
def require_spark() -> None:
    """Java and pyspark, or a skip that says what is missing; in CI a failure."""
    missing = "" if shutil.which("java") else "java (Debian: default-jre-headless)"
    if missing and os.environ.get("CI"):
        pytest.fail(f"Spark cannot be tested: there is no {missing}")
    if missing:
        pytest.skip(f"SPARK IS NOT TESTED: there is no {missing}")
