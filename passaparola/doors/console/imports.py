"""Imports: a file in, what was recognised and what would come of it, then its way into the log, step by step."""

from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from passaparola.doors.console import import_form, import_page
from passaparola.doors.console.acting import actor, note, say
from passaparola.doors.imports import files, suggest, withdrawing, wizard
from passaparola.kernel.errors import Refusal
from passaparola.kernel.models import FileImport

LISTED = 100
# What the audit trail keeps of a step.
_STEPS = {"stop": "Import stop", "resume": "Import resume"}


@never_cache
def imports(request: HttpRequest) -> HttpResponse:
    """What was imported, and where to bring the next file."""
    rows = FileImport.objects.order_by("-id")[:LISTED]
    context = {"rows": [import_page.line(row) for row in rows], "bytes_max": settings.UPLOAD_BYTES_MAX}
    return render(request, "console/imports.html", context)


@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """A file arrives; it is on disk already."""
    sent = request.FILES.get("file")
    if sent is None or not sent.size:
        say(request, gettext("Choose a file first; an empty one holds nothing to import."), "bad")
        return redirect("console:imports")
    row = wizard.receive(Path(sent.temporary_file_path()), sent.name or "file", actor=actor(request))  # type: ignore[attr-defined]
    note(request, "File received", f"import:{row.pk}", {"bytes": row.size_bytes})
    return redirect("console:import", row.pk)


@never_cache
def one(request: HttpRequest, import_id: int) -> HttpResponse:
    """One import at whatever step it is."""
    row = get_object_or_404(FileImport, id=import_id)
    part = request.headers.get("HX-Target", "")
    if row.state in wizard.BUSY:
        template = "console/import_progress.html" if part == "import-progress" else "console/import.html"
        return render(request, template, import_page.progress(row))
    answer = render(request, "console/import.html", import_page.whole(row))
    if part == "import-progress":
        # It has come to another step: the whole page is another.
        answer = HttpResponse(headers={"HX-Refresh": "true"})
    return answer


@require_POST
def describe(request: HttpRequest, import_id: int) -> HttpResponse:
    """Read the file as chosen, and show what would come of it; with `go` also begin, with `check` add it all up."""
    row = get_object_or_404(FileImport, id=import_id)
    problems: list[str] = []
    try:
        problems = _choose(row, request)
        if "check" in request.POST and not problems:
            wizard.check(row)
        if "go" in request.POST and not problems:
            wizard.start(row)
            note(request, "Import begun", f"import:{row.pk}", {"lines": row.survey["lines"]})
            return redirect("console:import", row.pk)
    except Refusal as refusal:
        problems.append(import_page.sentence(refusal))
    if request.headers.get("HX-Target") == "import-body" and row.state not in wizard.BUSY:
        return render(request, "console/import_body.html", import_page.whole(row, problems))
    if problems and row.state not in wizard.BUSY:
        return render(request, "console/import.html", import_page.whole(row, problems), status=422)
    return redirect("console:import", row.pk)


def _choose(row: FileImport, request: HttpRequest) -> list[str]:
    """Take over the form; the problems in it. Raises a Refusal."""
    if row.survey.get("bytes") is None:
        raise wizard.NotNow()
    looked = wizard.looked_at(row)
    if looked.is_json:
        own = import_form.own(request.POST)
        wizard.choose(row, looked.mapping, **own)
        return []
    chosen = import_form.read(request.POST, looked)
    if import_form.is_rewritten(chosen, looked):
        # Other columns, or rows of another kind: recognised anew.
        form, kind = chosen.mapping.format, chosen.mapping.kind or ""
        if chosen.mapping.format.sheet == looked.mapping.format.sheet:
            found = suggest.suggest(files.text(row), files.survey(row), files.business(), form, kind)
            chosen.mapping = found.mapping
    wizard.choose(row, chosen.mapping, **chosen.own)
    return chosen.problems


@require_POST
def attach(request: HttpRequest, import_id: int) -> HttpResponse:
    """A second file with more about the products."""
    row = get_object_or_404(FileImport, id=import_id)
    sent = request.FILES.get("list")
    if sent is None or not sent.size:
        say(request, gettext("Choose a file first; an empty one holds nothing to import."), "bad")
    else:
        try:
            wizard.attach(row, Path(sent.temporary_file_path()), sent.name or "list")  # type: ignore[attr-defined]
        except Refusal as refusal:
            say(request, import_page.sentence(refusal), "bad")
    return redirect("console:import", row.pk)


@require_POST
def move(request: HttpRequest, import_id: int, step: str) -> HttpResponse:
    """Stop, go on, or throw away what was not begun."""
    row = get_object_or_404(FileImport, id=import_id)
    try:
        if step == "stop":
            wizard.stop(row)
            say(request, gettext("It stops after the step it is at; then you can go on or leave it."))
        elif step == "resume":
            wizard.start(row)
        else:
            wizard.discard(row)
            note(request, "Import discarded", f"import:{row.pk}")
            say(request, gettext("The file is removed; nothing of it was imported."))
            return redirect("console:imports")
        note(request, _STEPS[step], f"import:{row.pk}")
    except Refusal as refusal:
        say(request, import_page.sentence(refusal), "bad")
    return redirect("console:import", row.pk)


@never_cache
def withdraw(request: HttpRequest, import_id: int) -> HttpResponse:
    """What taking the whole import back would come to; on being told so, it is begun."""
    row = get_object_or_404(FileImport, id=import_id)
    try:
        withdrawing.check(row)
        found = withdrawing.preview(row)
        if request.method != "POST":
            return render(request, "console/import_withdraw.html", import_page.withdrawal(row, found))
        withdrawing.begin(row, wizard.wake)
        said = {"events": found.events, "people": found.people, "orders": found.orders}
        note(request, "Import withdrawn", f"import:{row.pk}", said)
    except Refusal as refusal:
        say(request, import_page.sentence(refusal), "bad")
    return redirect("console:import", row.pk)


def rejected(request: HttpRequest, import_id: int) -> HttpResponseBase:
    """The rows that were not taken, or in a dry run would not be, each with its reason."""
    row = get_object_or_404(FileImport, id=import_id)
    path = files.rejected(row) if row.started_at else files.checked(row)
    if not path.exists():
        raise Http404
    name = f"{Path(row.label).stem}.rejected.csv"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")


def mapping(request: HttpRequest, import_id: int) -> JsonResponse:
    """How the file is read, as a mapping file for the command line."""
    row = get_object_or_404(FileImport, id=import_id)
    name = f"{Path(row.label).stem}.mapping.json"
    said = {**row.mapping, "source": row.source}
    return JsonResponse(
        said, json_dumps_params={"indent": 2, "ensure_ascii": False},
        headers={"content-disposition": f'attachment; filename="{_ascii(name)}"'},
    )  # fmt: skip


def _ascii(name: str) -> str:
    return "".join(mark if mark.isascii() and (mark.isalnum() or mark in ".-_") else "-" for mark in name)


