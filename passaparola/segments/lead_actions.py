"""Leads in the corridor: who became one and how, what they did since, how warm that leaves them, and until when.

The last step of all: what a room further down found out about an event (whose message it was) counts here too.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from passaparola.events.intake import Happening
from passaparola.kernel import database, visitors
from passaparola.kernel.batch import Batch, Record
from passaparola.kernel.errors import Refusal
from passaparola.kernel.models import Setting
from passaparola.people.actions import People
from passaparola.segments import leads
from passaparola.segments.actions import Segments, ring_person
from passaparola.segments.leads import Deed, Own, Rules
from passaparola.segments.models import Lead, LeadChange

SETTING = "leads"
SLICE = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_VIEWS = {"page": "Page Viewed", "screen": "Screen Viewed"}


class BadLeadRules(Refusal):
    """The lead rules cannot be used: {why}."""

    code, status = "bad_lead_rules", 422


class NotALead(Refusal):
    """This person is no lead: a customer already, or nobody who asked for anything."""

    code, status = "not_a_lead", 409


def rules_in_force() -> Rules:
    """The rules the operator set, or the defaults."""
    found = Setting.objects.filter(name=SETTING).first()
    return Rules.read(found.value) if found else Rules()


class Leads:
    """The room's second desk: one row a person, kept up with every event."""

    def __init__(self, batch: Batch, people: People, segments: Segments) -> None:
        self.batch, self.people, self.segments = batch, people, segments
        self.rows, self.changes, self.settings = batch.table(Lead), batch.table(LeadChange), batch.table(Setting)
        self._owns: dict[int, Own] = {}
        self.rules = Rules()

    def load(self, happenings: Sequence[Happening], person_ids: Iterable[int]) -> None:
        """Read the leads among the batch's people, with all their selves."""
        for row in self.settings.take("name = ?", [SETTING]):
            self.rules = Rules.read(row["value"])
        self.rows.take_any("person_id", set(person_ids))

    def counts(self, names: Sequence[str]) -> bool:
        """Whether an event of such a name makes anybody warmer."""
        return any(signal.event in names for signal in self.rules.signals)

    def step(self, happening: Happening) -> None:
        """Merge and forget, carry out what was ordered, open a lead, count what she did, and see how warm she is."""
        touched = self._notes(happening) if happening.notes else set()
        if happening.type == "act":
            touched |= self._act(happening)
        if happening.person_id is not None:
            if source := source_of(happening):
                touched |= self._open(happening, source)
            if self.rows.rows:
                touched |= self._count(happening)
        for root in sorted(touched):
            self.settle(root, happening)

    # --- what an event means ------------------------------------------------------------------

    def _notes(self, happening: Happening) -> set[int]:
        found: set[int] = set()
        for note in (*happening.told("merged"), *happening.told("unmerged")):
            found |= {note["kept"], note["gone"] if "gone" in note else note["back"]}
        for note in happening.told("forgotten"):
            for member in note["members"]:
                if member in self.rows.rows:
                    self.keep(member, Own())
                    found.add(member)
        if happening.told("order"):
            found.add(self.people.root(happening.person_id or 0))
        return {person for person in found if self._is_about(person)}

    def _is_about(self, person: int) -> bool:
        """Whether anybody who is this person today, or was, has a row."""
        return any(member in self.rows.rows for member in (person, *self.people.members(person)))

    def _act(self, happening: Happening) -> set[int]:
        if happening.name == "Timer Rang":
            if happening.props.get("kind") == "relead":
                return self._recount_slice(happening)
            subject = ring_person(happening, "lead")
            return {self.people.root(subject)} if subject else set()
        verb = _ACTS.get(happening.name)
        return verb(self, happening) if verb else set()

    def _open(self, happening: Happening, source: str) -> set[int]:
        """An event that makes a lead of somebody who has not bought."""
        root = self.people.root(happening.person_id or 0)
        traits = self.segments.of(root)
        if traits is not None and traits["orders"]:
            happening.result["lead"] = "customer"
            return set()
        own = self.own(root)
        if not own.source:
            own.source, own.since_us, own.opened_by = source, _micros(happening.occurred_at), happening.id
            own.since_event = own.since_event or happening.id
            self.keep(root, own)
        happening.result["lead"] = source
        return {root}

    def _count(self, happening: Happening) -> set[int]:
        root = self.people.root(happening.person_id or 0)
        row = self.rows.rows.get(root)
        if row is None:
            return set()
        own = self.own(root)
        if not own.since_event and row["source"]:
            # A lead by another self: what she does from now on is recorded here.
            own.since_event = happening.id
        confirmed = happening.type == "act" and _is_own_yes(happening)
        if confirmed:
            own.confirmed_us = max(own.confirmed_us, _micros(happening.received_at))
        deed = _deed(happening)
        counted = leads.count(own, deed, self.rules) if own.since_event and deed else 0
        self.keep(root, own)
        return {root} if counted or confirmed or happening.type == "identify" else set()

    def _take(self, happening: Happening) -> set[int]:
        root = self._lead(happening)
        own = self.own(root)
        own.taken_by, own.taken_us = str(happening.props.get("by") or "")[:150], _micros(happening.received_at)
        self.keep(root, own)
        return {root}

    def _return(self, happening: Happening) -> set[int]:
        root = self._lead(happening)
        own = self.own(root)
        own.taken_by, own.taken_us = "", _micros(happening.received_at)
        self.keep(root, own)
        return {root}

    def _lead(self, happening: Happening) -> int:
        root = self.people.root(happening.person_id or 0)
        row = self.rows.rows.get(root)
        if row is None or not row["temperature"]:
            raise NotALead()
        return root

    # --- rules --------------------------------------------------------------------------------

    def _change_rules(self, happening: Happening) -> set[int]:
        try:
            self.rules = Rules.read(happening.props)
        except ValueError as problem:
            raise BadLeadRules(why=str(problem)) from problem
        values = {"value": self.rules.as_json(), "changed_at": happening.received_at}
        row = self.settings.rows.get(SETTING)  # type: ignore[call-overload]
        if row is None:
            self.settings.add(name=SETTING, **values)
        else:
            self.settings.change(row, **values)
        self.batch.set_timer("relead", "everybody", happening.received_at, {"after": 0})
        return set()

    def _recount_slice(self, happening: Happening) -> set[int]:
        """Some of the leads under new rules, from their events in the log; the next slice rings again."""
        after = happening.props["payload"].get("after", 0)
        slice_ = sorted(i for i in self.rows.rows if i > after)[:SLICE]
        owns = {person: self.own(person) for person in slice_}
        for person, deeds in read_deeds(owns, self.rules):
            for _counted in leads.recount(owns[person], deeds, self.rules):
                pass
            self.keep(person, owns[person])
        if slice_:
            due = happening.received_at + _MICROSECOND
            self.batch.set_timer("relead", "everybody", due, {"after": slice_[-1]})
        return {self.people.root(person) for person in slice_}

    # --- what follows -------------------------------------------------------------------------

    def own(self, person: int) -> Own:
        """What was recorded under one number."""
        if person not in self._owns:
            row = self.rows.rows.get(person)
            self._owns[person] = Own.read(row["own"]) if row else Own()
        return self._owns[person]

    def forget(self, person: int) -> None:
        """The row is dropped: what was read of it holds no more."""
        self._owns.pop(person, None)

    def keep(self, person: int, own: Own) -> None:
        """Write what was recorded under one number."""
        self._owns[person] = own
        row = self.rows.rows.get(person) or self.rows.add(person_id=person, own={})
        value = own.as_json()
        if value != row["own"]:
            self.rows.change(row, own=value)

    def settle(self, person: int, happening: Happening) -> None:
        """Write what follows for a person of today; a row of somebody merged away stands empty."""
        is_root = self.people.root(person) == person
        members = [m for m in self.people.members(person) if m in self.rows.rows] if is_root else []
        whole = leads.together([self.own(member) for member in sorted(members)], self.rules)
        row = self.rows.rows.get(person)
        if row is None:
            if not whole.source:
                return
            row = self.rows.add(person_id=person, own={})
        self._write(row, whole, happening)

    def _write(self, row: Record, whole: leads.Whole, happening: Happening) -> None:
        person, now = row["person_id"], _moment(happening)
        bought = self._bought(person) if whole.source else None
        fit = leads.fit_of(self._facts(person), self.rules)[0] if whole.source else 0
        warmth, until = leads.temperature(fit, whole, _micros(now), self.rules) if not bought else ("", None)
        values: Record = {
            "source": whole.source, "since_at": _time(whole.since_us), "confirmed_at": _time(whole.confirmed_us),
            "fit": fit, "sum_micro": whole.sum_micro, "at": _time(whole.at_us), "temperature": warmth,
            "score": round(leads.score_at(fit, whole, whole.at_us, self.rules)), "became_customer_at": bought,
            "taken_by": whole.taken_by, "taken_at": _time(whole.taken_us),
        }  # fmt: skip
        if warmth != row["temperature"]:
            values["temperature_since_at"] = now
            self._note(row, warmth, values, happening)
        if until is not None:
            self.batch.set_timer("lead", f"person:{person}", EPOCH + timedelta(microseconds=until))
        elif row["temperature"] in ("warm", "hot"):
            self.batch.clear_timer("lead", f"person:{person}")
        if any(row[key] != value for key, value in values.items()):
            self.rows.change(row, **values)

    def _note(self, row: Record, after: str, values: Record, happening: Happening) -> None:
        engaged = leads.engagement(values["sum_micro"], self.rules)
        reason = {"fit": values["fit"], "engagement": round(engaged), "because": _because(happening)}
        self.changes.add(
            person_id=row["person_id"], before=row["temperature"], after=after, score=values["score"],
            at=values["temperature_since_at"], reason=reason, event_id=happening.id,
        )  # fmt: skip
        happening.tell("lead", person_id=row["person_id"], before=row["temperature"], after=after)

    def _bought(self, root: int) -> datetime | None:
        traits = self.segments.of(root)
        return traits["first_order_at"] if traits is not None and traits["orders"] else None

    def _facts(self, root: int) -> Record:
        selves = sorted(self.people.members(root), key=lambda member: (member == root, member))
        return profile_facts([self.people.persons.rows[member] for member in selves])


