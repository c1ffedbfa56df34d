"""Answers as frozen values: what a reader is told, in words and numbers, before it is drawn in any format."""
