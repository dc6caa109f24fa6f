"""Text from outside, made fit for a column."""


def text(value: object, length: int) -> str:
    """The text without NUL and outer blanks, at most `length` characters; empty if it is none."""
    return value.replace("\0", "").strip()[:length] if isinstance(value, str) else ""
