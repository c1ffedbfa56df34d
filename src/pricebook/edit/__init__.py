"""The one editor of manifests' texts: nouns as YAML and CSV, and changes that leave the rest of a text as it stands."""
