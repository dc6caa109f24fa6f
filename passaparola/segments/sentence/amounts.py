"""Comparisons, lengths of time and values in words. Pure."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.dates import get_day_names
from babel.numbers import format_currency, format_decimal
from django.utils.translation import gettext, ngettext

from passaparola.kernel import money, words
from passaparola.segments.rules.tree import Duration
from passaparola.segments.sentence.names import Names

Say = Callable[[Any], str]


def _(text: str) -> str:
    """Marks a sentence for translation; it is translated where it is shown."""
    return text


# A comparison before what is counted: "at least 2 times", "more than 10 €".
AMOUNTS = {
    ">=": _("at least %(value)s"),
    "<=": _("at most %(value)s"),
    ">": _("more than %(value)s"),
    "<": _("less than %(value)s"),
    "=": _("exactly %(value)s"),
    "!=": _("anything but %(value)s"),
    "between": _("between %(low)s and %(high)s"),
    "notBetween": _("anything but between %(low)s and %(high)s"),
    "in": _("exactly %(values)s"),
    "notIn": _("anything but %(values)s"),
}
# A comparison after what is compared: "the category is “coffee”".
VERBS = {
    "=": _("is %(value)s"),
    "!=": _("is not %(value)s"),
    ">=": _("is at least %(value)s"),
    "<=": _("is at most %(value)s"),
    ">": _("is above %(value)s"),
    "<": _("is below %(value)s"),
    "between": _("lies between %(low)s and %(high)s"),
    "notBetween": _("does not lie between %(low)s and %(high)s"),
    "in": _("is %(values)s"),
    "notIn": _("is not %(values)s"),
    "contains": _("contains %(value)s"),
    "doesNotContain": _("does not contain %(value)s"),
    "beginsWith": _("begins with %(value)s"),
    "doesNotBeginWith": _("does not begin with %(value)s"),
    "endsWith": _("ends with %(value)s"),
    "doesNotEndWith": _("does not end with %(value)s"),
    "null": _("is not known"),
    "notNull": _("is known"),
    "inLast": _("lies in the last %(value)s"),
    "beforeLast": _("lies at least %(value)s back"),
    "inNext": _("lies in the next %(value)s"),
    "anniversaryWithin": _("comes within %(value)s"),
}
DATES = {
    "=": _("is %(value)s"),
    "!=": _("is not %(value)s"),
    ">=": _("is %(value)s or later"),
    "<=": _("is %(value)s or earlier"),
    ">": _("is after %(value)s"),
    "<": _("is before %(value)s"),
}


def amount(language: str, operator: str, value: Any, say: Say) -> str:
    """A comparison as an amount: "at least 2 times"."""
    return _said(language, AMOUNTS[operator], value, say)


def compared(language: str, operator: str, value: Any, say: Say, *, dates: bool = False) -> str:
    """A comparison as a verb: "is at least 2"; of dates "is after 1 May 2026"."""
    template = (DATES if dates else VERBS).get(operator) or VERBS[operator]
    return _said(language, template, value, say)


def _said(language: str, template: str, value: Any, say: Say) -> str:
    if isinstance(value, (tuple, list)):
        said = [say(one) for one in value]
        values = {"values": words.listing(said, language, "or"), "low": said[0], "high": said[-1]}
        return gettext(template) % values
    return gettext(template) % {"value": "" if value is None else say(value)}


def times(value: Any, language: str) -> str:
    """ "2 times"."""
    return ngettext("%(n)s time", "%(n)s times", value) % {"n": words.number(value, language)}


def days(value: Any, language: str) -> str:
    """ "2 days"."""
    return ngettext("%(n)s day", "%(n)s days", value) % {"n": words.number(value, language)}


def length(duration: Duration, language: str, n: int | None = None) -> str:
    """ "30 days"; of another number of the same unit with `n`."""
    n = duration.n if n is None else n
    said = {
        "minutes": ngettext("%(n)s minute", "%(n)s minutes", n),
        "hours": ngettext("%(n)s hour", "%(n)s hours", n),
        "days": ngettext("%(n)s day", "%(n)s days", n),
        "weeks": ngettext("%(n)s week", "%(n)s weeks", n),
    }[duration.unit]
    return said % {"n": words.number(n, language)}


def plain(value: Any, language: str) -> str:
    """A number as the language writes it, with all its digits."""
    return format_decimal(value, format="#,##0.######", locale=words.LOCALES[language])


def cash(value: Any, language: str, currency: str) -> str:
    """Minor units as money."""
    major = Decimal(str(value)).scaleb(-money.digits(currency))
    return format_currency(major, currency, locale=words.LOCALES[language])


def quoted(value: Any) -> str:
    """A text in the language's quotation marks."""
    return gettext("“%(text)s”") % {"text": value}


def weekday(value: Any, language: str) -> str:
    """Monday is 1."""
    name: str = get_day_names("wide", locale=words.LOCALES[language])[(int(value) - 1) % 7]
    return name


def hour(value: Any, language: str) -> str:
    """ "18:00" for the hour that begins then."""
    return f"{int(value)}:00"


def on(value: Any, language: str) -> str:
    """A date of a rule in words."""
    return words.day(date.fromisoformat(value), language)


def at(value: Any, language: str, names: Names) -> str:
    """A moment of a rule in the business's own time."""
    when = datetime.fromisoformat(value) if isinstance(value, str) else value
    local = when.astimezone(names.zone)
    if local.hour or local.minute or local.second or local.microsecond:
        return words.moment(when, language, names.zone)
    return words.day(local.date(), language)


