"""A friend's way: opened by evidence, converted by an order, rewarded after the return window, reversed by a refund."""

from datetime import timedelta
from typing import Any

from passaparola.events.actions import net
from passaparola.events.intake import Happening
from passaparola.kernel.batch import Record
from passaparola.people import names
from passaparola.programs import attribution
from passaparola.programs.actions.acts import WrongState
from passaparola.programs.actions.desk import Desk, UnknownCode, click_tokens, ring_number
from passaparola.programs.attribution import Evidence
from passaparola.programs.models import Referral

# Events by which a friend becomes known: they bind the friend to the advocate.
_SIGN_UPS = ("Friend Signed Up", "Signed Up", "Coupon Entered")


def step(desk: Desk, happening: Happening) -> None:
    """Everything an event means to referrals."""
    if happening.notes:
        for note in happening.told("merged"):
            _same_person(desk, note, happening)
        for note in happening.told("forgotten"):
            _forget(desk, note["members"], happening)
    if happening.type == "act":
        if number := ring_number(happening, "hold", "referral"):
            return _pay(desk, number, happening)
        if number := ring_number(happening, "window", "referral"):
            return _expire(desk, number, happening)
        if happening.name == "Advocate Claimed":
            return _claim(desk, happening)
    if happening.type in ("page", "screen", "group"):
        if happening.person_id is not None:
            _bind_clicks(desk, happening)
        return None
    if happening.person_id is None or happening.history:
        for note in happening.told("refund"):
            _give_back(desk, note["row"], happening)
        return None
    _bind_clicks(desk, happening)
    if happening.name in _SIGN_UPS:
        _signed_up(desk, happening)
    if happening.name == "Opt-in Confirmed" and happening.type == "act":
        _confirmed(desk, happening)
    for note in happening.told("order"):
        if not note["gone"]:
            _ordered(desk, note["row"], happening)
    for note in happening.told("refund"):
        _give_back(desk, note["row"], happening)
    return None


# --- evidence ----------------------------------------------------------------------------------


def _bind_clicks(desk: Desk, happening: Happening) -> None:
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
            found.append(Evidence("code", code["id"], happening.occurred_at, f"code:{code['id']}"))
    members = desk.people.members(happening.person_id or 0)
    for click in desk.clicks.rows.values():
        if click["person_id"] in members:
            code = desk.codes.rows.get(click["code_id"])
            if code and code["program_id"] == program["id"] and click["at"] <= happening.received_at:
                found.append(Evidence("click", code["id"], click["at"], f"click:{click['id']}"))
    return found


def _signed_up(desk: Desk, happening: Happening) -> None:
    """Bind the friend to whoever brought them, programme by programme."""
    for program in list(desk.programs.rows.values()):
        if program["state"] != "draft":
            waiting = happening.name == "Friend Signed Up"
            _open(desk, program, happening, "waiting_confirmation" if waiting else "waiting_purchase")


def _open(desk: Desk, program: Record, happening: Happening, reason: str) -> Record | None:
    """Open a referral if there is evidence, or write down why it is refused. Returns the active referral, if any."""
    friend = happening.person_id or 0
    signs = _signs(desk, program, happening)
    existing = desk.referral(program["id"], friend)
    if existing:
        _other_advocate(desk, existing, signs, happening)
        return existing
    if not signs:
        return None
    terms = desk.terms(program)
    verdict = attribution.choose(signs, window_days=terms["qualify"]["window_days"], now=happening.occurred_at)
    if verdict.evidence is None:
        return None
    code = desk.codes.rows[verdict.evidence.code_id]
    refusal = _refusal(desk, program, code, friend, happening)
    if refusal and _refused_before(desk, program, friend, code, refusal):
        return None
    referral = _write(desk, program, code, friend, verdict, refusal or reason, happening, refused=bool(refusal))
    if refusal:
        return None
    due = happening.occurred_at + timedelta(days=terms["qualify"]["window_days"])
    desk.batch.set_timer("window", f"referral:{referral['id']}", due)
    happening.tell("referred", referral=referral, advocate_id=referral["advocate_id"])
    return referral


