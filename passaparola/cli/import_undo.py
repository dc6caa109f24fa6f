"""`passaparola import --undo N`: a whole import taken back, after saying what goes and what stays."""

from typing import Any

from passaparola.cli import DONE
from passaparola.cli.speech import gettext as _


def run(number: int, *, dry_run: bool) -> int:
    """Say what would go, then do it; a Refusal where there is nothing to take back."""
    from django.utils import timezone

    from passaparola.cli import terminal
    from passaparola.doors.imports import record, withdrawing
    from passaparola.kernel import audit

    row = withdrawing.find(number)
    if row.state != "undoing":
        withdrawing.check(row)
    found = withdrawing.preview(row)
    _show(found, row.label, terminal)
    if dry_run:
        return DONE
    if row.state != "undoing":
        withdrawing.begin(row, lambda: None)
        said = {"events": found.events, "people": found.people, "orders": found.orders}
        audit.record(record.ACTOR, "Import withdrawn", f"import:{row.pk}", said, timezone.now())
    _take_back(row, found.events, terminal)
    terminal.say(_("Taken back. The same file can be imported again."))
    return DONE


def _take_back(row: Any, events: int, terminal: Any) -> None:
    from passaparola.doors.imports import withdrawing

    with terminal.bar(_("taking back {file}").format(file=row.label), events) as advance:
        before = events

        def tell(left: int) -> None:
            nonlocal before
            advance(max(0, before - left))
            before = min(before, left)

        withdrawing.run(row, tell)


def _show(found: Any, label: str, terminal: Any) -> None:
    """What goes, what stays, what cannot be taken back."""
    from passaparola.kernel import money

    terminal.say(
        _("{file}: {events} events of {people} people go").format(
            file=label, events=f"{found.events:,}", people=f"{found.people:,}"
        )
    )
    for unit, total in sorted(found.sums.items()):
        amount = f"{total / 10 ** money.digits(unit):,.{money.digits(unit)}f}"
        terminal.say(_("{orders} orders, {amount} {unit} in all").format(orders=f"{found.orders:,}", amount=amount, unit=unit))
    terminal.say(
        _("{kept} people are known from elsewhere too and stay; {only} are not, and go").format(
            kept=f"{found.people_kept:,}", only=f"{found.people_only:,}"
        )
    )
    if found.held or found.paid:
        terminal.say(
            _("{held} rewards set aside lapse, {paid} paid ones are taken back as after a refund").format(
                held=f"{found.held:,}", paid=f"{found.paid:,}"
            )
        )
    if found.sent:
        terminal.say(_("{sent} messages have been sent because of it: those cannot be taken back").format(sent=f"{found.sent:,}"))
