"""The soak of `soak.py`, in short: what must hold after five minutes must hold after some seconds."""

import random
import signal
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from soak import SCHEMA, soak

from server import Server


def test_a_team_that_is_disturbed_loses_nothing(server: Server, tmp_path: Path) -> None:
    with closing(server.connect()) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; DROP SCHEMA IF EXISTS noted CASCADE")
    found = soak(
        *(server, tmp_path, 12),
        ttl=timedelta(seconds=2),
        readers=4,
        appliers=1,
        restarts=(signal.SIGQUIT,),
        pause=(0.5, 3),
        chance=random.Random(3),
    )
    assert found["restarts"] == 1
    assert found["killed appliers"] > 0
    assert found["read"] > 0
