"""The soak's view of the books: prepares a programme, waits for quiet, and compares what was told with what was written.

A process of its own: `python -m bench.soak_books prepare|quiet|check`, a question as JSON on stdin, the answer on stdout.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import django

django.setup()

from passaparola import corridor
from passaparola.events import intake, log
from passaparola.events.models import Event, Inbox, Parked
from passaparola.kernel import database, keys
from passaparola.kernel.models import Cursor, Timer
from passaparola.ledger.models import Reward, Transfer
from passaparola.messages.models import Message
from passaparola.people.models import Identity
from passaparola.programs import terms
from passaparola.programs.models import Click, Code, Referral

Answer = dict[str, Any]
SOURCE = "shop"
# Nothing has changed for so long: then nothing will.
_STILL_SECONDS = 4.0
# Whether these were delivered is not known, and that is what they say: after a kill in the middle of a hand-over.
_UNSURE = ("unknown", "handing")


def prepare(question: Answer) -> Answer:
    """A programme that pays at once, advocates with codes, and a key to send events with."""
    now = datetime.now(UTC)
    _, text = keys.make(name="soak", source=SOURCE, now=now)
    promise = terms.default("EUR")
    promise["goal"] |= {"target": 100_000, "deadline": "2030-12-31"}
    promise |= {"hold_days": 0, "holdout_percent": 0, "caps": {"advocate_rewards_per_year": 100_000}}
    program = _act("Program Created", {"name": "Soak", "kind": "direct", "terms": promise}, now)["program_id"]
    _act("Program Published", {"program": program}, now)
    codes = [_advocate(program, number, now) for number in range(question["advocates"])]
    return {"key": text, "source": SOURCE, "codes": codes}


def _advocate(program: int, number: int, now: datetime) -> str:
    user = f"advocate-{number}"
    traits = {"email": f"{user}@soak.example", "name": f"Advocate {number}", "language": "es"}
    body = json.dumps({"userId": user, "messageId": user, "traits": traits}).encode()
    known, _ = intake.read(
        kind="v1", call="identify", source="soak", body=body, received_at=now, inbox_id=0, limits=log.limits()
    )
    corridor.submit(known)
    person = Identity.objects.get(kind="user_id", value=user).person_id
    return str(_act("Code Issued", {"program": program, "person": person}, now)["code"])


def _act(name: str, properties: Answer, now: datetime) -> Answer:
    outcome = corridor.submit([corridor.act(name, source="soak", properties=properties, now=now)])[0]
    if outcome.refused:
        raise outcome.refused
    return outcome.result


def quiet(question: Answer) -> Answer:
    """Wait until the inbox is taken, no timer is due and no message waits, for so long that none can come any more.

    However long that takes, as long as something moves; given up only when for `stuck_seconds` nothing did.
    A killed dispatcher's hand-overs may stay "handing" until their lease ends, minutes later: those do not change any more.
    """
    began = moved_at = time.monotonic()
    before: tuple[dict[str, int], int, int] | None = None
    while time.monotonic() - moved_at < question["stuck_seconds"]:
        waiting = {what: rows for what, rows in _waiting() if rows}
        now = (waiting, Message.objects.filter(state="handing").count(), database.highest(Event))
        if now != before:
            before, moved_at = now, time.monotonic()
        elif not waiting and time.monotonic() - moved_at > _STILL_SECONDS:
            return {"findings": [], "seconds": round(time.monotonic() - began)}
        time.sleep(0.5)
    stuck = [f"still waiting: {rows} {what}" for what, rows in (before[0] if before else {}).items()]
    return {"findings": stuck, "seconds": round(time.monotonic() - began)}


def _waiting() -> Iterator[tuple[str, int]]:
    now = datetime.now(UTC)
    position = Cursor.objects.filter(name="inbox").values_list("position", flat=True).first() or 0
    yield "inbox rows", Inbox.objects.filter(id__gt=position).count()
    yield "due timers", Timer.objects.filter(due_at__lte=now).count()
    yield "planned messages", Message.objects.filter(state="planned", due_at__lte=now).count()
    yield "claimed messages", Message.objects.filter(state="claimed").count()


def check(question: Answer) -> Answer:
    """Everything told against everything written."""
    findings: list[str] = []
    figures: Answer = {}
    for step in (_events, _clicks, _stories, _messages):
        step(question, findings, figures)
    return {"findings": findings, "figures": figures}


def _events(question: Answer, findings: list[str], figures: Answer) -> None:
    told = set(question["message_ids"])
    written = Counter(Event.objects.filter(source=question["source"]).values_list("message_id", flat=True))
    _none(findings, "acknowledged event is not in the log", told - written.keys())
    _none(findings, "event is in the log twice", [one for one, n in written.items() if n > 1])
    _none(findings, "event in the log was never acknowledged", written.keys() - told)
    _none(findings, "event was parked", [f"{p.reason} {p.detail}" for p in Parked.objects.all()[:20]])
    figures["events acknowledged"] = len(told)
    figures["events processed"] = len(written)


def _clicks(question: Answer, findings: list[str], figures: Answer) -> None:
    told = [token for token in question["tokens"] if token]
    written = Counter(Click.objects.values_list("token", flat=True))
    _none(findings, "click was answered without a token", [token for token in question["tokens"] if not token])
    _none(findings, "answered click is not written", set(told) - written.keys())
    figures["clicks answered"], figures["clicks written"] = len(told), len(written)


def _stories(question: Answer, findings: list[str], figures: Answer) -> None:
    """One referral a story, two rewards a referral, and the transfers their state asks for."""
    person_of = dict(Identity.objects.filter(kind="user_id").values_list("value", "person_id"))
    code_of = {code.id: code.value for code in Code.objects.all()}
    referrals: dict[int, list[Referral]] = {}
    for referral in Referral.objects.all():
        referrals.setdefault(referral.friend_id, []).append(referral)
    rewards: dict[int, list[Reward]] = {}
    for reward in Reward.objects.all():
        rewards.setdefault(reward.referral_id, []).append(reward)
    kinds: dict[int, list[str]] = {}
    for reward_id, kind in Transfer.objects.order_by("id").values_list("reward_id", "kind"):
        kinds.setdefault(reward_id, []).append(kind)
    for story in question["stories"]:
        found = referrals.get(person_of.get(story["friend"], 0), [])
        if len(found) != 1 or code_of.get(found[0].code_id or 0) != story["code"]:
            findings.append(f"{story['friend']} has {len(found)} referrals, or another code's")
            continue
        _paid(story, found[0], rewards.get(found[0].id, []), kinds, findings)
    figures["stories told"] = len(question["stories"])
    figures["referrals"] = sum(map(len, referrals.values()))
    figures["rewards"] = sum(map(len, rewards.values()))
    figures["transfers"] = sum(map(len, kinds.values()))
    if figures["referrals"] != figures["stories told"] or figures["rewards"] != 2 * figures["referrals"]:
        findings.append(
            f"{figures['stories told']} stories, {figures['referrals']} referrals, {figures['rewards']} rewards"
        )


# What a reward's transfers may be: paid; promised and let go; paid and taken back.
_ENDS = {False: {"confirmed": ["hold", "confirm"]},
         True: {"released": ["hold", "release"], "reversed": ["hold", "confirm", "reverse"]}}  # fmt: skip


def _paid(
    story: Answer, referral: Referral, rewards: list[Reward], kinds: dict[int, list[str]], findings: list[str]
) -> None:
    if sorted(reward.rule for reward in rewards) != ["advocate", "friend"]:
        findings.append(f"{story['friend']}: rewards {[reward.rule for reward in rewards]}")
    for reward in rewards:
        if kinds.get(reward.id) != _ENDS[story["refunded"]].get(reward.state):
            refunded = "refunded" if story["refunded"] else "kept"
            findings.append(
                f"{story['friend']} ({refunded}): reward {reward.id} {reward.state}, transfers {kinds.get(reward.id)}"
            )
    if referral.state != ("reversed" if story["refunded"] else "rewarded"):
        findings.append(f"{story['friend']}: referral {referral.state} ({referral.reason})")


def _messages(question: Answer, findings: list[str], figures: Answer) -> None:
    """One message a cause; each sent one with one mail, none with two."""
    states = Counter(Message.objects.values_list("state", flat=True))
    keys_written = set(Message.objects.exclude(key__startswith="ask:").values_list("key", flat=True))
    expected = {f"friend_joined:{id_}" for id_ in Referral.objects.values_list("id", flat=True)}
    for reward_id, kind in Transfer.objects.values_list("reward_id", "kind"):
        expected.add(f"{_CAUSES[kind]}:{reward_id}")
    _none(findings, "message is missing", expected - keys_written)
    _none(findings, "message has no cause", keys_written - expected)
    _none(findings, "mail is not ours", [id_ for id_ in question["mails"] if not id_.isdigit()])
    mails = {int(id_): n for id_, n in question["mails"].items() if id_.isdigit()}
    state_of = dict(Message.objects.values_list("id", "state"))
    _none(findings, "mail came twice", [id_ for id_, n in mails.items() if n > 1])
    _none(findings, "message counts as sent and no mail came",
          [id_ for id_, state in state_of.items() if state == "sent" and id_ not in mails])  # fmt: skip
    _none(findings, "mail came of a message that is neither sent nor unsure",
          [f"{id_} {state_of.get(id_)}" for id_ in mails if state_of.get(id_) not in ("sent", *_UNSURE)])  # fmt: skip
    _none(findings, "message is neither sent nor unsure",
          [f"{id_} {state}" for id_, state in state_of.items() if state not in ("sent", *_UNSURE)])  # fmt: skip
    figures["messages"], figures["mails received"] = sum(states.values()), sum(mails.values())
    figures |= {f"messages {state}": n for state, n in sorted(states.items())}


_CAUSES = {"hold": "reward_held", "confirm": "reward_paid", "release": "reward_reversed", "reverse": "reward_reversed"}


def _none(findings: list[str], what: str, found: Any) -> None:
    some = sorted(map(str, found))
    if some:
        findings.append(f"{len(some)} × {what}: {', '.join(some[:5])}")


VERBS: dict[str, Callable[[Answer], Answer]] = {"prepare": prepare, "quiet": quiet, "check": check}

if __name__ == "__main__":
    print(json.dumps(VERBS[sys.argv[1]](json.load(sys.stdin))))
