"""What `covers` means: a ref, with `*` for any text. Compared without a regular expression, so no pattern is slow."""


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text is as the pattern says; `*` stands for any text, also none."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == first
    last = rest.pop()
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in rest:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True
