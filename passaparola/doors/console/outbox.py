"""Messages: every one with its state and reason, what it said, what the provider answered; what is unknown is decided here."""

import email
import email.policy
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_POST

from passaparola.doors import look
from passaparola.doors.console import happenings, sayings
from passaparola.doors.console.acting import do, say
from passaparola.kernel import database
from passaparola.messages import compose, facts, texts, values
from passaparola.messages.models import Delivery, Message
from passaparola.programs.models import Program

PAGE = 50
STATES = tuple(look.STATES["message"])
# A mail carries its own styles; it is shown alone and may do nothing else.
_MAIL_POLICY = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["'self'", "data:"],
    "sandbox": ["allow-popups"],
}


def outbox(request: HttpRequest) -> HttpResponse:
    """The list, the newest first; filters in the address."""
    state = request.GET.get("state", "") if request.GET.get("state") in STATES else ""
    template = request.GET.get("template", "") if request.GET.get("template") in sayings.TEMPLATES else ""
    rows = Message.objects.order_by("-id")
    if state:
        rows = rows.filter(state=state)
    if template:
        rows = rows.filter(template=template)
    if (before := request.GET.get("before", "")).isdecimal():
        rows = rows.filter(id__lt=int(before))
    found = list(rows[: PAGE + 1])
    who = happenings.everybody([row.person_id for row in found])
    language = get_language() or "en"
    lines = [
        (
            row,
            who.get(row.person_id),
            sayings.template(row.template),
            sayings.message_reason(language, row.reason) if row.reason else "",
        )
        for row in found[:PAGE]
    ]
    counts = dict(database.rows("SELECT state, COUNT(*) FROM message GROUP BY state"))
    context = {
        "lines": lines,
        "state": state,
        "template": template,
        "states": [(s, look.STATES["message"][s][1], counts[s]) for s in STATES if counts.get(s)],
        "templates": sayings.TEMPLATES,
        "after": found[PAGE - 1].id if len(found) > PAGE else None,
        "total": sum(counts.values()),
        "sink": _sink(),
    }
    return render(request, "console/outbox.html", context)


def message(request: HttpRequest, message_id: int) -> HttpResponse:
    """One message: whom, why, what it said, what became of it."""
    row = get_object_or_404(Message, id=message_id)
    language = get_language() or "en"
    person = happenings.everybody([row.person_id]).get(row.person_id)
    context = {
        "message": row,
        "person": person,
        "title": sayings.template(row.template),
        "purpose": sayings.purpose(row.purpose),
        "why": sayings.message_reason(language, row.reason) if row.reason else "",
        "program": Program.objects.filter(id=row.program_id).first() if row.program_id else None,
        "deliveries": Delivery.objects.filter(message_id=row.id).order_by("id")[:50],
        "said": said(row),
        "sink": _sink(),
    }
    return render(request, "console/message.html", context)


def as_html(request: HttpRequest, message_id: int) -> HttpResponse:
    """The message as a mailbox shows it: alone, in a sandbox, nothing of ours around it."""
    shown = said(get_object_or_404(Message, id=message_id))
    if not shown.get("html"):
        raise Http404
    answer = HttpResponse(shown["html"])
    answer._csp_replace = _MAIL_POLICY  # type: ignore[attr-defined]
    return answer


@require_POST
def resend(request: HttpRequest, message_id: int) -> HttpResponse:
    """The operator decides that an unknown message goes out again."""
    row = get_object_or_404(Message, id=message_id)
    if do(request, "Message Resent", subject=f"message:{row.id}", message=row.id) is not None:
        say(request, gettext("The message goes out again."))
    return redirect("console:message", row.id)


def said(row: Message) -> dict[str, Any]:
    """What the message says: the very mail where it lies in the local sink, else composed as it would be now."""
    folder = _sink()
    file = folder / f"{row.id:010d}.eml" if folder else None
    if file and file.is_file():
        return _from_file(file)
    whole = database.select(Message, "id = ?", [row.id])[0]
    known = facts.gather([whole])[row.id]
    house = values.House(
        settings.BUSINESS_NAME,
        settings.BASE_URL,
        settings.CURRENCY,
        settings.LANGUAGE_CODE,
        settings.BUSINESS_TIME_ZONE,
    )
    language = values.language_of(known, house)
    try:
        text = texts.in_force(row.template, language, facts.edited_texts())
        made = compose.compose(text, values.values(whole, known, house))
    except (KeyError, compose.Broken) as problem:
        return {"broken": str(problem)}
    return {"to": known.address, "language": language, "subject": made.subject, "text": made.text, "html": made.html}


def _from_file(file: Path) -> dict[str, Any]:
    mail: Any = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    return {
        "to": str(mail["To"] or ""),
        "language": str(mail["Content-Language"] or ""),
        "subject": str(mail["Subject"] or ""),
        "text": text.get_content() if text else "",
        "html": html.get_content() if html else "",
        "at": datetime.fromtimestamp(file.stat().st_mtime, tz=timezone.get_current_timezone()),
        "file": file.name,
    }


def _sink() -> Path | None:
    """The folder that stands in for a mail server, if that is what is set."""
    parts = urlsplit(settings.MAIL_URL)
    return Path(unquote(f"{parts.netloc}{parts.path}")) if parts.scheme == "file" else None
