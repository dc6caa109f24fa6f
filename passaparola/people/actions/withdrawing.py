"""Taking an import back, in the room of people: merges, profiles, names, consents and groups as if it had never come."""

from collections.abc import Iterable

from passaparola.events import log
from passaparola.events.intake import Happening
from passaparola.events.withdrawing import Slice
from passaparola.kernel.batch import Record
from passaparola.kernel.models import Cursor
from passaparola.people.actions import consents, merging, recognising
from passaparola.people.actions.desk import REMOVED, Desk
from passaparola.people.actions.groups import Groups
from passaparola.people.models import Consent

_TELLING = ("Friend Signed Up", "Language Chosen")
_BLANK: Record = {"name": "", "given_name": "", "birth_on": None, "sex": "", "language": "", "time_zone": ""}
_CONSENT_EVENTS = {"Consent Given": "given", "Consent Refused": "refused", "Consent Withdrawn": "withdrawn"}


def part(desk: Desk, some: Slice, ring: Happening) -> None:
    """Merges that the import alone spoke for are undone, the newest first."""
    kept = _by_person(some.kept)
    # Reads everybody's names and consents at once.
    for person in some.selves:
        desk.consent(person, "", "")
        desk.names(person)
    for merge in sorted(desk.merges.take_any("event_id", sorted(some.gone)), key=lambda row: -row["id"]):
        in_force = merge["undone_at"] is None and desk.root(merge["merged_id"]) != merge["merged_id"]
        if in_force and not _is_said_by_others(desk, set(merge["moved"]), desk.members(merge["kept_id"]), kept):
            merging.unmerge(desk, merge, ring)


def withdraw(desk: Desk, groups: Groups, some: Slice) -> None:
    """Forget what only the import said of each. Whom something else ties to us stays who she is: name and ids."""
    gone, kept = _by_person(some.gone.values()), _by_person(some.kept)
    merges = desk.merges.take_any("kept_id", sorted(gone))
    for person in sorted(set(gone) - some.tied):
        if desk.persons.rows[person]["forgotten_at"] is None:
            _profile(desk, person, gone[person], kept.get(person, []), [m for m in merges if m["kept_id"] == person])
    for root in sorted({desk.root(person) for person in gone} - some.tied):
        members = sorted(desk.members(root))
        said = [log.from_row(row) for member in members for row in kept.get(member, ())]
        _names(desk, members, [log.from_row(row) for member in members for row in gone.get(member, ())], said)
        desk.index(root)
    _consents(desk, some, kept)
    _groups(groups, some, kept)


def remove(desk: Desk, people: set[int]) -> None:
    """Whoever nothing is left of goes, with their names; their numbers are not given out again."""
    for person in sorted(people):
        for row in [row for row in desk.identities.rows.values() if row["person_id"] == person]:
            desk.drop_name(row)
        desk.words.say(desk.persons.rows[person], "")
        desk.persons.drop(desk.persons.rows[person])
        desk.selves.pop(person, None)
    cursors = desk.batch.table(Cursor)
    found = cursors.take("name = ?", [REMOVED])
    if found:
        cursors.change(found[0], position=max(found[0]["position"], *people))
    else:
        cursors.add(name=REMOVED, position=max(people))


