"""Usage: events in the vendor's ingest format become quantities per customer and period, counted by an engine."""
