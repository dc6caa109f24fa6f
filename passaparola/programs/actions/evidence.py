"""Who brought a friend: the signs an event carries, and the referral they open or why it is refused."""

from datetime import datetime, timedelta

from passaparola.events.intake import Happening
from passaparola.kernel.batch import Record
from passaparola.people import names
from passaparola.programs import attribution
from passaparola.programs.actions.desk import Desk, click_tokens
from passaparola.programs.attribution import Evidence


def bind_clicks(desk: Desk, happening: Happening) -> None:
    """A click token that comes back with somebody's event tells whose click it was."""
    if happening.name == "Link Clicked":
        return
    for token in click_tokens(happening):
        click = desk.click(token)
        if click and click["person_id"] is None:
            desk.clicks.change(click, person_id=happening.person_id)


def _signs(desk: Desk, program: Record, happening: Happening) -> list[Evidence]:
    """Every sign, in one programme, of who brought the person of this event."""
    found = []
    for key in ("code", "coupon"):
        code = desk.code(happening.props.get(key))
        if code and code["program_id"] == program["id"]:
            found.append(_evidence(desk, program, "code", code, happening.occurred_at, f"code:{code['id']}"))
    for click in desk.clicks_of(happening.person_id or 0):
        code = desk.codes.rows.get(click["code_id"])
        if code and code["program_id"] == program["id"] and click["at"] <= happening.received_at:
            found.append(_evidence(desk, program, "click", code, click["at"], f"click:{click['id']}"))
    return found


def _evidence(desk: Desk, program: Record, method: str, code: Record, at: datetime, subject: str) -> Evidence:
    """A sign, with the window of the version the advocate accepted."""
    window_days = desk.terms(program, code["version"])["qualify"]["window_days"]
    return Evidence(method, code["id"], at, subject, window_days)


def signed_up(desk: Desk, happening: Happening) -> None:
    """Bind the friend to whoever brought them, programme by programme."""
    for program in list(desk.programs.rows.values()):
        if program["state"] != "draft":
            waiting = happening.name == "Friend Signed Up"
            open_referral(desk, program, happening, "waiting_confirmation" if waiting else "waiting_purchase")


def open_referral(desk: Desk, program: Record, happening: Happening, reason: str) -> Record | None:
    """Open a referral if there is evidence, or write down why it is refused. Returns the active referral, if any."""
    friend = happening.person_id or 0
    signs = _signs(desk, program, happening)
    existing = desk.referral(program["id"], friend)
    if existing:
        _other_advocate(desk, existing, signs, happening)
        return existing
    if not signs:
        return None
    verdict = attribution.choose(signs, now=happening.occurred_at)
    if verdict.evidence is None:
        return None
    code = desk.codes.rows[verdict.evidence.code_id]
    refusal = _refusal(desk, program, code, friend, happening)
    if refusal and _refused_before(desk, program, friend, code, refusal):
        return None
    referral = _write(desk, program, code, friend, verdict, refusal or reason, happening, refused=bool(refusal))
    if refusal:
        return None
    due = happening.occurred_at + timedelta(days=verdict.evidence.window_days)
    desk.batch.set_timer("window", f"referral:{referral['id']}", due)
    if reason != "waiting_confirmation":
        happening.tell("referred", referral=referral, advocate_id=referral["advocate_id"])
    return referral


def _write(
    desk: Desk, program: Record, code: Record, friend: int, verdict: attribution.Verdict, reason: str, happening: Happening,
    *, refused: bool,
) -> Record:  # fmt: skip
    evidence = verdict.evidence
    assert evidence is not None
    referral = desk.referrals.add(
        program_id=program["id"], version=code["version"], advocate_id=desk.people.root(code["person_id"]),
        friend_id=desk.people.root(friend), code_id=code["id"], state="refused" if refused else "registered", reason=reason,
        evidence={"method": evidence.method, "subject": evidence.subject, "at": evidence.at.isoformat(),
                  "reasons": verdict.reasons},
        promised=[], opened_at=happening.occurred_at, changed_at=happening.received_at, event_id=happening.id,
    )  # fmt: skip
    desk.decide(
        happening, kind="attribute", outcome="refused" if refused else "attributed", person_id=friend,
        program_id=program["id"], subject=f"referral:{referral['id']}",
        reasons=[{"code": reason}, *verdict.reasons] if refused else verdict.reasons,
    )  # fmt: skip
    happening.result["referral_id"] = referral["id"]
    return referral


def _refusal(desk: Desk, program: Record, code: Record, friend: int, happening: Happening) -> str:
    """Why this friend cannot be this advocate's, or nothing."""
    if program["state"] != "active" or code["retired_at"] is not None:
        return "program_not_active"
    if _same_human(desk, code["person_id"], friend):
        return "self_referral"
    if was_customer(desk, program, code["version"], happening):
        return "existing_customer"
    return ""


def _same_human(desk: Desk, advocate: int, friend: int) -> bool:
    """The same person by root, by mailbox behind the address, by phone or by card."""
    if desk.people.root(advocate) == desk.people.root(friend):
        return True
    kinds = ("email", "phone", "card")
    ours = {_likeness(row) for row in desk.people.names(advocate, *kinds)}
    return any(_likeness(row) in ours for row in desk.people.names(friend, *kinds))


def _likeness(row: Record) -> tuple[str, str]:
    return row["kind"], names.mailbox(row["value"]) if row["kind"] == "email" else row["value"]


def was_customer(desk: Desk, program: Record, version: int, happening: Happening) -> bool:
    """Bought before this event (ever, or within the days the terms name)."""
    row = desk.segments.of(happening.person_id or 0)
    orders, last = happening.before or ((row["orders"], row["last_order_at"]) if row else (0, None))
    if not orders or last is None:
        return False
    days = desk.terms(program, version)["qualify"].get("new_customer_days")
    return days is None or happening.occurred_at - last < timedelta(days=days)


def _refused_before(desk: Desk, program: Record, friend: int, code: Record, reason: str) -> bool:
    """The same refusal, said once: every later order with the same code would repeat it."""
    members = desk.people.members(friend)
    return any(
        row["program_id"] == program["id"]
        and row["friend_id"] in members
        and row["code_id"] == code["id"]
        and row["reason"] == reason
        for row in desk.referrals.rows.values()
    )


def _other_advocate(desk: Desk, referral: Record, signs: list[Evidence], happening: Happening) -> None:
    """The friend is bound already: another advocate's code is noted and refused, once."""
    for sign in signs:
        code = desk.codes.rows[sign.code_id]
        advocate = desk.people.root(code["person_id"])
        if advocate == desk.people.root(referral["advocate_id"]) or sign.method == "click":
            continue
        subject = f"referral:{referral['id']}:code:{code['id']}"
        if not desk.decided(subject, referral["friend_id"]):
            desk.decide(
                happening, kind="attribute", outcome="refused", person_id=happening.person_id or 0,
                program_id=referral["program_id"], subject=subject, reasons=[{"code": "already_referred"}],
            )  # fmt: skip
