"""Use cases: one verb per file, plain functions over ports."""
