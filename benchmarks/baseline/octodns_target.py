"""A target for octoDNS that answers from one JSON file, as an API would, only sooner.

octoDNS's own YAML provider could be the target too; reading YAML a second time would double octoDNS's time.
"""

import json
import logging
from typing import Any

from octodns.provider.base import BaseProvider
from octodns.record import Record


class HeldProvider(BaseProvider):  # type: ignore[misc]  # octodns is not there where types are checked
    """Everything it holds is A records; it is planned against and never applied to."""

    SUPPORTS_GEO = False
    SUPPORTS_DYNAMIC = False
    SUPPORTS = frozenset(("A",))

    def __init__(self, id: str, path: str) -> None:
        self.log = logging.getLogger("HeldProvider")
        super().__init__(id)
        self.path = path

    def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> bool:
        """Add the zone's records, as every provider does."""
        with open(self.path, encoding="utf-8") as file:
            held = json.load(file)
        for name, data in held[zone.name]:
            zone.add_record(Record.new(zone, name, data, source=self, lenient=lenient), lenient=lenient)
        return True

    def _apply(self, plan: Any) -> None:
        raise NotImplementedError
