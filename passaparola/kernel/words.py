"""Which language, and how that language writes days, numbers and money; typed text is never blank."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, tzinfo
from functools import lru_cache, wraps
from typing import Concatenate, Literal, ParamSpec, TypeVar, cast

from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from django.utils import translation

LANGUAGES = ("es", "it", "en")
# Each language's name in itself: what a language switch shows.
NAMES = {"es": "Español", "it": "Italiano", "en": "English"}
# How Babel writes: English as in Europe, day before month.
LOCALES = {"es": "es", "it": "it", "en": "en_GB"}

P = ParamSpec("P")
R = TypeVar("R")


@lru_cache(maxsize=1_000)
def supported(wish: str | None) -> str | None:
    """One of our languages for a wish such as "es", "es-MX" or "it_IT"; None if it is none of them."""
    short = (wish or "").strip().lower().replace("_", "-").split("-")[0]
    return short if short in LANGUAGES else None


def pick(*wishes: str | None, default: str = "en") -> str:
    """The first wish that is one of our languages, else the default."""
    return next((language for language in map(supported, wishes) if language), supported(default) or "en")


def accepted(header: str) -> str | None:
    """The best of our languages in an Accept-Language header; None if there is none of them."""
    weighted = []
    for position, item in enumerate(header[:500].split(",")[:20]):
        name, _, weight = item.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if quality > 0:
            weighted.append((-quality, position, name))
    return next((language for _, _, name in sorted(weighted) if (language := supported(name))), None)


def typed(text: Mapping[str, str] | str | None, language: str, fallback: str = "") -> str:
    """What somebody typed in es/it/en, in the reader's language, else in any other: blank only if all are."""
    if not text:
        return fallback
    if isinstance(text, str):
        return text.strip() or fallback
    order = (language, "en", "es", "it", *text)
    return next((text[one].strip() for one in order if (text.get(one) or "").strip()), fallback)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """gettext answers in this language inside, whoever's thread it is."""
    with translation.override(pick(language)):
        yield


def spoken(function: Callable[Concatenate[str, P], R]) -> Callable[Concatenate[str, P], R]:
    """A function whose first argument is the language in which its gettext calls shall answer."""

    @wraps(function)
    def wrapper(language: str, *arguments: P.args, **named: P.kwargs) -> R:
        with speaking(language):
            return function(pick(language), *arguments, **named)

    return cast(Callable[Concatenate[str, P], R], wrapper)


def day(moment: date | datetime, language: str, zone: tzinfo | None = None, width: str = "long") -> str:
    """3 November 2026, 3 de noviembre de 2026, 3 novembre 2026; widths short, medium, long, full."""
    if isinstance(moment, datetime):
        moment = moment.astimezone(zone).date()
    return format_date(moment, width, locale=LOCALES[pick(language)])


def short_day(moment: date | datetime, language: str, zone: tzinfo | None = None, today: date | None = None) -> str:
    """3 Nov, 3 nov; with the year when it is not this one."""
    if isinstance(moment, datetime):
        moment = moment.astimezone(zone).date()
    pattern = "d MMM" if today is not None and moment.year == today.year else "d MMM y"
    return format_date(moment, pattern, locale=LOCALES[pick(language)])


def moment(at: datetime, language: str, zone: tzinfo | None = None, width: str = "medium") -> str:
    """A day with its hour, in the given zone."""
    return format_datetime(at, width, tzinfo=zone, locale=LOCALES[pick(language)])


def number(value: float, language: str) -> str:
    """1.234 or 1,234."""
    return format_decimal(value, locale=LOCALES[pick(language)])


def percent(value: float, language: str) -> str:
    """10 as "10 %" or "10%"; the value is in per cent."""
    return format_percent(value / 100, format=None, locale=LOCALES[pick(language)])


def listing(items: list[str], language: str, style: Literal["standard", "or", "unit"] = "standard") -> str:
    """a, b and c; style "or" for a choice."""
    return format_list(items, style, locale=LOCALES[pick(language)])
