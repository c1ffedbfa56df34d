"""What a result is printed on: how wide it is, and whether it shows colours. Asked before anything else is imported."""

import os
import sys

WIDTH = 100
"""Columns of what is no terminal."""


def colour() -> bool:
    """Whether to colour: on a terminal, unless NO_COLOR is set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns of the output: those that COLUMNS says, or the terminal's."""
    try:
        columns = int(os.environ.get("COLUMNS", ""))
    except ValueError:
        columns = 0
    if columns <= 0:
        try:
            columns = os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ is not None else 0
        except (ValueError, OSError):
            columns = 0
    return columns or WIDTH