def _by_person(rows: Iterable[Record]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {}
    for row in sorted(rows, key=lambda row: row["id"]):
        found.setdefault(row["person_id"], []).append(row)
    return found


# --- merges ---------------------------------------------------------------------------------------


def _is_said_by_others(desk: Desk, moved: set[int], members: set[int], kept: dict[int, list[Record]]) -> bool:
    """Whether an event that stays names both sides."""
    holder = {(n["kind"], n["value"]): n["person_id"] for n in desk.identities.rows.values() if n["person_id"] in members}
    for member in members:
        for row in kept.get(member, ()):
            sides = {holder[name] in moved for name in desk.mentioned(log.from_row(row)) if name in holder}
            if len(sides) == 2:
                return True
    return False


# --- who she is -----------------------------------------------------------------------------------


def _profile(desk: Desk, person: int, gone: list[Record], kept: list[Record], merges: list[Record]) -> None:
    """Her own row, told again from what stays, in the order of the log."""
    if not any(row["type"] in ("identify", "alias") for row in gone):
        return
    desk.persons.change(desk.persons.rows[person], **_BLANK, profile={})
    told = {row["id"]: row for row in kept if row["type"] == "identify" or row["name"] in _TELLING}
    joined = {merge["event_id"]: merge for merge in merges if merge["undone_at"] is None}
    for event in sorted({*told, *joined}):
        if event in joined:
            merging.fill_blanks(desk, person, joined[event]["merged_id"])
        if event in told:
            _tell(desk, person, log.from_row(told[event]))


def _tell(desk: Desk, person: int, happening: Happening) -> None:
    if happening.name == "Language Chosen" and happening.type == "act":
        if happening.props.get("language") in recognising.LANGUAGES:
            desk.persons.change(desk.persons.rows[person], language=happening.props["language"])
    elif happening.given_traits:
        recognising.say_again(desk, person, happening)


def _names(desk: Desk, members: list[int], gone: list[Happening], said: list[Happening]) -> None:
    """Names that only the import gave are free again; one she confirmed herself is hers."""
    only = {name for happening in gone for name in desk.mentioned(happening)}
    only -= {name for happening in said for name in desk.mentioned(happening)}
    for row in [row for row in desk.identities.rows.values() if row["person_id"] in members]:
        if (row["kind"], row["value"]) in only and row["verified_at"] is None:
            desk.drop_name(row)


# --- consents and groups --------------------------------------------------------------------------


def _consents(desk: Desk, some: Slice, kept: dict[int, list[Record]]) -> None:
    """Consents that came with the import go; what was said again afterwards, and was no news then, counts now."""
    consents_ = desk.batch.table(Consent)
    gone = [row for row in consents_.rows.values() if row["event_id"] in some.gone]
    for row in gone:
        desk.agreed[row["person_id"]].remove(row)
        consents_.drop(row)
    for root in sorted({desk.root(row["person_id"]) for row in gone}):
        members = desk.members(root)
        last: dict[tuple[str, str], int] = {}
        for row in (one for member in members for one in desk.agreed.get(member, ())):
            key = (row["channel"], row["purpose"])
            last[key] = max(last.get(key, 0), row["event_id"])
        for event in sorted((row for m in members for row in kept.get(m, ())), key=lambda row: row["id"]):
            _agree_again(desk, event, last)


def _agree_again(desk: Desk, event: Record, last: dict[tuple[str, str], int]) -> None:
    happening = log.from_row(event)
    happening.id, happening.person_id = event["id"], event["person_id"]
    for what in _agreements(happening):
        if event["id"] > last.get((str(what.get("channel")), str(what.get("purpose"))), 0):
            consents.agree(desk, happening, what)


def _agreements(happening: Happening) -> list[Record]:
    """What an event says about consents."""
    if happening.name in _CONSENT_EVENTS and happening.type == "track":
        return [{**happening.props, "state": _CONSENT_EVENTS[happening.name]}]
    if happening.name == "Consent Recorded" and happening.type == "act":
        return [happening.props]
    given = happening.given_traits.get("consents") if happening.type == "identify" else None
    return consents.in_traits(given) if isinstance(given, dict) else []


def _groups(groups: Groups, some: Slice, kept: dict[int, list[Record]]) -> None:
    """Who joined by the import's call leaves no trace of it, unless another call says the same."""
    if not any(row["type"] == "group" for row in some.gone.values()):
        return
    members = groups.batch_members(sorted(some.selves))
    for member in [row for row in members if row["event_id"] in some.gone]:
        key = groups.key_of(member["group_id"])
        said = [row for row in kept.get(member["person_id"], ()) if row["type"] == "group" and row["group_id"] == key]
        if said:
            groups.members.change(member, event_id=said[0]["id"], from_at=said[0]["occurred_at"])
        else:
            groups.members.drop(member)

