"""Money is an integer number of minor units and a unit; rounding happens here and nowhere else.

| in                      | out     |
|-------------------------|---------|
| parse("49.9", "EUR")    | 4990    |
| parse("1.005", "EUR")   | 100     | half to even at the third decimal
| parse("1.015", "EUR")   | 102     |
| parse("1000", "JPY")    | 1000    |
| parse("12", "PTS")      | 12      |
| share(999, 10)          | 100     | 10 % of 9.99, half to even
"""

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from babel.numbers import format_currency, format_decimal, get_currency_precision

POINTS = "PTS"
# More than any honest amount, less than the 63 bits of the columns.
AMOUNT_MAX = 10**15


class NotMoney(ValueError):
    """The value is no amount: not a finite number, or too large."""


def digits(unit: str) -> int:
    """How many decimals the unit has: 2 for EUR, 0 for JPY and points."""
    return 0 if unit == POINTS else get_currency_precision(unit)


def parse(value: object, unit: str) -> int:
    """Minor units of a number or numeric string in major units. Raises NotMoney; may be negative."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise NotMoney(type(value).__name__)
    try:
        number = Decimal(str(value).strip())
        if not number.is_finite() or abs(number) > AMOUNT_MAX:
            raise NotMoney("out of range")
        return int(number.scaleb(digits(unit)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
    except InvalidOperation as problem:
        raise NotMoney("not a number") from problem


def share(amount: int, percent: Decimal | int | str) -> int:
    """`percent` per cent of an amount in minor units, rounded half to even."""
    return int((Decimal(amount) * Decimal(percent) / 100).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def show(amount: int, unit: str, language: str) -> str:
    """The amount as people of that language write it: 1.234,50 € or €1,234.50; points as "500 pt"."""
    if unit == POINTS:
        return f"{format_decimal(amount, locale=language)} pt"
    return format_currency(Decimal(amount).scaleb(-digits(unit)), unit, locale=language)
