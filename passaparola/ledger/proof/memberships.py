"""The check that asks every rule again about everybody, and compares with who is in."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings

from passaparola.kernel import database
from passaparola.ledger.proof.disagreement import Disagreement
from passaparola.segments.membership import answers
from passaparola.segments.membership.room import tree_of
from passaparola.segments.models import Segment

_PEOPLE = 5000


def all_of(now: datetime, alias: str) -> Iterator[tuple[str, Callable[[], Iterator[Disagreement]]]]:
    """Sentence and check."""
    what = "Whoever is in a segment is there by its rule as of now, or by hand; nobody else."
    yield what, partial(_memberships, what, alias, now)


def _memberships(what: str, alias: str, now: datetime) -> Iterator[Disagreement]:
    """Judged as of `now`; who is waiting to be weighed is left out, and everything while everybody is looked at."""
    if alias != "default" or database.rows("SELECT 1 FROM timer WHERE kind = 'gather'"):
        return
    trees = {row["id"]: tree_of(row["rule"]) for row in database.select(Segment, "state = 'live'")}
    waiting, after = _waiting(now), 0
    while people := _slice(after):
        after = people[-1]
        found = answers.of(trees, people, now, settings.BUSINESS_TIME_ZONE) if trees else {}
        expected = {(segment, person) for segment, some in found.items() for person, (yes, _) in some.items() if yes}
        expected = _pinned(expected, people, set(trees))
        for segment, person in sorted(expected ^ _inside(people[0], people[-1])):
            if person not in waiting:
                inside = (segment, person) in expected
                yield Disagreement("membership", f"{segment}:{person}", what, "in" if inside else "out", "not so")


def _slice(after: int) -> list[int]:
    sql = "SELECT id FROM person WHERE id > ? AND root_id = id AND forgotten_at IS NULL ORDER BY id LIMIT ?"
    return [row[0] for row in database.rows(sql, [after, _PEOPLE])]


def _inside(first: int, last: int) -> set[tuple[int, int]]:
    sql = "SELECT segment_id, person_id FROM membership WHERE until_at IS NULL AND person_id BETWEEN ? AND ?"
    return set(database.rows(sql, [first, last]))


def _pinned(expected: set[tuple[int, int]], people: list[int], live: set[int]) -> set[tuple[int, int]]:
    sql = (
        "SELECT n.segment_id, p.root_id, n.state FROM pin n JOIN person p ON p.id = n.person_id "
        "WHERE p.root_id BETWEEN ? AND ? ORDER BY n.id"
    )
    newest = {(s, p): state for s, p, state in database.rows(sql, [people[0], people[-1]])}
    known = set(people)
    for (segment, person), state in newest.items():
        if segment in live and person in known and state:
            (expected.add if state == "in" else expected.discard)((segment, person))
    return expected


def _waiting(now: datetime) -> set[int]:
    """Everybody named by a timer that is due and has not rung."""
    sql = "SELECT subject, payload FROM timer WHERE kind = 'weigh' AND due_at <= ?"
    found: set[int] = set()
    for subject, payload in database.rows(sql, [now]):
        if subject.startswith("person:"):
            found.add(int(subject.split(":")[1]))
        else:
            found.update(_people(payload))
    return found


def _people(payload: Any) -> list[int]:
    whole = json.loads(payload) if isinstance(payload, (str, bytes)) else payload
    return list(whole["people"])
