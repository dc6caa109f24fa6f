"""What in an item names somebody: the words by which it is found when she asks to be forgotten, and what may stay. Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from passaparola.events.reading import decode_any

# An item is found by so many words, of so many bytes. One that holds more is read itself whenever somebody is forgotten.
WORDS_MAX, BYTES_MAX = 300, 64 * 1024
_WORD_LENGTH_MAX = 255
# Bounded: a search for what never comes must not begin anew at each of a million letters.
_ADDRESS = re.compile(r"[^\s\"'<>()\[\]{},;:=&?|\\/@]{1,64}@[^\s\"'<>()\[\]{},;:=&?|\\/@]{1,255}")
_PHONE = re.compile(r"\+?\d[\d\s()./-]{4,40}\d")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.){1,255})"')
_BARE = re.compile(r"[^\s\"'<>()\[\]{},;:=&?|\\]{1,255}")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_TOKEN_IN_URL = re.compile(r"[?&]pp=[A-Za-z0-9_-]{16,32}")
_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2})+")
# Of a phone number the last digits count: with or without the country's code it is the same.
_PHONE_DIGITS = 8
# What these say is nobody's name.
_NAMELESS = frozenset((
    "type", "event", "messageid", "timestamp", "originaltimestamp", "sentat", "receivedat", "currency", "total", "revenue",
    "value", "amount", "price", "quantity", "tax", "discount", "products", "library", "useragent", "locale", "timezone",
    "integrations", "device", "os", "screen", "consents", "sku", "product_id", "category",
))  # fmt: skip
# What the rooms read of an event from outside: without it the books would not come out the same.
_NEEDED = frozenset((
    "order_id", "line", "currency", "total", "revenue", "value", "amount", "refund", "margin", "discount", "coupon", "code",
    "channel", "party_size", "company", "companions", "accompanied", "token", "click", "click_id", "score", "rating",
    "source", "purpose", "state", "robot", "bot",
))  # fmt: skip
_NEEDED_OF_LINE = frozenset((
    "product_id", "sku", "name", "category", "quantity", "price", "total", "discount", "coupon", "original_price",
    "on_offer", "on_sale", "promotion",
))  # fmt: skip
# By these our own acts say what they did, not to whom.
_ACTING = frozenset(("kind", "subject", "code", "key", "outcome", "state", "segment", "token", "order_id", "channel", "purpose"))
# What stands in these with a blank in it was written by somebody of the staff or by a provider, about her.
_WRITTEN = frozenset(("reason", "detail", "note", "comment", "text"))
ERASED = "erased"


def forms(text: str) -> set[str]:
    """The words that stand for a name, however it is written: small letters, the end of a phone number, addresses in it."""
    plain = text.strip().casefold()
    found = {plain} if plain and len(plain) <= _WORD_LENGTH_MAX else set()
    found |= {address.strip(".").casefold() for address in _ADDRESS.findall(text)}
    for number in _PHONE.findall(text):
        digits = "".join(mark for mark in number if mark.isdecimal())
        if 6 <= len(digits) <= 15:
            found.add(f"#{digits[-_PHONE_DIGITS:]}")
    return found


def words(body: bytes) -> tuple[set[str], bool]:
    """The words an item is found by, and whether these are all. What may be a name goes before what hardly is one."""
    telling: set[str] = set()
    rest: set[str] = set()
    for key, text in _texts(body[:BYTES_MAX]):
        (telling if "@" in text or key.endswith(("id", "mail", "phone", "name")) else rest).update(forms(text))
        if len(telling) > WORDS_MAX:
            break
    rest -= telling
    if len(telling) + len(rest) <= WORDS_MAX:
        return telling | rest, len(body) <= BYTES_MAX
    return set(sorted(telling)[:WORDS_MAX]) | set(sorted(rest)[: max(0, WORDS_MAX - len(telling))]), False


def holds(body: bytes, names: "Names") -> bool:
    """Whether an item names somebody, however long it is: read from end to end, once."""
    text = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), body.decode("utf-8", "replace"))
    return names.are_in(text) or names.are_in(_plain(text))


def _texts(body: bytes) -> Iterator[tuple[str, str]]:
    """Every text in an item, with the key it stands under; of what is no JSON whatever looks like one."""
    try:
        yield from _leaves("", decode_any(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), body.decode("utf-8", "replace"))
        for one in {text, _plain(text)}:
            for pattern in (_ADDRESS, _QUOTED, _PHONE, _BARE):
                yield from (("", found) for found in pattern.findall(one))


def _plain(text: str) -> str:
    """Without the percent signs of an address."""
    return _PERCENT.sub(lambda run: bytes.fromhex(run[0].replace("%", "")).decode("utf-8", "replace"), text)


def _leaves(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
        if "%" in value:
            yield key, _plain(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield key, str(value)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(key, one)
    elif isinstance(value, dict):
        for name, one in value.items():
            if "@" in name:
                yield "mail", name
            if name.lower() not in _NAMELESS:
                yield from _leaves(name.lower(), one)


# --- what may stay -------------------------------------------------------------------------------


class Names:
    """Everything somebody is called, to be found within a text."""

    def __init__(self, names: Iterable[str]) -> None:
        known = sorted({name.strip().casefold() for name in names if len(name.strip()) > 2})
        phones = sorted({form[1:] for name in known for form in forms(name) if form.startswith("#")})
        wanted = [rf"(?<!\w){re.escape(one)}(?!\w)" for one in known]
        wanted += [r"[\s()./-]{0,3}".join(phone) + r"(?!\d)" for phone in phones]
        self._pattern = re.compile("|".join(wanted) or r"(?!)")

    def are_in(self, text: str) -> bool:
        """Whether the text names her."""
        return bool(self._pattern.search(text.casefold()))


def remains(type_: str, properties: dict[str, Any], names: Names) -> dict[str, Any]:
    """What stays of an event's properties when its person is forgotten: what the books follow from, and no more.

    Of our own acts everything but the texts that name her, or that somebody wrote about her.
    """
    if type_ == "act":
        return {key: _unnamed(key, value, names) for key, value in properties.items()}
    kept = {key: value for key, value in properties.items() if key in _NEEDED and _is_short(value)}
    if isinstance(lines := properties.get("products"), list):
        kept["products"] = [_line(one) for one in lines]
    if tokens := "".join(_TOKEN_IN_URL.findall(str(properties))):
        kept["url"] = tokens
    return kept


def _line(one: Any) -> dict[str, Any]:
    said = one.items() if isinstance(one, dict) else ()
    return {key: value for key, value in said if key in _NEEDED_OF_LINE and _is_short(value)}


def _is_short(value: Any) -> bool:
    return not isinstance(value, (dict, list)) and not (isinstance(value, str) and len(value) > _WORD_LENGTH_MAX)


def _unnamed(key: str, value: Any, names: Names) -> Any:
    if isinstance(value, str):
        written = key in _WRITTEN and " " in value.strip()
        return ERASED if written or (key not in _ACTING and names.are_in(value)) else value
    if isinstance(value, dict):
        return {name: _unnamed(name, one, names) for name, one in value.items()}
    return [_unnamed(key, one, names) for one in value] if isinstance(value, list) else value
