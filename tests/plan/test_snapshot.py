"""What a snapshot can tell of an object without looking again."""

from pricebook.catalog.fingerprint import content_digest
from pricebook.catalog.model import Alias
from pricebook.catalog.rate_card import RateCard
from pricebook.observe.snapshot import Marks, Observed


def observed(card: RateCard) -> Observed:
    """A card that was last applied as one named Tokens, and looks like this now."""
    return Observed(card, "id", marks=Marks(content_digest(RateCard(name="Tokens"))))


def test_a_card_that_was_renamed_behind_our_back_has_drifted() -> None:
    assert observed(RateCard(name="Tokens!")).drifted


def test_a_card_with_its_aliases_has_not_drifted() -> None:
    assert not observed(RateCard(name="Tokens", aliases=(Alias(name="tokens"),), product_order=("a",))).drifted
