"""Names of things that other rooms know by a code, in the reader's language."""

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from passaparola.doors import look
from passaparola.doors.console import titles
from passaparola.events.models import Event
from passaparola.kernel import money
from passaparola.messages import wording as messages

DECISION_LOOKS = {
    ("ask", "asked"): ("speakerphone", "accent"),
    ("ask", "holdout"): ("ban", ""),
    ("ask", "not_now"): ("clock", ""),
    ("ask", "never"): ("ban", ""),
    ("attribute", "attributed"): ("heart-handshake", "friend"),
    ("attribute", "refused"): ("ban", "bad"),
    ("attribute", "none"): ("user-question", ""),
    ("reward", "held"): ("clock", "warn"),
    ("reward", "confirmed"): ("gift", "good"),
    ("reward", "released"): ("receipt-refund", ""),
    ("reward", "reversed"): ("receipt-refund", "bad"),
    ("reward", "refused"): ("ban", "bad"),
    ("merge", "merged"): ("git-merge", "accent"),
    ("merge", "refused"): ("ban", "warn"),
    ("send", "sent"): ("send", "accent"),
    ("send", "refused"): ("ban", "warn"),
}
TEMPLATES = {
    "ask": gettext_lazy("Invitation to recommend"),
    "opt_in": gettext_lazy("Please confirm your address"),
    "friend_joined": gettext_lazy("A friend of yours joined"),
    "reward_held": gettext_lazy("A reward is set aside"),
    "reward_paid": gettext_lazy("Your reward is here"),
    "reward_reversed": gettext_lazy("A reward was taken back"),
    "welcome_friend": gettext_lazy("Welcome"),
}
PURPOSES = {
    "referral": gettext_lazy("invitations to recommend"),
    "service": gettext_lazy("service messages"),
    "offers": gettext_lazy("offers"),
}
CHANNELS = {"email": gettext_lazy("e-mail"), "sms": gettext_lazy("SMS"), "phone": gettext_lazy("telephone")}
SHARES = {
    "wa": "WhatsApp",
    "tg": "Telegram",
    "em": gettext_lazy("e-mail"),
    "sm": "SMS",
    "fb": "Facebook",
    "x": "X",
    "li": "LinkedIn",
    "na": gettext_lazy("her own apps"),
    "cp": gettext_lazy("a copied link"),
    "qr": "QR",
}
IDENTITIES = {
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Telephone"),
    "user_id": gettext_lazy("Customer number"),
    "anonymous_id": gettext_lazy("Anonymous id"),
    "card": gettext_lazy("Card"),
}
MERGE_REASONS = {
    "same_user_id": gettext_lazy("Same customer number."),
    "same_email": gettext_lazy("Same e-mail address."),
    "same e-mail address": gettext_lazy("Same e-mail address."),
    "by hand": gettext_lazy("A colleague decided so."),
    "alias": gettext_lazy("The shop said so (alias)."),
    "staff": gettext_lazy("A colleague decided so."),
}
PARKED_REASONS = {
    "unknown_type": gettext_lazy("Unknown kind of call"),
    "no_identity": gettext_lazy("Says about nobody"),
    "too_large": gettext_lazy("Too large"),
    "unreadable": gettext_lazy("Not readable"),
    "broken_event": gettext_lazy("Could not be processed"),
    "not_an_object": gettext_lazy("Not built as an event is"),
    "needs_secret_key": gettext_lazy("May only come from your server"),
    "message_id_reused": gettext_lazy("Its message id already means something else"),
    "no_event_name": gettext_lazy("Does not say what happened"),
    "no_group": gettext_lazy("Does not say which group"),
    "no_order_id": gettext_lazy("The number of the order is missing"),
    "no_amount": gettext_lazy("The amount is missing"),
    "no_token": gettext_lazy("The click cannot be told from others"),
    "bad_amount": gettext_lazy("The amount cannot be read"),
    "bad_currency": gettext_lazy("There is no such currency"),
    "other_currency": gettext_lazy("Not in the currency of its order"),
    "bad_id": gettext_lazy("An id that cannot be used"),
    "bad_name": gettext_lazy("A name that cannot be used"),
    "bad_time": gettext_lazy("Unreadable time"),
    "time_in_future": gettext_lazy("Its time lies in the future"),
    "time_too_old": gettext_lazy("Its time lies too far back"),
}


def event(row: Event) -> tuple[str, str, str]:
    """Icon, tone and title of an event, with its amount where it has one."""
    icon, tone, title = titles.EVENTS.get(row.name) or titles.TYPES.get(row.type) or ("activity", "", row.name)
    properties = json.loads(row.properties or "{}")
    extra = _amount(properties) if row.name.startswith("Order") else ""
    extra = extra or str(properties.get("rating") or properties.get("score") or properties.get("code") or "")
    return icon, tone, f"{title} · {extra}" if extra else str(title)


def _amount(properties: Mapping[str, Any]) -> str:
    unit = str(properties.get("currency") or settings.CURRENCY)
    for name in ("total", "revenue", "value", "amount"):
        try:
            return look.money(money.parse(properties[name], unit), unit)
        except (KeyError, ValueError):
            continue
    return ""


def raw(row: Event) -> str:
    """Properties, traits and context as readable JSON."""
    parts = {"properties": row.properties, "traits": row.traits, "context": row.context}
    return json.dumps({k: json.loads(v) for k, v in parts.items() if v and v != "{}"}, indent=2, ensure_ascii=False)


def stage_reason(reason: Mapping[str, Any]) -> list[str]:
    """Why a stage changed: how many visits in which period, against which range, and what set it off."""
    out = []
    visits, days = reason.get("visits"), reason.get("period_days")
    if visits is not None and days is not None:
        out.append(
            ngettext("%(visits)s visit in %(days)s days.", "%(visits)s visits in %(days)s days.", int(visits))
            % {"visits": look.number(visits), "days": look.number(days)}
        )
    limits = reason.get("range")
    if isinstance(limits, list) and len(limits) == 2:
        low, high = limits
        text = _("The stage begins at %(low)s.") if high is None else _("The stage goes from %(low)s to %(high)s.")
        out.append(text % {"low": low, "high": high})
    because = {
        "visit": "",
        "window": _("An older visit left the period."),
        "ranges": _("The ranges were changed."),
        "time": _("An older visit left the period."),
        "merge": _("Two persons were found to be one."),
    }
    if said := because.get(str(reason.get("because", "")), ""):
        out.append(said)
    return out


def message_reason(language: str, code: str) -> str:
    """Why a message was not sent, or did not arrive."""
    return messages.reason(language, code)


def _named(names: Mapping[str, Any], code: str) -> str:
    return str(names.get(code, code.replace("_", " ")))


def template(key: str) -> str:
    """What a message is about."""
    return _named(TEMPLATES, key)


def purpose(code: str) -> str:
    """What a consent is for."""
    return _named(PURPOSES, code)


def channel(code: str) -> str:
    """By which channel."""
    return _named(CHANNELS, code)


def share(code: str) -> str:
    """By which app somebody shared."""
    return _named(SHARES, code)


def identity(kind: str) -> str:
    """What kind of name somebody is known by."""
    return _named(IDENTITIES, kind)


def merge_reason(code: str) -> str:
    """Why two persons are one."""
    return _named(MERGE_REASONS, code)


def parked_reason(code: str) -> str:
    """Why an item could not be taken."""
    return _named(PARKED_REASONS, code)
