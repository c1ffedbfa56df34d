"""Where the `pricebook` command begins: with what can be answered before anything else is imported."""

import sys


def main() -> None:
    """The entry point of the `pricebook` command."""
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
