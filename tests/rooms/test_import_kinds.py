"""Workbooks, Parquet, UTF-16, fixed widths; refunds, fees, vouchers, guests; lists joined by key: what they become."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from passaparola import worker
from passaparola.doors.imports import actions, convert, mapping, prepare
from passaparola.doors.imports.inbox import Front
from passaparola.doors.imports.source import TooLarge
from passaparola.doors.imports.summary import Summary
from passaparola.events.models import Event, Order, Parked
from passaparola.people.models import Identity, Person

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def bring(folder: Path, path: Path, plan: dict[str, Any] | None = None, **job: Any) -> Summary:
    found = mapping.read(json.dumps(plan or {}).encode(), path="map.json")
    made = actions.Job(path=path, label=path.name, mapping=found, source="shop", **job)
    business = prepare.Business("EUR", "Europe/Madrid", 1990, NOW)
    summary = actions.Importer(made, door=Front(), business=business, folder=folder / "imports").run()
    worker.drain(NOW)
    assert not Parked.objects.exists()
    return summary


def write(folder: Path, text: str) -> Path:
    path = folder / "file.csv"
    path.write_text(text)
    return path


def orders() -> dict[str, tuple[int, int]]:
    return {o.order_id: (o.amount_minor, o.refunded_minor) for o in Order.objects.all()}


def told(name: str) -> list[dict[str, Any]]:
    return [json.loads(e.properties) for e in Event.objects.filter(name=name).order_by("id")]


# --- other files than text ------------------------------------------------------------------------


def test_a_workbook_is_read_as_one_sees_it(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    page = book.create_sheet("Orders")
    page.append(["order_id", "user_id", "date", "total", "email"])
    # A workbook's times have no zone.
    page.append([1.0, "00042", datetime.fromisoformat("2026-01-02 18:05"), 49.9, "alma@example.test"])
    page.append([2, 7, datetime.fromisoformat("2026-01-03"), 10, None])
    page["B3"].number_format = "00000"
    page.append([None, None, None, None, None])
    page.append([3, 12345678901234567890, datetime.fromisoformat("2026-01-03"), 10, None])
    path = tmp_path / "shop.xlsx"
    book.save(path)
    summary = bring(tmp_path, path)
    assert orders() == {"1": (4990, 0), "2": (1000, 0)}
    assert dict(summary.rejected) == {"user_id_damaged_by_spreadsheet": 1}
    assert set(Identity.objects.filter(kind="user_id").values_list("value", flat=True)) == {"00042", "00007"}
    # 18:05 in Madrid.
    assert Order.objects.get(order_id="1").occurred_at == datetime(2026, 1, 2, 17, 5, tzinfo=UTC)
    assert list((tmp_path / "imports").glob("*.converted")) == []
    with pytest.raises(convert.NoSuchSheet):
        bring(tmp_path, path, {"format": {"sheet": "Pedidos"}})


def test_a_small_parquet_file_that_fills_the_disk_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "shop.parquet"
    duckdb.sql(f"COPY (SELECT repeat('a', 2000) AS who FROM range(400000)) TO '{path}' (FORMAT parquet)")
    assert path.stat().st_size < 2_000_000
    with pytest.raises(TooLarge):
        convert.as_text(path, tmp_path / "out", bytes_max=20_000_000)
    assert not [left for left in (tmp_path / "out").iterdir() if left.is_file()]


def test_a_workbook_whose_texts_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convert, "HELD_BYTES_MAX", 1_000_000)
    path = tmp_path / "shop.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("xl/sharedStrings.xml", "<sst>" + "<si><t>a</t></si>" * 100_000 + "</sst>")
    assert path.stat().st_size < 50_000
    for read in (convert.sheets, lambda one: convert.as_text(one, tmp_path / "out")):
        with pytest.raises(TooLarge):
            read(path)


def test_a_parquet_file_is_read_with_its_types(tmp_path: Path) -> None:
    path = tmp_path / "shop.parquet"
    duckdb.sql(
        "SELECT '0007' AS user_id, 9007199254740993 AS order_id, TIMESTAMPTZ '2026-01-02 18:05:00+01' AS date, 49.90 AS total "
        "UNION ALL SELECT '0008', 2, TIMESTAMPTZ '2026-01-03 00:00:00+00', 1e2 ORDER BY order_id"
    ).write_parquet(str(path))
    bring(tmp_path, path)
    assert orders() == {"9007199254740993": (4990, 0), "2": (10000, 0)}
    assert Order.objects.get(amount_minor=4990).occurred_at == datetime(2026, 1, 2, 17, 5, tzinfo=UTC)


def test_unicode_text_and_fixed_widths_are_read(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes("user_id\tdate\ttotal\tname\nñ1\t2026-01-02\t3.50\tBegoña\n".encode("utf-16"))
    assert bring(tmp_path, path).orders == 1
    assert Person.objects.get().name == "Begoña"
    path.write_text("Alma Ruiz   20260102    3.50\nBo Li       20260103   12.00\n")
    fixed = {
        "kind": "orders",
        "format": {"header": False, "delimiter": "fixed:12,20"},
        "columns": {"user_id": 1, "occurred_at": 2, "amount": 3},
    }
    assert bring(tmp_path, path, fixed).total_minor["EUR"] == 1550
    assert Identity.objects.filter(value="Alma Ruiz").exists()


def test_ids_that_a_program_turned_into_floats_are_whole_again(tmp_path: Path) -> None:
    rows = (
        "order_id,user_id,date,total\n1.0,42.0,2026-01-01,1\n2.0,42,2026-01-02,1\n"
        "3.0,9007199254740993.0,2026-01-02,1\n4.0,NaN,2026-01-02,1\n"
    )
    summary = bring(tmp_path, write(tmp_path, rows))
    assert set(orders()) == {"1", "2"}
    assert Person.objects.count() == 1
    assert dict(summary.rejected) == {"user_id_damaged_by_spreadsheet": 1, "user_id_missing": 1}


# --- kinds of lines -------------------------------------------------------------------------------

TYPES = {"V": "sale", "Gastos": "fee", "vale": "voucher", "D": "refund", "anulado": "cancellation", "nota": "skip"}
LINES = """pedido,cliente,fecha,importe,tipo,sku,cantidad
100,7,2026-01-02,30.00,V,p1,2
100,7,2026-01-02,4.95,gastos,,
100,7,2026-01-02,-5.00,vale,,
101,7,2026-01-03,20.00,V,p2,1
101,7,2026-01-09,8.00,D,p2,1
101,7,2026-01-09,8.00,D,p2,1
102,8,2026-01-04,10.00,V,p1,1
102,8,2026-01-05,,anulado,,
103,8,2026-01-05,1.00,nota,,
104,8,2026-01-05,1.00,regalo,,
"""


def test_lines_of_every_type_become_what_they_are_and_only_once(tmp_path: Path) -> None:
    plan = {"columns": {"line_type": "tipo"}, "types": TYPES, "group_by": "order_id"}
    path = write(tmp_path, LINES)
    for _ in range(2):
        summary = bring(tmp_path, path, plan, again=True)
        assert orders() == {"100": (2995, 0), "101": (2000, 1600), "102": (1000, 1000)}
    assert (summary.orders, summary.refunds, summary.skipped, dict(summary.rejected)) == (3, 2, 1, {"line_type_unknown": 1})
    assert (summary.total_minor["EUR"], summary.refunded_minor["EUR"], summary.people) == (5995, 1600, 2)
    first = told("Order Completed")[0]
    assert (first["total"], first["fees"], first["discount"]) == (29.95, 4.95, 5.0)
    assert first["products"] == [{"product_id": "p1", "quantity": 2, "total": 30.0}]
    assert Order.objects.get(order_id="102").cancelled


def test_negative_rows_are_refused_netted_or_refunds_as_one_says(tmp_path: Path) -> None:
    path = write(tmp_path, "order_id,user_id,date,total\n1,a,2026-01-01,10\n1,a,2026-01-02,-4\n")
    with_refunds = bring(tmp_path, path, {"negative": "refund"})
    assert (with_refunds.orders, with_refunds.refunds) == (1, 1)
    assert orders() == {"1": (1000, 400)}
    assert dict(bring(tmp_path, path).rejected) == {"amount_negative": 1}
    other = write(tmp_path, "order_id,user_id,date,total\n2,a,2026-01-01,10\n2,a,2026-01-02,-4\n")
    assert bring(tmp_path, other, {"group_by": "order_id"}).total_minor["EUR"] == 600


def test_a_refund_that_names_no_order_is_not_guessed(tmp_path: Path) -> None:
    path = write(tmp_path, "user_id,date,total\na,2026-01-01,10\na,2026-01-02,-4\n")
    assert dict(bring(tmp_path, path, {"negative": "refund"}).rejected) == {"refund_without_order": 1}
    credit = write(tmp_path, "order_id,refund_of,user_id,date,total\n9,,a,2026-01-01,10\nC1,9,a,2026-01-02,-4\n")
    bring(tmp_path, credit, {"negative": "refund"})
    assert orders()["9"] == (1000, 400)


def test_guests_are_refused_left_out_or_somebody_of_their_own(tmp_path: Path) -> None:
    path = write(tmp_path, "order_id,user_id,date,total\n1,a,2026-01-01,10\n2,,2026-01-02,5\n3,nan,2026-01-02,5\n")
    assert dict(bring(tmp_path, path).rejected) == {"user_id_missing": 2}
    left_out = bring(tmp_path, path, {"guests": "skip"})
    assert (left_out.skipped, left_out.orders, dict(left_out.rejected)) == (2, 1, {})
    assert bring(tmp_path, path, {"guests": "person"}).orders == 3
    assert (Order.objects.count(), Person.objects.count()) == (3, 3)


def test_what_only_the_first_line_of_an_order_says_holds_for_all(tmp_path: Path) -> None:
    """As shops' own exports are written: customer, date and total once, then only what was bought."""
    rows = (
        "Order ID,Email,Date,Total,Lineitem sku,Lineitem name,Lineitem quantity,Lineitem price\n"
        "#1,alma@example.test,2026-01-02,25.00,p1,Coffee,2,10.00\n#1,,,,p2,Cake,1,5.00\n"
    )
    bring(tmp_path, write(tmp_path, rows), {"group_by": "order_id"})
    assert orders() == {"#1": (2500, 0)}
    assert told("Order Completed")[0]["products"] == [
        {"product_id": "p1", "name": "Coffee", "quantity": 2, "price": 10.0, "total": 20.0},
        {"product_id": "p2", "name": "Cake", "quantity": 1, "price": 5.0, "total": 5.0},
    ]
    assert Identity.objects.filter(kind="email").count() == 1


