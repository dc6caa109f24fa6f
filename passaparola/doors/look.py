"""How things look in words: amounts, numbers, times, badges, icons, pictures as template tags; one source for all pages.

Numbers and dates are written in the viewer's language; /console/look shows every one of them in use.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal, format_percent
from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from passaparola.doors import pictures
from passaparola.doors.console import titles
from passaparola.kernel import money as kernel_money

register = template.Library()

# How the demo ends the names of people it made up.
SIMULATED = " (simulated)"
SPRITE = "vendor/tabler-icons-3.51.0/icons.svg"
# Below so many before, a percentage says more than is known.
PERCENT_FROM = 20
STAGE_LEVEL = {"none": 0, "few": 1, "some": 2, "many": 3}
STAGES = {
    "none": _("None yet"),
    "few": _("Few"),
    "some": _("Some"),
    "many": _("Many"),
}
# Every state of every noun: its tone and its word.
STATES: dict[str, dict[str, tuple[str, Any]]] = {
    "program": {
        "draft": ("", _("Draft")),
        "active": ("good", _("Active")),
        "paused": ("warn", _("Paused")),
        "ended": ("", _("Ended")),
    },
    "referral": {
        "registered": ("friend", _("Joined")),
        "qualified": ("friend", _("Qualified")),
        "converted": ("accent", _("Ordered")),
        "rewarded": ("good", _("Paid out")),
        "refused": ("bad", _("Refused")),
        "expired": ("", _("Expired")),
        "reversed": ("bad", _("Reversed")),
    },
    "reward": {
        "held": ("warn", _("On hold")),
        "confirmed": ("good", _("Paid")),
        "released": ("", _("Released")),
        "reversed": ("bad", _("Reversed")),
    },
    "message": {
        "planned": ("", _("Planned")),
        "claimed": ("", _("Being sent")),
        "handing": ("", _("Being sent")),
        "sent": ("accent", _("Sent")),
        "delivered": ("good", _("Delivered")),
        "bounced": ("bad", _("Bounced")),
        "complained": ("bad", _("Complaint")),
        "unknown": ("warn", _("Unknown")),
        "refused": ("warn", _("Not sent")),
        "failed": ("bad", _("Failed")),
    },
    "consent": {
        "requested": ("warn", _("Requested")),
        "given": ("good", _("Given")),
        "refused": ("bad", _("Refused")),
        "withdrawn": ("bad", _("Withdrawn")),
    },
    "key": {"active": ("good", _("Active")), "revoked": ("", _("Revoked")), "expired": ("warn", _("Expired"))},
    "parked": {
        "open": ("warn", _("Parked")), "resolved": ("good", _("Sent again")), "erased": ("", _("Content removed")),
    },
    "lead": {"cold": ("", _("Cold")), "warm": ("warn", _("Warm")), "hot": ("accent", _("Hot"))},
    "arm": {"asked": ("accent", _("To be asked")), "holdout": ("", _("Control group"))},
}


def _language() -> str:
    return (get_language() or "en")[:2]


@cache
def _fingerprint(path: str) -> str:
    found = finders.find(path)
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:10] if found else ""


@register.simple_tag
def asset(path: str) -> str:
    """The address of our own file, changing when the file changes, so that no old copy is shown."""
    return f"{static(path)}?v={_fingerprint(path)}"


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; decoration unless it has a label."""
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}#{}"/></svg>', label, static(SPRITE), name
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static(SPRITE), name)


@register.filter
def number(value: float | None) -> str:
    """12,345 in the viewer's way; a dash where there is none."""
    return "–" if value is None else format_decimal(value, locale=_language())


@register.filter
def percent(share: float | None) -> str:
    """A share (0 to 1) as a percentage, one decimal below ten per cent; a dash where there is none."""
    if share is None:
        return "–"
    return format_percent(share, format="#,##0.#%" if abs(share) < 0.0995 else "#,##0%", locale=_language())


@register.filter
def times(value: float | None) -> str:
    """A ratio with one decimal: 2.3."""
    return "–" if value is None else format_decimal(round(value, 1), locale=_language())


@register.filter
def whole(value: float) -> str:
    """A number without decimals."""
    return format_decimal(round(value), locale=_language())


@register.filter
def share(part: int, of: int) -> float:
    """A part as a share of something; 0 of nothing."""
    return part / of if of else 0.0


@register.filter
def signed(value: int) -> str:
    """A change with its sign, a true minus; "±0" for none."""
    return "±0" if not value else f"{'+' if value > 0 else '−'}{format_decimal(abs(value), locale=_language())}"


@register.filter
def points(share: float) -> str:
    """A difference of shares in percentage points with its sign: +3.4."""
    size = format_decimal(round(abs(share) * 100, 1), locale=_language())
    return f"{'−' if share < 0 else '+'}{size}"


@register.filter
def money(amount: int | None, unit: str) -> str:
    """Minor units of a currency, or points: `{{ reward.amount|money:reward.unit }}`."""
    return "–" if amount is None else kernel_money.show(amount, unit, _language())


@register.filter
def day(value: Any) -> str:
    """A day as 21 Nov 2026."""
    if not value:
        return "–"
    return format_date(
        timezone.localtime(value) if isinstance(value, datetime) else value, "medium", locale=_language()
    )


@register.filter
def clock(value: datetime | None) -> str:
    """The hour of the business: 18:05."""
    return "–" if value is None else format_datetime(timezone.localtime(value), "HH:mm", locale=_language())


