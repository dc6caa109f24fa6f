"""A row becomes events in the Segment shape, with message ids that follow from what the row says. Pure.

The same row gives the same message id in any file, so an overlapping or repeated import adds only what is new. Rows
without an order id are told apart by counting equal ones: two purchases alike in every cell are two purchases.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from passaparola.doors.imports import cells
from passaparola.doors.imports.cells import Unreadable
from passaparola.doors.imports.mapping import Layout

MESSAGE_ID_CHARACTERS_MAX = 100
_TRAITS = {"given_name": "firstName"}
_encode = msgspec.json.Encoder(decimal_format="number", order="sorted").encode


@dataclass(frozen=True)
class Reading:
    """How the cells of this file are read."""

    layout: Layout
    decimal: str
    dates: str
    zone: ZoneInfo
    currency: str
    earliest_year: int
    latest: datetime
    constants: dict[str, str]
    simulated: bool = False
    # What the values of the column line_type mean, by their lower-case form.
    types: dict[str, str] = field(default_factory=dict)
    # Whether the usual names of an order's states are known without being explained there.
    statuses: bool = False
    negative: str | None = None
    guests: str = "refuse"
    # A second file's columns for a value of the field `looked_up`; empty where it does not know it.
    look_up: Callable[[str], dict[str, str]] | None = None
    looked_up: str = ""

    @cached_property
    def extras(self) -> list[tuple[str, str, str]]:
        """The property: and number: fields as (field, kind, key)."""
        return [part for part in self._open if part[1] in ("property", "number")]

    @cached_property
    def product_extras(self) -> list[tuple[str, str, str]]:
        """The product: fields as (field, "product", key)."""
        return [part for part in self._open if part[1] == "product"]

    @cached_property
    def _open(self) -> list[tuple[str, str, str]]:
        parts = [(name, *name.partition(":")[::2]) for name in (*self.layout.places, *self.constants)]
        return [part for part in parts if part[2]]

    @cached_property
    def person_fields(self) -> list[str]:
        """The fields that say something about the person."""
        names = ("email", "phone", "name", "given_name", "birthday", "gender", "language")
        return [name for name in names if name in self.layout.places or name in self.constants]

    @cached_property
    def about_person(self) -> bool:
        """Whether rows say anything about people at all."""
        return (
            self.layout.kind == "people"
            or bool(self.person_fields)
            or any(name.startswith(("consent.", "trait:")) for name in (*self.layout.places, *self.constants))
        )


def value(reading: Reading, row: Sequence[str], name: str) -> str:
    """A field's text in this row, or the constant, or empty."""
    place = reading.layout.places.get(name)
    if place is None:
        return reading.constants.get(name, "")
    text = row[place].strip()
    # '0042 and '+34600111222: so some exports keep spreadsheets from turning them into numbers.
    return text[1:] if text[:1] == "'" and text[1:].removeprefix("+").isdigit() else text


def who(reading: Reading, row: Sequence[str]) -> dict[str, str]:
    """userId or anonymousId. Who is known by e-mail or phone only gets an anonymous id that follows from it."""
    text = value(reading, row, "user_id")
    # Shops that number their customers from 1 write 0 for a guest: whoever left an address is known by that.
    is_guest = text == "0" and any(value(reading, row, name) for name in ("anonymous_id", "email", "phone"))
    if text.lower() not in cells.BLANKS and not is_guest:
        return {"userId": cells.identifier(text, "user_id")}
    if (text := value(reading, row, "anonymous_id")).lower() not in cells.BLANKS:
        return {"anonymousId": cells.identifier(text, "anonymous_id")}
    for name in ("email", "phone"):
        if text := value(reading, row, name).lower():
            return {"anonymousId": f"import-{digest({name: text})}"}
    raise Unreadable("user_id_missing")


def is_somebody(reading: Reading, row: Sequence[str]) -> bool:
    """Whether the row says whose it is."""
    try:
        return bool(who(reading, row))
    except Unreadable:
        return False


def when(reading: Reading, row: Sequence[str]) -> datetime:
    """The row's time. Raises Unreadable."""
    text = value(reading, row, "occurred_at")
    return cells.moment(text, reading.dates, reading.zone, earliest_year=reading.earliest_year, latest=reading.latest)


