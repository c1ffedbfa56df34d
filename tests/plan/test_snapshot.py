"""What a snapshot can tell of an object without looking again."""

from datetime import UTC, datetime

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import content_digest
from pricebook.catalog.model import Alias
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.snapshot import Snapshot

CARD = Ref(Kind.RATE_CARD, "tokens")


def observed(card: RateCard) -> Snapshot:
    """A card that was last applied as one named Tokens, and looks like this now."""
    mark = content_digest(RateCard(name="Tokens"))
    return Snapshot(datetime(2026, 1, 1, tzinfo=UTC), Catalog({CARD: card}), {CARD: "id"}, {CARD: mark})


def test_a_card_that_was_renamed_behind_our_back_has_drifted() -> None:
    assert observed(RateCard(name="Tokens!")).drifted(CARD)


def test_a_card_with_its_aliases_has_not_drifted() -> None:
    assert not observed(RateCard(name="Tokens", aliases=(Alias(name="tokens"),), product_order=("a",))).drifted(CARD)
