"""One slice of a withdrawn import through all rooms, and who may go with it. docs/decisions/withdrawing.md

What a room makes of it stands in that room (`withdrawing` in events, people and segments; programmes and memberships take
it from the notes). Here is only the order, and what no single room can know: whether anything is left of a person.
"""

from passaparola.events import withdrawing as facts
from passaparola.events.actions import Events
from passaparola.events.intake import Happening
from passaparola.events.withdrawing import Slice
from passaparola.kernel import database
from passaparola.kernel.batch import Batch
from passaparola.people.actions import People
from passaparola.people.actions import withdrawing as people_
from passaparola.people.actions.groups import Groups
from passaparola.programs.actions import Desk
from passaparola.programs.models import Decision
from passaparola.segments import withdrawing as segments
from passaparola.segments.actions import Segments
from passaparola.segments.lead_actions import Leads
from passaparola.segments.membership.weigh import SOURCE as CORRIDOR

# Rows by which somebody is known beyond her events: what was promised, sent or decided by hand keeps her.
TIES = (
    ("referral", "advocate_id"),
    ("referral", "friend_id"),
    ("reward", "person_id"),
    ("code", "person_id"),
    ("click", "person_id"),
    ("assignment", "person_id"),
    ("message", "person_id"),
    ("pin", "person_id"),
    ("relationship", "person_id"),
    ("relationship", "other_id"),
)


class Withdrawal:
    """The steps of a batch whose ring takes a slice of an import back; in any other batch they do nothing."""

    def __init__(
        self, some: Slice | None, batch: Batch, *, people: People, groups: Groups, events: Events, segment: Segments,
        desk: Desk, leads: Leads,
    ) -> None:  # fmt: skip
        self.some, self.batch, self.people, self.groups = some, batch, people, groups
        self.events, self.segment, self.desk, self.leads = events, segment, desk, leads

    def step(self, ring: Happening) -> None:
        """Facts first, then what is counted from them; the rooms downstream read the notes."""
        some = self.some
        if some is None or ring is not some.ring:
            return
        people_.part(self.people, some, ring)
        facts.withdraw(self.events, some, ring)
        alone = self._alone(some)
        some.left = alone - _tied(alone, some)
        some.tied = alone - some.left
        people_.withdraw(self.people, self.groups, some)
        segments.withdraw(self.segment, some, ring)
        segments.withdraw_leads(self.leads, some, ring)
        ring.tell("withdrawn", people=sorted(some.selves - some.left), gone=some.gone)
        ring.result.update(withdrawn=len(some.gone), people=len(some.people), removed=len(some.left))

    def leave(self, ring: Happening) -> None:
        """Whoever nothing is left of goes, after every room had its turn."""
        some = self.some
        if some is None or ring is not some.ring or not some.left:
            return
        for row in [row for row in some.kept if row["person_id"] in some.left]:
            some.put_aside(row, ring)
        decisions = self.batch.table(Decision)
        for row in decisions.take_any("person_id", sorted(some.left)):
            decisions.drop(row)
        for program in self.desk.programs.rows:
            for person in some.left:
                self.batch.clear_timer("ask", f"program:{program}:person:{person}")
        segments.remove(self.batch, some.left)
        people_.remove(self.people, some.left)

    def _alone(self, some: Slice) -> set[int]:
        """Persons with no event but the withdrawn ones, under no other number."""
        touched = {row["person_id"] for row in some.gone.values()} - {None}
        alone = {person for person in touched if self.people.members(person) == {person}}
        return alone - {row["person_id"] for row in some.kept if row["source"] != CORRIDOR} - some.heirs


def _tied(alone: set[int], some: Slice) -> set[int]:
    """Which of these persons a row of another room names."""
    people = sorted(alone)
    tied: set[int] = set()
    for table, column in TIES:
        sql = f"SELECT DISTINCT {column} FROM {table} WHERE {database.any_of(column)}"
        tied |= {id_ for (id_,) in database.rows(sql, [people])}
    for table in ("decision", "group_member"):
        sql = f"SELECT person_id, event_id FROM {table} WHERE {database.any_of('person_id')}"
        tied |= {person for person, event in database.rows(sql, [people]) if event not in some.gone}
    return tied
