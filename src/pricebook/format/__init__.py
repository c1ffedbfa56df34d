"""How answers are drawn: a table of view and format, a function for each, and one function per format that escapes."""
