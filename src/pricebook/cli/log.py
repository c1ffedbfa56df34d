"""`-v` and `--log`: what happens on the way, to standard error, for people or one JSON object a line."""

import json
import sys
from threading import Lock
from typing import Any

import click

from pricebook import trace, wiring
from pricebook.format.escape import escape_json, escape_terminal

FORMS = ("text", "json")
_COUNTED = {"file.opened": "files", "request.ended": "requests"}
"""Events whose number the last one tells."""


class Log:
    """Writes events in one of the `FORMS`."""

    def __init__(self, form: str) -> None:
        self.form = form
        self._begun = wiring.now()
        self._counts = dict.fromkeys(_COUNTED.values(), 0)
        self._lock = Lock()

    def hear(self, event: str, fields: dict[str, Any]) -> None:
        """Write one event. Whoever has closed standard error reads no log, and misses nothing else."""
        with self._lock:
            now = wiring.now()
            if event in _COUNTED:
                self._counts[_COUNTED[event]] += 1
            if event == "command.ended":
                fields = {**fields, **self._counts, "milliseconds": round((now - self._begun).total_seconds() * 1000)}
            line = {"time": f"{now:%Y-%m-%dT%H:%M:%S.%f}Z", "level": level_of(event, fields), "event": event, **fields}
            text = escape_json(json.dumps(line, default=str)) if self.form == "json" else _words(line)
            try:
                sys.stderr.write(text + "\n")
                sys.stderr.flush()
            except (OSError, ValueError):
                pass


def level_of(event: str, fields: dict[str, Any]) -> str:
    """`info`; `warning` for a request without an answer, or one that is no; `error` for a command that failed."""
    if event == "command.ended" and fields.get("exit_code") == 1:
        return "error"
    status = fields.get("status")
    return "warning" if event == "request.ended" and (status is None or status >= 400) else "info"


def start(ctx: click.Context, form: str) -> None:
    """Listen until the command line has ended; said in both forms, it is JSON."""
    said = ctx.find_root().ensure_object(dict)
    if (log := said.get("log_of")) is None:
        log = said["log_of"] = Log(form)
        ctx.find_root().call_on_close(trace.listen(log.hear))
    log.form = "json" if "json" in (form, log.form) else "text"


def _words(line: dict[str, Any]) -> str:
    """`02:37:11.123 request.ended method=GET host=api.metronome.com status=200 milliseconds=87`."""
    head = f"{line['time'][11:23]} {line['event']}"
    fields = (f"{name}={_value(found)}" for name, found in line.items() if name not in ("time", "level", "event"))
    return " ".join((head, *fields))


def _value(found: object) -> str:
    text = "none" if found is None else escape_terminal(str(found))
    return json.dumps(text, ensure_ascii=False) if not text or " " in text or '"' in text else text
