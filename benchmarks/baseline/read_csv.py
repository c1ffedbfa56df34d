"""Python's csv module reading a price table into typed tuples: the least that any reader of it does."""

import csv
import sys
from decimal import Decimal

with open(sys.argv[1], encoding="utf-8", newline="") as file:
    reader = csv.reader(file)
    next(reader)
    rows = [(provider, mode, model, component, Decimal(usd)) for provider, mode, model, component, usd in reader]
assert rows
