"""`passaparola explain PERSON`: everything known about one person, and why."""

import argparse
from typing import Any

from passaparola.cli import DONE, fail, open_stores
from passaparola.cli.speech import gettext as _
from passaparola.cli.speech import language

TAIL = 20


def summary() -> str:
    """For --help."""
    return _("one person: who, what is known, and the reasons of every decision")


def add(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("person", metavar="PERSON", help=_("her number, uid, user id, e-mail, phone or code"))
    parser.add_argument(
        "--events", type=int, default=TAIL, metavar="N", help=_("how many of the last events (default: %(default)s)")
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the page of one person."""
    open_stores()
    from passaparola.people.models import Person

    found = find(arguments.person)
    if not found:
        return fail(
            _("Nobody is known by “{text}”: give her number, uid, user id, e-mail, phone or code.").format(
                text=arguments.person
            )
        )
    if len(found) > 1:
        return fail(
            _("“{text}” fits {count} people; give one of these numbers: {ids}").format(
                text=arguments.person, count=len(found), ids=", ".join(map(str, sorted(found)))
            )
        )
    person = Person.objects.get(pk=found.pop())
    members = list(Person.objects.filter(root_id=person.root_id).values_list("pk", flat=True))
    for part in (_who, _stage, _names, _consents, _decisions, _referrals, _rewards, _messages):
        part(person, members)
    _events(members, arguments.events)
    return DONE


def find(text: str) -> set[int]:
    """Ids (roots) of the people meant by a number, uid, identity or code."""
    from passaparola.people.models import Identity, Person
    from passaparola.programs.models import Code

    bare = text.strip()
    found = set(Person.objects.filter(uid__iexact=bare).values_list("root_id", flat=True))
    owners = set(Identity.objects.filter(value__in={bare, bare.lower()}).values_list("person_id", flat=True))
    owners |= set(Code.objects.filter(value__iexact=bare).values_list("person_id", flat=True))
    if not found and not owners and bare.isdigit() and len(bare) < 19:
        owners = {int(bare)}
    return found | set(Person.objects.filter(pk__in=owners).values_list("root_id", flat=True))


def _at(moment: Any) -> str:
    from zoneinfo import ZoneInfo

    from django.conf import settings

    return moment.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE)).strftime("%Y-%m-%d %H:%M") if moment else "–"


def _rows(title: str, heads: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    from passaparola.cli import terminal

    terminal.title(title)
    if rows:
        terminal.table(heads, rows)
    else:
        terminal.say(_("nothing"))


def _who(person: Any, members: list[int]) -> None:
    from passaparola.cli import terminal

    name = person.name or (_("forgotten") if person.forgotten_at else _("no name known"))
    terminal.say(f"{name} · {person.pk} · {person.uid}", style="bold")
    facts = [
        (_("known since"), _at(person.created_at)),
        (_("language"), person.language or "–"),
        (_("born"), person.birth_on or "–"),
        (_("name shown to friends"), _("yes") if person.shows_name else _("no")),
    ]
    if len(members) > 1:
        facts.append((_("one with"), ", ".join(str(one) for one in members if one != person.pk)))
    if person.profile.get("simulated"):
        facts.append((_("simulated"), _("this person belongs to the demo and is not real")))
    for label, fact in facts:
        terminal.say(f"{label}: {fact}")


def _stage(person: Any, _members: list[int]) -> None:
    from passaparola.cli import terminal
    from passaparola.kernel import money
    from passaparola.programs import wording
    from passaparola.segments.models import StageChange, Traits

    terminal.title(_("Stage"))
    traits = Traits.objects.filter(pk=person.root_id).first()
    if traits is None:
        terminal.say(_("no purchase yet"))
        return
    from django.conf import settings

    terminal.say(
        _("{stage} since {since}: visits in the period {period}, ever {ever}; orders {orders}, spent {spent}").format(
            stage=wording.stage(language(), traits.stage),
            since=_at(traits.stage_since_at),
            period=traits.visits_period,
            ever=traits.visits_ever,
            orders=traits.orders,
            spent=money.show(traits.spent_minor, settings.CURRENCY, language()),
        )
    )
    for change in StageChange.objects.filter(person_id=person.root_id).order_by("-at", "-id")[:5]:
        numbers = ", ".join(f"{key} {value}" for key, value in change.reason.items())
        terminal.say(f"  {_at(change.at)}  {change.before} → {change.after}  ({numbers})")


def _names(_person: Any, members: list[int]) -> None:
    from passaparola.people.models import Identity

    found = Identity.objects.filter(person_id__in=members).order_by("id")
    rows = [(one.kind, one.value, _at(one.verified_at) if one.verified_at else _("not verified")) for one in found]
    _rows(_("Known as"), (_("kind"), _("value"), _("verified")), rows)


def _consents(_person: Any, members: list[int]) -> None:
    from passaparola.people.models import Consent

    found = Consent.objects.filter(person_id__in=members).order_by("id")
    rows = [(_at(one.at), one.channel, one.purpose, one.state, one.source) for one in found]
    _rows(_("Consents"), (_("when"), _("channel"), _("purpose"), _("state"), _("source")), rows)


def _decisions(_person: Any, members: list[int]) -> None:
    from passaparola.programs import wording
    from passaparola.programs.models import Decision

    rows = []
    for one in Decision.objects.filter(person_id__in=members).order_by("id"):
        why = " ".join(wording.decision_reasons(language(), one.reasons))
        rows.append((_at(one.at), one.program_id or "", wording.decision(language(), one.kind, one.outcome), why))
    _rows(_("Decisions"), (_("when"), _("programme"), _("decision"), _("why")), rows)


def _referrals(_person: Any, members: list[int]) -> None:
    from passaparola.programs import wording
    from passaparola.programs.models import Referral

    rows = []
    for one in (
        Referral.objects.filter(advocate_id__in=members) | Referral.objects.filter(friend_id__in=members)
    ).order_by("id"):
        role = (
            _("brought {id}").format(id=one.friend_id)
            if one.advocate_id in members
            else _("brought by {id}").format(id=one.advocate_id)
        )
        state = wording.referral_state(language(), one.state)
        why = wording.referral_reason(language(), one.reason, "staff")
        rows.append((_at(one.opened_at), one.program_id, role, state, why))
    _rows(_("Referrals"), (_("when"), _("programme"), _("who"), _("state"), _("why")), rows)


def _rewards(_person: Any, members: list[int]) -> None:
    from passaparola.ledger.models import Reward
    from passaparola.programs import wording

    rows = [
        (
            _at(one.held_at),
            wording.amount(language(), one.amount, one.unit),
            wording.reward_state(language(), one.state),
            wording.reward_reason(language(), one.reason),
            one.cause,
            _at(one.settled_at or one.due_at),
        )
        for one in Reward.objects.filter(person_id__in=members).order_by("id")
    ]
    _rows(_("Rewards"), (_("when"), _("amount"), _("state"), _("why"), _("for"), _("settled or due")), rows)


def _messages(_person: Any, members: list[int]) -> None:
    from passaparola.messages.models import Message

    found = Message.objects.filter(person_id__in=members).order_by("id")
    rows = [(_at(one.planned_at), one.template, one.channel, one.state, one.reason) for one in found]
    _rows(_("Messages"), (_("when"), _("what"), _("channel"), _("state"), _("why")), rows)


def _events(members: list[int], count: int) -> None:
    import json

    from passaparola.events.models import Event

    rows = []
    for one in Event.objects.filter(person_id__in=members).order_by("-occurred_at", "-id")[: max(0, count)]:
        facts = json.loads(one.properties)
        keys = ("order_id", "total", "currency", "code", "channel", "purpose", "kind", "state")
        shown = ", ".join(f"{key} {facts[key]}" for key in keys if facts.get(key) not in (None, ""))
        rows.append(
            (_at(one.occurred_at), one.pk, one.name or one.type, shown, _("history") if one.history else one.source)
        )
    _rows(_("Last events"), (_("when"), _("number"), _("what"), _("facts"), _("source")), rows[::-1])