def properties(reading: Reading, row: Sequence[str]) -> dict[str, Any]:
    """The row's property: and number: columns. Raises Unreadable for a number that is none."""
    found: dict[str, Any] = {}
    for name, kind, key in reading.extras:
        if text := value(reading, row, name):
            found[key] = number(text, reading.decimal) if kind == "number" else text
    return found


def number(text: str, decimal: str) -> int | Decimal:
    """A number of any sign. Raises Unreadable."""
    try:
        found = cells.amount(text, decimal, negative=True)
    except Unreadable as problem:
        raise Unreadable("number_unreadable", text) from problem
    return int(found) if found == found.to_integral_value() else found


def person(reading: Reading, row: Sequence[str]) -> list[dict[str, Any]]:
    """An identify and the consents of a row, empty if the row says nothing about the person. Raises Unreadable."""
    if not reading.about_person:
        return []
    traits: dict[str, Any] = {
        _TRAITS.get(name, name): text for name in reading.person_fields if (text := value(reading, row, name))
    }
    for name in reading.layout.places:
        if name.startswith("trait:") and (text := value(reading, row, name)):
            traits[name.removeprefix("trait:")] = text
    if reading.simulated and traits:
        traits["simulated"] = True
    base: dict[str, Any] = who(reading, row)
    if value(reading, row, "occurred_at"):
        base["timestamp"] = iso(when(reading, row))
    found = consents(reading, row, base)
    if traits or reading.layout.kind == "people":
        # The time stands apart from the id: the same facts on a second order are not a second fact.
        identify = {**base, "type": "identify", "traits": traits}
        identify["messageId"] = message_id("person", digest([who(reading, row), traits]))
        if reading.layout.kind == "orders":
            identify.pop("timestamp", None)
        found.insert(0, identify)
    return found


def consents(reading: Reading, row: Sequence[str], base: dict[str, Any]) -> list[dict[str, Any]]:
    """A Consent Given or Consent Refused for each consent column with an answer. Raises Unreadable."""
    found = []
    for name in (*reading.layout.places, *reading.constants):
        if not name.startswith("consent."):
            continue
        answer = cells.agreement(value(reading, row, name))
        if answer is None:
            continue
        _, channel, purpose = (*name.split("."), "referral")[:3]
        said: dict[str, Any] = {
            "channel": channel,
            "purpose": purpose,
            "wording": value(reading, row, "consent_wording"),
            "evidence": {"method": "import"},
        }
        if reading.simulated:
            said["evidence"]["simulated"] = True
        event = "Consent Given" if answer else "Consent Refused"
        identity = {key: text for key, text in base.items() if key != "timestamp"}
        found.append(
            {
                **base,
                "type": "track",
                "event": event,
                "messageId": message_id("consent", digest([identity, event, said])),
                "properties": said,
            }
        )
    return found


def event(reading: Reading, row: Sequence[str], *, nth: Callable[[str], int]) -> dict[str, Any]:
    """A track event of an event file. Raises Unreadable."""
    name = cells.identifier(value(reading, row, "event"), "event")
    found = properties(reading, row)
    if text := value(reading, row, "properties"):
        try:
            more = json.loads(text, parse_float=Decimal)
        except ValueError as problem:
            raise Unreadable("properties_not_json", text) from problem
        if not isinstance(more, dict):
            raise Unreadable("properties_not_json", text)
        found = {**more, **found}
    item: dict[str, Any] = {
        "type": "track",
        "event": name,
        **who(reading, row),
        "timestamp": iso(when(reading, row)),
        "properties": found,
    }
    given = value(reading, row, "message_id")
    item["messageId"] = message_id("", given) if given else counted("event", item, nth)
    return item


def counted(kind: str, item: dict[str, Any], nth: Callable[[str], int]) -> str:
    """A message id from all that is said, and the how-manieth time."""
    said = digest(item)
    return message_id(kind, f"{said}-{nth(said)}")


def digest(said: object) -> str:
    """24 hex digits of what is said, whatever the order of its keys."""
    return hashlib.blake2b(_encode(said), digest_size=12).hexdigest()


def message_id(kind: str, key: str) -> str:
    """`kind:key`, shortened by hashing where it would be longer than the log takes."""
    whole = f"{kind}:{key}" if kind else key
    return whole if len(whole) <= MESSAGE_ID_CHARACTERS_MAX else f"{kind or 'id'}:{digest(key)}"


def iso(at: datetime) -> str:
    """A UTC time as the log writes it."""
    return at.isoformat().replace("+00:00", "Z")
