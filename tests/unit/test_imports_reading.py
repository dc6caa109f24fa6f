"""Cells, columns and lines: what is read as what, and what is refused with which reason."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from passaparola.doors.imports import cells, mapping, recognise, rows
from passaparola.doors.imports.cells import Unreadable

MADRID = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "decimal", "read"),
    [
        ("49.90", ".", "49.90"),
        ("1,234.50", ".", "1234.50"),
        ("1.234,50", ",", "1234.50"),
        ("1 234,5", ",", "1234.5"),
        ("1'234.50", ".", "1234.50"),
        ("1.776357e-15", ".", "1.776357E-15"),
        ("0", ".", "0"),
        (".5", ".", "0.5"),
        ("1.234.567,8", ",", "1234567.8"),
        ("1.234", ",", "1234"),
    ],
)
def test_amounts_are_read(text: str, decimal: str, read: str) -> None:
    assert cells.amount(text, decimal) == Decimal(read)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "amount_missing"),
        ("free", "amount_not_a_number"),
        ("NaN", "amount_not_a_number"),
        ("inf", "amount_not_a_number"),
        ("12 EUR", "amount_not_a_number"),
        ("-3.00", "amount_negative"),
        ("12345678901234567890", "amount_too_large"),
        ("1e300", "amount_too_large"),
        ("1,23", "amount_not_a_number"),
    ],
)
def test_amounts_are_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        cells.amount(text, ".")
    assert refused.value.code == reason


@pytest.mark.parametrize("text", ["12.50", "1.5", "12.34,5", "1234.567,8", "1.234'5"])
def test_a_point_among_decimal_commas_is_not_thousands_unless_it_stands_there(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        cells.amount(text, ",")
    assert refused.value.code == "amount_not_a_number"


def test_ids_are_text() -> None:
    assert cells.identifier(" 00004 ", "user_id") == "00004"
    assert cells.identifier("31198970033", "order_id") == "31198970033"
    for text, reason in [("1.23457E+12", "damaged_by_spreadsheet"), ("", "missing"), ("x" * 121, "too_long")]:
        with pytest.raises(Unreadable) as refused:
            cells.identifier(text, "user_id")
        assert refused.value.code == f"user_id_{reason}"


@pytest.mark.parametrize(
    ("text", "form", "reason"),
    [
        ("1900-01-01", "iso", "date_too_early"),
        ("2999-01-01", "iso", "date_in_the_future"),
        ("9999-12-31T23:59:59", "iso", "date_in_the_future"),
        ("0001-01-01", "iso", "date_too_early"),
        ("2026-13-01", "iso", "date_unreadable"),
        ("yesterday", "iso", "date_unreadable"),
        ("", "iso", "date_missing"),
        ("99999999999999999999", "epoch", "date_unreadable"),
        ("2017115", "%Y%m%d", "date_unreadable"),
        ("20170115935", "%Y%m%d%H%M", "date_unreadable"),
    ],
)
def test_dates_are_refused_with_a_reason(text: str, form: str, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        cells.moment(text, form, MADRID, earliest_year=1990, latest=NOW)
    assert refused.value.code == reason


def test_a_date_without_zone_is_the_shop_s() -> None:
    at = cells.moment("19970101", "%Y%m%d", MADRID, earliest_year=1990, latest=NOW)
    assert at == datetime(1996, 12, 31, 23, tzinfo=UTC)


def test_consent_is_never_guessed() -> None:
    assert cells.agreement("Sí") is True
    assert cells.agreement("no") is False
    assert cells.agreement("") is None
    with pytest.raises(Unreadable):
        cells.agreement("maybe")


@pytest.mark.parametrize(
    ("lines", "mark"),
    [
        (["a,b,c", "1,2,3"], ","),
        (["a;b;c", "1,5;2,5;x"], ";"),
        (["a\tb", "1\t2"], "\t"),
        (["a|b|c", '"x|y"|2|3'], "|"),
        (["only", "one"], ","),
    ],
)
def test_the_delimiter_is_recognised(lines: list[str], mark: str) -> None:
    assert recognise.delimiter(lines) == mark


def test_decimals_are_recognised_or_asked_for() -> None:
    assert recognise.decimal(["1,50", "2,25"], column="x") == ","
    assert recognise.decimal(["1.234,50", "3"], column="x") == ","
    assert recognise.decimal(["1,234.50", "3"], column="x") == "."
    assert recognise.decimal(["1.234.567", "3"], column="x") == ","
    assert recognise.decimal(["0.125"], column="x") == "."
    assert recognise.decimal(["12", "x"], column="x") == "."
    for values in (["1,234", "5,678"], ["1,50", "2.50"]):
        with pytest.raises(recognise.UnclearDecimals):
            recognise.decimal(values, column="x")


def test_dates_are_recognised_or_asked_for() -> None:
    assert recognise.dates(["20170131", "20170201"], column="x") == "%Y%m%d"
    assert recognise.dates(["2017-01-31 13:01:19"], column="x") == "iso"
    assert recognise.dates(["1488888888"], column="x") == "epoch"
    assert recognise.dates(["31/01/2017", "01/02/2017"], column="x") == "%d/%m/%Y"
    assert recognise.dates(["01/31/2017 10:00", "02/01/2017 11:30"], column="x") == "%m/%d/%Y %H:%M"
    assert recognise.dates(["31.01.2017"], column="x") == "%d.%m.%Y"
    with pytest.raises(recognise.UnclearDates):
        recognise.dates(["01/02/2017", "03/04/2017"], column="x")
    with pytest.raises(recognise.UnknownDates):
        recognise.dates(["a Monday in March"], column="x")


def _records(text: bytes, width: int = 3, delimiter: str = ",", encoding: str = "utf-8") -> list[rows.Record]:
    return list(rows.records(io.BytesIO(text), encoding=encoding, delimiter=delimiter, width=width))


def test_quoted_cells_may_hold_everything() -> None:
    found = _records(b'1,"a, ""b""\r\nc",3\r\n\r\n4,5,6')
    assert [record.cells for record in found] == [["1", 'a, "b"\r\nc', "3"], ["4", "5", "6"]]
    assert [record.line for record in found] == [1, 4]


@pytest.mark.parametrize("mark", ["\u2028", "\x0b", "\x0c", "\x85"])
def test_only_line_ends_end_a_line(mark: str) -> None:
    """Other characters that end lines of a text end none of a table, where a cell beside them is quoted either."""
    found = _records(f'a{mark}b,"c, d",3\n4,5,6\n'.encode())
    assert [(record.cells, record.reason) for record in found] == [([f"a{mark}b", "c, d", "3"], ""), (["4", "5", "6"], "")]


def test_broken_lines_cost_only_themselves() -> None:
    text = b'1,2,3\n4,5\n1,2,3,4\n"never closed,2,3\n7,8,9\n\xff\xfe,1,2\n10,11'
    found = _records(text)
    assert [record.reason for record in found] == [
        "", "too_few_columns", "too_many_columns", "quotation_never_closed", "", "not_in_the_encoding",
        "line_half_written",
    ]  # fmt: skip
    assert found[4].cells == ["7", "8", "9"]


def test_a_line_without_end_is_not_held_in_memory() -> None:
    found = _records(b"1,2,3\n" + b"x" * (3 * rows.LINE_BYTES_MAX) + b"\n4,5,6\n")
    assert [record.reason for record in found] == ["", "line_too_long", ""]
    assert found[-1].end == 6 + 3 * rows.LINE_BYTES_MAX + 1 + 6


def test_reading_goes_on_from_any_record() -> None:
    text = b'1,2,3\n"a\nb",5,6\n7,8,9\n'
    all_ = _records(text)
    for at, record in enumerate(all_):
        rest = list(
            rows.records(
                io.BytesIO(text), encoding="utf-8", delimiter=",", width=3, line=record.line, offset=record.end
            )
        )
        assert [one.cells for one in rest] == [one.cells for one in all_[at + 1 :]]


def test_columns_are_found_named_twice_or_missing() -> None:
    layout = mapping.lay(mapping.Mapping(), ["Totale", "id_cliente", "data", "altro"], None)
    assert layout.kind == "orders"
    assert layout.places == {"user_id": 1, "amount": 0, "occurred_at": 2}
    assert layout.unused == ("altro",)
    with pytest.raises(mapping.DuplicateColumns, match=r"total appears twice in the first line \(places 2, 4\)"):
        mapping.lay(mapping.Mapping(), ["user_id", "total", "date", "total"], None)
    with pytest.raises(mapping.MissingColumns, match="amount"):
        mapping.lay(mapping.Mapping(), ["user_id", "date"], "orders")
    with pytest.raises(mapping.UnknownColumn):
        mapping.lay(mapping.Mapping(columns={"user_id": "nobody"}), ["user_id"], "people")
    with pytest.raises(mapping.UnknownField):
        mapping.lay(mapping.Mapping(columns={"friend_email": "email"}), ["email"], "people")


@pytest.mark.parametrize(
    "text",
    [b"{", b"[]", b'{"kind": "cats"}', b'{"colums": {}}', b'{"group_by": "user_id"}', b'{"format": {"decimal": "x"}}'],
)
def test_a_wrong_mapping_is_refused_with_the_place(text: bytes) -> None:
    with pytest.raises(mapping.BadMapping):
        mapping.read(text, path="map.json")


@pytest.mark.parametrize(
    "heads",
    [
        ("Número de pedido", "Código de cliente", "Correo electrónico", "Fecha de compra", "Importe total"),
        ("Numero d’ordine", "Codice cliente", "Indirizzo e-mail", "Data dell'acquisto", "Importo totale"),
    ],
)
def test_headings_are_known_as_spanish_and_italian_write_them(heads: tuple[str, ...]) -> None:
    layout = mapping.lay(mapping.Mapping(), heads, None)
    assert layout.kind == "orders"
    assert layout.places == {"order_id": 0, "user_id": 1, "email": 2, "occurred_at": 3, "amount": 4}
