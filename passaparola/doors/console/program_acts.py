"""Launching, pausing, ending and the budget: acts that move a programme, the grave ones with a page before them."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext
from django.views.decorators.http import require_POST

from passaparola.doors import look
from passaparola.doors.console.acting import do, say
from passaparola.kernel import money
from passaparola.measure import reach
from passaparola.programs import terms as rules
from passaparola.programs import wording
from passaparola.programs.models import Program, ProgramVersion

MOVES = {"pause": "Program Paused", "resume": "Program Resumed"}


def launch(request: HttpRequest, program_id: int) -> HttpResponse:
    """How many will be asked, what the law may want, what is missing; then the number typed, then go."""
    row = get_object_or_404(Program, id=program_id)
    draft = get_object_or_404(ProgramVersion, program_id=row.id, number=0)
    terms = rules.complete(draft.terms, settings.CURRENCY)
    problems = [gettext(problem.message) for problem in rules.check(terms)]
    found = reach.reach(terms, timezone.now())
    wrong = False
    if request.method == "POST" and not problems:
        wrong = request.POST.get("typed", "").strip() != request.POST.get("shown", "?")
        if not wrong:
            return _launched(request, row, found)
    language = get_language() or "en"
    context = {
        "program": row,
        "terms": terms,
        "problems": problems,
        "reach": found,
        "wrong": wrong,
        "duties": wording.legal_checklist(language, terms["country"], wording.reward_kinds(terms)),
        "summary": wording.summary(language, terms, business=settings.BUSINESS_NAME, currency=settings.CURRENCY),
        "goal": terms["goal"],
    }
    return render(request, "console/launch.html", context, status=422 if wrong else 200)


def _launched(request: HttpRequest, row: Program, found: reach.Reach) -> HttpResponse:
    if do(request, "Program Published", subject=f"program:{row.id}", program=row.id) is not None:
        sentence = ngettext(
            "The programme runs. About %(count)s person is being asked now.",
            "The programme runs. About %(count)s people are being asked now.",
            found.asked,
        )
        say(request, sentence % {"count": look.number(found.asked)})
    return redirect("console:program", row.id)


@require_POST
def move(request: HttpRequest, program_id: int, way: str) -> HttpResponse:
    """Pause, or go on. Easily undone, so nothing is asked."""
    row = get_object_or_404(Program, id=program_id)
    if do(request, MOVES[way], subject=f"program:{row.id}", program=row.id) is not None:
        say(
            request,
            gettext("The programme is paused: nobody new is asked; rewards already earned are still paid.")
            if way == "pause"
            else gettext("The programme runs again."),
        )
    return redirect("console:program", row.id)


def end(request: HttpRequest, program_id: int) -> HttpResponse:
    """End for good, after a page that says what follows."""
    row = get_object_or_404(Program, id=program_id)
    if request.method == "POST":
        if do(request, "Program Ended", subject=f"program:{row.id}", program=row.id) is not None:
            say(request, gettext("The programme has ended."))
        return redirect("console:program", row.id)
    return render(request, "console/end.html", {"program": row})


@require_POST
def budget(request: HttpRequest, program_id: int) -> HttpResponse:
    """Set the limit of one unit; empty for none."""
    row = get_object_or_404(Program, id=program_id)
    unit, typed = request.POST.get("unit", ""), request.POST.get("limit", "").strip().replace(",", ".")
    if unit not in (settings.CURRENCY, money.POINTS):
        unit = settings.CURRENCY
    try:
        limit: Any = money.parse(typed, unit) if typed else None
        good = limit is None or limit >= 0
    except money.NotMoney:
        good = False
    if not good:
        say(request, gettext("A budget is an amount such as 500 or 499.90, or nothing for no limit."), "bad")
    elif do(request, "Budget Set", subject=f"program:{row.id}", program=row.id, unit=unit, limit=limit) is not None:
        say(request, gettext("The budget is set."))
    return redirect("console:program", row.id)