_ACTS = {
    "Lead Rules Changed": Leads._change_rules,
    "Lead Taken": Leads._take,
    "Lead Returned": Leads._return,
}


def profile_facts(selves: Iterable[Mapping[str, Any]]) -> Record:
    """What fit is judged by: the profile and the few columns; of several selves the last one's word counts."""
    facts: Record = {}
    for row in selves:
        facts |= row["profile"]
        own = {key: row[key] for key in ("language", "sex", "time_zone") if row[key]}
        facts |= own | ({"birth_year": row["birth_on"].year} if row["birth_on"] else {})
    return facts


def _is_own_yes(happening: Happening) -> bool:
    """She confirmed from her own mailbox: by the link of the confirmation, or on her own page of choices."""
    said = happening.name == "Consent Recorded" and happening.props.get("state") == "given"
    return happening.name == "Opt-in Confirmed" or (said and happening.source == "portal")


_SOURCES = ("Lead Submitted", "Signed Up", "Lead Recorded", "Friend Signed Up")


def source_of(happening: Happening) -> str:
    """By which way an event makes a lead of somebody; empty if it does not."""
    if happening.name not in _SOURCES:
        return ""
    if happening.type == "track" and happening.name == "Lead Submitted":
        said = happening.props.get("source")
        return said if said in leads.SOURCES else "form"
    if happening.type == "track" and happening.name == "Signed Up":
        brought = any(happening.props.get(key) for key in ("code", "coupon", "click_id", "click"))
        return "referral" if brought else "form"
    if happening.type == "act" and happening.name == "Lead Recorded":
        said = happening.props.get("source")
        return said if said in leads.SOURCES else "event"
    return "referral" if happening.type == "act" and happening.name == "Friend Signed Up" else ""


