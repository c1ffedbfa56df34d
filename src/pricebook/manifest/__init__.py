"""Manifests to catalog and back. The only room that knows YAML and CSV."""
