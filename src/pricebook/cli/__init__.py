"""The command line: one file per command, parse -> workflow -> render, no logic."""
