"""The population billed on Spark, in a process of its own: which cluster, its environment says. Run as a program it
writes what was found to one file; rows go where the cluster writes them."""

import pickle
import sys
from pathlib import Path

from population import WINDOW, assessed, catalogues

from pricebook.format.customer_bills import cells
from pricebook.preview.impact import CustomerRow
from pricebook.preview.terms import Window
from pricebook.usage.engine import Target
from pricebook.usage.spark import SparkEngine
from pricebook.view.impact import CUSTOMER_BILL, PLACES


def shown(row: CustomerRow, window: Window) -> tuple[object, ...]:
    """A row of the list of customers."""
    assert window == WINDOW
    return cells(catalogues()[0].scales, row, window)


if __name__ == "__main__":
    import clustered  # executors know it by its name

    output, address, *usage = sys.argv[1:]
    target = Target(address, CUSTOMER_BILL, PLACES)
    found, census, rows = assessed(SparkEngine(), *usage, shown=clustered.shown, target=target)
    assert not rows, "they went to the target alone"
    Path(output).write_bytes(pickle.dumps((found, census)))
