"""Asks the rules about the people of a batch's rings, and says what follows: who enters, who leaves, who is due when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from passaparola.events import intake
from passaparola.events.intake import Happening
from passaparola.kernel import database
from passaparola.segments import traits
from passaparola.segments.membership import answers

if TYPE_CHECKING:
    from passaparola.segments.membership.room import Memberships

# How many people one ring of a gathering looks at.
SLICE_PEOPLE_MAX = 2000
# What the corridor makes by itself carries this source; a replay makes it again instead of reading it.
SOURCE = "segments"
_NONE: dict[int, Any] = {}


@dataclass(slots=True)
class Move:
    """One person's coming into or going out of a segment. `closes`: open rows that end with it, first by number, then whole.

    `announced`: the event of it; None where a merge only carries the membership to the one person they now are.
    """

    segment: int
    person: int
    entered: bool
    closes: list[Any]
    announced: Happening | None


@dataclass(slots=True)
class Asked:
    """What one ring wants to know, and what came of it."""

    ring: Happening
    people: list[int]
    segments: list[int]
    # Whether something happened to these people, or only time passed.
    touched: bool = True
    # The last person of a gathering's slice; None: it was the last slice.
    after: int | None = None
    moves: list[Move] = field(default_factory=list)
    # Person → when time alone may change an answer; None: no timer any more.
    timers: dict[int, datetime | None] = field(default_factory=dict)


def weigh(room: "Memberships", happenings: Sequence[Happening]) -> dict[bytes, Asked]:
    """Answer the rings among the happenings, by fingerprint: all at once, as of the moment they ring."""
    asked = [_wanted(room, h) for h in happenings if _is_ring(h)]
    if not asked:
        return {}
    as_of = max(one.ring.received_at for one in asked)
    everybody = {person for one in asked for person in one.people}
    roots = _roots(everybody)
    eligible = sorted({root for root, forgotten in roots.values() if not forgotten})
    wanted = {segment for one in asked if one.people for segment in one.segments}
    live = {row["id"]: room.tree(row) for row in room.live() if row["id"] in wanted}
    traits.refresh(sorted(person for one in asked if one.touched for person in one.people))
    found = answers.about(live, room.watch.timed, eligible, as_of, room.zone) if live and eligible else {}
    root_of = {person: root for person, (root, _) in roots.items()}
    _moves(room, asked, found, root_of, live.keys())
    _timers(room, asked, found, root_of, wanted)
    return {one.ring.fingerprint: one for one in asked}


def _is_ring(happening: Happening) -> bool:
    return (
        happening.type == "act"
        and happening.name == "Timer Rang"
        and happening.props.get("kind") in ("weigh", "gather")
    )


def _wanted(room: "Memberships", ring: Happening) -> Asked:
    """Whom and what a ring is about: a touched batch, one person whose time has come, or a slice of everybody."""
    subject, payload = ring.props["subject"], ring.props["payload"]
    what, _, number = subject.partition(":")
    if ring.props["kind"] == "gather":
        sql = "SELECT id FROM person WHERE id > ? AND root_id = id ORDER BY id LIMIT ?"
        people = [row[0] for row in database.rows(sql, [payload.get("after", 0), SLICE_PEOPLE_MAX])]
        segments = [int(number)] if what == "segment" else [row["id"] for row in room.live()]
        return Asked(ring, people, segments, after=people[-1] if len(people) == SLICE_PEOPLE_MAX else None)
    if what == "person":
        return Asked(ring, [int(number)], sorted(room.watch.timed), touched=False)
    return Asked(ring, payload["people"], payload["segments"])


def _roots(people: set[int]) -> dict[int, tuple[int, bool]]:
    """Who these people are now, and whether that one is forgotten."""
    sql = (
        "SELECT p.id, r.id, r.forgotten_at IS NOT NULL FROM person p JOIN person r ON r.id = p.root_id "
        f"WHERE {database.any_of('p.id')}"
    )
    return {row[0]: (row[1], bool(row[2])) for row in database.rows(sql, [sorted(people)])}


def _moves(
    room: "Memberships", asked: list[Asked], found: answers.Verdicts, root_of: dict[int, int], live: Collection[int]
) -> None:
    """The difference between what the rules (and pins) say and the open memberships, person by person."""
    people = sorted({root_of.get(person, person) for one in asked for person in one.people})
    (open_, elsewhere), pins = _open(people), _pins(people)
    closed: list[list[Any]] = []
    settled: dict[int, set[int]] = {}
    for one in asked:
        for named in one.people:
            person = root_of.get(named, named)
            # Who is named by two rings of a batch belongs to the first.
            fresh = set(one.segments).difference(settled.get(person, ()))
            settled.setdefault(person, set()).update(fresh)
            rows, pinned = open_.get(person, _NONE), pins.get(person, _NONE)
            yes = {segment for segment in found[person][0] if segment in live} if person in found else set()
            # Where one row of her own stands for a yes, and nothing is pinned, nothing changes.
            differing = yes.symmetric_difference(rows) | elsewhere.get(person, set()) | pinned.keys()
            for segment in sorted(differing & fresh):
                pin = pinned.get(segment, "") if person in found and segment in live else ""
                inside = pin == "in" or (segment in yes and pin != "out")
                move = _move(room, one.ring, segment, person, inside, rows.get(segment, []), pinned.get(segment, ""))
                if move is not None:
                    one.moves.append(move)
                    closed.append(move.closes)
    known = {row["id"]: row for row in room.memberships.take_any("id", sorted(id_ for some in closed for id_ in some))}
    for some in closed:
        some[:] = [known[id_] for id_ in some]


def _move(
    room: "Memberships", ring: Happening, segment: int, person: int, inside: bool, rows: list[tuple[int, int]], pinned: str
) -> Move | None:
    """What follows from an answer, given the open rows (id, self) under any self."""
    own = [id_ for id_, self_ in rows if self_ == person]
    others = [id_ for id_, self_ in rows if self_ != person]
    if inside and not own:
        # Under another self already: the merge carries it on, nobody entered.
        event = None if others else _announce(room, "Segment Entered", segment, person, ring, pinned)
        return Move(segment, person, True, others, event)
    if inside and others:
        return Move(segment, person, False, others, None)
    if not inside and rows:
        event = _announce(room, "Segment Left", segment, person, ring, pinned)
        return Move(segment, person, False, [id_ for id_, _ in rows], event)
    return None


def _open(people: list[int]) -> tuple[dict[int, dict[int, list[tuple[int, int]]]], dict[int, set[int]]]:
    """Root → segment → (row, self) of the open memberships of these people under any self; root → segments of another self."""
    sql = (
        "SELECT p.root_id, m.segment_id, m.id, m.person_id FROM person p JOIN membership m ON m.person_id = p.id "
        f"WHERE {database.any_of('p.root_id')} AND m.until_at IS NULL ORDER BY m.id"
    )
    found: dict[int, dict[int, list[tuple[int, int]]]] = {person: {} for person in people}
    elsewhere: dict[int, set[int]] = {}
    for root, segment, id_, person in database.rows(sql, [people]):
        found[root].setdefault(segment, []).append((id_, person))
        if person != root:
            elsewhere.setdefault(root, set()).add(segment)
    return found, elsewhere


def _pins(people: list[int]) -> dict[int, dict[int, str]]:
    """Root → segment → the newest pin, of whichever self."""
    sql = (
        "SELECT n.segment_id, p.root_id, n.state FROM pin n JOIN person p ON p.id = n.person_id "
        f"WHERE {database.any_of('p.root_id')} ORDER BY n.id"
    )
    found: dict[int, dict[int, str]] = {}
    for segment, root, state in database.rows(sql, [people]):
        found.setdefault(root, {})[segment] = state
    return found


def _announce(room: "Memberships", name: str, segment: int, person: int, ring: Happening, pinned: str) -> Happening:
    event = intake.make_move(
        name, source=SOURCE, message_id=f"{_hex(ring.fingerprint)}:{segment}:{person}", now=ring.received_at,
        time_zone=room.zone, person_id=person, segment=room.segments.rows[segment]["key"], because=_because(ring, pinned),
    )  # fmt: skip
    # A state that was found is not a thing that happened: nobody is asked because a rule was edited.
    event.history = ring.props["kind"] == "gather"
    return event


@lru_cache(maxsize=4)
def _hex(mark: bytes) -> str:
    return mark.hex()


def _because(ring: Happening, pinned: str) -> str:
    if pinned:
        return "by hand"
    if ring.props["kind"] == "gather":
        return "everybody was looked at"
    return "time passed" if ring.props["subject"].startswith("person:") else "something happened"


def _timers(
    room: "Memberships",
    asked: list[Asked],
    found: answers.Verdicts,
    roots: dict[int, int],
    wanted: Collection[int],
) -> None:
    """When each person is due next. What was not asked now keeps the time it had."""
    timed = room.watch.timed.intersection(wanted)
    if not timed and not any(one.ring.props["subject"].startswith("person:") for one in asked):
        return
    people = sorted({roots[person] for one in asked for person in one.people if person in roots})
    set_for, complete = _due(people), room.watch.timed.issubset(wanted)
    rang = {one.ring.props["subject"] for one in asked if one.ring.props["kind"] == "weigh"}
    for root in people:
        next_ = found[root][1] if root in found else None
        before = None if f"person:{root}" in rang else set_for.get(root)
        if not complete and before is not None:
            next_ = min(before, next_) if next_ else before
        if next_ != before:
            # With the last ring: a ring takes its own timer away when it is folded.
            asked[-1].timers[root] = next_


def _due(people: list[int]) -> dict[int, datetime]:
    sql = f"SELECT subject, due_at FROM timer WHERE kind = 'weigh' AND {database.any_of('subject', 'text')}"
    rows = database.rows(sql, [[f"person:{person}" for person in people]])
    return {int(subject.split(":")[1]): database.as_time(due) for subject, due in rows}
