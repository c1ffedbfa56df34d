"""The process of the `pricebook` command: how Python is set up for it, and what it ends with.

Exit codes: 0 nothing to do or done, 1 rejected or failed, 2 there are changes, or something left the manifests
(`plan --exit-code`, `drift`), or less of a month is explained than asked (`reconcile`), 3 stale plan,
4 interrupted and resumable.
"""

import gc
import os
import sys
from io import StringIO

import click

from pricebook.cli.main import root
from pricebook.format.escape import escape_terminal

THRESHOLD = 100_000
"""So many new objects before garbage is looked for: modules and rates are built by the hundred thousand and stay to the
end, and to look through them again and again would take a tenth of a plan's time."""


def main() -> None:
    """The entry point of the `pricebook` command."""
    gc.set_threshold(THRESHOLD)
    for name in ("stdin", "stdout", "stderr"):  # closed by who started us: cron, a daemon
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115
        elif name != "stdin":  # what a console of another encoding cannot show is written as an escape, and no error
            stream.reconfigure(errors="backslashreplace")
    # pydantic would look through every installed distribution for plug-ins of its own: no other code judges prices.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        status = root.main(standalone_mode=False)
    except click.ClickException as error:
        said = StringIO()
        error.show(file=said)
        for line in said.getvalue().splitlines():  # what was typed stands in it
            click.echo(escape_terminal(line, 4_000), err=True)
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        click.echo(
            "interrupted: nothing is half done. Run the same command again, it goes on where it stopped.", err=True
        )
        sys.exit(4)
    finally:
        gc.freeze()  # the end of the process needs no last look for garbage
    sys.exit(status if isinstance(status, int) else 0)
