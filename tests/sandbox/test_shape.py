"""What requests may contain is what the vendor's document and SDK say."""

import shape_source


def test_the_shapes_are_current() -> None:
    """`python tests/sandbox/shape_source.py` writes them."""
    assert shape_source.SHAPE.read_text(encoding="utf-8") == shape_source.text()
