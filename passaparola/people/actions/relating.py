"""Who knows whom: recorded and ended by acts, directed, dated, with the source; both sides are people we know already."""

from collections.abc import Iterator

from passaparola.events.intake import Happening
from passaparola.kernel.batch import Record
from passaparola.kernel.errors import Refusal
from passaparola.people.actions.desk import Desk, UnknownPerson, is_id
from passaparola.people.actions.text import text
from passaparola.people.models import Relationship


class BadRelationship(Refusal):
    """A relationship is between two different people, and one of friend, family, household, colleague, knows."""

    code, status = "bad_relationship", 422


class NoRelationship(Refusal):
    """There is no such relationship that could end."""

    code, status = "no_relationship", 404


def record(desk: Desk, happening: Happening) -> None:
    """One person knows another from now on; the same again is nothing new."""
    person, other, kind = _who(desk, happening)
    open_ = next(_open(desk, person, other, kind), None)
    if open_ is not None:
        happening.result.update(relationship_id=open_["id"], known=True)
        return
    row = desk.batch.table(Relationship).add(
        person_id=person, other_id=other, kind=kind, source=text(happening.props.get("source"), 60) or happening.source,
        event_id=happening.id, at=happening.occurred_at,
    )  # fmt: skip
    happening.result["relationship_id"] = row["id"]


def end(desk: Desk, happening: Happening) -> None:
    """It is over, under whichever of their numbers it was recorded."""
    found = list(_open(desk, *_who(desk, happening)))
    if not found:
        raise NoRelationship()
    for row in found:
        _close(desk, row, happening)
    happening.result["relationship_id"] = found[0]["id"]


def forget(desk: Desk, members: set[int], happening: Happening) -> None:
    """Whoever is forgotten knows nobody any more, nor is known."""
    table = desk.batch.table(Relationship)
    table.take_any("person_id", members)
    table.take_any("other_id", members)
    for row in list(table.rows.values()):
        if row["until_at"] is None and (row["person_id"] in members or row["other_id"] in members):
            _close(desk, row, happening)


def _close(desk: Desk, row: Record, happening: Happening) -> None:
    desk.batch.table(Relationship).change(
        row, until_at=max(row["at"], happening.occurred_at), ended_by_id=happening.id
    )


def _who(desk: Desk, happening: Happening) -> tuple[int, int, str]:
    person, other = happening.props.get("person"), happening.props.get("other")
    kind = happening.props.get("kind")
    if not (is_id(person) and is_id(other)):
        raise UnknownPerson(person=other if is_id(person) else person)
    if kind not in Relationship.KINDS or desk.root(person) == desk.root(other):
        raise BadRelationship()
    return desk.root(person), desk.root(other), kind


def _open(desk: Desk, person: int, other: int, kind: str) -> Iterator[Record]:
    """What is in force between two people, under any of their numbers."""
    ours, theirs = desk.members(person), desk.members(other)
    table = desk.batch.table(Relationship)
    table.take_any("person_id", ours)
    for row in list(table.rows.values()):
        if row["until_at"] is None and row["kind"] == kind and row["person_id"] in ours and row["other_id"] in theirs:
            yield row
