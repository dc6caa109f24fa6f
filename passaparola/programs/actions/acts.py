"""What marketers and advocates order: make, edit, publish, pause, end; budgets, codes, shares, clicks."""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext

from passaparola.events.intake import Happening
from passaparola.kernel.batch import Record
from passaparola.kernel.errors import Refusal
from passaparola.people import names
from passaparola.programs import terms as rules
from passaparola.programs.actions.desk import Desk, UnknownCode

CHANNELS = ("", "wa", "tg", "em", "sm", "fb", "x", "li", "na", "cp", "qr", "pl")


class BadTerms(Refusal):
    """The programme cannot start like this: {why}"""

    code, status = "bad_terms", 422


class WrongState(Refusal):
    """A programme that is {state} cannot do that."""

    code, status = "wrong_state", 409


class BudgetSpent(Refusal):
    """More than that has been promised already."""

    code, status = "budget_spent", 409


class InHoldout(Refusal):
    """This person is in the group that is never asked: a code would spoil the measurement."""

    code, status = "in_holdout", 409


def step(desk: Desk, happening: Happening) -> None:
    """Carry out the order, if the event is one."""
    if happening.type == "act" and happening.name in _ACTS:
        _ACTS[happening.name](desk, happening)
        desk.look_again()


def _create(desk: Desk, happening: Happening) -> None:
    props = happening.props
    program = desk.programs.add(
        uid=names.uid(happening.fingerprint), kind="direct", name=_name(props.get("name")), state="draft",
        seed=str(props.get("seed") or happening.fingerprint.hex()), version=0, created_at=happening.received_at,
    )  # fmt: skip
    _draft(desk, program, props.get("terms"), happening)
    happening.result["program_id"] = program["id"]


def _edit(desk: Desk, happening: Happening) -> None:
    program = desk.program(happening.props.get("program"))
    if program["state"] == "ended":
        raise WrongState(state="ended")
    if happening.props.get("name"):
        desk.programs.change(program, name=_name(happening.props["name"]))
    _draft(desk, program, happening.props.get("terms"), happening)
    happening.result["program_id"] = program["id"]


def _draft(desk: Desk, program: Record, terms: Any, happening: Happening) -> None:
    """The draft is version 0: the only one that changes."""
    if not isinstance(terms, dict):
        raise BadTerms(why="terms are missing")
    found = desk.versions.take("program_id = ? AND number = 0", [program["id"]]) or [
        row for row in desk.versions.fresh if row["program_id"] == program["id"] and row["number"] == 0
    ]
    values = {"terms": terms, "published_at": happening.received_at, "event_id": happening.id}
    if found:
        desk.versions.change(found[0], **values)
    else:
        desk.versions.add(program_id=program["id"], number=0, **values)


def _publish(desk: Desk, happening: Happening) -> None:
    program = desk.program(happening.props.get("program"))
    if program["state"] == "ended":
        raise WrongState(state="ended")
    terms = desk.terms(program, 0)
    problems = rules.check(terms)
    if problems:
        raise BadTerms(why=" ".join(f"{problem.path}: {gettext(problem.message)}" for problem in problems))
    number = program["version"] + 1
    desk.versions.add(
        program_id=program["id"], number=number, terms=terms, published_at=happening.received_at, event_id=happening.id
    )
    desk.programs.change(
        program, version=number, state="active", launched_at=program["launched_at"] or happening.received_at
    )
    for unit, limit in sorted(terms["budget"].items()):
        _limit(desk, program, unit, limit)
    _sweep(desk, program, terms, happening)
    happening.result.update(program_id=program["id"], version=number)


def _sweep(desk: Desk, program: Record, terms: Record, happening: Happening) -> None:
    """Everybody who is in the audience already is looked at, slice by slice, each slice an event of its own."""
    payload = {"after": 0, "stages": sorted(terms["audience"]["stages"])}
    desk.batch.set_timer("sweep", f"program:{program['id']}", happening.received_at, payload)


