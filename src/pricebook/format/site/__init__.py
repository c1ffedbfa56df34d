"""The price list as pages that link to each other, for any date, and as a feed for other pages."""
