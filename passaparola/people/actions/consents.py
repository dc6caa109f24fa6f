"""Given, refused, withdrawn: an append-only ledger of what people agreed to, per channel and purpose."""

from typing import Any

from passaparola.events.intake import Happening
from passaparola.kernel.errors import Refusal
from passaparola.people.actions.desk import Desk
from passaparola.people.actions.text import text
from passaparola.people.models import Consent


class BadConsent(Refusal):
    """A consent needs a channel, a purpose and one of the states given, refused, withdrawn."""

    code, status = "bad_consent", 422


def consent_act(desk: Desk, happening: Happening) -> None:
    """A consent as a door recorded it."""
    agree(desk, happening, happening.props)


def agree_all(desk: Desk, happening: Happening, given: dict[str, Any]) -> None:
    """Consents inside traits: {"email": {"referral": true}}."""
    for what in in_traits(given):
        agree(desk, happening, what)


def in_traits(given: dict[str, Any]) -> list[dict[str, Any]]:
    """What such traits say, one state of one consent each."""
    return [
        {"channel": channel, "purpose": purpose, "state": "given" if value else "withdrawn"}
        for channel, purposes in sorted(given.items())
        for purpose, value in (sorted(purposes.items()) if isinstance(purposes, dict) else ())
        if isinstance(value, bool)
    ]


def agree(desk: Desk, happening: Happening, what: dict[str, Any]) -> None:
    """Write down one state of one consent; the same state again is nothing new."""
    channel, purpose, state = what.get("channel"), what.get("purpose"), what.get("state")
    if not (_short(channel, 12) and _short(purpose, 20) and state in Consent.STATES) or happening.person_id is None:
        raise BadConsent()
    before = desk.consent(happening.person_id, str(channel), str(purpose))
    if before == state:
        return
    row = desk.consents.add(
        person_id=happening.person_id, channel=channel, purpose=purpose, state=state,
        wording=text(what.get("wording"), 500), language=text(what.get("language"), 2),
        source=text(what.get("source"), 60) or happening.source,
        evidence=what["evidence"] if isinstance(what.get("evidence"), dict) else {},
        event_id=happening.id, at=happening.occurred_at,
    )  # fmt: skip
    desk.agreed.setdefault(happening.person_id, []).append(row)
    happening.tell("consent", channel=channel, purpose=purpose, state=state)


def request_opt_in(desk: Desk, happening: Happening) -> None:
    """A sign-up asks for consents; they count once the person confirms from their own mailbox."""
    for wish in happening.props.get("consents", ()):
        before = (
            desk.consent(happening.person_id, wish.get("channel", ""), wish.get("purpose", ""))
            if happening.person_id
            else None
        )
        if before != "given":
            agree(desk, happening, {**wish, "state": "requested", "source": "landing"})


def ask_lead(desk: Desk, happening: Happening) -> None:
    """What a lead ticked on a form, ours or a partner's: requested, with where and in which words; hers to confirm."""
    where = [text(happening.props.get(key), 60) for key in ("source", "partner")]
    given = happening.props.get("consents")
    for wish in given if isinstance(given, list) else ():
        if not isinstance(wish, dict) or happening.person_id is None:
            raise BadConsent()
        if desk.consent(happening.person_id, str(wish.get("channel")), str(wish.get("purpose"))) == "given":
            continue
        own = wish["evidence"] if isinstance(wish.get("evidence"), dict) else {}
        proof = {k: text(happening.props.get(k), 120) for k in ("partner", "form") if happening.props.get(k)}
        source = ":".join(filter(None, where)) or "form"
        agree(desk, happening, {**wish, "state": "requested", "source": source, "evidence": {**own, **proof}})


def confirm_opt_in(desk: Desk, happening: Happening) -> None:
    """The person confirmed from their own mailbox: what was requested is given, and the address is theirs."""
    assert happening.person_id is not None
    for purpose in happening.props.get("purposes", ()):
        agree(desk, happening, {**happening.props, "purpose": purpose, "state": "given", "source": "opt-in"})
    for row in desk.names(happening.person_id, "email"):
        if not row["verified_at"]:
            desk.identities.change(row, verified_at=happening.received_at)


def _short(value: object, length: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= length and value.replace("-", "").replace("_", "").isalnum()
