"""A friend's way: opened by evidence, converted by an order, rewarded after the return window, reversed by a refund."""

from datetime import timedelta
from typing import Any

from django.conf import settings

from passaparola.events.actions import net
from passaparola.events.intake import Happening
from passaparola.kernel import database
from passaparola.kernel.batch import Record
from passaparola.programs.actions import evidence
from passaparola.programs.actions.acts import WrongState
from passaparola.programs.actions.desk import Desk, UnknownCode, ring_number
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
        for note in happening.told("order_withdrawn"):
            _give_back(desk, note["row"], happening, "withdrawn")
            if note["dropped"]:
                _let_go(desk, note["row"])
        for note in happening.told("withdrawn"):
            _never_opened(desk, note["gone"], happening)
    if happening.type == "act":
        if number := ring_number(happening, "hold", "referral"):
            return _pay(desk, number, happening)
        if number := ring_number(happening, "window", "referral"):
            return _expire(desk, number, happening)
        if happening.name == "Advocate Claimed":
            return _claim(desk, happening)
    if happening.type in ("page", "screen", "group"):
        if happening.person_id is not None:
            evidence.bind_clicks(desk, happening)
        return None
    if happening.person_id is None or happening.history:
        for note in happening.told("refund"):
            _give_back(desk, note["row"], happening)
        return None
    evidence.bind_clicks(desk, happening)
    if happening.name in _SIGN_UPS:
        evidence.signed_up(desk, happening)
    if happening.name == "Opt-in Confirmed" and happening.type == "act":
        _confirmed(desk, happening)
    if happening.notes:
        for note in happening.told("order"):
            if not note["gone"]:
                _ordered(desk, note["row"], happening)
        for note in happening.told("refund"):
            _give_back(desk, note["row"], happening)
    return None


def _set(desk: Desk, referral: Record, happening: Happening, **changes: Any) -> None:
    desk.referrals.change(referral, changed_at=happening.received_at, **changes)


def _confirmed(desk: Desk, happening: Happening) -> None:
    """The friend confirmed from their own mailbox: qualified, waiting for the first purchase."""
    members = desk.people.members(happening.person_id or 0)
    for referral in list(desk.referrals.rows.values()):
        if referral["friend_id"] in members and referral["state"] == "registered":
            _set(desk, referral, happening, state="qualified", reason="waiting_purchase")
            # Told only now: an address typed into a form proves nothing, and a missing mail would tell who is known.
            happening.tell("referred", referral=referral, advocate_id=referral["advocate_id"])


def _ordered(desk: Desk, order: Record, happening: Happening) -> None:
    for program in list(desk.programs.rows.values()):
        if program["state"] == "draft":
            continue
        referral = evidence.open_referral(desk, program, happening, "waiting_purchase")
        if referral and referral["state"] in ("registered", "qualified"):
            _convert(desk, program, referral, order, happening)


def _convert(desk: Desk, program: Record, referral: Record, order: Record, happening: Happening) -> None:
    """A qualifying order: promise both sides their reward, to be paid after the return window."""
    terms = desk.terms(program, referral["version"])
    if happening.occurred_at >= referral["opened_at"] + timedelta(days=terms["qualify"]["window_days"]):
        return _set(desk, referral, happening, state="expired", reason="window_over")
    if (
        evidence.was_customer(desk, program, referral["version"], happening)
        and referral["opened_at"] > order["occurred_at"]
    ):
        return _set(desk, referral, happening, state="refused", reason="existing_customer")
    if terms["qualify"]["order_minor_min"] and order["unit"] != settings.CURRENCY:
        return _set(desk, referral, happening, reason="order_in_other_currency")
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
    cause = desk.cause(program["id"], promised, f"order:{order['source']}:{order['order_id']}:{order['line']}")
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


def _let_go(desk: Desk, order: Record) -> None:
    """The order is not there any more, and its number may be another's one day."""
    for referral in list(desk.referrals.rows.values()):
        if referral["order_id"] == order["id"]:
            desk.referrals.change(referral, order_id=None)


def _never_opened(desk: Desk, gone: dict[int, Record], happening: Happening) -> None:
    """What the import opened and no order has settled yet is over."""
    for referral in list(desk.referrals.rows.values()):
        if referral["event_id"] in gone and referral["state"] in ("registered", "qualified"):
            desk.batch.clear_timer("window", f"referral:{referral['id']}")
            _set(desk, referral, happening, state="expired", reason="withdrawn")


def _give_back(desk: Desk, order: Record, happening: Happening, because: str = "refunded") -> None:
    """A refund: if what remains no longer qualifies, the promise (or the payment) is undone, once."""
    for referral in list(desk.referrals.rows.values()):
        if referral["order_id"] != order["id"] or referral["state"] not in ("converted", "rewarded"):
            continue
        program = desk.program(referral["program_id"])
        if net(order) and net(order) >= desk.terms(program, referral["version"])["qualify"]["order_minor_min"]:
            continue
        _undo(desk, referral, because, happening)


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
    """Open referrals of somebody forgotten end; paid ones stay as figures. Why staff merged her was said in their words."""
    sql = f"UPDATE decision SET reasons = '[]' WHERE kind = 'merge' AND {database.any_of('person_id')}"
    desk.batch.at_end(lambda: database.run(sql, [members]))
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
    referral = evidence.open_referral(desk, program, happening, "waiting_purchase")
    if referral and referral["state"] in ("registered", "qualified"):
        _convert(desk, program, referral, order, happening)


class UnknownOrder(UnknownCode):
    """There is no completed order {order}."""

    code = "unknown_order"


class OrderCounted(WrongState):
    """The order {order} has been counted for a recommendation already."""

    code = "order_counted"
