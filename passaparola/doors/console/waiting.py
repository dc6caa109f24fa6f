"""What needs a person: each check a question to the tables, each answer a sentence with its page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from passaparola.doors import look
from passaparola.events.models import Parked
from passaparola.ledger.models import Reward
from passaparola.messages.models import Message
from passaparola.programs.models import Budget, Program

# From this share of a budget on it is worth a look.
BUDGET_SHARE = 0.8
# A reward should be settled soon after its window; when it is not, the clock of the house has stopped.
SETTLE_DELAY_MAX = timedelta(hours=6)


@dataclass(frozen=True)
class Wait:
    """A sentence, the page where it is settled, and the permission that page takes."""

    sentence: str
    url: str
    action: str
    needs: str


def everything(may: Callable[[str], bool]) -> list[Wait]:
    """All that waits and that the reader may settle, the most pressing first."""
    return [wait for check in CHECKS for wait in check() if may(wait.needs)]


def _unknown() -> list[Wait]:
    count = Message.objects.filter(state="unknown").count()
    if not count:
        return []
    sentence = ngettext(
        "%(count)s message may or may not have been sent: you decide whether it goes out again.",
        "%(count)s messages may or may not have been sent: you decide whether they go out again.",
        count,
    ) % {"count": look.number(count)}
    return [Wait(sentence, reverse("console:outbox") + "?state=unknown", _("Decide"), "messages.write")]


def _parked() -> list[Wait]:
    count = Parked.objects.filter(resolved_at=None).count()
    if not count:
        return []
    sentence = ngettext(
        "%(count)s event could not be taken and is kept aside with its reason.",
        "%(count)s events could not be taken and are kept aside with their reasons.",
        count,
    ) % {"count": look.number(count)}
    return [Wait(sentence, reverse("console:events-parked"), _("Look"), "events.read")]


def _budgets() -> list[Wait]:
    rows = Budget.objects.exclude(limit_amount=None).filter(promised__gte=F("limit_amount") * BUDGET_SHARE)
    names = dict(Program.objects.filter(state="active").values_list("id", "name"))
    return [
        Wait(
            _("“%(program)s” has promised %(promised)s of its budget of %(limit)s.")
            % {
                "program": names[row.program_id],
                "promised": look.money(row.promised, row.unit),
                "limit": look.money(row.limit_amount, row.unit),
            },
            reverse("console:program", args=[row.program_id]) + "#budget",
            _("Change the budget"),
            "programs.write",
        )
        for row in rows
        if row.program_id in names
    ]


def _late() -> list[Wait]:
    count = Reward.objects.filter(state="held", due_at__lt=timezone.now() - SETTLE_DELAY_MAX).count()
    if not count:
        return []
    sentence = ngettext(
        "%(count)s reward is past its return window and not yet settled: is the worker running?",
        "%(count)s rewards are past their return window and not yet settled: is the worker running?",
        count,
    ) % {"count": look.number(count)}
    return [Wait(sentence, reverse("console:events"), _("Look"), "events.read")]


def _programs() -> list[Wait]:
    states = set(Program.objects.values_list("state", flat=True))
    if "active" in states:
        return []
    if "draft" in states:
        return [
            Wait(
                _("A programme is drafted but none runs."),
                reverse("console:programs"),
                _("Launch it"),
                "programs.launch",
            )
        ]
    return [
        Wait(
            _("No programme runs: nobody is asked to recommend."),
            reverse("console:programs"),
            _("Create one"),
            "programs.write",
        )
    ]


CHECKS = (_unknown, _late, _parked, _budgets, _programs)
