"""From a request to events: every rule of the specification that a server must keep, and every kind of bad item."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from passaparola.events import claims, intake
from tests.shared import shared

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LIMITS = intake.Limits(time_zone="Europe/Madrid", future_seconds_max=3600, earliest_year=1990)


def read(*items: Any, call: str = "batch", kind: str = "v1", **shared_values: Any) -> tuple[list[Any], list[Any]]:
    body = json.dumps({"batch": items, **shared_values} if call == "batch" else items[0]).encode()
    return intake.read(kind=kind, call=call, source="shop", body=body, received_at=NOW, inbox_id=7, limits=LIMITS)


def one(item: dict[str, Any], **more: Any) -> intake.Happening:
    good, bad = read({"type": "track", "event": "Visit Recorded", "userId": "u1", **item}, **more)
    assert not bad, bad
    return good[0]  # type: ignore[no-any-return]


def reason(item: Any) -> str:
    good, bad = read(item)
    assert not good
    return str(bad[0].reason)


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ({"type": "dance", "userId": "u"}, "unknown_type"),
        ({"type": "track", "userId": "u"}, "no_event_name"),
        ({"type": "track", "event": "X"}, "no_identity"),
        ({"type": "track", "event": "X", "userId": ""}, "no_identity"),
        ({"type": "track", "event": "X", "userId": None}, "no_identity"),
        ({"type": "track", "event": "X", "userId": 1.5}, "bad_id"),
        ({"type": "track", "event": "X", "userId": "a\0b"}, "bad_id"),
        ({"type": "track", "event": "X", "userId": "u" * 256}, "bad_id"),
        ({"type": "track", "event": "X" * 121, "userId": "u"}, "bad_name"),
        ({"type": "track", "event": "X", "userId": "u", "properties": [1]}, "not_an_object"),
        ({"type": "track", "event": "X", "userId": "u", "timestamp": "yesterday"}, "bad_time"),
        ({"type": "track", "event": "X", "userId": "u", "timestamp": 12}, "bad_time"),
        ({"type": "track", "event": "X", "userId": "u", "timestamp": "1970-01-01T00:00:00Z"}, "time_too_old"),
        ({"type": "track", "event": "X", "userId": "u", "timestamp": "2999-01-01T00:00:00Z"}, "time_in_future"),
        ({"type": "alias", "userId": "u"}, "no_identity"),
        ({"type": "group", "userId": "u"}, "no_group"),
        ({"type": "act", "name": "Program Published", "userId": "u"}, "unknown_type"),
        ({"type": "track", "event": "X", "userId": "u", "properties": {"x": "y" * 40_000}}, "too_large"),
        ("text", "unreadable"),
        (12, "unreadable"),
    ],
)
def test_a_bad_item_is_kept_aside_with_its_reason(item: Any, why: str) -> None:
    assert reason(item) == why


def test_one_bad_item_does_not_hold_up_the_good_ones() -> None:
    good, bad = read({"type": "track"}, {"type": "track", "event": "X", "userId": "u"}, 5)
    assert [h.name for h in good] == ["X"]
    assert [r.position for r in bad] == [0, 2]
    assert json.loads(bad[0].body) == {"type": "track"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"batch": 3}', b"\xff\xfe", b"[" * 5000])
def test_an_unreadable_request_is_kept_whole(body: bytes) -> None:
    good, bad = intake.read(kind="v1", call="batch", source="s", body=body, received_at=NOW, inbox_id=1, limits=LIMITS)
    assert not good and bad[0].reason == "unreadable" and bad[0].body == body


@pytest.mark.parametrize(
    "text",
    ["2026-11-20T10:00:00Z", "2026-11-20T10:00:00+00:00", "2026-11-20T11:00:00+01:00", "2026-11-20T10:00:00.000Z",
     "2026-11-20T10:00:00.000000Z", "2026-11-20T10:00:00"],
)  # fmt: skip
def test_times_in_every_dress(text: str) -> None:
    assert one({"timestamp": text}).occurred_at == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_the_senders_clock_error_is_taken_out() -> None:
    """A clock an hour fast: sent at 13:00, happened at 12:50 by that clock, received at 12:00."""
    item = {"originalTimestamp": "2026-11-21T12:50:00Z", "sentAt": "2026-11-21T13:00:00Z"}
    assert one(item).occurred_at == NOW - timedelta(minutes=10)
    assert one({"timestamp": "2026-11-21T12:50:00Z"}, sentAt="2026-11-21T13:00:00Z").occurred_at == NOW - timedelta(
        minutes=10
    )


def test_day_and_hour_are_the_shops() -> None:
    happening = one({"timestamp": "2026-07-01T22:30:00Z"})
    assert (happening.day, happening.hour) == ((date(2026, 7, 2) - date(1970, 1, 1)).days, 0)


def test_ids_keep_leading_zeros_and_all_digits() -> None:
    assert one({"userId": "007"}).user_id == "007"
    assert one({"userId": 2**53 + 1}).user_id == str(2**53 + 1)


def test_context_of_the_batch_is_merged_under_each_item() -> None:
    happening = one({"context": {"a": 1}}, context={"a": 2, "b": 3})
    assert json.loads(happening.context or "") == {"a": 1, "b": 3}


def test_a_missing_message_id_is_made_and_a_repeat_has_the_same_body_hash() -> None:
    assert one({}).message_id == "inbox:7:0"
    first, again = (
        one({"messageId": "m", "sentAt": "2026-11-21T12:00:00Z"}),
        one({"messageId": "m", "sentAt": "2026-11-21T12:00:05Z"}),
    )
    assert (first.fingerprint, first.body_hash) == (again.fingerprint, again.body_hash)
    assert one({"messageId": "m", "properties": {"a": 1}}).body_hash != first.body_hash


def test_identify_traits_that_stand_only_in_the_context() -> None:
    good, _ = read({"type": "identify", "userId": "u", "context": {"traits": {"email": "a@example.test"}}})
    assert good[0].given_traits == {"email": "a@example.test"}
    # What the log keeps of it says the same: a replay reads nothing else.
    intake.unpack(good[0])
    assert good[0].given_traits == {"email": "a@example.test"}


def test_imports_are_history_unless_said_otherwise() -> None:
    assert one({}, kind="import").history
    assert not one({"context": {"history": False}}, kind="import").history
    assert not one({"context": {"history": True}}).history


def test_every_message_of_the_specification_is_taken() -> None:
    """The published examples of the specification; those without an id of anybody are the only ones kept aside."""
    lines = (shared("channel_payloads") / "segment_spec_messages.jsonl").read_text().splitlines()
    items = [json.loads(line)["message"] for line in lines]
    for item in items:
        item.pop("messageId", None)
        item.pop("sentAt", None)
    good, bad = read(*items)
    assert len(good) + len(bad) == 100
    assert {r.reason for r in bad} <= {"no_identity", "unknown_type", "bad_time", "no_group"}
    assert len(good) >= 30
    for item, happening in zip([i for i in items if i.get("userId") or i.get("anonymousId")], good, strict=False):
        assert happening.type in intake.TYPES, item


@pytest.mark.parametrize("event", sorted(claims.SERVER_ONLY))
def test_a_public_key_never_moves_money_or_consents(event: str) -> None:
    """Anybody can read a public key off a page: facts are believed from a server only."""
    good, bad = read({"type": "track", "event": event, "userId": "u", "anonymousId": "a"}, kind="web")
    assert not good and bad[0].reason == "needs_secret_key"


def test_a_public_key_never_says_who_somebody_is() -> None:
    alias = {"type": "alias", "userId": "mallory", "previousId": "alma"}
    assert read(alias, kind="web")[1][0].reason == "needs_secret_key"
    assert read(alias, kind="web", call="alias")[1][0].reason == "needs_secret_key"
    assert read({"type": "page", "userId": "alma"}, kind="web")[1][0].reason == "needs_secret_key"
    traits = {"email": "alma@example.test", "consents": {"email": {"referral": True}}, "name": "M"}
    identify = {
        "type": "identify",
        "userId": "alma",
        "anonymousId": "a",
        "traits": traits,
        "context": {"traits": traits},
    }
    (happening,) = read(identify, kind="web")[0]
    assert (happening.user_id, happening.anonymous_id) == (None, "a")
    assert happening.given_traits["name"] == "M"
    assert set(happening.given_traits["claimed"]) == {"userId", "email", "consents"}
    assert not {"email", "consents", "phone"} & set(happening.given_traits)
    assert json.loads(happening.context or "")["traits"] == {"name": "M"}


def test_what_a_browser_may_say_is_taken() -> None:
    good, bad = read({"type": "page", "anonymousId": "a", "properties": {"path": "/"}}, kind="web")
    assert good and not bad


def test_properties_are_kept_in_one_spelling() -> None:
    """However a sender writes them, every database finds the same keys and values."""
    body = (
        rb'{"event":"X","userId":"a","properties":'
        rb'{"b":1,"a":2,"caf\u00e9":"se\u00f1a\u0000l","a":3,"n":{"x":["\u0000"]}}}'
    )
    good, _ = intake.read(
        kind="v1", call="track", source="shop", body=body, received_at=NOW, inbox_id=7, limits=LIMITS
    )  # fmt: skip
    happening = good[0]
    assert happening.properties == '{"a":3,"b":1,"café":"señal","n":{"x":[""]}}'
    assert happening.props == {"a": 3, "b": 1, "café": "señal", "n": {"x": [""]}}
