"""Whose event it is, and what an event says about somebody."""

import json
from datetime import date
from typing import Any

from passaparola.events.intake import Happening
from passaparola.kernel.batch import Record
from passaparola.kernel.errors import Refusal
from passaparola.people import names
from passaparola.people.actions import consents, merging
from passaparola.people.actions.desk import Desk
from passaparola.people.actions.text import text

LANGUAGES = ("es", "it", "en")
_PROFILE_BYTES_MAX = 16_384


class BadAddress(Refusal):
    """That is not an e-mail address we can write to."""

    code, status = "bad_address", 422


def recognise(desk: Desk, happening: Happening) -> int:
    """The person of a user id and an anonymous id; an anonymous one becomes known at the first event with both."""
    known = desk.holder("user_id", happening.user_id)
    guest = desk.holder("anonymous_id", happening.anonymous_id)
    if known is not None and (guest == known or not happening.anonymous_id):
        return known
    if known is None and guest is not None and happening.user_id and desk.is_known(guest):
        guest = None  # A shared device: the browser's last user is somebody else.
    subject = known if known is not None else guest
    if subject is None:
        subject = desk.create(happening)
    if known is not None and guest is not None and guest != known and not desk.is_known(guest):
        merging.merge(desk, known, guest, "anonymous became known", happening)
    desk.give_name(subject, "user_id", happening.user_id, happening)
    desk.give_name(subject, "anonymous_id", happening.anonymous_id, happening)
    return desk.root(subject)


def alias(desk: Desk, happening: Happening) -> int:
    """`previousId` is `userId`: said explicitly, so two known persons become one too."""
    kept = desk.holder("user_id", happening.user_id)
    other = desk.holder("user_id", happening.previous_id)
    if other is None:
        other = desk.holder("anonymous_id", happening.previous_id)
    if kept is None and other is not None:
        kept = other
    if kept is None:
        kept = desk.create(happening)
    desk.give_name(kept, "user_id", happening.user_id, happening)
    if other is None:
        desk.give_name(kept, "anonymous_id", happening.previous_id, happening)
    elif other != desk.root(kept):
        merging.merge(desk, kept, other, "alias", happening)
    return desk.root(kept)


def sign_up(desk: Desk, happening: Happening) -> None:
    """Somebody left their own address on a landing page: known by it, otherwise new.

    An address typed into a form proves nothing, so it never joins two persons; only the confirmation does.
    """
    address = names.email(happening.given_traits.get("email"))
    if address is None:
        raise BadAddress()
    subject = desk.holder("email", address)
    if subject is None:
        guest = desk.holder("anonymous_id", happening.anonymous_id)
        free = guest is not None and not desk.names(guest, "user_id", "email")
        subject = guest if free and guest is not None else desk.create(happening)
        desk.give_name(subject, "email", address, happening)
        desk.give_name(subject, "anonymous_id", happening.anonymous_id, happening)
        _profile(desk, subject, dict(happening.given_traits))
    happening.person_id = desk.root(subject)


def describe(desk: Desk, happening: Happening) -> None:
    """Take an identify's traits: names, contact data, the rest as the profile; consents as consents."""
    traits = dict(happening.given_traits)
    if not traits or happening.person_id is None:
        return
    address = names.email(traits.get("email"))
    if address:
        _address(desk, happening, address)
    number = names.phone(traits.get("phone"), desk.country)
    if number and not desk.give_name(happening.person_id, "phone", number, happening):
        # Families share a number, so it joins nobody; that both gave it may still be a hint (console/duplicates.py).
        traits["shared_phone"] = number
    _profile(desk, happening.person_id, traits)
    given = traits.get("consents")
    if isinstance(given, dict):
        consents.agree_all(desk, happening, given)


def _address(desk: Desk, happening: Happening, address: str) -> None:
    """An address that another person holds joins the two only if one of them has no user id yet."""
    person = happening.person_id
    assert person is not None
    holder = desk.holder("email", address)
    if holder is None or holder == person:
        desk.give_name(person, "email", address, happening)
    elif not desk.is_known(holder):
        merging.merge(desk, person, holder, "same e-mail address", happening)
    elif not desk.is_known(person):
        merging.merge(desk, holder, person, "same e-mail address", happening)
        happening.person_id = desk.root(person)
    else:
        happening.tell("decided", kind="merge", outcome="refused", person_id=person, subject=f"person:{holder}",
                       reasons=[{"code": "two_known_ids"}])  # fmt: skip


def say_again(desk: Desk, person_id: int, happening: Happening) -> None:
    """Write an event's traits once more onto the row it went to then, without names, consents or merges."""
    traits = dict(happening.given_traits)
    number = names.phone(traits.get("phone"), desk.country)
    holder = desk.holder("phone", number)
    if holder is not None and holder != desk.root(person_id):
        traits["shared_phone"] = number
    _write(desk, desk.persons.rows[person_id], traits)


def _profile(desk: Desk, person_id: int, traits: dict[str, Any]) -> None:
    _write(desk, desk.row(person_id), traits)


def _write(desk: Desk, row: Record, traits: dict[str, Any]) -> None:
    changes: dict[str, Any] = {}
    given = text(traits.get("firstName") or traits.get("first_name"), 120)
    family = text(traits.get("lastName") or traits.get("last_name"), 120)
    name = text(traits.get("name"), 200) or " ".join(part for part in (given, family) if part)
    if name:
        changes["name"] = name
        changes["given_name"] = given or name.split(" ")[0][:120]
    if birth := _day(traits.get("birthday") or traits.get("birth_on")):
        changes["birth_on"] = birth
    if sex := text(traits.get("gender") or traits.get("sex"), 20):
        changes["sex"] = sex[0].lower() if sex[0].lower() in "mfx" else ""
    if language := text(traits.get("language") or traits.get("locale"), 20):
        changes["language"] = language[:2].lower() if language[:2].lower() in LANGUAGES else ""
    if zone := text(traits.get("timezone") or traits.get("time_zone"), 60):
        changes["time_zone"] = zone
    rest = {k: v for k, v in traits.items() if k not in _OWN_COLUMNS}
    if rest:
        profile = {**row["profile"], **rest}
        if len(json.dumps(profile)) <= _PROFILE_BYTES_MAX:
            changes["profile"] = json.loads(json.dumps(profile).replace("\\u0000", ""))
    changes = {key: value for key, value in changes.items() if row[key] != value}
    if changes:
        desk.persons.change(row, **changes)
        desk.index(row["id"])


def show_name(desk: Desk, happening: Happening) -> None:
    """May friends see the given name?"""
    assert happening.person_id is not None
    desk.persons.change(desk.row(happening.person_id), shows_name=bool(happening.props.get("shows")))


def choose_language(desk: Desk, happening: Happening) -> None:
    """In which language to write."""
    language = happening.props.get("language")
    if language in LANGUAGES and happening.person_id is not None:
        desk.persons.change(desk.row(happening.person_id), language=language)


_OWN_COLUMNS = {
    "email", "phone", "name", "firstName", "first_name", "lastName", "last_name", "birthday", "birth_on", "gender",
    "sex", "language", "locale", "timezone", "time_zone", "consents",
}  # fmt: skip


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
