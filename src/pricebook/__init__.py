"""pricebook: pricing as code for companies that bill with Metronome."""

__version__ = "0.1.0"

REPOSITORY = "https://github.com/pricebook-dev/pricebook"
"""Where the project lives: `https://HOST/OWNER/PROJECT`. Files that have to spell it out follow: `make names`."""

SITE = "https://pricebook.dev"
"""Where its pages are published, without a slash at the end; schemas are named by it, too."""
