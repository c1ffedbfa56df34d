"""How Metronome's answers differ from what its requests said (`observe.snapshot.Quirks`)."""

from pricebook.observe.snapshot import Quirks

QUIRKS = Quirks(
    filled_in={"rate_type": "LIST_RATE", "invoice_behavior": "BILL_ON_NEXT_COLLECTION_DATE"},
    statement={"frequency": "MONTHLY"},
    # Fields of requests that no answer has (PackageListResponse of the SDK, 4.12).
    not_shown=("invoice_generation_starting_at_offset", "initial_unassigned_seats"),
)
