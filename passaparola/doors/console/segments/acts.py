"""What staff do with a segment besides editing it: archive, restore, pin somebody, take its people out as a file."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from passaparola.doors import exports
from passaparola.doors.console import people
from passaparola.doors.console.acting import do, note, say
from passaparola.people.models import Identity, Person
from passaparola.segments import rules
from passaparola.segments.models import Membership, Segment, Traits

CHUNK = 1_000
COLUMNS = ("person", "uid", "user_id", "email", "name", "given_name", "language", "stage", "since")


@require_POST
def move(request: HttpRequest, segment_id: int, way: str) -> HttpResponse:
    """Archive or restore it."""
    row = get_object_or_404(Segment, id=segment_id)
    name = {"archive": "Segment Archived", "restore": "Segment Restored"}.get(way)
    if name is None:
        raise Http404
    if do(request, name, subject=f"segment:{row.id}", segment=row.id) is not None:
        words = {
            "archive": gettext("It is archived: nobody is in it any more, and its history stays."),
            "restore": gettext("It is kept again; everybody is being looked at."),
        }
        say(request, words[way])
    return redirect("console:segment", row.id)


@require_POST
def pin(request: HttpRequest, segment_id: int, person_id: int) -> HttpResponse:
    """Put somebody in or keep her out by hand, with the reason; or let the rule decide again."""
    row, person = get_object_or_404(Segment, id=segment_id), people.root(person_id)
    state, reason = request.POST.get("state", ""), request.POST.get("reason", "").strip()[:200]
    if state and not reason:
        say(request, gettext("Say why, so that colleagues know."), "bad")
        return redirect("console:segment-why", row.id, person.id)
    done = do(
        request,
        "Segment Pinned",
        subject=f"segment:{row.id}",
        segment=row.id,
        person=person.id,
        state=state,
        reason=reason,
    )
    if done is not None:
        words = {"in": gettext("In by hand from now on."), "out": gettext("Out by hand from now on.")}
        say(request, words.get(state, gettext("The rule decides again.")))
    return redirect("console:segment-why", row.id, person.id)


def export(request: HttpRequest, segment_id: int, form: str) -> StreamingHttpResponse:
    """Everybody in it as CSV or JSON lines, streamed; the trail keeps who took it."""
    row = get_object_or_404(Segment, id=segment_id)
    if form not in ("csv", "jsonl"):
        raise Http404
    note(request, "Segment exported", f"segment:{row.id}", {"format": form})
    lines = _csv(row.id) if form == "csv" else _jsonl(row.id)
    kind = "text/csv; charset=utf-8" if form == "csv" else "application/x-ndjson"
    answer = StreamingHttpResponse(lines, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{row.key}.{form}"'
    return answer


def rule(request: HttpRequest, segment_id: int) -> HttpResponse:
    """The rule in force as react-querybuilder's JSON."""
    row = get_object_or_404(Segment, id=segment_id)
    body = json.dumps(rules.to_rqb(rules.read(row.rule or {"rules": []})), indent=2, ensure_ascii=False)
    answer = HttpResponse(body, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{row.key}.json"'
    return answer


def _rows(segment_id: int) -> Iterator[dict[str, Any]]:
    """One row for each person, a chunk at a time, without a cursor held open."""
    last = 0
    while True:
        found = Membership.objects.filter(segment_id=segment_id, until_at=None, id__gt=last).order_by("id")
        chunk = list(found.values_list("id", "person_id", "from_at")[:CHUNK])
        if not chunk:
            return
        last = chunk[-1][0]
        ids = [person for _, person, _ in chunk]
        persons, traits = Person.objects.in_bulk(ids), Traits.objects.in_bulk(ids)
        names = _names(ids)
        for _, number, since in chunk:
            person = persons.get(number)
            if person is None or person.forgotten_at:
                continue
            known = traits.get(number)
            yield {
                "person": number, "uid": person.uid, "user_id": names.get((number, "user_id"), ""),
                "email": names.get((number, "email"), ""), "name": person.name, "given_name": person.given_name,
                "language": person.language, "stage": known.stage if known else "none",
                "since": since.isoformat().replace("+00:00", "Z"),
            }  # fmt: skip


def _names(ids: list[int]) -> dict[tuple[int, str], str]:
    """The oldest customer number and e-mail of each, also of those merged into her."""
    roots = dict(Person.objects.filter(root_id__in=ids).values_list("id", "root_id"))
    found: dict[tuple[int, str], str] = {}
    for one in Identity.objects.filter(person_id__in=list(roots), kind__in=("user_id", "email")).order_by("id"):
        found.setdefault((roots[one.person_id], one.kind), one.value)
    return found


def _csv(segment_id: int) -> Iterator[str]:
    yield ",".join(COLUMNS) + "\r\n"
    for row in _rows(segment_id):
        out = io.StringIO()
        csv.writer(out, lineterminator="\r\n").writerow([exports.safe_cell(row[name]) for name in COLUMNS])
        yield out.getvalue()


def _jsonl(segment_id: int) -> Iterator[str]:
    for row in _rows(segment_id):
        yield json.dumps(row, ensure_ascii=False) + "\n"
