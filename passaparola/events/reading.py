"""Reading what senders write: items of the specification, tolerant of types, exact about JSON. Pure."""

from typing import Any

import msgspec


class Unfit(Exception):
    """Why an item cannot be an event: a code and a detail without personal data."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(reason)


class Item(msgspec.Struct, rename="camel"):
    """One call as sent; what it holds is checked field by field, so that one bad field does not lose the rest."""

    type: Any = None
    message_id: Any = None
    user_id: Any = None
    anonymous_id: Any = None
    group_id: Any = None
    previous_id: Any = None
    event: Any = None
    name: Any = None
    properties: msgspec.Raw = msgspec.Raw(b"")
    traits: msgspec.Raw = msgspec.Raw(b"")
    context: msgspec.Raw = msgspec.Raw(b"")
    timestamp: Any = None
    original_timestamp: Any = None
    sent_at: Any = None


class Body(msgspec.Struct, rename="camel"):
    """A batch as sent; its items are read one by one."""

    batch: list[msgspec.Raw]
    context: msgspec.Raw = msgspec.Raw(b"")
    sent_at: Any = None


class Moved(msgspec.Struct):
    """The properties of a coming or going, in the order in which keys are sorted."""

    because: str
    person: int
    segment: str


decode_item = msgspec.json.Decoder(Item).decode
decode_body = msgspec.json.Decoder(Body).decode
decode_any = msgspec.json.Decoder().decode
decode_object = msgspec.json.Decoder(dict[str, Any]).decode
encode = msgspec.json.Encoder(order="sorted").encode
encode_move = msgspec.json.Encoder().encode


def one_spelling(properties: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The one JSON text of an object and what it holds: no escapes but needed ones, no key twice, no NUL.

    Databases read JSON in their own ways: SQLite does not find a key that is written with escapes and takes the first
    of two equal keys, PostgreSQL takes the last and refuses a whole object with a NUL in it.
    """
    text = encode(properties).decode()
    if "\\u0000" in text:
        properties = _without_nul(properties)
        text = encode(properties).decode()
    return text, properties


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(one) for key, one in value.items()}
    return [_without_nul(one) for one in value] if isinstance(value, list) else value


def object_text(raw: msgspec.Raw, what: str) -> str | None:
    """JSON text of an object; null and absent are the same."""
    data = bytes(raw)
    if not data or data == b"null":
        return None
    if not data.startswith(b"{"):
        raise Unfit("not_an_object", f"{what} must be an object")
    return data.decode()