def _pause(desk: Desk, happening: Happening) -> None:
    _move(desk, happening, ("active",), "paused")


def _resume(desk: Desk, happening: Happening) -> None:
    program = _move(desk, happening, ("paused",), "active")
    _sweep(desk, program, desk.terms(program), happening)


def _end(desk: Desk, happening: Happening) -> None:
    program = _move(desk, happening, ("active", "paused", "draft"), "ended")
    desk.batch.clear_timer("sweep", f"program:{program['id']}")


def _move(desk: Desk, happening: Happening, allowed: tuple[str, ...], state: str) -> Record:
    program = desk.program(happening.props.get("program"))
    if program["state"] not in allowed:
        raise WrongState(state=program["state"])
    happening.result["program_id"] = program["id"]
    return desk.programs.change(program, state=state)


def _set_budget(desk: Desk, happening: Happening) -> None:
    program = desk.program(happening.props.get("program"))
    unit, limit = happening.props.get("unit"), happening.props.get("limit")
    if not isinstance(unit, str) or len(unit) != 3 or (limit is not None and (not isinstance(limit, int) or limit < 0)):
        raise BadTerms(why="a budget needs a unit and a whole amount or none")
    _limit(desk, program, unit, limit)


def _limit(desk: Desk, program: Record, unit: str, limit: int | None) -> None:
    promised = sum(
        row["promised"]
        for row in desk.budgets.rows.values()
        if row["program_id"] == program["id"] and row["unit"] == unit
    )
    if limit is not None and limit < promised:
        raise BudgetSpent()
    desk.set_budget(program["id"], unit, limit)


def _issue(desk: Desk, happening: Happening) -> None:
    program = desk.program(happening.props.get("program"))
    if program["state"] != "active":
        raise WrongState(state=program["state"])
    person = happening.person_id
    if person is None:
        raise UnknownCode(value="")
    drawn = desk.assignment(program, person)
    if drawn and drawn["arm"] == "holdout":
        raise InHoldout()
    row = desk.issue(program, person, happening)
    happening.result.update(code=row["value"], code_id=row["id"])


def _share(desk: Desk, happening: Happening) -> None:
    row = desk.code(happening.props.get("code"))
    if row is None:
        raise UnknownCode(value=happening.props.get("code"))
    happening.person_id = desk.people.root(row["person_id"])
    desk.shares.add(code_id=row["id"], channel=_channel(happening), at=happening.received_at, event_id=happening.id)


def _clicked(desk: Desk, happening: Happening) -> None:
    """A human followed a link. A click on a code nobody has stays in the log and counts for nothing."""
    row, token = desk.code(happening.props.get("code")), happening.props.get("token")
    if row is None or not isinstance(token, str) or desk.click(token):
        happening.result["counted"] = False
        return
    click = desk.clicks.add(
        token=token, code_id=row["id"], channel=_channel(happening), at=happening.received_at, event_id=happening.id
    )
    desk._take_clicks([click])
    # The window ends by itself; an unconverted click is personal data that nobody needs afterwards.
    due = happening.received_at + timedelta(days=desk.terms(desk.program(row["program_id"]))["qualify"]["window_days"])
    happening.result.update(click_id=click["id"], until=due.isoformat())


def _channel(happening: Happening) -> str:
    channel = happening.props.get("channel")
    return channel if isinstance(channel, str) and channel in CHANNELS else ""


def _name(value: Any) -> str:
    text = value.replace("\0", "").strip()[:120] if isinstance(value, str) else ""
    if not text:
        raise BadTerms(why="the programme needs a name")
    return text


_ACTS = {
    "Program Created": _create,
    "Program Edited": _edit,
    "Program Published": _publish,
    "Program Paused": _pause,
    "Program Resumed": _resume,
    "Program Ended": _end,
    "Budget Set": _set_budget,
    "Code Issued": _issue,
    "Code Shared": _share,
    "Link Clicked": _clicked,
}
