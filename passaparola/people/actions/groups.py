"""Groups in the corridor: made, changed and closed by staff; joined by code, list, call or by accepting a suggestion."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from passaparola.events.intake import Happening
from passaparola.kernel import database
from passaparola.kernel.batch import Batch, Record
from passaparola.kernel.errors import Refusal
from passaparola.people import names
from passaparola.people.actions import suggestions
from passaparola.people.actions.desk import Desk, is_id
from passaparola.people.actions.text import text
from passaparola.people.models import Group, GroupMember, GroupSuggestion

LANGUAGES = ("es", "it", "en")
MEMBERS_MAX = 20_000
_LIST_MAX, _TEXT_MAX = 50, 2_000
_KEY = re.compile(r"[^a-z0-9]+")


class BadGroup(Refusal):
    """A group needs a name, and one of the kinds collective, company, household, club."""

    code, status = "bad_group", 422


class UnknownGroup(Refusal):
    """There is no such group."""

    code, status = "unknown_group", 404


class GroupTaken(Refusal):
    """Another group has this key or code already."""

    code, status = "group_taken", 409


class GroupClosed(Refusal):
    """This group is closed."""

    code, status = "group_closed", 409


class GroupFull(Refusal):
    """This group has as many members as a group may have: make a segment instead."""

    code, status = "group_full", 409


class NotInGroup(Refusal):
    """This person is not in the group."""

    code, status = "not_in_group", 409


class Groups:
    """The groups, members and suggestions a batch has to do with."""

    def __init__(self, batch: Batch, people: Desk) -> None:
        self.people = people
        self.groups, self.members = batch.table(Group), batch.table(GroupMember)
        self.suggestions = batch.table(GroupSuggestion)
        self._counts: dict[int, int] = {}
        # Whose memberships were read.
        self._read: set[int] = set()

    def find(self, happenings: Sequence[Happening]) -> set[int]:
        """Read the groups and suggestions that are named; whose members must be read as people."""
        acts = [h for h in happenings if h.type == "act" and h.name in _ACTS]
        calls = {h.group_id for h in happenings if h.type == "group" and h.group_id}
        self.groups.take_any("id", {i for h in acts if is_id(i := h.props.get("group"))})
        keys = calls | {k for h in acts if isinstance(k := h.props.get("key"), str)}
        self.groups.take_any("key", keys, "text")
        codes = {code for h in acts if (code := as_code(h.props.get("code")))}
        self.groups.take_any("code", codes, "text")
        rows = self.suggestions.take_any("id", {i for h in acts if is_id(i := h.props.get("suggestion"))})
        return {member for row in rows for member in row["members"]}

    def step(self, happening: Happening) -> None:
        """Carry out what staff ordered; take in who belongs where."""
        if happening.notes:
            for note in happening.told("forgotten"):
                self._forget(set(note["members"]), happening)
        if happening.type == "act" and happening.name in _ACTS:
            _ACTS[happening.name](self, happening)
        elif happening.type == "group" and happening.person_id is not None:
            self._call(happening)

    # --- groups -------------------------------------------------------------------------------

    def create(self, happening: Happening) -> Record:
        """A new group; without a code one is made from the event itself, so that a replay makes the same."""
        props = happening.props
        values = _values(props)
        if not values.get("names"):
            raise BadGroup()
        uid = names.uid(happening.fingerprint)
        code = as_code(props["code"]) if "code" in props else uid[:6].upper()
        key = text(props.get("key"), 80) or f"{_slug(values['names'])}-{uid[:4]}"
        if self._by("key", key) or (code and self._by("code", code)):
            raise GroupTaken()
        row = self.groups.add(
            **{"offers": {}, "products": {}, "places": [], "interests": [], "kind": "collective", **values},
            key=key, code=code, created_at=happening.occurred_at, event_id=happening.id,
        )  # fmt: skip
        happening.result.update(group_id=row["id"], key=key, code=code)
        return row

    def _edit(self, happening: Happening) -> None:
        row = self.group(happening.props.get("group"))
        values = _values(happening.props)
        if "names" in values and not values["names"]:
            raise BadGroup()
        if "code" in happening.props:
            values["code"] = as_code(happening.props["code"])
            other = self._by("code", values["code"]) if values["code"] else None
            if other is not None and other["id"] != row["id"]:
                raise GroupTaken()
        self.groups.change(row, **values)
        happening.result["group_id"] = row["id"]

    def _close(self, happening: Happening) -> None:
        row = self.group(happening.props.get("group"))
        self.groups.change(row, closed_at=happening.occurred_at, code="")
        left = list(self._open(row["id"], None))
        for member in left:
            self._end(member, happening)
        happening.result.update(group_id=row["id"], left=len(left))

    def group(self, number: Any) -> Record:
        """An open group by number. Raises UnknownGroup, GroupClosed."""
        row = self.groups.rows.get(number) if is_id(number) else None
        if row is None:
            raise UnknownGroup()
        if row["closed_at"] is not None:
            raise GroupClosed()
        return row

    def _by(self, column: str, value: str) -> Record | None:
        self.groups.take(f"{column} = ?", [value])
        return next((row for row in self.groups.rows.values() if row[column] == value), None)

    # --- members ------------------------------------------------------------------------------

    def _join(self, happening: Happening) -> None:
        if happening.person_id is None:
            raise UnknownGroup()
        code = as_code(happening.props.get("code"))
        found = self._by("code", code) if code else None
        if found is None and isinstance(happening.props.get("key"), str):
            found = self._by("key", happening.props["key"])
        row = self.group(found["id"] if found else happening.props.get("group"))
        source = text(happening.props.get("source"), 20) or ("code" if code else happening.source[:20])
        self.join(row, happening.person_id, source, happening, role=happening.props.get("role"))
        happening.result["group_id"] = row["id"]

    def join(self, group: Record, person: int, source: str, happening: Happening, *, role: Any = None) -> bool:
        """Take somebody in; False if she is in already, under whichever number."""
        root = self.people.root(person)
        inside = next(self._open(group["id"], self.people.members(root)), None)
        role = role if role in GroupMember.ROLES else None
        if inside is not None:
            if role and inside["role"] != role:
                self.members.change(inside, role=role)
            return False
        self._make_room(group["id"])
        self.members.add(
            group_id=group["id"], person_id=root, role=role or "member", source=source,
            from_at=happening.occurred_at, event_id=happening.id,
        )  # fmt: skip
        happening.tell("group", group_id=group["id"], person_id=root, joined=True)
        return True

    def _make_room(self, group_id: int) -> None:
        if group_id not in self._counts:
            sql = "SELECT COUNT(*) FROM group_member WHERE group_id = ? AND until_at IS NULL"
            self._counts[group_id] = database.rows(sql, [group_id])[0][0]
        if self._counts[group_id] >= MEMBERS_MAX:
            raise GroupFull()
        self._counts[group_id] += 1

    def _leave(self, happening: Happening) -> None:
        row = self.group(happening.props.get("group"))
        person = happening.person_id
        inside = list(self._open(row["id"], self.people.members(person))) if person is not None else []
        if not inside:
            raise NotInGroup()
        for member in inside:
            self._end(member, happening)
        happening.result["group_id"] = row["id"]

    def _call(self, happening: Happening) -> None:
        """The Segment call: a group we know by that key. What a browser says stays a claim."""
        claimed = happening.given_traits.get("claimed")
        row = None if isinstance(claimed, dict) and "groupId" in claimed else self._by("key", happening.group_id or "")
        if row is None or row["closed_at"] is not None:
            happening.result["group"] = "unknown"
            return
        self.join(row, happening.person_id or 0, "call", happening, role=happening.given_traits.get("role"))
        happening.result["group_id"] = row["id"]

    def _open(self, group_id: int | None, members: Iterable[int] | None) -> Iterator[Record]:
        """Who is in a group (None: any) now, of these numbers (None: of all)."""
        inside = None if members is None else set(members)
        if inside is None:
            self.members.take("group_id = ? AND until_at IS NULL", [group_id])
        elif unread := inside - self._read:
            self._read |= unread
            self.members.take(f"until_at IS NULL AND {database.any_of('person_id')}", [sorted(unread)])
        for row in list(self.members.rows.values()):
            fits = group_id in (None, row["group_id"]) and (inside is None or row["person_id"] in inside)
            if fits and row["until_at"] is None:
                yield row

    def _end(self, member: Record, happening: Happening) -> None:
        until = max(member["from_at"], happening.occurred_at)
        self.members.change(member, until_at=until, ended_by_id=happening.id)
        happening.tell("group", group_id=member["group_id"], person_id=member["person_id"], joined=False)
        if member["group_id"] in self._counts:
            self._counts[member["group_id"]] -= 1

    def read_members(self, people: Iterable[int]) -> None:
        """Read the memberships of many at once."""
        for _member in self._open(None, {self_ for person in people for self_ in self.people.members(person)}):
            pass

    def batch_members(self, people: list[int]) -> list[Record]:
        """Every membership of these persons, ended ones too."""
        return self.members.take_any("person_id", people)

    def key_of(self, group_id: int) -> str:
        """What other systems call a group."""
        self.groups.take("id = ?", [group_id])
        return str(self.groups.rows[group_id]["key"])

    def _forget(self, members: set[int], happening: Happening) -> None:
        for member in list(self._open(None, members)):
            self._end(member, happening)


def as_code(value: Any) -> str:
    """A code as it is kept: capitals and digits."""
    return re.sub(r"[^A-Z0-9]", "", value.upper())[:20] if isinstance(value, str) else ""


def _values(props: Record) -> Record:
    """The columns an act gives, fit to be kept; raises BadGroup for a kind we do not know."""
    values: Record = {}
    for column in ("names", "offers", "products"):
        if isinstance(props.get(column), dict):
            said = {language: text(props[column].get(language), _TEXT_MAX) for language in LANGUAGES}
            values[column] = {language: words for language, words in said.items() if words}
    for column in ("places", "interests"):
        if isinstance(props.get(column), list):
            values[column] = [one for item in props[column][:_LIST_MAX] if (one := text(item, 80))]
    if "kind" in props:
        if props["kind"] not in Group.KINDS:
            raise BadGroup()
        values["kind"] = props["kind"]
    return values


def _slug(said: Record) -> str:
    return _KEY.sub("-", names.searchable(next(iter(said.values())))).strip("-")[:60] or "group"


_ACTS = {
    "Group Created": Groups.create,
    "Group Edited": Groups._edit,
    "Group Closed": Groups._close,
    "Group Joined": Groups._join,
    "Group Left": Groups._leave,
    "Groups Suggested": suggestions.take_in,
    "Group Suggestion Accepted": suggestions.accept,
    "Group Suggestion Dismissed": suggestions.dismiss,
}
