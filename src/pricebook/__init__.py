"""pricebook: pricing as code for companies that bill with Metronome."""

__version__ = "0.1.0"
