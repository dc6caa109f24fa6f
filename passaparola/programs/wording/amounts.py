"""Amounts inside sentences: "500 points", "10 €" without needless cents."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.numbers import format_currency
from django.utils.translation import ngettext

from passaparola.kernel import money, words


@words.spoken
def amount(language: str, value: int, unit: str) -> str:
    """Minor units (or points) as people say them: 1000 EUR is "10 €" in es and it, "€10" in en."""
    if unit == money.POINTS:
        return ngettext("%(number)s point", "%(number)s points", value) % {"number": words.number(value, language)}
    major = Decimal(value).scaleb(-money.digits(unit))
    locale = Locale.parse(words.LOCALES[language])
    if major == major.to_integral_value():
        pattern = locale.currency_formats["standard"].pattern.replace(".00", "")
        return format_currency(major, unit, pattern, locale=locale, currency_digits=False)
    return format_currency(major, unit, locale=locale)


def reward(language: str, prize: Mapping[str, Any] | None) -> str:
    """A reward of the terms ({"amount", "unit"}) in words; empty where there is none."""
    return amount(language, int(prize["amount"]), str(prize["unit"])) if prize and prize.get("amount") else ""
