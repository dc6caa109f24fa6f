"""Properties as the lake keeps them: flat, typed by their first letter, without what could be about somebody. Pure.

Every engine reads {"size": "n41.5", "colour": "sred", "gift": "bt"} alike: one path, then a cast of what follows the letter.
"""

import re
from typing import Any

import msgspec

KEYS_MAX = 50
TEXT_LENGTH_MAX = 80
# Quotes, brackets and the like have meanings of their own in the path languages of the engines.
_KEY = re.compile(r"""[^"'`\\\[\]*?$@\x00-\x1f\x7f]{1,120}""")
# What by its name is somebody's, or is free text in which somebody may be named.
PERSONAL = frozenset((
    "email", "mail", "phone", "mobile", "name", "first_name", "last_name", "firstname", "lastname", "given_name",
    "surname", "full_name", "address", "street", "postcode", "zip", "ip", "user_agent", "birthday", "birth_date",
    "password", "iban", "comment", "text", "message", "body", "note", "search", "query", "url", "path", "title",
    "referrer", "token",
))  # fmt: skip
# An address, a telephone number, a card number.
_TELLING = re.compile(r"@|(?:\d[\s().-]?){7,}")
_encode = msgspec.json.Encoder(order="sorted").encode


def packed(properties: dict[str, Any]) -> str | None:
    """The properties as the lake keeps them, None where nothing remains."""
    found: dict[str, str] = {}
    for key, value in properties.items():
        if len(found) == KEYS_MAX:
            break
        if key.lower() not in PERSONAL and _KEY.fullmatch(key) and (text := _typed(value)) is not None:
            found[key] = text
    return _encode(found).decode() if found else None


def _typed(value: Any) -> str | None:
    if isinstance(value, bool):
        return "bt" if value else "bf"
    if isinstance(value, (int, float)):
        return f"n{value!r}"
    if isinstance(value, str) and len(value) <= TEXT_LENGTH_MAX and "\0" not in value and not _TELLING.search(value):
        return f"s{value}"
    return None
