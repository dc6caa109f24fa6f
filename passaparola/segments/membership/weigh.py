"""Asks the rules about the people of a batch's rings, and says what follows: who enters, who leaves, who is due when."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from passaparola.events import intake
from passaparola.events.intake import Happening
from passaparola.kernel import database
from passaparola.kernel.batch import Record
from passaparola.segments import traits
from passaparola.segments.membership import answers

if TYPE_CHECKING:
    from passaparola.segments.membership.room import Memberships

# How many people one ring of a gathering looks at.
SLICE_PEOPLE_MAX = 2000
# What the corridor makes by itself carries this source; a replay makes it again instead of reading it.
SOURCE = "segments"


@dataclass(slots=True)
class Move:
    """One person's coming into or going out of a segment. `closes`: open rows that end with it.

    `announced`: the event of it; None where a merge only carries the membership to the one person they now are.
    """

    segment: int
    person: int
    entered: bool
    closes: list[Record]
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
    owner: dict[tuple[int, int], Asked] = {}
    everybody = {person for one in asked for person in one.people}
    roots = _roots(everybody)
    for one in asked:
        for person in one.people:
            for segment in one.segments:
                owner.setdefault((segment, roots[person][0] if person in roots else person), one)
    eligible = sorted({root for root, forgotten in roots.values() if not forgotten})
    wanted = sorted({segment for segment, _ in owner})
    live = {row["id"]: room.tree(row) for row in room.live() if row["id"] in wanted}
    traits.refresh(sorted(person for one in asked if one.touched for person in one.people))
    found = answers.of(live, eligible, as_of, room.zone) if live and eligible else {}
    _moves(room, owner, found, set(eligible))
    _timers(room, asked, found, {p: r for p, (r, _) in roots.items()}, set(wanted))
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
    room: "Memberships",
    owner: dict[tuple[int, int], Asked],
    found: dict[int, dict[int, tuple[bool, datetime | None]]],
    eligible: set[int],
) -> None:
    """The difference between what the rules (and pins) say and the open memberships."""
    people = sorted({person for _, person in owner})
    open_, pins = _open(room, people), _pins(people)
    for (segment, person), one in owner.items():
        is_live = room.segments.rows[segment]["state"] == "live"
        pinned = pins.get((segment, person), "")
        says = found.get(segment, {}).get(person, (False, None))[0]
        inside = is_live and person in eligible and (pinned == "in" or (says and pinned != "out"))
        rows = open_.get((segment, person), [])
        own = [row for row in rows if row["person_id"] == person]
        others = [row for row in rows if row["person_id"] != person]
        if inside and not own:
            # Under another self already: the merge carries it on, nobody entered.
            event = None if others else _announce(room, "Segment Entered", segment, person, one.ring, pinned)
            one.moves.append(Move(segment, person, True, others, event))
        elif inside and others:
            one.moves.append(Move(segment, person, False, others, None))
        elif not inside and rows:
            event = _announce(room, "Segment Left", segment, person, one.ring, pinned)
            one.moves.append(Move(segment, person, False, rows, event))


def _open(room: "Memberships", people: list[int]) -> dict[tuple[int, int], list[Record]]:
    """Open memberships of these people under any self, by segment and root."""
    sql = f"SELECT id, root_id FROM person WHERE {database.any_of('root_id')}"
    root_of = dict(database.rows(sql, [people]))
    rows = room.memberships.take(f"until_at IS NULL AND {database.any_of('person_id')}", [sorted(root_of)])
    found: dict[tuple[int, int], list[Record]] = {}
    for row in rows:
        found.setdefault((row["segment_id"], root_of[row["person_id"]]), []).append(row)
    return found


def _pins(people: list[int]) -> dict[tuple[int, int], str]:
    """The newest pin of each segment and person, of whichever self."""
    sql = (
        "SELECT n.segment_id, p.root_id, n.state FROM pin n JOIN person p ON p.id = n.person_id "
        f"WHERE {database.any_of('p.root_id')} ORDER BY n.id"
    )
    return {(segment, root): state for segment, root, state in database.rows(sql, [people])}


def _announce(room: "Memberships", name: str, segment: int, person: int, ring: Happening, pinned: str) -> Happening:
    properties: dict[str, Any] = {"segment": room.segments.rows[segment]["key"], "because": _because(ring, pinned)}
    event = intake.make_act(
        name, source=SOURCE, message_id=f"{ring.fingerprint.hex()}:{segment}:{person}", now=ring.received_at,
        time_zone=room.zone, properties=properties, person_id=person,
    )  # fmt: skip
    # A state that was found is not a thing that happened: nobody is asked because a rule was edited.
    event.history = ring.props["kind"] == "gather"
    return event


def _because(ring: Happening, pinned: str) -> str:
    if pinned:
        return "by hand"
    if ring.props["kind"] == "gather":
        return "everybody was looked at"
    return "time passed" if ring.props["subject"].startswith("person:") else "something happened"


def _timers(
    room: "Memberships",
    asked: list[Asked],
    found: dict[int, dict[int, tuple[bool, datetime | None]]],
    roots: dict[int, int],
    wanted: set[int],
) -> None:
    """When each person is due next. What was not asked now keeps the time it had."""
    timed = room.watch.timed & wanted
    if not timed and not any(one.ring.props["subject"].startswith("person:") for one in asked):
        return
    people = sorted({roots[person] for one in asked for person in one.people if person in roots})
    set_for, complete = _due(people), wanted >= room.watch.timed
    rang = {one.ring.props["subject"] for one in asked if one.ring.props["kind"] == "weigh"}
    for root in people:
        next_ = min((at for s in timed if (at := found.get(s, {}).get(root, (False, None))[1])), default=None)
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
