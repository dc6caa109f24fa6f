"""Who an event is about: recognise, merge and unmerge, remember, agree, forget.

A merge moves one pointer (`root_id`); every other row stays where it was recorded, so undoing loses nothing.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from passaparola.events.intake import Happening
from passaparola.events.models import Event
from passaparola.kernel import database
from passaparola.kernel.batch import Batch, Record
from passaparola.kernel.errors import Refusal
from passaparola.people import names
from passaparola.people.models import Consent, Identity, Merge, Person

LANGUAGES = ("es", "it", "en")
_PROFILE_BYTES_MAX = 16_384


class UnknownPerson(Refusal):
    """There is nobody with the number {person}."""

    code, status = "unknown_person", 404


class SamePerson(Refusal):
    """These two are one person already."""

    code, status = "same_person", 409


class UnknownMerge(Refusal):
    """There is no merge {merge} to undo."""

    code, status = "unknown_merge", 404


class BadConsent(Refusal):
    """A consent needs a channel, a purpose and one of the states given, refused, withdrawn."""

    code, status = "bad_consent", 422


class People:
    """The room that knows people. `load` before the fold, `step` for each event."""

    def __init__(self, batch: Batch, country: str) -> None:
        self.batch, self.country = batch, country
        self.persons, self.identities = batch.table(Person), batch.table(Identity)
        self.consents, self.merges = batch.table(Consent), batch.table(Merge)
        self._by_name: dict[tuple[str, str], Record] = {}
        self._names_of: dict[int, list[Record]] = {}
        self._members: dict[int, set[int]] = {}
        self._consents: dict[int, list[Record]] = {}
        self._unread: set[int] = set()
        # How many persons an event made: nearly always none or one, two for an alias of strangers.
        self._made: dict[int, int] = {}

    # --- reading ------------------------------------------------------------------------------

    def load(self, happenings: Sequence[Happening], ids: Iterable[int]) -> None:
        """Read everybody the batch names, by whatever name, with all they merged with."""
        wanted: dict[str, set[str]] = {"user_id": set(), "anonymous_id": set(), "email": set(), "phone": set()}
        numbers = set(ids)
        for happening in happenings:
            for kind, value in self._names(happening):
                wanted[kind].add(value)
            numbers.update(_numbers(happening))
        found: set[int] = set()
        for kind, values in wanted.items():
            if values:
                sql = f"SELECT person_id FROM identity WHERE kind = ? AND {database.any_of('value', 'text')}"
                found.update(row[0] for row in database.rows(sql, [kind, sorted(values)]))
        merges = [h.props["merge"] for h in happenings if h.name == "Person Unmerged" and _is_id(h.props.get("merge"))]
        for merge in self.merges.take_any("id", merges):
            numbers.update((merge["kept_id"], *merge["moved"]))
        self.more(found | numbers)

    def more(self, ids: Iterable[int]) -> None:
        """Read further persons, their other selves, names and consents."""
        missing = {i for i in ids if i not in self.persons.rows}
        if not missing:
            return
        roots = {row["root_id"] for row in self.persons.take_any("id", missing)}
        members = self.persons.take_any("root_id", roots)
        for row in members:
            self._members.setdefault(row["root_id"], set()).add(row["id"])
        everybody = [row["id"] for row in members]
        for row in self.identities.take_any("person_id", everybody):
            if (row["kind"], row["value"]) not in self._by_name:
                self._by_name[row["kind"], row["value"]] = row
                self._names_of.setdefault(row["person_id"], []).append(row)
        self._unread.update(everybody)

    def root(self, person_id: int) -> int:
        """Who this person is now. Raises UnknownPerson."""
        row = self.persons.rows.get(person_id)
        if row is None:
            raise UnknownPerson(person=person_id)
        return row["root_id"]

    def row(self, person_id: int) -> Record:
        """The row of who this person is now."""
        return self.persons.rows[self.root(person_id)]

    def members(self, person_id: int) -> set[int]:
        """All persons who are this one."""
        return self._members[self.root(person_id)]

    def peek(self, happening: Happening) -> int | None:
        """Who an event seems to be about before it is folded: for reading ahead only."""
        person = happening.props.get("person") if happening.type == "act" else None
        if _is_id(person):
            return self.persons.rows[person]["root_id"] if person in self.persons.rows else None
        known = self._holder("user_id", happening.user_id)
        return known if known is not None else self._holder("anonymous_id", happening.anonymous_id)

    def is_new(self, person_id: int) -> bool:
        """Whether this batch made the person: nothing about them is in the store yet."""
        return self.persons.is_fresh(person_id)

    def everybody(self) -> set[int]:
        """Ids of all persons read or made so far."""
        return set(self.persons.rows)

    def names(self, person_id: int, *kinds: str) -> list[Record]:
        """Identities of somebody under all their selves, oldest first."""
        found = [n for member in self.members(person_id) for n in self._names_of.get(member, ()) if n["kind"] in kinds]
        return sorted(found, key=lambda row: row["id"])

    def consent(self, person_id: int, channel: str, purpose: str) -> str | None:
        """What is in force for a channel and purpose: the newest row of all selves, or None."""
        if self._unread:
            # Few events need consents; the first that does reads everybody's at once.
            unread, self._unread = self._unread, set()
            for row in self.consents.take_any("person_id", unread):
                if not self.consents.is_fresh(row["id"]):
                    self._consents.setdefault(row["person_id"], []).append(row)
        rows = (row for member in self.members(person_id) for row in self._consents.get(member, ()))
        fitting = [row for row in rows if row["channel"] == channel and row["purpose"] == purpose]
        return max(fitting, key=lambda row: row["id"])["state"] if fitting else None

    # --- one event ----------------------------------------------------------------------------

    def step(self, happening: Happening) -> None:
        """Find out whose event it is, and take what it says about them."""
        if happening.type == "act":
            self._act(happening)
        elif happening.type == "alias":
            happening.person_id = self._alias(happening)
        else:
            happening.person_id = self._recognise(happening)
            if happening.type == "identify":
                self._describe(happening)
            if happening.name in _CONSENT_EVENTS:
                self._agree(happening, {**happening.props, "state": _CONSENT_EVENTS[happening.name]})

    def _act(self, happening: Happening) -> None:
        person = happening.props.get("person")
        if person is not None:
            happening.person_id = self.root(person)
        elif happening.name == "Friend Signed Up":
            self._sign_up(happening)
        elif happening.user_id or happening.anonymous_id:
            happening.person_id = self._recognise(happening)
        verb = getattr(self, _ACTS.get(happening.name, ""), None)
        if verb:
            verb(happening)

    # --- recognising --------------------------------------------------------------------------

    def _names(self, happening: Happening) -> list[tuple[str, str]]:
        """Every name an event mentions."""
        found = []
        if happening.user_id:
            found.append(("user_id", happening.user_id))
        if happening.anonymous_id:
            found.append(("anonymous_id", happening.anonymous_id))
        if happening.previous_id:
            found += [("user_id", happening.previous_id), ("anonymous_id", happening.previous_id)]
        address = names.email(happening.given_traits.get("email"))
        if address:
            found.append(("email", address))
        number = names.phone(happening.given_traits.get("phone"), self.country)
        if number:
            found.append(("phone", number))
        return found

    def _recognise(self, happening: Happening) -> int:
        """The person of a user id and an anonymous id; an anonymous one becomes known at the first event with both."""
        known = self._holder("user_id", happening.user_id)
        guest = self._holder("anonymous_id", happening.anonymous_id)
        if known is None and guest is not None and happening.user_id and self._is_known(guest):
            guest = None  # A shared device: the browser's last user is somebody else.
        subject = known if known is not None else guest
        if subject is None:
            subject = self._create(happening)
        if known is not None and guest is not None and guest != known and not self._is_known(guest):
            self._merge(known, guest, "anonymous became known", happening)
        self._name(subject, "user_id", happening.user_id, happening)
        self._name(subject, "anonymous_id", happening.anonymous_id, happening)
        return self.root(subject)

    def _holder(self, kind: str, value: str | None) -> int | None:
        row = self._by_name.get((kind, value)) if value else None
        return self.root(row["person_id"]) if row else None

    def _is_known(self, person_id: int) -> bool:
        return bool(self.names(person_id, "user_id"))

    def _create(self, happening: Happening) -> int:
        uid = names.uid(happening.fingerprint, self._made.get(happening.id, 0))
        self._made[happening.id] = self._made.get(happening.id, 0) + 1
        row = self.persons.add(uid=uid, created_at=happening.received_at, root_id=0, profile={})
        row["root_id"] = row["id"]
        self._members[row["id"]] = {row["id"]}
        return row["id"]

    def _name(
        self, person_id: int, kind: str, value: str | None, happening: Happening, *, verified: bool = False
    ) -> bool:
        """Give somebody a name; False if it is another's."""
        if not value:
            return True
        row = self._by_name.get((kind, value))
        if row is not None:
            if self.root(row["person_id"]) != self.root(person_id):
                return False
            if verified and not row["verified_at"]:
                self.identities.change(row, verified_at=happening.received_at)
            return True
        person_id = self.root(person_id)
        row = self.identities.add(
            kind=kind, value=value, person_id=person_id, created_at=happening.received_at,
            likeness=names.mailbox(value) if kind == "email" else "",
            verified_at=happening.received_at if verified else None,
        )  # fmt: skip
        self._by_name[kind, value] = row
        self._names_of.setdefault(person_id, []).append(row)
        if kind != "anonymous_id":
            self._index(person_id)
        return True

    def _index(self, person_id: int) -> None:
        row = self.row(person_id)
        parts = [row["name"], *(n["value"] for n in self.names(person_id, "user_id", "email", "phone"))]
        search = names.searchable(*parts)
        if search != row["search"]:
            self.persons.change(row, search=search)

    def _alias(self, happening: Happening) -> int:
        """`previousId` is `userId`: said explicitly, so two known persons become one too."""
        kept = self._holder("user_id", happening.user_id)
        other = self._holder("user_id", happening.previous_id)
        if other is None:
            other = self._holder("anonymous_id", happening.previous_id)
        if kept is None and other is not None:
            kept = other
        if kept is None:
            kept = self._create(happening)
        self._name(kept, "user_id", happening.user_id, happening)
        if other is None:
            self._name(kept, "anonymous_id", happening.previous_id, happening)
        elif other != self.root(kept):
            self._merge(kept, other, "alias", happening)
        return self.root(kept)

    def _sign_up(self, happening: Happening) -> None:
        """Somebody left their own address on a landing page: known by it, otherwise new.

        An address typed into a form proves nothing, so it never joins two persons; only the confirmation does.
        """
        address = names.email(happening.given_traits.get("email"))
        if address is None:
            raise BadAddress()
        subject = self._holder("email", address)
        if subject is None:
            guest = self._holder("anonymous_id", happening.anonymous_id)
            free = guest is not None and not self.names(guest, "user_id", "email")
            subject = guest if free and guest is not None else self._create(happening)
            self._name(subject, "email", address, happening)
            self._name(subject, "anonymous_id", happening.anonymous_id, happening)
            self._profile(subject, happening, dict(happening.given_traits))
        happening.person_id = self.root(subject)

    # --- profile ------------------------------------------------------------------------------

    def _describe(self, happening: Happening) -> None:
        """Take an identify's traits: names, contact data, the rest as the profile; consents as consents."""
        traits = dict(happening.given_traits)
        if not traits or happening.person_id is None:
            return
        address = names.email(traits.get("email"))
        if address:
            self._address(happening, address)
        number = names.phone(traits.get("phone"), self.country)
        if number:
            self._name(happening.person_id, "phone", number, happening)
        self._profile(happening.person_id, happening, traits)
        given = traits.get("consents")
        if isinstance(given, dict):
            self._agree_all(happening, given)

    def _address(self, happening: Happening, address: str) -> None:
        """An address that another person holds joins the two only if one of them has no user id yet."""
        person = happening.person_id
        assert person is not None
        holder = self._holder("email", address)
        if holder is None or holder == person:
            self._name(person, "email", address, happening)
        elif not self._is_known(holder):
            self._merge(person, holder, "same e-mail address", happening)
        elif not self._is_known(person):
            self._merge(holder, person, "same e-mail address", happening)
            happening.person_id = self.root(person)
        else:
            happening.tell("decided", kind="merge", outcome="refused", person_id=person, subject=f"person:{holder}",
                           reasons=[{"code": "two_known_ids"}])  # fmt: skip

    def _profile(self, person_id: int, happening: Happening, traits: dict[str, Any]) -> None:
        row = self.row(person_id)
        changes: dict[str, Any] = {}
        given = _text(traits.get("firstName") or traits.get("first_name"), 120)
        family = _text(traits.get("lastName") or traits.get("last_name"), 120)
        name = _text(traits.get("name"), 200) or " ".join(part for part in (given, family) if part)
        if name:
            changes["name"] = name
            changes["given_name"] = given or name.split(" ")[0][:120]
        if birth := _day(traits.get("birthday") or traits.get("birth_on")):
            changes["birth_on"] = birth
        if sex := _text(traits.get("gender") or traits.get("sex"), 20):
            changes["sex"] = sex[0].lower() if sex[0].lower() in "mfx" else ""
        if language := _text(traits.get("language") or traits.get("locale"), 20):
            changes["language"] = language[:2].lower() if language[:2].lower() in LANGUAGES else ""
        if zone := _text(traits.get("timezone") or traits.get("time_zone"), 60):
            changes["time_zone"] = zone
        rest = {k: v for k, v in traits.items() if k not in _OWN_COLUMNS}
        if rest:
            profile = {**row["profile"], **rest}
            if len(json.dumps(profile)) <= _PROFILE_BYTES_MAX:
                changes["profile"] = json.loads(json.dumps(profile).replace("\\u0000", ""))
        changes = {key: value for key, value in changes.items() if row[key] != value}
        if changes:
            self.persons.change(row, **changes)
            self._index(person_id)

    def _show_name(self, happening: Happening) -> None:
        assert happening.person_id is not None
        self.persons.change(self.row(happening.person_id), shows_name=bool(happening.props.get("shows")))

    def _choose_language(self, happening: Happening) -> None:
        language = happening.props.get("language")
        if language in LANGUAGES and happening.person_id is not None:
            self.persons.change(self.row(happening.person_id), language=language)

    # --- consent ------------------------------------------------------------------------------

    def _consent_act(self, happening: Happening) -> None:
        self._agree(happening, happening.props)

    def _agree_all(self, happening: Happening, given: dict[str, Any]) -> None:
        """Consents inside traits: {"email": {"referral": true}}."""
        for channel, purposes in sorted(given.items()):
            for purpose, value in sorted(purposes.items()) if isinstance(purposes, dict) else ():
                if isinstance(value, bool):
                    self._agree(
                        happening, {"channel": channel, "purpose": purpose, "state": "given" if value else "withdrawn"}
                    )

    def _agree(self, happening: Happening, what: dict[str, Any]) -> None:
        channel, purpose, state = what.get("channel"), what.get("purpose"), what.get("state")
        if not (_short(channel, 12) and _short(purpose, 20) and state in Consent.STATES) or happening.person_id is None:
            raise BadConsent()
        before = self.consent(happening.person_id, str(channel), str(purpose))
        if before == state:
            return
        row = self.consents.add(
            person_id=happening.person_id, channel=channel, purpose=purpose, state=state,
            wording=_text(what.get("wording"), 500), language=_text(what.get("language"), 2),
            source=_text(what.get("source"), 60) or happening.source,
            evidence=what["evidence"] if isinstance(what.get("evidence"), dict) else {},
            event_id=happening.id, at=happening.occurred_at,
        )  # fmt: skip
        self._consents.setdefault(happening.person_id, []).append(row)
        happening.tell("consent", channel=channel, purpose=purpose, state=state)

    def _request_opt_in(self, happening: Happening) -> None:
        """A sign-up asks for consents; they count once the person confirms from their own mailbox."""
        for wish in happening.props.get("consents", ()):
            before = (
                self.consent(happening.person_id, wish.get("channel", ""), wish.get("purpose", ""))
                if happening.person_id
                else None
            )
            if before != "given":
                self._agree(happening, {**wish, "state": "requested", "source": "landing"})

    def _confirm_opt_in(self, happening: Happening) -> None:
        assert happening.person_id is not None
        for purpose in happening.props.get("purposes", ()):
            self._agree(happening, {**happening.props, "purpose": purpose, "state": "given", "source": "opt-in"})
        for row in self.names(happening.person_id, "email"):
            if not row["verified_at"]:
                self.identities.change(row, verified_at=happening.received_at)

    # --- merging, forgetting ------------------------------------------------------------------

    def _merge_act(self, happening: Happening) -> None:
        keep, other = happening.props.get("keep"), happening.props.get("other")
        if not (_is_id(keep) and _is_id(other)):
            raise UnknownPerson(person=keep if not _is_id(keep) else other)
        if self.root(keep) == self.root(other):
            raise SamePerson()
        happening.person_id = self.root(keep)
        self._merge(keep, other, _text(happening.props.get("reason"), 60) or "by hand", happening)

    def _merge(self, keep: int, other: int, reason: str, happening: Happening) -> None:
        kept, gone = self.root(keep), self.root(other)
        moved = sorted(self._members.pop(gone))
        for member in moved:
            self.persons.change(self.persons.rows[member], root_id=kept)
        self._members[kept].update(moved)
        merge = self.merges.add(
            kept_id=kept, merged_id=gone, moved=moved, reason=reason, event_id=happening.id, at=happening.received_at
        )
        row, lost = self.persons.rows[kept], self.persons.rows[gone]
        blanks = {
            k: lost[k]
            for k in ("name", "given_name", "birth_on", "sex", "language", "time_zone")
            if lost[k] and not row[k]
        }
        if blanks:
            self.persons.change(row, **blanks)
        self._index(kept)
        happening.result["merge_id"] = merge["id"]
        happening.tell("merged", kept=kept, gone=gone, moved=moved)
        happening.tell("decided", kind="merge", outcome="merged", person_id=kept, subject=f"merge:{merge['id']}",
                       reasons=[{"code": "same_person", "because": reason}])  # fmt: skip

    def _unmerge_act(self, happening: Happening) -> None:
        merge = self.merges.rows.get(happening.props.get("merge", 0))
        if merge is None or merge["undone_at"] is not None or self.root(merge["merged_id"]) == merge["merged_id"]:
            raise UnknownMerge(merge=happening.props.get("merge"))
        kept, back = self.root(merge["kept_id"]), merge["merged_id"]
        for member in merge["moved"]:
            self.persons.change(self.persons.rows[member], root_id=back)
        self._members[kept] -= set(merge["moved"])
        self._members[back] = set(merge["moved"])
        self.merges.change(merge, undone_at=happening.received_at)
        happening.person_id = kept
        for person in (kept, back):
            self._index(person)
        happening.tell("unmerged", kept=kept, back=back)
        happening.tell("decided", kind="merge", outcome="undone", person_id=kept, subject=f"merge:{merge['id']}",
                       reasons=[{"code": "undone_by_hand"}])  # fmt: skip

    def _forget(self, happening: Happening) -> None:
        """Blank everything personal; figures and the books stay. The act itself is the record."""
        assert happening.person_id is not None
        members = sorted(self.members(happening.person_id))
        for member in members:
            row = self.persons.rows[member]
            self.persons.change(
                row, name="", given_name="", birth_on=None, sex="", profile={}, search="", shows_name=False,
                forgotten_at=happening.received_at,
            )  # fmt: skip
            for name in self._names_of.pop(member, []):
                happening.tell("forgot_name", kind=name["kind"], value=name["value"])
                self._by_name.pop((name["kind"], name["value"]), None)
                blank = f"forgotten-{name['id']}"
                self.identities.change(name, value=blank, likeness="", kind="forgotten")
        database.run(
            "UPDATE event SET user_id = NULL, anonymous_id = NULL, group_id = NULL, previous_id = NULL, traits = NULL, "
            f"context = NULL WHERE {database.any_of('person_id')}",
            [members],
        )
        for row in self.batch.table(Event).rows.values():
            if row["person_id"] in members:
                row.update(dict.fromkeys(("user_id", "anonymous_id", "group_id", "previous_id", "traits", "context")))
        happening.tell("forgotten", members=members)


