"""From an accepted request to events, or a reason for each item that is none.

Named steps: decode → identify the kind → check ids → place in time → fingerprint. Pure: no store, no clock.
Rules of the Segment specification as a server must keep them; times and limits from settings.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from passaparola.events import claims
from passaparola.events.reading import (
    Body,
    Item,
    Moved,
    Unfit,
    decode_body,
    decode_item,
    decode_object,
    encode,
    encode_move,
    object_text,
    one_spelling,
)

TYPES = ("identify", "track", "page", "screen", "group", "alias")
# Day numbers count from here.
EPOCH = date(1970, 1, 1)
_EPOCH_ORDINAL = EPOCH.toordinal()
ID_LENGTH_MAX = 255
NAME_LENGTH_MAX = 120
MESSAGE_ID_LENGTH_MAX = 100


class Happening(msgspec.Struct, kw_only=True):
    """One event on its way down the corridor.

    `properties`, `traits` and `context` are JSON text as received; the rooms read them through `props` and friends.
    """

    source: str
    message_id: str
    type: str
    name: str
    occurred_at: datetime
    received_at: datetime
    day: int
    hour: int
    fingerprint: bytes
    body_hash: bytes
    user_id: str | None = None
    anonymous_id: str | None = None
    group_id: str | None = None
    previous_id: str | None = None
    properties: str = "{}"
    traits: str | None = None
    context: str | None = None
    history: bool = False
    caused_by: int | None = None
    import_id: int | None = None
    # Set on the way: the row's id, whose event it is, what it came to.
    id: int = 0
    person_id: int | None = None
    result: dict[str, Any] = {}
    props: dict[str, Any] = {}
    given_traits: dict[str, Any] = {}
    notes: dict[str, list[dict[str, Any]]] = {}
    # Orders of the person, and the time of the last, before this event was counted.
    before: tuple[int, datetime | None] | None = None

    def tell(self, kind: str, /, **values: Any) -> None:
        """Leave a note for the rooms downstream."""
        self.notes.setdefault(kind, []).append(values)

    def told(self, kind: str, /) -> Sequence[dict[str, Any]]:
        """The notes of a kind left upstream."""
        return self.notes.get(kind, ())


class Rejected(msgspec.Struct):
    """An item that is no event, with the reason; kept aside whole."""

    source: str
    received_at: datetime
    reason: str
    detail: str
    position: int | None
    body: bytes


class Limits(msgspec.Struct, frozen=True):
    """What intake needs to know of the settings."""

    time_zone: str
    future_seconds_max: int
    earliest_year: int
    event_bytes_max: int = 32 * 1024


def read(
    *, kind: str, call: str, source: str, body: bytes, received_at: datetime, inbox_id: int, limits: Limits
) -> tuple[list[Happening], list[Rejected]]:
    """The events of one inbox row, and what in it is none."""
    try:
        items, shared = _items(kind, call, body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        return [], [Rejected(source, received_at, "unreadable", str(problem)[:200], None, body)]
    good: list[Happening] = []
    bad: list[Rejected] = []
    for position, raw in enumerate(items):
        try:
            good.append(
                _happening(raw, call, kind, source, received_at, f"inbox:{inbox_id}:{position}", shared, limits)
            )
        except Unfit as problem:
            bad.append(Rejected(source, received_at, problem.reason, problem.detail[:500], position, bytes(raw)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as problem:
            bad.append(Rejected(source, received_at, "unreadable", str(problem)[:200], position, bytes(raw)))
    return good, bad


def _items(kind: str, call: str, body: bytes) -> tuple[list[Any], Body | None]:
    if kind == "click":
        return [body], None
    if call == "batch" or kind == "import":
        whole = decode_body(body)
        return list(whole.batch), whole
    return [body], None


def _happening(
    raw: Any,
    call: str,
    kind: str,
    source: str,
    received_at: datetime,
    spare_id: str,
    shared: Body | None,
    limits: Limits,
) -> Happening:
    if kind == "click":
        return _click(bytes(raw), source, received_at, spare_id, limits)
    # An import writes whole baskets; a sender's single event has a bound.
    if kind != "import" and len(bytes(raw)) > limits.event_bytes_max:
        raise Unfit("too_large", f"an event may have {limits.event_bytes_max} bytes")
    item = decode_item(raw)
    type_ = call if call in TYPES else item.type
    if type_ not in TYPES:
        raise Unfit("unknown_type", f"type must be one of {', '.join(TYPES)}")
    if kind == "web":
        claims.weaken(type_, item)
    properties = object_text(item.properties, "properties")
    traits, context = object_text(item.traits, "traits"), object_text(item.context, "context")
    # The context is read only where something in it matters here.
    wanted = context and (kind == "import" or type_ == "identify" or (shared is not None and shared.context))
    given = decode_object(context) if context and wanted else {}
    import_id = None
    if shared is not None and shared.context:
        common = decode_object(object_text(shared.context, "context") or "{}")
        # Of the file, as the importer itself says; a line of the file cannot say it is another's.
        import_id = common.get("import") if kind == "import" and isinstance(common.get("import"), int) else None
        given = {**common, **given}
        context = encode(given).decode()
    if type_ == "identify" and traits in (None, "{}") and isinstance(given.get("traits"), dict):
        # One official SDK sends identify traits only in the context.
        traits = encode(given["traits"]).decode()
    happening = _build(
        type=type_,
        name=_name(type_, item),
        source=source,
        message_id=_id(item.message_id, "messageId", MESSAGE_ID_LENGTH_MAX) or spare_id,
        occurred_at=_when(item, shared, received_at, limits, exact=kind == "import"),
        received_at=received_at,
        user_id=_id(item.user_id, "userId"),
        anonymous_id=_id(item.anonymous_id, "anonymousId"),
        group_id=_id(item.group_id, "groupId"),
        previous_id=_id(item.previous_id, "previousId"),
        properties=properties or "{}",
        traits=traits,
        context=context,
        history=kind == "import" and bool(given.get("history", True)),
        import_id=import_id,
        zone=limits.time_zone,
    )
    _check_ids(happening)
    return happening


def _check_ids(happening: Happening) -> None:
    if happening.type == "alias":
        if not (happening.user_id and happening.previous_id):
            raise Unfit("no_identity", "alias needs userId and previousId")
    elif not (happening.user_id or happening.anonymous_id):
        raise Unfit("no_identity", "userId or anonymousId is needed")
    if happening.type == "group" and not happening.group_id:
        raise Unfit("no_group", "group needs groupId")


def _click(body: bytes, source: str, received_at: datetime, spare_id: str, limits: Limits) -> Happening:
    given = decode_object(body)
    token = _id(given.get("token"), "token", 32) or ""
    if not token:
        raise Unfit("no_token", "a click needs its token")
    return _build(
        type="act",
        name="Link Clicked",
        source="edge",
        message_id=f"click:{token}",
        occurred_at=received_at,
        received_at=received_at,
        properties=body.decode(),
        zone=limits.time_zone,
    )


def make_move(
    name: str, *, source: str, message_id: str, now: datetime, time_zone: str, person_id: int, segment: str, because: str
) -> Happening:
    """Somebody's coming into a segment or going out of it: `make_act` for what is made most often, and holds only this."""
    text = encode_move(Moved(because, person_id, segment)).decode()
    return _build(
        type="act", name=name, source=source, message_id=message_id, occurred_at=now, received_at=now, properties=text,
        zone=time_zone, props={"because": because, "person": person_id, "segment": segment},
    )  # fmt: skip


