"""The command line: one file per command, parse -> workflow -> answer, no logic."""
