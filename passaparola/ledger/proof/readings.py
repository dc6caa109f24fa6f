"""The checks that need a room's pure functions or look into JSON: rows streamed, compared one by one."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any

from django.conf import settings

from passaparola.events import actions as events
from passaparola.events import basket, intake
from passaparola.kernel import audit, database
from passaparola.ledger.proof.disagreement import Disagreement
from passaparola.segments import stages

_YEAR = timedelta(days=365)
Terms = dict[tuple[int, int], dict[str, Any]]


def all_of(now: datetime, alias: str) -> Iterator[tuple[str, Callable[[], Iterator[Disagreement]]]]:
    """Sentence and check, one by one."""
    for what, look in (
        ("The worker has read no further in the inbox than the edge has written.", _cursor),
        ("Each entry of the audit trail follows from the one before it.", _audit),
        ("An order is worth what its event said.", _orders),
        ("The lines of an order are those of its event.", _lines),
        ("What was given back of an order is what its refunds said.", _refunds),
        ("A person's root is where the merges in force lead.", _roots),
        ("A person's stage follows from the days on which they came.", partial(_stages, now=now)),
        ("A reward is what the terms of its version promise.", _amounts),
        ("What a referral promised is what it was rewarded with.", _promises),
        ("A referral whose order shrank below what qualifies is reversed.", _shrunk),
        ("No advocate is rewarded more often in a year than the terms allow.", _caps),
        ("A message's key names its person, programme or cause.", _keys),
        ("The state of a message is what its deliveries made of it.", _deliveries),
    ):
        yield what, partial(look, what, alias)


def _read(sql: str, alias: str, parameters: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    return database.stream(sql, parameters, alias=alias)


def _json(value: Any) -> Any:
    """A JSON column as Python: text on SQLite, decoded on PostgreSQL."""
    return json.loads(value) if isinstance(value, (str, bytes)) else value


def _beside(
    rows: Iterator[tuple[Any, ...]], others: Iterator[tuple[Any, ...]]
) -> Iterator[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]:
    """Each row with those of `others` that begin with the same id, without it; both are sorted by that id."""
    groups = ((key, [other[1:] for other in some]) for key, some in groupby(others, key=lambda other: other[0]))
    end: tuple[int, list[tuple[Any, ...]]] = (2**63, [])
    key, group = next(groups, end)
    for row in rows:
        while key < row[0]:
            key, group = next(groups, end)
        yield row, group if key == row[0] else []


# --- log and trail -----------------------------------------------------------------------------------


def _cursor(what: str, alias: str) -> Iterator[Disagreement]:
    """On SQLite a lost inbox file would begin again at 1, behind the cursor, and never be read."""
    if alias != "default" or "inbox" not in settings.DATABASES:
        return
    written = database.rows("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'inbox'", alias="inbox")[0][0]
    for (position,) in _read("SELECT position FROM cursor WHERE name = 'inbox'", alias):
        if position > written:
            yield Disagreement("cursor", "inbox", what, f"at most {written}", position)


def _audit(what: str, alias: str) -> Iterator[Disagreement]:
    for id_ in audit.broken() if alias == "default" else ():
        yield Disagreement("audit_entry", id_, what, "the hash of what it says and of the entry before", "another")


# --- orders ----------------------------------------------------------------------------------------


def _happening(name: str, source: str, properties: str) -> intake.Happening:
    """As much of an event as the reading of an order needs."""
    moment = datetime.min.replace(tzinfo=UTC)
    made = intake.Happening(
        source=source, message_id="", type="track", name=name, occurred_at=moment, received_at=moment, day=0, hour=0,
        fingerprint=b"", body_hash=b"", properties=properties,
    )  # fmt: skip
    intake.unpack(made)
    return made


def _orders(what: str, alias: str) -> Iterator[Disagreement]:
    sql = (
        "SELECT o.id, o.source, o.order_id, o.line, o.amount_minor, o.unit, e.source, e.name, e.properties "
        "FROM purchase_order o LEFT JOIN event e ON e.id = o.event_id WHERE o.completed"
    )
    for id_, *key, amount, unit, source, name, properties in _read(sql, alias):
        if name != events.ORDER_COMPLETED:
            yield Disagreement("purchase_order", id_, what, events.ORDER_COMPLETED, name)
            continue
        found_key, found_amount, found_unit = events.order_facts(_happening(name, source, properties))
        if (tuple(key), amount, unit) != (found_key, found_amount, found_unit):
            yield Disagreement("purchase_order", id_, what, f"{found_amount} {found_unit}", f"{amount} {unit}")


def _lines(what: str, alias: str) -> Iterator[Disagreement]:
    sql = (
        "SELECT o.id, o.amount_minor, o.unit, o.company, o.channel, o.margin_minor, o.offer_minor, e.properties "
        "FROM purchase_order o JOIN event e ON e.id = o.event_id WHERE o.completed ORDER BY o.id"
    )
    columns = ", ".join(basket.Line._fields)
    found = _read(f"SELECT order_key, {columns} FROM order_line ORDER BY order_key, line", alias)
    for (id_, amount, unit, *said, properties), lines in _beside(_read(sql, alias), found):
        expected = events.basket_of(_json(properties), amount, unit)
        if tuple(said) != expected[1:] or tuple(lines) != expected.lines:
            yield Disagreement("purchase_order", id_, what, expected, (lines, *said))


def _refunds(what: str, alias: str) -> Iterator[Disagreement]:
    """Refunds are few beside orders: they are added up here, then compared."""
    said: dict[tuple[str, str, str], list[tuple[int, intake.Happening]]] = {}
    sql = (
        "SELECT id, source, name, properties FROM event WHERE type = 'track' AND person_id IS NOT NULL "
        f"AND name IN ('{events.ORDER_REFUNDED}', '{events.ORDER_CANCELLED}')"
    )
    for id_, source, name, properties in _read(sql, alias):
        happening = _happening(name, source, properties)
        said.setdefault(events.refund_facts(happening, None)[0], []).append((id_, happening))
    columns = (
        "SELECT id, source, order_id, line, amount_minor, refunded_minor, cancelled, completed, unit, event_id "
        "FROM purchase_order "
    )
    seen = set()
    for row in _read(columns + "WHERE refunded_minor <> 0 OR cancelled", alias):
        seen.add(row[1:4])
        yield from _refund(what, row, said.get(row[1:4], ()))
    for key in sorted(said.keys() - seen):
        where = "WHERE source = ? AND order_id = ? AND line = ?"
        for row in database.rows(columns + where, key, alias=alias):
            yield from _refund(what, row, said[key])


def _refund(what: str, row: tuple[Any, ...], said: Sequence[tuple[int, intake.Happening]]) -> Iterator[Disagreement]:
    """One order beside the sum of its refunds, never more than it was worth, and whether one of them was whole."""
    id_, *_, worth, refunded, cancelled, completed, unit, event_id = row
    amounts = [events.refund_facts(one, unit if completed and event_id < at else None)[1] for at, one in said]
    amount = sum(given or 0 for given in amounts)
    whole = None in amounts or any(one.name == events.ORDER_CANCELLED for _, one in said)
    expected = min(amount, worth) if completed else amount
    if bool(cancelled) != whole:
        yield Disagreement("purchase_order", id_, what, f"cancelled: {whole}", f"cancelled: {bool(cancelled)}")
    elif not cancelled and refunded != expected:
        yield Disagreement("purchase_order", id_, what, expected, refunded)


# --- people and stages -----------------------------------------------------------------------------


def _roots(what: str, alias: str) -> Iterator[Disagreement]:
    """Merges are made and undone in the order of their events; only those who ever moved are kept in memory."""
    merges = list(_read("SELECT id, event_id, kept_id, merged_id, moved, undone_at FROM merge", alias))
    steps: list[tuple[int, int, list[int]]] = [(event, kept, _json(moved)) for _, event, kept, _, moved, _ in merges]
    undone = {id_: (merged, _json(moved)) for id_, _, _, merged, moved, undone_at in merges if undone_at is not None}
    sql = "SELECT id, properties FROM event WHERE type = 'act' AND name = 'Person Unmerged'"
    for event, properties in _read(sql, alias) if undone else ():
        back, moved = undone.pop(_json(properties)["merge"], (0, []))
        steps.append((event, back, moved))
    # The rest were undone by the ring that put aside the event that had made them.
    sql = "SELECT m.id, w.withdrawn_by FROM merge m JOIN withdrawn_event w ON w.id = m.event_id"
    for id_, event in _read(sql, alias) if undone else ():
        if id_ in undone:
            steps.append((event, *undone[id_]))
    root: dict[int, int] = {}
    for _, target, moved in sorted(steps, key=lambda step: step[0]):
        for person in moved:
            root[person] = target
    for id_, found in _read("SELECT id, root_id FROM person", alias):
        if found != root.get(id_, id_):
            yield Disagreement("person", id_, what, root.get(id_, id_), found)


def _stages(what: str, alias: str, *, now: datetime) -> Iterator[Disagreement]:
    """Judged as of `now`; whoever has a timer due and not rung yet is left out, as is everybody during a recount.

    Under a margin or a minimum stay a stage depends on the ones before it: there it must be one that may be held.
    """
    waiting, everybody = _waiting(alias, now)
    if everybody:
        return
    ranges = _ranges(alias)
    today, _ = intake.local(now, settings.BUSINESS_TIME_ZONE)
    sql = (
        "SELECT p.root_id, v.day FROM visit v JOIN person p ON p.id = v.person_id WHERE v.day > ? "
        "ORDER BY p.root_id, v.day"
    )
    people = _read(
        "SELECT p.id, COALESCE(t.stage, 'none'), t.stage_since_at FROM person p LEFT JOIN traits t ON t.person_id = p.id "
        "WHERE p.root_id = p.id ORDER BY p.id",
        alias,
    )
    for (id_, stage, since), came in _beside(people, _read(sql, alias, (today - ranges.period_days,))):
        days = sorted({day for (day,) in came})
        since_day = intake.local(database.as_time(since), settings.BUSINESS_TIME_ZONE)[0] if since else None
        expected = stages.hold(stage, since_day, stages.in_period(days, today, ranges), today, ranges)
        if stage != expected and id_ not in waiting:
            yield Disagreement("traits", id_, what, expected, stage)


def _waiting(alias: str, now: datetime) -> tuple[set[int], bool]:
    """Persons whose stage timer is due, and whether everybody's stage is being counted again."""
    sql = "SELECT kind, subject FROM timer WHERE kind IN ('stage', 'restage') AND due_at <= ?"
    rows = list(_read(sql, alias, (now,)))
    return {int(subject.split(":")[1]) for kind, subject in rows if kind == "stage"}, any(
        k == "restage" for k, _ in rows
    )