def make_act(
    name: str,
    *,
    source: str,
    message_id: str,
    now: datetime,
    time_zone: str,
    properties: dict[str, Any],
    traits: dict[str, Any] | None = None,
    context: dict[str, Any] | None = None,
    user_id: str | None = None,
    anonymous_id: str | None = None,
    person_id: int | None = None,
) -> Happening:
    """An event of our own doors: type "act", which no key from outside can send.

    `person_id` says whose it is where the door knows (property "person").
    """
    if person_id is not None:
        properties = {"person": person_id, **properties}
    text = encode(properties).decode()
    return _build(
        type="act",
        name=name,
        source=source,
        message_id=message_id,
        occurred_at=now,
        received_at=now,
        user_id=user_id,
        anonymous_id=anonymous_id,
        properties=text,
        # Written in the one spelling just now, but for what a NUL in it would still cost.
        props=None if "\\u0000" in text else decode_object(text),
        traits=encode(traits).decode() if traits else None,
        context=encode(context).decode() if context else None,
        zone=time_zone,
    )


def _build(
    *, zone: str, type: str, name: str, source: str, message_id: str, occurred_at: datetime, received_at: datetime,
    user_id: str | None = None, anonymous_id: str | None = None, group_id: str | None = None, previous_id: str | None = None,
    properties: str = "{}", traits: str | None = None, context: str | None = None, history: bool = False,
    props: dict[str, Any] | None = None, import_id: int | None = None,
) -> Happening:  # fmt: skip
    """props: what `properties` holds, where the caller wrote them itself in the one spelling."""
    day, hour = local(occurred_at, zone)
    whole = (
        f"{type}\0{name}\0{user_id or ''}\0{anonymous_id or ''}\0{group_id or ''}\0{previous_id or ''}\0"
        f"{properties}\0{traits or ''}"
    )
    body_hash = hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    if props is None:
        props = decode_object(properties) if properties != "{}" else {}
        if props:
            properties, props = one_spelling(props)
    return Happening(
        source=source, message_id=message_id, type=type, name=name, occurred_at=occurred_at, received_at=received_at,
        day=day, hour=hour, fingerprint=fingerprint(source, message_id), body_hash=body_hash, user_id=user_id,
        anonymous_id=anonymous_id, group_id=group_id, previous_id=previous_id, properties=properties, traits=traits,
        context=context, history=history, import_id=import_id, props=props, given_traits=decode_object(traits) if traits else {},
    )  # fmt: skip