def recall(own: Own, happening: Happening, *, is_customer: bool, rules: Rules) -> None:
    """Tell an event of the log once more: it may make a lead of her, confirm her address, or count."""
    source = "" if is_customer else source_of(happening)
    if source and not own.source:
        own.source, own.since_us, own.opened_by = source, _micros(happening.occurred_at), happening.id
        own.since_event = own.since_event or happening.id
    if own.since_event and happening.type == "act" and _is_own_yes(happening):
        own.confirmed_us = max(own.confirmed_us, _micros(happening.received_at))
    if own.since_event and (deed := _deed(happening)):
        leads.count(own, deed, rules)


def read_deeds(owns: Mapping[int, Own], rules: Rules, *, alias: str = "default") -> Iterator[tuple[int, list[Deed]]]:
    """What each of these recorded since they count, from the log, in its order."""
    wanted = {person: own.since_event for person, own in owns.items() if own.since_event}
    found: dict[int, list[Deed]] = {person: [] for person in wanted}
    names = sorted({signal.event for signal in rules.signals} | {"Consent Recorded"})
    sql = (
        "SELECT person_id, id, type, name, properties, context, occurred_at, day, result FROM event "
        f"WHERE id >= ? AND {database.any_of('person_id')} AND (type IN ('page', 'screen') OR "
        f"{database.any_of('name', 'text')}) ORDER BY id"
    )
    first = min(wanted.values(), default=0)
    rows = database.rows(sql, [first, sorted(wanted), names], alias=alias) if wanted else []
    for person, id_, type_, name, properties, context, at, day, result in rows:
        deed = as_deed(id_, type_, name, json.loads(properties), context, database.as_time(at), day, json.loads(result))
        if deed and id_ >= wanted[person]:
            found[person].append(deed)
    yield from found.items()