def _ranges(alias: str) -> stages.Ranges:
    found = list(_read("SELECT value FROM setting WHERE name = 'stages'", alias))
    return stages.Ranges.read(_json(found[0][0])) if found else stages.Ranges()


# --- terms -----------------------------------------------------------------------------------------


def _terms(alias: str) -> Terms:
    return {
        (program, number): _json(terms)
        for program, number, terms in _read("SELECT program_id, number, terms FROM program_version", alias)
    }


def _amounts(what: str, alias: str) -> Iterator[Disagreement]:
    terms = _terms(alias)
    for id_, program, version, rule, amount, unit in _read(
        "SELECT id, program_id, version, rule, amount, unit FROM reward", alias
    ):
        promised = terms.get((program, version), {}).get(rule) or {}
        expected = (promised.get("amount"), promised.get("unit"))
        if (amount, unit) != expected:
            yield Disagreement("reward", id_, what, f"{expected[0]} {expected[1]}", f"{amount} {unit}")


def _promises(what: str, alias: str) -> Iterator[Disagreement]:
    referrals = _read("SELECT id, promised FROM referral ORDER BY id", alias)
    rewards = _read("SELECT referral_id, rule, person_id, amount, unit FROM reward ORDER BY referral_id", alias)
    for (id_, promised), got in _beside(referrals, rewards):
        expected = sorted((p["rule"], p["person_id"], p["amount"], p["unit"]) for p in _json(promised))
        if sorted(got) != expected:
            yield Disagreement("referral", id_, what, expected or "nothing", sorted(got) or "nothing")