def test_two_rows_with_one_order_id_are_not_silently_one(tmp_path: Path) -> None:
    rows = "order_id,user_id,date,total\n1,a,2026-01-01,10\n1,a,2026-01-01,10\n1,a,2026-01-01,12\n"
    summary = bring(tmp_path, write(tmp_path, rows))
    assert orders() == {"1": (1000, 0)}
    assert dict(summary.rejected) == {"order_id_on_several_rows": 1}


def test_a_second_file_says_more_about_the_products(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("sku,kind,brand,title\np1,Drinks,Acme,Coffee\np2,,,\n")
    plan = {
        "group_by": "order_id",
        "columns": {"product": "sku"},
        "lookup": {
            "file": "products.csv",
            "on": "sku",
            "columns": {"category": "kind", "product_name": "title", "product:brand": "brand"},
        },
    }
    rows = "order_id,user_id,date,total,sku\n1,a,2026-01-01,3,p1\n1,a,2026-01-01,4,p2\n1,a,2026-01-01,5,p9\n"
    bring(tmp_path, write(tmp_path, rows), plan, lookup=tmp_path / "products.csv")
    assert told("Order Completed")[0]["products"] == [
        {"product_id": "p1", "name": "Coffee", "category": "Drinks", "brand": "Acme", "total": 3},
        {"product_id": "p2", "total": 4},
        {"product_id": "p9", "total": 5},
    ]
    wrong = {**plan, "lookup": {"file": "products.csv", "on": "ean"}}
    with pytest.raises(mapping.WrongLookup):
        bring(tmp_path, tmp_path / "file.csv", wrong, lookup=tmp_path / "products.csv")


def test_forty_columns_with_a_byte_order_mark_and_double_headings(tmp_path: Path) -> None:
    heads = ["user_id", "date", "total", *(f"x{n}" for n in range(35)), "total", "note"]
    rows = "".join(f"{n:05},2026-01-0{n + 1},{n}.50,{','.join('y' * 35)},9.99,\n" for n in range(5))
    path = tmp_path / "file.csv"
    path.write_bytes(b"\xef\xbb\xbf" + (",".join(heads) + "\n" + rows).encode())
    with pytest.raises(mapping.DuplicateColumns):
        bring(tmp_path, path)
    places = {"user_id": 1, "occurred_at": 2, "amount": 39}
    summary = bring(tmp_path, path, {"exact": True, "kind": "orders", "columns": places})
    assert (summary.orders, summary.total_minor["EUR"]) == (5, 5 * 999)
