"""One cell of a table: text in, value out, or the reason why not. Pure.

| cell                    | read as                     |
|-------------------------|-----------------------------|
| amount "1.234,50" (,)   | Decimal 1234.50             |
| amount "1.776e-15"      | Decimal (rounds to nothing) |
| amount "12.50" (,)      | refused: not thousands      |
| amount "-3"             | refused: negative           |
| amount "€ 12.50", "-$3" | 12.50, -3: the sign apart   |
| identifier "00004"      | "00004": ids are text       |
| identifier "1.23E+12"   | refused: spreadsheet damage |
| identifier "123.0"      | "123": a float's whole id   |
| identifier "9007199254740993.0" | refused: too long for a float |
| moment "20170101"       | local midnight of that day  |
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

IDENTIFIER_CHARACTERS_MAX = 120
# Written before or after an amount; a dollar is one of many.
_SIGNS = {"€": "EUR", "£": "GBP", "$": "USD"}
_SIGN = re.compile(r"([+-]?)\s*([€£$]?)\s*([+-]?[^€£$]*?)\s*([€£$]?)")
_SPACES = str.maketrans("", "", " '\u00a0\u202f")
_AMOUNT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_GROUPED_BY_POINTS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d*)?")
_MANGLED = re.compile(r"\d([.,]\d+)?[eE]\+\d+")
# How programs write that there is nothing.
BLANKS = frozenset(["", "null", "none", "nan", "n/a", "na", "<na>", "#n/a", "nat"])
_YES = frozenset(["1", "y", "yes", "true", "t", "x", "on", "s", "si", "sí", "sì", "vero", "given", "granted"])
_NO = frozenset(["0", "n", "no", "false", "f", "off", "falso", "refused", "denied"])
_AMOUNT_DIGITS_MAX = 13
# Blanks among whole ids make some programs read all of them as floats; up to 2⁵³ those are exact.
_FLOAT = re.compile(r"(\d+)\.0+")
# A date's format whose figures run into each other, as %Y%m%d.
_ADJOINING = re.compile(r"%[a-zA-Z]%")
_FLOAT_EXACT_MAX = 2**53


class Unreadable(ValueError):
    """The cell cannot be taken; `code` says why and `detail` shows what stood there."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code, self.detail = code, detail[:80]
        super().__init__(code)


def plain(text: str) -> str:
    """An amount without its currency's sign: "-€ 3" and "€ -3" are -3. What is written otherwise stays as it is."""
    found = _SIGN.fullmatch(text.strip())
    if found is None or (found[2] and found[4]) or (found[1] and found[3][:1] in ("+", "-")):
        return text.strip()
    return found[1] + found[3]


def fits(text: str, unit: str) -> bool:
    """Whether the sign beside an amount, if any, can be that currency's."""
    sign = next((mark for mark in text if mark in _SIGNS), "")
    return not sign or (unit == _SIGNS[sign] if sign != "$" else unit not in ("EUR", "GBP"))


def unit_of(texts: Iterable[str], *, otherwise: str) -> str:
    """The currency that the signs beside amounts say, where the one assumed cannot be it."""
    said = next((text for text in texts if not fits(text, otherwise)), "")
    return next((_SIGNS[mark] for mark in said if mark in _SIGNS), otherwise)


def amount(text: str, decimal: str, *, negative: bool = False) -> Decimal:
    """An amount in major units. Raises Unreadable: not a number, negative (unless allowed), too large."""
    bare = plain(text).translate(_SPACES)
    if decimal == ",":
        if "." in bare and not _GROUPED_BY_POINTS.fullmatch(bare):
            # 12.50 among decimal commas is another hand's 12,50, not 1250.
            raise Unreadable("amount_not_a_number", text)
        bare = bare.replace(".", "").replace(",", ".")
    elif _GROUPED.fullmatch(bare):
        bare = bare.replace(",", "")
    if not bare:
        raise Unreadable("amount_missing")
    if not _AMOUNT.fullmatch(bare):
        raise Unreadable("amount_not_a_number", text)
    value = Decimal(bare)
    if abs(value) >= Decimal(10) ** _AMOUNT_DIGITS_MAX:
        raise Unreadable("amount_too_large", text)
    if value < 0 and not negative:
        raise Unreadable("amount_negative", text)
    return value


def identifier(text: str, field: str) -> str:
    """An id as text, never through a number. Raises Unreadable: missing, too long, damaged by a spreadsheet."""
    value = text.strip()
    if not value or value.lower() in BLANKS:
        raise Unreadable(f"{field}_missing")
    if len(value) > IDENTIFIER_CHARACTERS_MAX:
        raise Unreadable(f"{field}_too_long", value)
    if _MANGLED.fullmatch(value):
        raise Unreadable(f"{field}_damaged_by_spreadsheet", value)
    if whole := _FLOAT.fullmatch(value):
        if int(whole[1]) > _FLOAT_EXACT_MAX:
            raise Unreadable(f"{field}_damaged_by_spreadsheet", value)
        return whole[1]
    return value


def moment(text: str, form: str, zone: ZoneInfo, *, earliest_year: int, latest: datetime) -> datetime:
    """An aware UTC time. Raises Unreadable: missing, unreadable, before `earliest_year`, after `latest`."""
    bare = text.strip()
    if not bare:
        raise Unreadable("date_missing")
    try:
        value = _read(bare, form)
    except (ValueError, OverflowError, OSError) as problem:
        raise Unreadable("date_unreadable", text) from problem
    if value.year < earliest_year:
        raise Unreadable("date_too_early", text)
    if value.year > latest.year + 1:
        raise Unreadable("date_in_the_future", text)
    value = (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    if value > latest:
        raise Unreadable("date_in_the_future", text)
    return value


def _read(text: str, form: str) -> datetime:
    if form == "iso":
        return datetime.fromisoformat(text)
    if form in ("epoch", "epoch_ms"):
        return datetime.fromtimestamp(int(text) / (1000 if form == "epoch_ms" else 1), UTC)
    value = datetime.strptime(text, form)  # noqa: DTZ007  the zone is added by the caller
    if _ADJOINING.search(form) and value.strftime(form) != text:
        # 2017115 is read as well, but is it 15 January or 5 November? Without a mark between, only whole figures tell.
        raise ValueError(text)
    return value


def currency(text: str) -> str:
    """An ISO 4217 code in capitals. Raises Unreadable."""
    value = text.strip().upper()
    if not re.fullmatch(r"[A-Z]{3}", value) or value == "PTS":
        raise Unreadable("currency_unknown", text)
    return value


def agreement(text: str) -> bool | None:
    """True for yes, False for no, None for an empty cell. Raises Unreadable for anything else: consent is not guessed."""
    value = text.strip().lower()
    if not value:
        return None
    if value in _YES:
        return True
    if value in _NO:
        return False
    raise Unreadable("consent_unclear", text)