def _shrunk(what: str, alias: str) -> Iterator[Disagreement]:
    terms = _terms(alias)
    sql = (
        "SELECT r.id, r.program_id, r.version, r.state, o.amount_minor, o.refunded_minor, o.cancelled "
        "FROM referral r JOIN purchase_order o ON o.id = r.order_id WHERE r.state IN ('converted', 'rewarded')"
    )
    for id_, program, version, state, amount, refunded, cancelled in _read(sql, alias):
        needed = terms.get((program, version), {}).get("qualify", {}).get("order_minor_min", 0)
        left = events.net({"amount_minor": amount, "refunded_minor": refunded, "cancelled": cancelled})
        if left < needed:
            yield Disagreement("referral", id_, what, f"reversed: {left} is left of {needed} needed", state)


def _caps(what: str, alias: str) -> Iterator[Disagreement]:
    """In the year before each reward, counted as it stood then: rewards held and not given back by that time."""
    terms = _terms(alias)
    rows = _read(
        "SELECT program_id, person_id, id, version, held_at, settled_at, state FROM reward WHERE rule = 'advocate' "
        "ORDER BY program_id, person_id, held_at, id",
        alias,
    )
    for (program, _), some in groupby(rows, key=lambda row: row[:2]):
        earlier: list[tuple[datetime, datetime | None]] = []
        for _, _, id_, version, held, settled, state in some:
            at = database.as_time(held)
            cap = terms.get((program, version), {}).get("caps", {}).get("advocate_rewards_per_year")
            standing = sum(1 for since, until in earlier if at - since < _YEAR and (until is None or until > at)) + 1
            if cap is not None and standing > cap:
                yield Disagreement("reward", id_, what, f"at most {cap}", standing)
            gone = state in ("released", "reversed") and settled is not None
            earlier.append((at, database.as_time(settled) if gone else None))