def unpack(happening: Happening) -> None:
    """Read the JSON columns once for all rooms."""
    happening.props = decode_object(happening.properties) if happening.properties != "{}" else {}
    happening.given_traits = decode_object(happening.traits) if happening.traits else {}
    happening.result, happening.notes, happening.before = {}, {}, None


def fingerprint(source: str, message_id: str) -> bytes:
    """The 16 bytes by which an event is known."""
    return hashlib.blake2b(f"{source}\0{message_id}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


@lru_cache(maxsize=256)
def local(at: datetime, zone: str) -> tuple[int, int]:
    """Business-local day number since 1970-01-01 and hour."""
    there = at.astimezone(_zone(zone))
    return there.toordinal() - _EPOCH_ORDINAL, there.hour


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _id(value: Any, what: str, length_max: int = ID_LENGTH_MAX) -> str | None:
    """An id as text: numbers are taken whole, floats are refused (they lose digits above 2⁵³)."""
    if value is None or value == "":
        return None
    if type(value) is str and len(value) <= length_max and "\0" not in value:
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Unfit("bad_id", f"{what} must be text or a whole number")
    text = str(value).strip()
    if len(text) > length_max:
        raise Unfit("bad_id", f"{what} is longer than {length_max} characters")
    if "\0" in text:
        raise Unfit("bad_id", f"{what} holds a NUL character")
    return text or None


def _name(type_: str, item: Item) -> str:
    name = item.event if type_ == "track" else item.name
    if type_ == "track" and not (isinstance(name, str) and name.strip()):
        raise Unfit("no_event_name", "track needs event")
    text = name.strip() if isinstance(name, str) else ""
    if len(text) > NAME_LENGTH_MAX or "\0" in text:
        raise Unfit("bad_name", f"the event name is longer than {NAME_LENGTH_MAX} characters or holds a NUL")
    return text


def _when(item: Item, shared: Body | None, received_at: datetime, limits: Limits, *, exact: bool) -> datetime:
    """When it happened by our clock: the sender's clock error is taken out with sentAt; imports say it exactly."""
    original = _time(item.timestamp) or _time(item.original_timestamp) or received_at
    sent = _time(item.sent_at) or (_time(shared.sent_at) if shared else None)
    at = received_at - (sent - original) if sent and not exact else original
    if at > received_at + timedelta(seconds=limits.future_seconds_max):
        raise Unfit("time_in_future", "timestamp lies in the future")
    if at.year < limits.earliest_year:
        raise Unfit("time_too_old", f"timestamp lies before {limits.earliest_year}")
    return min(at, received_at)


def _time(value: Any) -> datetime | None:
    """ISO 8601 in every dress; without a zone it is UTC."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Unfit("bad_time", "timestamp must be ISO 8601 text")
    try:
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise Unfit("bad_time", "timestamp must be ISO 8601 text") from problem
