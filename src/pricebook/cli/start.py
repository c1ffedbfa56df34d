"""Where the `pricebook` command begins: with what can be answered before anything else is imported."""

import gc
import sys

THRESHOLD = 100_000
"""So many new objects before garbage is looked for: modules and rates are built by the hundred thousand and stay to the
end, and to look through them again and again would take a tenth of a plan's time."""


def main() -> None:
    """The entry point of the `pricebook` command."""
    gc.set_threshold(THRESHOLD)
    try:
        _run()
    finally:
        gc.freeze()  # the end of the process needs no last look for garbage either


def _run() -> None:
    if "plan" in sys.argv:
        from pricebook.cli.recall import recall

        answer = recall(sys.argv[1:])
        if answer is not None:
            _print(answer)
            return
    from pricebook.cli.main import main as command_line

    command_line()


def _print(answer: str) -> None:
    """Write an answer whole; a reader who has gone is no failure."""
    try:
        sys.stdout.write(answer)
        sys.stdout.flush()
    except BrokenPipeError:
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