# --- messages --------------------------------------------------------------------------------------


def _keys(what: str, alias: str) -> Iterator[Disagreement]:
    for id_, key, template, person, program in _read(
        "SELECT id, key, template, person_id, program_id FROM message", alias
    ):
        parts = key.split(":")
        named = parts[0] == template and (
            (template == "ask" and parts[1:3] == [str(program), str(person)])
            or (template == "opt_in" and parts[1] == str(person))
            or template not in ("ask", "opt_in")
        )
        if not named:
            yield Disagreement("message", id_, what, f"{template}, person {person}, programme {program}", key)


# What each outcome makes of a message: the latest in this order stands.
_OUTCOMES = ("unknown", "sent", "refused", "failed", "delivered", "bounced", "complained")
_UNSENT = ("planned", "claimed", "handing")
# After one of these the operator may send it again, and it starts anew.
_AGAIN = {"unknown", "failed"}


def _deliveries(what: str, alias: str) -> Iterator[Disagreement]:
    messages = _read("SELECT id, state FROM message ORDER BY id", alias)
    # Taken back with an import; where it had left already, what became of it stands.
    kind = "CASE WHEN outcome = 'refused' AND detail = 'withdrawn' THEN 'withdrawn' ELSE outcome END"
    deliveries = _read(f"SELECT message_id, {kind} FROM delivery ORDER BY message_id", alias)
    for (id_, state), told in _beside(messages, deliveries):
        outcomes = {outcome for (outcome,) in told}
        if "withdrawn" in outcomes:
            outcomes = outcomes - {"withdrawn"} or {"refused"}
        expected = max(outcomes, key=_OUTCOMES.index, default="planned")
        found = "planned" if state in _UNSENT else state
        if found != expected and not (outcomes & _AGAIN and found in outcomes | {"planned"}):
            yield Disagreement("message", id_, what, expected, state)
