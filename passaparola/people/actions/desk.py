"""The people a batch has to do with: read with all their selves, found by any name, named and made here."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeGuard

from passaparola.events.intake import Happening
from passaparola.events.parking import Forgotten
from passaparola.kernel import database
from passaparola.kernel.batch import Batch, Readings, Record
from passaparola.kernel.errors import Refusal
from passaparola.people import names
from passaparola.people.actions.words import Words
from passaparola.people.models import Consent, Identity, Merge, Person

# The cursor that keeps the highest number of a removed person.
REMOVED = "removed people"


class UnknownPerson(Refusal):
    """There is nobody with the number {person}."""

    code, status = "unknown_person", 404


class Desk:
    """Everybody a batch names, by person, by name and by root."""

    def __init__(self, batch: Batch, country: str) -> None:
        self.batch, self.country = batch, country
        self.persons, self.identities = batch.table(Person), batch.table(Identity)
        self.consents, self.merges = batch.table(Consent), batch.table(Merge)
        self.words, self.gone_names = Words.of(batch), Forgotten.of(batch)
        self._by_name: dict[tuple[str, str], int] = {}
        self._names_of: dict[int, list[Record]] = {}
        self.selves: dict[int, set[int]] = {}
        self.agreed: dict[int, list[Record]] = {}
        # Whose consents and whose names have been read: few events need them.
        self._agreed, self._named = Readings(), Readings()
        # How many persons an event made: nearly always none or one, two for an alias of strangers.
        self._made: dict[int, int] = {}
        # Whether any event was ever withdrawn; None: not asked yet.
        self._withdrawals: bool | None = None

    def load(self, happenings: Sequence[Happening], ids: Iterable[int]) -> None:
        """Read everybody the batch names, by whatever name, with all they merged with."""
        wanted: dict[str, set[str]] = {"user_id": set(), "anonymous_id": set(), "email": set(), "phone": set()}
        numbers = set(ids)
        for happening in happenings:
            for kind, value in self.mentioned(happening):
                wanted[kind].add(value)
            numbers.update(_numbers(happening))
        found: set[int] = set()
        for kind, values in wanted.items():
            if values:
                sql = f"SELECT value, person_id FROM identity WHERE kind = ? AND {database.any_of('value', 'text')}"
                for value, person_id in database.rows(sql, [kind, sorted(values)]):
                    self._by_name[kind, value] = person_id
                    found.add(person_id)
        merges = [h.props["merge"] for h in happenings if h.name == "Person Unmerged" and is_id(h.props.get("merge"))]
        for merge in self.merges.take_any("id", merges):
            numbers.update((merge["kept_id"], *merge["moved"]))
        self.more(found | numbers)

    def more(self, ids: Iterable[int]) -> None:
        """Read further persons, their other selves, names and consents."""
        missing = {i for i in ids if i not in self.persons.rows}
        if not missing:
            return
        inner = f"SELECT root_id FROM person WHERE {database.any_of('id')}"
        members = self.persons.take(f"root_id IN ({inner})", [sorted(missing)])
        for row in members:
            self.selves.setdefault(row["root_id"], set()).add(row["id"])

    def root(self, person_id: int) -> int:
        """Who this person is now. Raises UnknownPerson."""
        try:
            return self.persons.rows[person_id]["root_id"]  # type: ignore[no-any-return]
        except KeyError:
            raise UnknownPerson(person=person_id) from None

    def row(self, person_id: int) -> Record:
        """The row of who this person is now."""
        return self.persons.rows[self.root(person_id)]

    def members(self, person_id: int) -> set[int]:
        """All persons who are this one."""
        return self.selves[self.root(person_id)]

    def peek(self, happening: Happening) -> int | None:
        """Who an event seems to be about before it is folded: for reading ahead only."""
        person = happening.props.get("person") if happening.type == "act" else None
        if is_id(person):
            return self.persons.rows[person]["root_id"] if person in self.persons.rows else None
        known = self.holder("user_id", happening.user_id)
        return known if known is not None else self.holder("anonymous_id", happening.anonymous_id)

    def is_new(self, person_id: int) -> bool:
        """Whether this batch made the person: nothing about them is in the store yet."""
        return self.persons.is_fresh(person_id)

    def everybody(self) -> set[int]:
        """Ids of all persons read or made so far."""
        return set(self.persons.rows)

    def names(self, person_id: int, *kinds: str) -> list[Record]:
        """Identities of somebody under all their selves, oldest first."""
        members = self.members(person_id)
        self._read_names(members)
        found = [n for member in members for n in self._names_of.get(member, ()) if n["kind"] in kinds]
        return sorted(found, key=lambda row: row["id"])

    def _stored(self, people: Iterable[int]) -> list[int]:
        """Those of whom the store may know something: whom the batch made it does not."""
        return [person for person in people if not self.persons.is_fresh(person)]

    def _everybody_stored(self) -> list[int]:
        return self._stored(self.persons.rows)

    def _read_names(self, members: Iterable[int]) -> None:
        missing = self._named.missing(self._stored(members), self._everybody_stored)
        for row in self.identities.take_any("person_id", missing):
            if not self.identities.is_fresh(row["id"]):
                self._names_of.setdefault(row["person_id"], []).append(row)
                self._by_name.setdefault((row["kind"], row["value"]), row["person_id"])

    def consent(self, person_id: int, channel: str, purpose: str) -> str | None:
        """What is in force for a channel and purpose: the newest row of all selves, or None."""
        members = self.members(person_id)
        for row in self.consents.take_any("person_id", self._agreed.missing(self._stored(members), self._everybody_stored)):
            if not self.consents.is_fresh(row["id"]):
                self.agreed.setdefault(row["person_id"], []).append(row)
        rows = (row for member in members for row in self.agreed.get(member, ()))
        fitting = [row for row in rows if row["channel"] == channel and row["purpose"] == purpose]
        return max(fitting, key=lambda row: row["id"])["state"] if fitting else None

    def mentioned(self, happening: Happening) -> list[tuple[str, str]]:
        """Every name an event mentions."""
        found: list[tuple[str, str]] = []
        if happening.user_id:
            found.append(("user_id", happening.user_id))
        if happening.anonymous_id:
            found.append(("anonymous_id", happening.anonymous_id))
        if happening.previous_id:
            found += [("user_id", happening.previous_id), ("anonymous_id", happening.previous_id)]
        if not happening.given_traits:
            return found
        address = names.email(happening.given_traits.get("email"))
        if address:
            found.append(("email", address))
        number = names.phone(happening.given_traits.get("phone"), self.country)
        if number:
            found.append(("phone", number))
        return found

    def holder(self, kind: str, value: str | None) -> int | None:
        """Who has a name now, or None."""
        person_id = self._by_name.get((kind, value)) if value else None
        return self.root(person_id) if person_id is not None else None

    def is_known(self, person_id: int) -> bool:
        """Whether the business itself has an id for somebody."""
        return bool(self.names(person_id, "user_id"))

    def create(self, happening: Happening) -> int:
        """A new person; their public id follows from the event that made them."""
        uid = self._free_uid(happening.fingerprint, self._made.get(happening.id, 0))
        self._made[happening.id] = self._made.get(happening.id, 0) + 1
        self.persons.start_above(self._removed)
        row = self.persons.add(uid=uid, created_at=happening.received_at, root_id=0, profile={})
        row["root_id"] = row["id"]
        self.selves[row["id"]] = {row["id"]}
        return row["id"]

    def _free_uid(self, fingerprint: bytes, n: int) -> str:
        """The public id that follows from an event; another where the event came again and the first person stayed."""
        if self._withdrawals is None:
            self._withdrawals = bool(database.rows("SELECT 1 FROM withdrawn_event LIMIT 1"))
        uid = names.uid(fingerprint, n)
        while self._withdrawals and database.rows("SELECT 1 FROM person WHERE uid = ?", [uid]):
            n += 100
            uid = names.uid(fingerprint, n)
        return uid

    def _removed(self) -> int:
        """The highest number of anybody who was taken back with an import: nobody gets it again."""
        found = database.rows("SELECT position FROM cursor WHERE name = ?", [REMOVED])
        return int(found[0][0]) if found else 0

    def drop_name(self, row: Record) -> None:
        """Take one name away; it can be given anew."""
        self._by_name.pop((row["kind"], row["value"]), None)
        self._names_of[row["person_id"]] = [one for one in self._names_of[row["person_id"]] if one is not row]
        self.identities.drop(row)

    def give_name(self, person_id: int, kind: str, value: str | None, happening: Happening) -> bool:
        """Give somebody a name; False if it is another's."""
        if not value:
            return True
        held = self._by_name.get((kind, value))
        person_id = self.root(person_id)
        if held is not None:
            return self.root(held) == person_id
        row = self.identities.add(
            kind=kind, value=value, person_id=person_id, created_at=happening.received_at,
            likeness=names.likeness(kind, value),
        )  # fmt: skip
        self._by_name[kind, value] = person_id
        self.gone_names.revive(value)
        self._names_of.setdefault(person_id, []).append(row)
        if kind != "anonymous_id":
            self.index(person_id)
        return True

    def forget_names(self, member: int, at: datetime) -> list[tuple[str, str]]:
        """Take all names from one self; they can be given anew. The names that were, as kind and value."""
        self._read_names([member])
        gone = []
        for row in self._names_of.pop(member, []):
            gone.append((row["kind"], row["value"]))
            self.gone_names.forget(row["value"], at)
            self._by_name.pop((row["kind"], row["value"]), None)
            self.identities.change(row, value=f"forgotten-{row['id']}", likeness="", kind="forgotten")
        return gone

    def index(self, person_id: int) -> None:
        """Keep what somebody is found by in searching."""
        row = self.row(person_id)
        parts = [row["name"], *(n["value"] for n in self.names(person_id, "user_id", "email", "phone"))]
        search = names.searchable(*parts)
        if search != row["search"]:
            self.words.say(row, search)
            self.persons.change(row, search=search)


def _numbers(happening: Happening) -> set[int]:
    """Persons that one of our own acts names by number."""
    if happening.type != "act":
        return set()
    props = happening.props
    return {n for n in (props.get("person"), props.get("keep"), props.get("other")) if n is not None and is_id(n)}


def is_id(value: object) -> TypeGuard[int]:
    """Whether a value can be the number of a row."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