class BadAddress(Refusal):
    """That is not an e-mail address we can write to."""

    code, status = "bad_address", 422


_ACTS = {
    "Person Merged": "_merge_act",
    "Person Unmerged": "_unmerge_act",
    "Consent Recorded": "_consent_act",
    "Name Shown": "_show_name",
    "Language Chosen": "_choose_language",
    "Friend Signed Up": "_request_opt_in",
    "Opt-in Confirmed": "_confirm_opt_in",
    "Person Forgotten": "_forget",
}
_CONSENT_EVENTS = {"Consent Given": "given", "Consent Refused": "refused", "Consent Withdrawn": "withdrawn"}
_OWN_COLUMNS = {
    "email", "phone", "name", "firstName", "first_name", "lastName", "last_name", "birthday", "birth_on", "gender",
    "sex", "language", "locale", "timezone", "time_zone", "consents",
}  # fmt: skip


def _numbers(happening: Happening) -> set[int]:
    """Persons that one of our own acts names by number."""
    if happening.type != "act":
        return set()
    return {n for key in ("person", "keep", "other") if _is_id(n := happening.props.get(key))}


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63


def _text(value: object, length: int) -> str:
    return value.replace("\0", "").strip()[:length] if isinstance(value, str) else ""


def _short(value: object, length: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= length and value.replace("-", "").replace("_", "").isalnum()


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
