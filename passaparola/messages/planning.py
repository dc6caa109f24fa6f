"""The messages' room in the corridor: what a cause makes us say, once, and what became of it.

A message is planned here and handed over elsewhere (dispatcher.py), which checks consent again at that moment; the
outcome comes back as an event and lands here.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from passaparola.events.intake import Happening
from passaparola.kernel import database
from passaparola.kernel.batch import Batch, Record
from passaparola.kernel.errors import Refusal
from passaparola.messages import kinds, suppression
from passaparola.messages.models import Delivery, Message, Suppression, Template
from passaparola.people.actions import People

LANGUAGES = ("es", "it", "en")
# Why a message is refused whose cause was taken back.
WITHDRAWN = "withdrawn"
OUTCOMES = ("sent", "delivered", "bounced", "complained", "failed", "refused", "unknown")
# An outcome never goes back: a late "sent" does not undo a bounce.
_RANK = {
    "planned": 0,
    "claimed": 0,
    "handing": 0,
    "unknown": 1,
    "sent": 2,
    "refused": 3,
    "failed": 3,
    "delivered": 4,
    "bounced": 5,
    "complained": 6,
}


class UnknownMessage(Refusal):
    """There is no message {message}."""

    code, status = "unknown_message", 404


class UnknownTemplate(Refusal):
    """There is no message text called {key} in that language."""

    code, status = "unknown_template", 404


class NotUnknown(Refusal):
    """Only a message whose fate is unknown, or that failed, can be sent again."""

    code, status = "not_unknown", 409


class Messages:
    """Plans, outcomes, suppressions of one batch."""

    def __init__(self, batch: Batch, people: People) -> None:
        self._batch, self.people = batch, people
        self.messages, self.deliveries = batch.table(Message), batch.table(Delivery)
        self.suppressions, self.templates = batch.table(Suppression), batch.table(Template)
        self._keys: set[str] = set()

    def load(self, happenings: Sequence[Happening]) -> None:
        """Read the messages whose outcome came back."""
        self.messages.take_any("id", {i for h in happenings if isinstance(i := h.props.get("message"), int)})

    def step(self, happening: Happening) -> None:
        """Plan what the event makes us say; take in what became of a message."""
        if not happening.notes and happening.type != "act":
            return
        if happening.type == "act" and happening.name in _ACTS:
            _ACTS[happening.name](self, happening)
        for note in happening.told("ask"):
            self._ask(note, happening)
        if happening.type == "act" and happening.name == "Friend Signed Up":
            self._opt_in(happening)
        if happening.name in _LEADS and not happening.history and _requested(happening):
            self._opt_in(happening)
        for note in happening.told("referred"):
            self._plan("friend_joined", note["advocate_id"], f"friend_joined:{note['referral']['id']}", happening,
                       {"referral": note["referral"]["id"]}, note["referral"]["program_id"])  # fmt: skip
        for kind, template in _REWARD_NOTES:
            for note in happening.told(kind):
                self._reward(template, note["reward"], happening)
        for note in happening.told("withdrawn"):
            self._withdraw(sorted(note["gone"]), happening)
        for note in happening.told("forgot_name"):
            self._suppress(note["kind"], note["value"], "forgotten", happening)
        for note in happening.told("forgotten"):
            happening.result["forgotten"] = len(note["members"])
            self._batch.at_end(partial(_unsay, note["members"]))

    # --- planning -----------------------------------------------------------------------------

    def _ask(self, note: Record, happening: Happening) -> None:
        program, person = note["program"], note["person_id"]
        delay = timedelta(hours=note["terms"]["ask"]["delay_hours"])
        context = {"code": note["code"], "version": program["version"]}
        key = f"ask:{program['id']}:{person}:1"
        self._plan("ask", person, key, happening, context, program["id"], purpose="referral", delay=delay)

    def _opt_in(self, happening: Happening) -> None:
        wishes = [w for w in happening.props.get("consents", ()) if isinstance(w, dict)]
        context = {
            "event": happening.id,
            "purposes": sorted({str(w.get("purpose")) for w in wishes}),
            "code": happening.props.get("code"),
        }
        self._plan(
            "opt_in", happening.person_id or 0, f"opt_in:{happening.person_id}:{happening.id}", happening, context, None
        )

    def _reward(self, template: str, reward: Record, happening: Happening) -> None:
        context = {
            "reward": reward["id"], "rule": reward["rule"], "amount": reward["amount"], "unit": reward["unit"],
            "due_at": reward["due_at"].isoformat(), "reason": reward["reason"],
        }  # fmt: skip
        self._plan(
            template, reward["person_id"], f"{template}:{reward['id']}", happening, context, reward["program_id"]
        )

    def _plan(
        self, template: str, person_id: int, key: str, happening: Happening, context: dict[str, Any], program_id: int | None,
        *, purpose: str = "service", delay: timedelta = timedelta(0),
    ) -> None:  # fmt: skip
        """One message for one cause: the key is unique in the database, too."""
        if key in self._keys:
            return
        self._keys.add(key)
        due = happening.received_at + delay
        self.messages.add(
            key=key, person_id=person_id, channel="email", purpose=purpose, template=template, program_id=program_id,
            context=context, state="planned", planned_at=happening.received_at, due_at=due,
            deadline_at=due + kinds.BY_KEY[template].good_for, changed_at=happening.received_at, event_id=happening.id,
        )  # fmt: skip

    def _withdraw(self, gone: list[int], happening: Happening) -> None:
        """What a withdrawn event made us plan is not said. What a dispatcher has in hand may have left: its outcome tells."""
        waiting = "state IN ('planned', 'claimed', 'handing')"
        for row in self.messages.take(f"{waiting} AND {database.any_of('event_id')}", [gone]):
            self.deliveries.add(
                message_id=row["id"], outcome="refused", detail=WITHDRAWN, at=happening.received_at, event_id=happening.id
            )
            self.messages.change(row, state="refused", reason=WITHDRAWN, changed_at=happening.received_at)

    # --- what became of it --------------------------------------------------------------------

    def _message(self, happening: Happening) -> Record:
        row = self.messages.rows.get(happening.props.get("message", 0))
        if row is None:
            raise UnknownMessage(message=happening.props.get("message"))
        happening.person_id = self.people.root(row["person_id"])
        return row

    def _outcome(self, happening: Happening) -> None:
        row = self._message(happening)
        outcome = happening.props.get("outcome") or _BY_NAME[happening.name]
        if outcome not in OUTCOMES:
            raise UnknownMessage(message=happening.props.get("message"))
        detail = str(happening.props.get("detail") or "")[:300]
        self.deliveries.add(
            message_id=row["id"], outcome=outcome, detail=detail, at=happening.received_at, event_id=happening.id
        )
        before = 0 if row["reason"] == WITHDRAWN else _RANK[row["state"]]
        if _RANK[outcome] > before:
            reason = detail[:60] if outcome in ("refused", "failed", "bounced") else ""
            self.messages.change(row, state=outcome, reason=reason, changed_at=happening.received_at)
        if outcome in ("bounced", "complained"):
            # The dispatcher says which address it was; a provider's later word is about whichever we have.
            given = str(happening.props.get("digest") or "")
            names = [] if given else self.people.names(row["person_id"], "email")
            for digest in [given] if given else [suppression.digest(name["value"]) for name in names]:
                self._suppress_digest(digest, outcome, happening)

    def _resend(self, happening: Happening) -> None:
        row = self._message(happening)
        if row["state"] not in ("unknown", "failed"):
            raise NotUnknown()
        now = happening.received_at
        deadline = max(row["deadline_at"], now + kinds.BY_KEY[row["template"]].good_for)
        self.messages.change(row, state="planned", reason="", due_at=now, deadline_at=deadline, changed_at=now)

    def _change_template(self, happening: Happening) -> None:
        """A text the operator wrote in place of the shipped one; empty texts bring the shipped one back."""
        props = happening.props
        key, language = props.get("key"), props.get("language")
        if key not in kinds.BY_KEY or language not in LANGUAGES:
            raise UnknownTemplate(key=key)
        values = {"subject": str(props.get("subject") or "")[:200], "body": str(props.get("body") or "")}
        found = self.templates.take("key = ? AND language = ?", [key, language])
        if found:
            self.templates.change(found[0], **values, changed_at=happening.received_at)
        else:
            self.templates.add(key=key, language=language, **values, changed_at=happening.received_at)

    def _suppress(self, kind: str, value: str, reason: str, happening: Happening) -> None:
        if kind == "email":
            self._suppress_digest(suppression.digest(value), reason, happening)

    def _suppress_digest(self, digest: str, reason: str, happening: Happening) -> None:
        if self.suppressions.take("channel = 'email' AND digest = ?", [digest]):
            return
        if not any(row["digest"] == digest for row in self.suppressions.fresh):
            self.suppressions.add(
                channel="email", digest=digest, reason=reason, at=happening.received_at, event_id=happening.id
            )


_LEADS = ("Lead Submitted", "Lead Recorded")


def _unsay(members: list[int]) -> None:
    """What providers said about messages to somebody forgotten: they quote the address."""
    mine = f"SELECT id FROM message WHERE {database.any_of('person_id')}"
    database.run(f"UPDATE delivery SET detail = '' WHERE detail <> '' AND message_id IN ({mine})", [members])
    told = "state IN ('failed', 'bounced', 'complained')"
    database.run(f"UPDATE message SET reason = '' WHERE {told} AND {database.any_of('person_id')}", [members])


def _requested(happening: Happening) -> bool:
    """Whether the event asked for a consent that its person has yet to confirm."""
    return any(note["state"] == "requested" for note in happening.told("consent"))


_ACTS = {
    "Message Handed Over": Messages._outcome,
    "Message Delivered": Messages._outcome,
    "Message Bounced": Messages._outcome,
    "Message Complained": Messages._outcome,
    "Message Resent": Messages._resend,
    "Template Changed": Messages._change_template,
}
_BY_NAME = {"Message Delivered": "delivered", "Message Bounced": "bounced", "Message Complained": "complained"}
_REWARD_NOTES = (
    ("held", "reward_held"),
    ("confirmed", "reward_paid"),
    ("reversed", "reward_reversed"),
    ("released", "reward_reversed"),
)
