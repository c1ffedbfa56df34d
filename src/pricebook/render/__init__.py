"""Words and pictures: one view of a plan, many formats; escaping in one function per format."""
