"""A Metronome account as a store: its HTTP API, and our nouns as its JSON and back."""