def _deed(happening: Happening) -> Deed | None:
    return as_deed(
        happening.id, happening.type, happening.name, happening.props, happening.context, happening.occurred_at,
        happening.day, happening.result,
    )  # fmt: skip


def as_deed(
    id_: int, type_: str, name: str, props: Record, context: str | None, at: datetime, day: int, result: Record
) -> Deed | None:
    """An event as far as counting goes, under the name by which rules know it; None for what is no fact."""
    if type_ in ("identify", "alias", "group") or name == "Timer Rang" or "repeated_order" in result:
        return None
    if type_ in _VIEWS:
        return Deed(id_, _VIEWS[type_], {"name": name, **props}, _micros(at), day, _is_robot(props, context))
    if type_ == "act" and name == "Consent Recorded" and props.get("state") == "withdrawn":
        name = "Consent Withdrawn"
    return Deed(id_, name, props, _micros(at), day, _is_robot(props, context))


def _is_robot(props: Record, context: str | None) -> bool:
    """Whether the sender says so, or the user agent it passed on is one of a robot or a mail scanner."""
    if props.get("robot") is True or props.get("bot") is True:
        return True
    if not context or '"userAgent"' not in context:
        return False
    agent = json.loads(context).get("userAgent")
    kind = visitors.judge(agent.encode("latin-1", "replace")).kind if isinstance(agent, str) and agent else None
    return kind not in (None, visitors.Kind.PERSON)


def slice_people(happenings: Sequence[Happening]) -> set[int]:
    """Whom rings about leads concern: one person's cooling, or the slice of a recount."""
    found: set[int] = set()
    for happening in happenings:
        if subject := ring_person(happening, "lead"):
            found.add(subject)
        elif happening.type == "act" and happening.name == "Timer Rang" and happening.props.get("kind") == "relead":
            sql = "SELECT person_id FROM lead WHERE person_id > ? ORDER BY person_id LIMIT ?"
            found |= {row[0] for row in database.rows(sql, [happening.props["payload"].get("after", 0), SLICE])}
    return found


def _because(happening: Happening) -> str:
    return "time" if ring_person(happening, "lead") else (happening.name or happening.type)[:60]


def _moment(happening: Happening) -> datetime:
    """When a lead is looked at: as it arrived; a timer at the moment for which it was set."""
    if ring_person(happening, "lead"):
        return datetime.fromisoformat(happening.props["due_at"])
    return happening.received_at


def _micros(at: datetime) -> int:
    return (at - EPOCH) // _MICROSECOND


def _time(micros: int) -> datetime | None:
    return EPOCH + timedelta(microseconds=micros) if micros else None
