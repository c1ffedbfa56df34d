"""A Metronome-compatible HTTP server over an account of its own: laptops, CI, the vendor's own SDK, fault injection."""
