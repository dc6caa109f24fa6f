"""Leads proven: each sum from the events of the log, each temperature from sum, fit and time."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from passaparola.kernel import database
from passaparola.ledger.proof.disagreement import Disagreement
from passaparola.people.models import Person
from passaparola.segments import lead_actions, leads
from passaparola.segments.models import Lead

# How many leads are held at once with their events.
_CHUNK = 500
_MICROSECOND = timedelta(microseconds=1)


def all_of(now: datetime, alias: str) -> Iterator[tuple[str, Callable[[], Iterator[Disagreement]]]]:
    """Sentence and check, one by one."""
    for what, look in (
        ("What a lead did adds up to what its events are worth.", _sums),
        ("A lead is as warm as its fit, what it did and the time passed make it.", partial(_temperatures, now=now)),
    ):
        yield what, partial(look, what, alias)


def _rules(alias: str) -> leads.Rules:
    found = database.rows("SELECT value FROM setting WHERE name = ?", [lead_actions.SETTING], alias=alias)
    return leads.Rules.read(_json(found[0][0])) if found else leads.Rules()


def _is_recounting(alias: str) -> bool:
    """New rules are being applied slice by slice: until that is through, nothing is judged."""
    return bool(database.rows("SELECT 1 FROM timer WHERE kind = 'relead'", alias=alias))


def _chunks(alias: str) -> Iterator[list[Lead]]:
    last = 0
    while some := list(Lead.objects.using(alias).filter(person_id__gt=last).order_by("person_id")[:_CHUNK]):
        yield some
        last = some[-1].person_id


def _sums(what: str, alias: str) -> Iterator[Disagreement]:
    if _is_recounting(alias):
        return
    rules = _rules(alias)
    for some in _chunks(alias):
        kept = {row.person_id: leads.Own.read(row.own) for row in some}
        for person, deeds in lead_actions.read_deeds(kept, rules, alias=alias):
            again = leads.Own.read(kept[person].as_json())
            list(leads.recount(again, deeds, rules))
            if (again.sum_micro, again.at_us) != (kept[person].sum_micro, kept[person].at_us):
                yield Disagreement("lead", person, what, again.sum_micro, kept[person].sum_micro)


def _temperatures(what: str, alias: str, *, now: datetime) -> Iterator[Disagreement]:
    """Whoever has a timer due and not rung yet is left out."""
    if _is_recounting(alias):
        return
    rules = _rules(alias)
    due = {s for (s,) in database.rows("SELECT subject FROM timer WHERE kind = 'lead' AND due_at <= ?", [now], alias=alias)}
    for some in _chunks(alias):
        selves = _selves([row.person_id for row in some], alias)
        for row in some:
            mine = selves.get(row.person_id, [])
            whole = leads.together([leads.Own.read(own) for own, _ in mine], rules)
            expected = _expected(row, whole, [facts for _, facts in mine], now, rules)
            found = (row.source, row.sum_micro, row.fit, row.temperature)
            if found != expected and f"person:{row.person_id}" not in due:
                yield Disagreement("lead", row.person_id, what, expected, found)


def _expected(row: Lead, whole: leads.Whole, facts: list[Any], now: datetime, rules: leads.Rules) -> tuple[Any, ...]:
    fit = leads.fit_of(lead_actions.profile_facts(facts), rules)[0] if whole.source else 0
    micros = (now - lead_actions.EPOCH) // _MICROSECOND
    warmth = leads.temperature(fit, whole, micros, rules)[0] if row.became_customer_at is None else ""
    return whole.source, whole.sum_micro, fit, warmth


def _selves(roots: list[int], alias: str) -> dict[int, list[tuple[Any, Any]]]:
    """What each of these recorded under all their numbers, with the profile; the root's last."""
    columns = ("id", "root_id", "profile", "language", "sex", "time_zone", "birth_on")
    found: dict[int, list[tuple[Any, Any]]] = {}
    people = list(Person.objects.using(alias).filter(root_id__in=roots).values(*columns))
    owns = dict(Lead.objects.using(alias).filter(person_id__in=[p["id"] for p in people]).values_list("person_id", "own"))
    for person in sorted(people, key=lambda p: (p["id"] == p["root_id"], p["id"])):
        found.setdefault(person["root_id"], []).append((owns.get(person["id"]) or {}, person))
    return found


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, (str, bytes)) else value
