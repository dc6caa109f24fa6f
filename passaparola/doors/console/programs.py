"""Programmes: the list, one programme with its figures, and the form with its live preview."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_POST

from passaparola.doors.console import overview, program_terms
from passaparola.doors.console.acting import do, say
from passaparola.doors.console.program_form import ProgramForm
from passaparola.measure import goals, metrics, pictures
from passaparola.programs import terms as rules
from passaparola.programs import wording
from passaparola.programs.models import Budget, Code, Program, ProgramVersion

PROGRAMS_MAX = 200
EXAMPLE_CODE = "ALMA-7K"


def programs(request: HttpRequest) -> HttpResponse:
    """Every programme with its state, goal and funnel."""
    found = list(Program.objects.order_by("-id")[:PROGRAMS_MAX])
    order = {"active": 0, "draft": 1, "paused": 2, "ended": 3}
    found.sort(key=lambda p: order[p.state])
    now = timezone.now()
    shown = pictures.look("programs", now=now)
    funnels = {p.id: shown.value.get(str(p.id)) or dict.fromkeys(overview.WORDS, 0) for p in found}
    terms = terms_of(found)
    progress = goals.progress(found, terms, now)
    rows = [(p, _gist(terms[p.id]), funnels[p.id], progress.get(p.id)) for p in found]
    return render(request, "console/programs.html", {"rows": rows, "words": overview.WORDS, "shown": shown})


def terms_of(programs: list[Program]) -> dict[int, dict[str, Any]]:
    """What each programme promises now: its version in force, or its draft."""
    wanted = {p.id: p.version for p in programs}
    rows = ProgramVersion.objects.filter(program_id__in=list(wanted)).values_list("program_id", "number", "terms")
    found = {program: terms for program, number, terms in rows if wanted[program] == number}
    return {p.id: rules.complete(found.get(p.id, {}), settings.CURRENCY) for p in programs}


def _gist(terms: dict[str, Any]) -> dict[str, str]:
    """What each side gets and who is asked, in a few words."""
    language = get_language() or "en"
    return {
        "advocate": wording.advocate_gets(language, terms),
        "friend": wording.friend_gets(language, terms),
        "stages": ", ".join(wording.stage(language, stage) for stage in terms["audience"]["stages"]),
    }


def program(request: HttpRequest, program_id: int) -> HttpResponse:
    """One programme: funnel since its launch, goal, effect, budget, versions."""
    row = get_object_or_404(Program, id=program_id)
    now = timezone.now()
    terms = terms_of([row])[row.id]
    draft = ProgramVersion.objects.filter(program_id=row.id, number=0).first()
    shown = pictures.look("program", row.id, now=now, changed_at=row.launched_at)
    versions = ProgramVersion.objects.filter(program_id=row.id, number__gt=0).order_by("-number")[:20]
    language = get_language() or "en"
    context = {
        "program": row,
        "terms": terms,
        "gist": _gist(terms),
        "columns": overview.columns(metrics.steps(shown.value)),
        "progress": goals.progress([row], {row.id: terms}, now).get(row.id),
        "effects": overview.effects([row], metrics.arms(shown.value)),
        "shown": shown,
        "budgets": [
            (b, b.promised / b.limit_amount if b.limit_amount else None)
            for b in Budget.objects.filter(program_id=row.id).order_by("unit")
        ],
        "versions": [
            (v, wording.summary(language, v.terms, business=settings.BUSINESS_NAME, currency=settings.CURRENCY))
            for v in versions
        ],
        "changed": bool(draft and row.version and draft.terms != terms),
        "draft": draft,
        "codes": Code.objects.filter(program_id=row.id).count(),
        "budget_error": request.GET.get("budget") == "wrong",
    }
    return render(request, "console/program.html", context)


def create(request: HttpRequest) -> HttpResponse:
    """A new programme, as a draft."""
    return _edit(request, None)


def edit(request: HttpRequest, program_id: int) -> HttpResponse:
    """Change the draft; what is published stays frozen until the next launch."""
    return _edit(request, get_object_or_404(Program, id=program_id))


def _edit(request: HttpRequest, row: Program | None) -> HttpResponse:
    draft = ProgramVersion.objects.filter(program_id=row.id, number=0).first() if row else None
    terms = rules.complete(draft.terms if draft else {}, settings.CURRENCY)
    initial = {**program_terms.to_form(terms, settings.CURRENCY), "name": row.name if row else ""}
    form = ProgramForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        name, made = form.cleaned_data["name"], program_terms.to_terms(form.cleaned_data, settings.CURRENCY)
        if row is None:
            done = do(request, "Program Created", name=name, kind="direct", terms=made)
        else:
            done = do(request, "Program Edited", subject=f"program:{row.id}", program=row.id, name=name, terms=made)
        if done is not None:
            number = row.id if row else done["program_id"]
            if "launch" in request.POST:
                return redirect("console:program-launch", number)
            say(request, gettext("The draft is saved."))
            return redirect("console:program", number)
    shown = program_terms.to_terms(_cleaned(form), settings.CURRENCY) if form.is_bound else terms
    context = {
        "form": form,
        "program": row,
        "draft": draft,
        **preview_of(shown, get_language() or "en"),
        "gists": _gists(shown),
    }
    return render(request, "console/program_form.html", context, status=422 if form.errors else 200)


def _cleaned(form: ProgramForm) -> dict[str, Any]:
    form.is_valid()
    return getattr(form, "cleaned_data", {})


def _gists(terms: dict[str, Any]) -> dict[str, str]:
    """What stands beside each folded part."""
    language = get_language() or "en"
    least = terms["qualify"]["order_minor_min"]
    return {
        "order": wording.amount(language, least, settings.CURRENCY) if least else "",
        "hold": str(terms["hold_days"]),
        "holdout": str(terms["holdout_percent"]),
        "target": str(terms["goal"]["target"] or ""),
    }


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What advocate and friend will see of the form as it stands; for htmx."""
    form = ProgramForm(request.POST)
    terms = program_terms.to_terms(_cleaned(form), settings.CURRENCY)
    language = request.POST.get("preview_language", "")
    chosen = language if language in dict(settings.LANGUAGES) else get_language() or "en"
    return render(request, "console/program_preview.html", preview_of(terms, chosen))


def preview_of(terms: dict[str, Any], language: str) -> dict[str, Any]:
    """The advocate's and the friend's side of these terms, in a language."""
    said: dict[str, Any] = {"business": settings.BUSINESS_NAME, "currency": settings.CURRENCY}
    link = f"{settings.BASE_URL}/r/{EXAMPLE_CODE}"
    return {
        "preview": {
            "language": language,
            "languages": settings.LANGUAGES,
            "link": link,
            "code": EXAMPLE_CODE,
            "steps": wording.how_it_works(language, terms, **said),
            "share": wording.share_text(
                language, terms, "wa", business=settings.BUSINESS_NAME, link=link, code=EXAMPLE_CODE, given_name="Alma"
            ),
            "headline": wording.invitation(language, terms, business=settings.BUSINESS_NAME),
            "friend": wording.friend_gets(language, terms),
            "advocate": wording.advocate_gets(language, terms),
            "summary": wording.summary(language, terms, **said),
        }
    }