def _write(
    desk: Desk, program: Record, code: Record, friend: int, verdict: attribution.Verdict, reason: str, happening: Happening,
    *, refused: bool,
) -> Record:  # fmt: skip
    evidence = verdict.evidence
    assert evidence is not None
    referral = desk.referrals.add(
        program_id=program["id"], version=program["version"], advocate_id=desk.people.root(code["person_id"]),
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
    if _was_customer(desk, program, happening):
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


def _was_customer(desk: Desk, program: Record, happening: Happening) -> bool:
    """Bought before this event (ever, or within the days the terms name)."""
    row = desk.segments.of(happening.person_id or 0)
    orders, last = happening.before or ((row["orders"], row["last_order_at"]) if row else (0, None))
    if not orders or last is None:
        return False
    days = desk.terms(program)["qualify"].get("new_customer_days")
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
        if not any(row["subject"] == subject for row in desk.decisions.rows.values()):
            desk.decide(
                happening, kind="attribute", outcome="refused", person_id=happening.person_id or 0,
                program_id=referral["program_id"], subject=subject, reasons=[{"code": "already_referred"}],
            )  # fmt: skip


# --- states -----------------------------------------------------------------------------------


def _set(desk: Desk, referral: Record, happening: Happening, **changes: Any) -> None:
    desk.referrals.change(referral, changed_at=happening.received_at, **changes)


def _confirmed(desk: Desk, happening: Happening) -> None:
    """The friend confirmed from their own mailbox: qualified, waiting for the first purchase."""
    members = desk.people.members(happening.person_id or 0)
    for referral in list(desk.referrals.rows.values()):
        if referral["friend_id"] in members and referral["state"] == "registered":
            _set(desk, referral, happening, state="qualified", reason="waiting_purchase")


def _ordered(desk: Desk, order: Record, happening: Happening) -> None:
    for program in list(desk.programs.rows.values()):
        if program["state"] == "draft":
            continue
        referral = _open(desk, program, happening, "waiting_purchase")
        if referral and referral["state"] in ("registered", "qualified"):
            _convert(desk, program, referral, order, happening)


def _convert(desk: Desk, program: Record, referral: Record, order: Record, happening: Happening) -> None:
    """A qualifying order: promise both sides their reward, to be paid after the return window."""
    terms = desk.terms(program, referral["version"])
    if happening.occurred_at >= referral["opened_at"] + timedelta(days=terms["qualify"]["window_days"]):
        return _set(desk, referral, happening, state="expired", reason="window_over")
    if _was_customer(desk, program, happening) and referral["opened_at"] > order["occurred_at"]:
        return _set(desk, referral, happening, state="refused", reason="existing_customer")
    if net(order) < terms["qualify"]["order_minor_min"]:
        return _set(desk, referral, happening, reason="order_too_small")
    desk.batch.clear_timer("window", f"referral:{referral['id']}")
    promised, reasons = _promise(desk, program, referral, terms, happening)
    _set(
        desk, referral, happening, state="converted", order_id=order["id"], promised=promised,
        reason="waiting_return_window" if promised else reasons[0]["code"],
    )  # fmt: skip
    due = happening.occurred_at + timedelta(days=terms["hold_days"])
    desk.batch.set_timer("hold", f"referral:{referral['id']}", due)
    cause = f"order:{order['source']}:{order['order_id']}:{order['line']}"
    happening.tell("earned", referral=referral, promised=promised, cause=cause, due_at=due)
    happening.result["referral_id"] = referral["id"]
    desk.decide(
        happening, kind="reward", outcome="held" if promised else "refused", person_id=referral["advocate_id"],
        program_id=program["id"], subject=f"referral:{referral['id']}",
        reasons=[*reasons, {"code": "hold", "days": terms["hold_days"], "until": due.isoformat()}],
    )  # fmt: skip
    return None


def _promise(
    desk: Desk, program: Record, referral: Record, terms: Record, happening: Happening
) -> tuple[list[Record], list[Record]]:
    """What each side will get within caps and budget, and the reasons, friend first."""
    promised: list[Record] = []
    reasons: list[Record] = []
    for rule, person in (("friend", referral["friend_id"]), ("advocate", referral["advocate_id"])):
        reward = terms.get(rule)
        if not reward:
            reasons.append({"code": "no_reward", "rule": rule})
            continue
        if rule == "advocate" and _capped(desk, program, referral, terms, happening):
            reasons.append({"code": "cap_reached", "count": terms["caps"]["advocate_rewards_per_year"]})
            continue
        if not desk.reserve(program["id"], reward["unit"], reward["amount"]):
            reasons.append({"code": "budget_exhausted", "unit": reward["unit"]})
            continue
        person_id = desk.people.root(person)
        promised.append({"rule": rule, "person_id": person_id, "amount": reward["amount"], "unit": reward["unit"]})
        reasons.append({"code": "promised", "rule": rule, "amount": reward["amount"], "unit": reward["unit"]})
    # What stands in the way first; that a side was never to get anything says least.
    return promised, sorted(reasons, key=lambda reason: (reason["code"] == "promised", reason["code"] == "no_reward"))


def _capped(desk: Desk, program: Record, referral: Record, terms: Record, happening: Happening) -> bool:
    done = desk.rewarded_in_year(program["id"], referral["advocate_id"], happening.received_at)
    return bool(done >= terms["caps"]["advocate_rewards_per_year"])


def _pay(desk: Desk, number: int, happening: Happening) -> None:
    """The return window has passed."""
    referral = desk.referrals.rows.get(number)
    if referral is None or referral["state"] != "converted":
        return
    happening.person_id = desk.people.root(referral["advocate_id"])
    reason = "paid" if referral["promised"] else referral["reason"]
    _set(desk, referral, happening, state="rewarded" if referral["promised"] else "converted", reason=reason)
    happening.tell("settle", referral=referral)
    if referral["promised"]:
        desk.decide(
            happening, kind="reward", outcome="confirmed", person_id=referral["advocate_id"],
            program_id=referral["program_id"], subject=f"referral:{number}", reasons=[{"code": "paid"}],
        )  # fmt: skip


def _expire(desk: Desk, number: int, happening: Happening) -> None:
    referral = desk.referrals.rows.get(number)
    if referral is not None and referral["state"] in ("registered", "qualified"):
        happening.person_id = desk.people.root(referral["friend_id"])
        _set(desk, referral, happening, state="expired", reason="window_over")


def _give_back(desk: Desk, order: Record, happening: Happening) -> None:
    """A refund: if what remains no longer qualifies, the promise (or the payment) is undone, once."""
    for referral in list(desk.referrals.rows.values()):
        if referral["order_id"] != order["id"] or referral["state"] not in ("converted", "rewarded"):
            continue
        program = desk.program(referral["program_id"])
        if net(order) and net(order) >= desk.terms(program, referral["version"])["qualify"]["order_minor_min"]:
            continue
        _undo(desk, referral, "refunded", happening)


def _undo(desk: Desk, referral: Record, reason: str, happening: Happening) -> None:
    was_paid = referral["state"] == "rewarded"
    for promise in referral["promised"]:
        desk.give_back(referral["program_id"], promise["unit"], promise["amount"])
    desk.batch.clear_timer("hold", f"referral:{referral['id']}")
    _set(desk, referral, happening, state="reversed", reason=reason)
    happening.tell("undo", referral=referral, reason=reason)
    if referral["promised"]:
        desk.decide(
            happening, kind="reward", outcome="reversed" if was_paid else "released", person_id=referral["advocate_id"],
            program_id=referral["program_id"], subject=f"referral:{referral['id']}", reasons=[{"code": reason}],
        )  # fmt: skip


def _same_person(desk: Desk, note: Record, happening: Happening) -> None:
    """Two persons became one: a referral between them was a self-referral; of two of one friend the first stays."""
    members = desk.people.members(note["kept"])
    seen: set[int] = set()
    for referral in sorted(desk.referrals.rows.values(), key=lambda row: row["id"]):
        if referral["state"] not in Referral.ACTIVE or referral["friend_id"] not in members:
            continue
        reason = ""
        if referral["advocate_id"] in members:
            reason = "self_referral"
        elif referral["program_id"] in seen:
            reason = "merged_same_person"
        seen.add(referral["program_id"])
        if not reason:
            continue
        if referral["state"] in ("converted", "rewarded"):
            _undo(desk, referral, reason, happening)
        else:
            _set(desk, referral, happening, state="refused", reason=reason)


def _forget(desk: Desk, members: list[int], happening: Happening) -> None:
    """Open referrals of somebody forgotten end; paid ones stay as figures."""
    for referral in list(desk.referrals.rows.values()):
        if referral["friend_id"] in members and referral["state"] in ("registered", "qualified"):
            _set(desk, referral, happening, state="expired", reason="forgotten")
    for code in desk.codes.rows.values():
        if code["person_id"] in members and code["retired_at"] is None:
            desk.codes.change(code, retired_at=happening.received_at)


def _claim(desk: Desk, happening: Happening) -> None:
    """Staff says whose code belonged to an order that came without."""
    code = desk.code(happening.props.get("code"))
    if code is None:
        raise UnknownCode(value=happening.props.get("code"))
    key = (happening.props.get("order_source"), str(happening.props.get("order_id")))
    order = next((o for o in desk.events.orders.rows.values() if (o["source"], o["order_id"]) == key), None)
    if order is None or not order["completed"] or order["person_id"] is None:
        raise UnknownOrder(order=happening.props.get("order_id"))
    program = desk.program(code["program_id"])
    if program["state"] != "active":
        raise WrongState(state=program["state"])
    happening.person_id = desk.people.root(order["person_id"])
    if any(
        row["order_id"] == order["id"] and row["program_id"] == program["id"] for row in desk.referrals.rows.values()
    ):
        raise OrderCounted(order=order["order_id"])
    members = desk.people.members(happening.person_id)
    desk.events.take_orders(desk.events.orders.take_any("person_id", members))
    earlier = [o for o in desk.events.orders.rows.values() if o["person_id"] in members]
    before = [o["occurred_at"] for o in earlier if o["occurred_at"] < order["occurred_at"] and o["completed"]]
    happening.before = (len(before), max(before, default=None))
    referral = _open(desk, program, happening, "waiting_purchase")
    if referral and referral["state"] in ("registered", "qualified"):
        _convert(desk, program, referral, order, happening)


class UnknownOrder(UnknownCode):
    """There is no completed order {order}."""

    code = "unknown_order"


class OrderCounted(WrongState):
    """The order {order} has been counted for a recommendation already."""

    code = "order_counted"
