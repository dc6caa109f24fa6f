"""The one choke point through which anybody is ever asked to recommend."""

from datetime import date, timedelta

from passaparola.events.intake import Happening
from passaparola.kernel.batch import Record
from passaparola.programs import asking
from passaparola.programs.actions.desk import SWEEP_PEOPLE_MAX, YEAR, Desk, _ask_person, ring_number

_ADULT_ENOUGH_YEARS = 14
# Events by which a bad experience may be mended.
_MENDING = ("Complaint Closed", "Score Given", "Review Given")


def step(desk: Desk, happening: Happening) -> None:
    """Look at whoever the event may have made ready to be asked."""
    if happening.type == "act":
        if ring_number(happening, "sweep", "program"):
            return _sweep(desk, happening)
        if person := _ask_person(happening):
            program = desk.programs.rows.get(int(happening.props["subject"].split(":")[1]))
            if program:
                consider(desk, program, person, happening, "time passed")
            return None
    if happening.history or not _may_be_a_moment(desk, happening):
        return None
    for program in list(desk.programs.rows.values()):
        if program["state"] == "active":
            _moment(desk, program, happening)
    return None


def _may_be_a_moment(desk: Desk, happening: Happening) -> bool:
    """Most events are no moment for anybody: told apart before looking at programmes one by one."""
    stage, names = desk.moments()
    if happening.type == "track" and happening.name in names:
        return True
    if not stage:
        return False
    notes = happening.notes
    return happening.name in _MENDING or (bool(notes) and ("stage" in notes or "consent" in notes))


def _moment(desk: Desk, program: Record, happening: Happening) -> None:
    """Whether the event is the moment this programme waits for."""
    terms = desk.terms(program)
    moment = terms["moment"]
    stages = terms["audience"]["stages"]
    if moment["kind"] == "stage":
        for note in happening.told("stage"):
            if note["after"] in stages and note["before"] not in stages:
                consider(desk, program, note["person_id"], happening, "stage reached")
        if _lifts_a_reason(happening):
            _again(desk, program, happening, stages)
    elif (
        happening.type == "track"
        and happening.name == moment["event"]
        and happening.person_id
        and desk.events.times(desk.people.members(happening.person_id), happening.name) == moment["nth"]
    ):
        consider(desk, program, happening.person_id, happening, "moment")


def _lifts_a_reason(happening: Happening) -> bool:
    """Consent was given, an address became known, a complaint was closed: what stood in the way may be gone."""
    given = any(note["state"] == "given" and note["purpose"] == "referral" for note in happening.told("consent"))
    return given or happening.name in _MENDING


def _again(desk: Desk, program: Record, happening: Happening, stages: list[str]) -> None:
    traits = desk.segments.of(happening.person_id) if happening.person_id else None
    if traits and traits["stage"] in stages and happening.person_id:
        consider(desk, program, happening.person_id, happening, "reason lifted")


def _sweep(desk: Desk, happening: Happening) -> None:
    """One slice of those who were in the audience when the programme started; the next slice rings again."""
    program = desk.programs.rows[ring_number(happening, "sweep", "program") or 0]
    payload = happening.props["payload"]
    if program["state"] != "active":
        return
    rows = desk.segments.traits.rows
    # The batch may have read others besides; the slice is the first so many.
    slice_ = sorted(i for i in rows if i > payload["after"] and rows[i]["stage"] in payload["stages"])[
        :SWEEP_PEOPLE_MAX
    ]
    for person in slice_:
        if desk.people.root(person) == person:
            consider(desk, program, person, happening, "programme started")
    if slice_:
        due = happening.received_at + timedelta(microseconds=1)
        desk.batch.set_timer("sweep", f"program:{program['id']}", due, {**payload, "after": slice_[-1]})


def consider(desk: Desk, program: Record, person_id: int, happening: Happening, because: str) -> None:
    """Decide about asking one person in one programme: ask, hold out for ever, or not now and why."""
    person_id = desk.people.root(person_id)
    subject = f"program:{program['id']}:person:{person_id}"
    desk.batch.clear_timer("ask", subject)
    if program["state"] != "active":
        return
    drawn = desk.assignment(program, person_id)
    if drawn and drawn["arm"] == "holdout":
        return
    terms = desk.terms(program)
    facts = _facts(desk, program, person_id, happening)
    if facts.asked_here:
        return
    answer = asking.decide(facts, terms, happening.received_at)
    reasons = [*answer.reasons, {"code": "because", "what": because}]
    if answer.outcome != "asked":
        if answer.again_at:
            desk.batch.set_timer("ask", subject, answer.again_at)
        _note(desk, happening, program, person_id, answer.outcome, reasons)
        return
    if drawn is None:
        drawn = _draw(desk, program, person_id, terms, happening)
    if drawn["arm"] == "holdout":
        _note(
            desk, happening, program, person_id, "holdout", [{"code": "holdout", "percent": terms["holdout_percent"]}]
        )
        return
    code = desk.issue(program, person_id, happening)
    _note(desk, happening, program, person_id, "asked", reasons)
    happening.tell("ask", program=program, terms=terms, person_id=person_id, code=code["value"])


def _draw(desk: Desk, program: Record, person_id: int, terms: Record, happening: Happening) -> Record:
    """Draw and record the arm before the first ask."""
    arm, _ = asking.arm(program["seed"], desk.people.row(person_id)["uid"], terms["holdout_percent"])
    return desk.assignments.add(
        program_id=program["id"], person_id=person_id, arm=arm, at=happening.received_at, event_id=happening.id
    )


def _note(
    desk: Desk, happening: Happening, program: Record, person_id: int, outcome: str, reasons: list[Record]
) -> None:
    """Write the decision down, unless it is the same "not now" as the last one."""
    if outcome in ("not_now", "never"):
        rows = [row for row in desk.considered(person_id) if row["program_id"] == program["id"]]
        last = max(rows, key=lambda row: row["id"], default=None)
        if last and last["outcome"] == outcome and _codes(last["reasons"]) == _codes(reasons):
            return
    desk.decide(happening, kind="ask", outcome=outcome, person_id=person_id, program_id=program["id"], reasons=reasons)


def _codes(reasons: list[Record]) -> set[str]:
    return {reason["code"] for reason in reasons if reason["code"] != "because"}


def _facts(desk: Desk, program: Record, person_id: int, happening: Happening) -> asking.Facts:
    person, traits = desk.people.row(person_id), desk.segments.of(person_id)
    asks = desk.asks_of(person_id)
    asked = [row for row in asks if happening.received_at - row["at"] < YEAR]
    here = any(row["program_id"] == program["id"] for row in asks)
    channel = desk.terms(program)["ask"]["channel"]
    return asking.Facts(
        stage=traits["stage"] if traits else "none",
        customer_since=traits["first_order_at"] if traits else None,
        consent=desk.people.consent(person_id, channel, "referral"),
        has_address=bool(desk.people.names(person_id, "email")),
        is_minor=is_minor(person["birth_on"], happening.received_at.date()),
        is_forgotten=person["forgotten_at"] is not None,
        complaints_open=traits["complaints_open"] if traits else 0,
        is_unhappy=bool(traits and traits["unhappy"]),
        asked_at=tuple(row["at"] for row in asked),
        asked_here=here,
    )


def is_minor(birth_on: date | None, today: date) -> bool:
    """Whether somebody is known to be below the age of consent (14 in Spain and Italy)."""
    if birth_on is None:
        return False
    had_birthday = (today.month, today.day) >= (birth_on.month, birth_on.day)
    return today.year - birth_on.year - (0 if had_birthday else 1) < _ADULT_ENOUGH_YEARS
