"""How the console changes anything: one act down the corridor, one line in the audit trail, one sentence back."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone

from passaparola.kernel import audit


def note(request: HttpRequest, act: str, subject: str = "", detail: dict[str, Any] | None = None) -> None:
    """One line in the audit trail."""
    audit.record(actor(request), act, subject, detail or {}, timezone.now())


def actor(request: HttpRequest) -> str:
    """Who is at the keyboard: "user:1"."""
    return f"user:{request.user.pk}"


def say(request: HttpRequest, sentence: str, tone: str = "good") -> None:
    """Show a sentence on the next page."""
    messages.add_message(request, messages.INFO, sentence, extra_tags=tone, fail_silently=True)


def do(request: HttpRequest, name: str, /, *, subject: str = "", **properties: Any) -> dict[str, Any] | None:
    """Submit one act. What it made (ids), or None when it was refused; then the reason is shown on the next page."""
    from passaparola import corridor

    now = timezone.now()
    act = corridor.act(name, source="console", properties=properties, actor=actor(request), now=now)
    outcome = corridor.submit([act], now=now)[0]
    if outcome.refused is not None:
        say(request, outcome.refused.message, "bad")
        return None
    note(request, name, subject, {**_short(properties), "event": outcome.event_id})
    return outcome.result


def _short(properties: dict[str, Any]) -> dict[str, Any]:
    """Numbers and short words for the trail; terms and texts stand in the event itself."""
    return {k: v for k, v in properties.items() if isinstance(v, (int, bool)) or (isinstance(v, str) and len(v) <= 40)}