@register.filter
def ago(value: datetime | None) -> str | SafeString:
    """How long ago or how soon; the exact moment in the title and for machines."""
    if not value:
        return "–"
    gap = value - timezone.now()
    if abs(gap) > timedelta(days=300):
        words = day(value)
    else:
        words = format_timedelta(gap, add_direction=True, locale=_language(), threshold=0.95)
    exact = format_datetime(timezone.localtime(value), "medium", locale=_language())
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), exact, words)


def in_language(texts: Mapping[str, str], language: str) -> str:
    """What staff typed in up to three languages, in this one; where it is blank there, in another."""
    return next((text for code in (language, "en", "es", "it") if (text := texts.get(code))), "")


@register.filter
def named(thing: Any) -> str:
    """The name of something that staff named in es, it and en (`names`), in the viewer's language."""
    return in_language(thing.names, _language()) or getattr(thing, "key", "")


@register.simple_tag
def said(sentence: str) -> str:
    """A sentence marked for translation elsewhere, in the viewer's language."""
    return gettext(sentence)


@register.filter
def initials(name: str) -> str:
    """Up to two capitals of a name; a dot for nobody."""
    words = [word for word in name.split() if word[0].isalnum()]
    return ((words[0][0] + words[-1][0]) if len(words) > 1 else words[0][0] if words else "·").upper()


@register.filter
def called(person: Any) -> str:
    """A person's name, or what we can say instead."""
    if person.forgotten_at:
        return gettext("Forgotten person %(id)s") % {"id": person.id}
    name = person.name or person.given_name
    if name.endswith(SIMULATED):
        # What the demo's names say of themselves, in the reader's language.
        return f"{name.removesuffix(SIMULATED)} ({gettext('simulated')})"
    return str(name) or gettext("Person %(id)s") % {"id": person.id}


@register.filter
def called_beside(person: Any) -> str:
    """A person's name where the badge "simulated" stands beside it: what says the same in the name is left out there.

    Elsewhere (mails, landing page, lists without the badge) the name itself goes on saying so.
    """
    return called(person).removesuffix(f" ({gettext('simulated')})") if is_simulated(person) else called(person)


@register.filter
def titled(event: str) -> str:
    """The title of an event, or of a kind of call, by its name; the sender's own go by their own name."""
    return str((titles.EVENTS.get(event) or titles.TYPES.get(event) or ("", "", event))[2])


@register.filter
def stage_word(stage: str) -> Any:
    """The stage's word."""
    return STAGES.get(stage, stage)


@register.simple_tag
def stage_badge(stage: str) -> SafeString:
    """The loyalty stage as steps and word."""
    steps = mark_safe(pictures.stairs(STAGE_LEVEL.get(stage, 0)))
    return format_html('<span class="stage">{}{}</span>', steps, STAGES.get(stage, stage))


@register.simple_tag
def state_badge(noun: str, state: str) -> SafeString:
    """A state as colour and word: `{% state_badge "referral" referral.state %}`."""
    tone, word = STATES.get(noun, {}).get(state, ("", state))
    return format_html('<span class="tag {}">{}</span>', tone, word)


@register.simple_tag
def lead_word(temperature: str) -> Any:
    """The word of a lead's temperature."""
    return STATES["lead"][temperature][1]


@register.filter
def plus(value: float) -> str:
    """Points with their sign and at most one decimal: +12.5."""
    return f"{'−' if value < 0 else '+'}{format_decimal(abs(value), format='#,##0.#', locale=_language())}"


@register.simple_tag
def simulated(thing: Any) -> SafeString | str:
    """The word "simulated" where a person, or an event's context, says it is."""
    if not is_simulated(thing):
        return ""
    return format_html('<span class="tag simulated">{}</span>', _("simulated"))


def is_simulated(thing: Any) -> bool:
    """Whether a person (profile), a context or a plain flag says that this did not really happen."""
    said = getattr(thing, "profile", thing)
    return bool(said.get("simulated")) if isinstance(said, dict) else said is True


@register.simple_tag
def delta(now: float, before: float) -> SafeString:
    """The change against the last period: an arrow and a percentage, or the plain difference where percentages mislead."""
    was = gettext("before: %(count)s") % {"count": number(before)}
    if before < PERCENT_FROM:
        return format_html('<span class="delta" title="{}">{}</span>', was, signed(int(now - before)))
    change = now / before - 1
    tone, arrow = (
        ("up", "arrow-up-right")
        if change > 0.0005
        else ("down", "arrow-down-right")
        if change < -0.0005
        else ("", "arrow-right")
    )
    was = _("before: %(count)s") % {"count": number(before)}
    return format_html('<span class="delta {}" title="{}">{}{}</span>', tone, was, icon(arrow), percent(abs(change)))


@register.simple_tag
def delta_money(now: int, before: int, unit: str) -> SafeString:
    """The change of a sum: a percentage, or the difference where there was little before."""
    if abs(before) >= PERCENT_FROM * 100:
        return delta(now, before)
    size = money(abs(now - before), unit)
    words = "±0" if now == before else f"{'+' if now > before else '−'}{size}"
    return format_html('<span class="delta">{}</span>', words)


@register.simple_tag
def sparkline(values: Sequence[float], tone: str = "accent") -> SafeString:
    """A small line of the period."""
    return mark_safe(pictures.sparkline(values, tone))


@register.simple_tag
def flow(here: float, after: float, tone: str = "accent") -> SafeString:
    """One column of the funnel's picture."""
    return mark_safe(pictures.flow(here, after, tone))


@register.simple_tag
def bar(share: float, tone: str = "accent", kind: str = "meter") -> SafeString:
    """A horizontal bar."""
    return mark_safe(pictures.bar(share, tone, kind))


@register.filter
def lookup(mapping: dict[Any, Any], key: Any) -> Any:
    """The value under a key that is itself a variable; None where there is none."""
    return mapping.get(key)
