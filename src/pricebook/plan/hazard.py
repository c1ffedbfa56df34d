"""What a reviewer must know before a change is applied. Hazards are derived from typed changes, never from text."""

from enum import StrEnum


class Hazard(StrEnum):
    """A danger of one step."""

    PRICE_UP = "PRICE_UP"
    """Somebody pays more."""
    PRICE_DOWN = "PRICE_DOWN"
    """Somebody pays less."""
    RETROACTIVE = "RETROACTIVE"
    """Re-prices usage that is already metered."""
    REACHES_LIVE_CONTRACTS = "REACHES_LIVE_CONTRACTS"
    """Changes what customers under contract pay."""
    ENTITLEMENT_LOST = "ENTITLEMENT_LOST"
    """Something that could be used no longer can."""
    CREDIT_CUT = "CREDIT_CUT"
    """A credit or commit becomes smaller, shorter or disappears."""
    ALIAS_MOVES = "ALIAS_MOVES"
    """New contracts by this alias get something else from now on."""
    ARCHIVES = "ARCHIVES"
    """Cannot be undone."""
    FOREIGN_EDIT = "FOREIGN_EDIT"
    """Overwrites a change that somebody made in the store."""
    NEVER_INVOICED = "NEVER_INVOICED"
    """A subscription whose rate is not entitled: nobody will be billed for it."""
    MAGNITUDE = "MAGNITUDE"
    """A price changes tenfold or more: cents for dollars, per thousand for per million; or what was free is charged."""


REFUSED = frozenset(
    (
        Hazard.RETROACTIVE,
        Hazard.ENTITLEMENT_LOST,
        Hazard.CREDIT_CUT,
        Hazard.ARCHIVES,
        Hazard.FOREIGN_EDIT,
        Hazard.NEVER_INVOICED,
        Hazard.MAGNITUDE,
    )
)
"""What `apply` refuses without `--allow`, unless the project's policy says otherwise: what is hardly ever meant."""
