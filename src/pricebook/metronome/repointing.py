"""What follows the rates of a card in an account: its aliases, and the order of its products."""

from datetime import datetime

from pricebook.apply import rule
from pricebook.apply.keys import ALIASES, ORDER, chain
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind
from pricebook.metronome.kind import APIS
from pricebook.metronome.wire.noun import aliases_json
from pricebook.metronome.writing import Writing, observed_of
from pricebook.observe.mark import alias_digest, order_digest
from pricebook.plan.handover import holders_of, written
from pricebook.plan.verb.table import Repoint


def repoint(work: Writing, change: Repoint, at: datetime) -> str:
    """Give a card its aliases and its order, and return its id. Raises StoreRefused, OutcomeUnknown, StoreError."""
    ref = change.ref
    id_: str = work.live(ref)["id"]
    work.fetch_aliases()
    item, card = work.live(ref), work.nouns[ref]
    assert isinstance(card, RateCard)
    # The order is not shown, so nobody can tell whether it is still the one that was seen.
    rule.check_repoint(change, card.aliases, change.observed_order, holders_of(change.given, ref, Catalog(work.nouns)))
    order = [work.refer(ref, Kind.PRODUCT, name, archived_too=True) for name in change.product_order]
    marks: dict[str, str] = {}
    held = item.get("custom_fields") or {}
    after = alias_digest(change.aliases, ())
    aliases = written(change, card.aliases, at)
    if set(card.aliases) == set(aliases):
        if held.get(ALIASES) != after:
            marks[ALIASES] = after
    else:
        work.mark(
            ref, id_, {ALIASES: chain(*(alias_digest(each, ()) for each in (card.aliases, aliases, change.aliases)))}
        )
        body = {"rate_card_id": id_, "aliases": aliases_json(aliases)}

        def done() -> str | None:
            observed = observed_of(work, ref, card, anew=True)
            return id_ if isinstance(observed, RateCard) and set(observed.aliases) == set(aliases) else None

        work.sender.send(f"{APIS[ref.kind].path}/update", body, done=done)
        marks[ALIASES] = after
    wanted = order_digest(change.product_order)
    if held.get(ORDER, order_digest(())) != wanted:
        body = {"rate_card_id": id_, "product_order": order}
        # The account does not show the order; saying the same one twice does no harm.
        work.sender.send(f"{APIS[ref.kind].path}/setRateCardProductsOrder", body, done=lambda: None)
        marks[ORDER] = wanted
    if marks:
        work.mark(ref, id_, marks)
    work.nouns[ref] = card.model_copy(update={"aliases": aliases, "product_order": change.product_order})
    return id_
