"""The import wizard over HTTP: a file in, what is recognised, what would come of it, its way into the log, and back."""

import csv
import gzip
import io
import re
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Sum
from django.test import Client

from passaparola import worker
from passaparola.doors.console import roles
from passaparola.doors.imports import actions, files, record, wizard, work
from passaparola.doors.imports.inbox import Front
from passaparola.doors.imports.mapping import Mapping
from passaparola.events.models import Event, Order, OrderLine, Parked
from passaparola.kernel.models import AuditEntry, FileImport
from passaparola.people.models import Consent, Identity, Person
from tests.shared import shared
from tests.unit.test_imports_shops import SHOPIFY

pytestmark = pytest.mark.django_db(databases="__all__")


class Marketer:
    """Somebody at the console with a file: fills the form in as a browser would, from what the page shows."""

    def __init__(self, role: str = "marketer") -> None:
        user = User.objects.create_user(f"{role}-imports", password="not needed here")
        roles.give(user, role)
        self.client = Client(headers={"accept-language": "en"})
        self.client.force_login(user)

    def brings(self, data: bytes | Path, name: str = "file.csv") -> FileImport:
        content = data.read_bytes() if isinstance(data, Path) else data
        answer = self.client.post("/console/imports/new", {"file": SimpleUploadedFile(name, content)})
        assert answer.status_code == 302, answer.content
        return FileImport.objects.latest("id")

    def sees(self, row: FileImport) -> str:
        answer = self.client.get(f"/console/imports/{row.pk}")
        assert answer.status_code == 200
        return " ".join(answer.content.decode().split())

    def fills(self, row: FileImport, **changes: str | None) -> str:
        answer = self.client.post(f"/console/imports/{row.pk}/describe", self.form(row) | _given(changes), follow=True)
        assert answer.status_code in (200, 422)
        row.refresh_from_db()
        return " ".join(answer.content.decode().split())

    def form(self, row: FileImport) -> dict[str, str]:
        """What the page's form would send as it stands."""
        page = self.sees(row)
        page = page[page.index('id="import-form"') :]
        found = dict(re.findall(r'<input type="hidden" name="((?:type|list-column)-\d+)" value="([^"]*)"', page))
        for name, body in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page):
            chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', body)
            first = re.search(r'<option(?: value="([^"]*)")?>([^<]*)', body)
            hit = chosen or first
            found[name] = (hit[1] if hit[1] is not None else hit[2]) if hit else ""
        for name in ("source", "currency", "cuts"):
            if hit := re.search(rf'name="{name}"[^>]* value="([^"]*)"', page):
                found[name] = hit[1]
        for name in ("header", "group"):
            if re.search(rf'name="{name}" value="1" checked', page):
                found[name] = "1"
        return found

    def imports(self, row: FileImport, **changes: str | None) -> FileImport:
        self.fills(row, go="1", **changes)
        work.drain()
        worker.drain()
        row.refresh_from_db()
        return row


def _given(changes: dict[str, str | None]) -> dict[str, str]:
    dashed = ("column", "meaning", "list")
    return {name.replace("_", "-") if name.startswith(dashed) else name: value or "" for name, value in changes.items()}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path) -> Any:
    """Each test's files lie in a folder of its own; the stores stay."""
    before = settings.DATA_DIR
    settings.DATA_DIR = tmp_path
    yield
    settings.DATA_DIR = before


@pytest.fixture
def dora() -> Marketer:
    return Marketer()


ORDERS = "pedido;cliente;fecha;importe;correo\n" + "".join(
    f"A-{n};0007;{n:02}/01/2026;1.234,50;alma@example.test\n" for n in range(9, 20)
)


def test_a_file_is_recognised_shown_and_imported_with_nothing_to_fill_in(dora: Marketer) -> None:
    row = dora.brings(ORDERS.encode("cp1252"), "pedidos.csv")
    page = dora.sees(row)
    assert row.state == "ready"
    assert "pedidos.csv" in dora.client.get("/console/imports").content.decode()
    # Before → after, and the totals of a dry run.
    assert "<code>1.234,50</code> → <b>1,234.5</b>" in page
    assert "<code>09/01/2026</code> → <b>Jan 9, 2026 00:00</b>" in page
    assert "€13,579.50" in page and "nothing has been imported yet" in page
    assert not Event.objects.exists()
    dora.imports(row)
    assert (row.state, row.fresh_events, row.summary["orders"]) == ("done", 12, 11)
    assert Order.objects.aggregate(total=Sum("amount_minor"))["total"] == 11 * 123450
    assert Identity.objects.filter(kind="user_id", value="0007").exists()
    assert all(Event.objects.values_list("history", flat=True))
    assert "12 events are new" in dora.sees(row)
    # The file is gone; that somebody brought it is on record.
    assert not files.original(row).exists()
    assert set(AuditEntry.objects.values_list("act", flat=True)) == {"File received", "Import begun"}


def test_a_shop_s_own_export_is_imported_without_the_orders_nobody_paid(dora: Marketer) -> None:
    """What each state of an order was taken for is shown, to be changed; the lines below it go with it."""
    row = dora.brings(SHOPIFY.text.encode(), "orders_export.csv")
    form = dora.form(row)
    types = {form[f"type-{at}"]: form[f"meaning-{at}"] for at in range(3)}
    assert types == {"paid": "sale", "refunded": "cancellation", "pending": "skip"}
    dora.imports(row)
    assert (row.summary["orders"], row.summary["total_minor"], row.summary["rejected"]) == (1, {"EUR": 2500}, {})
    # The line below the order given back, and both of the one nobody paid.
    assert row.summary["skipped"] == 3
    assert set(Order.objects.values_list("order_id", "completed", "cancelled")) == {("#1001", True, False), ("#1002", False, True)}


def test_amounts_in_another_currency_are_said_to_count_for_nothing(dora: Marketer) -> None:
    """Before the import, when it can still be helped, and after it."""
    row = dora.brings(ORDERS.encode("cp1252"), "pedidos.csv")
    warned = "Amounts in USD are kept and shown, but not counted: this installation counts in EUR."
    assert warned in dora.fills(row, currency="USD")
    assert "not counted" not in dora.fills(row, currency="EUR")
    dora.imports(row, currency="USD")
    assert warned in dora.sees(row)


def test_the_next_file_of_the_shape_needs_nothing_and_the_same_file_adds_nothing(dora: Marketer) -> None:
    strange = b"quien|cuanto|dia|nota\n7|3,50|01/02/2026|x\n8|4,50|03/02/2026|y\n"
    row = dora.brings(strange)
    page = dora.sees(row)
    assert "Choose which columns say" in page or "The rows are" in page
    dora.fills(row, kind="orders", delimiter="|")
    page = dora.fills(row, column_1="user_id", column_2="amount", column_3="occurred_at", column_4="property:")
    assert "two ways" in page
    page = dora.fills(row, column_1="user_id", column_2="amount", column_3="occurred_at", column_4="property:", dates="%d/%m/%Y")
    assert "€8.00" in page
    dora.imports(row)
    assert row.state == "done" and Order.objects.count() == 2
    again = dora.brings(strange)
    assert "A file of this shape is known" in dora.sees(again)
    dora.imports(again)
    assert (again.state, again.fresh_events, Order.objects.count()) == ("done", 0, 2)
    assert "nothing was added" in dora.sees(again)
    more = dora.brings(strange + b"9|5,50|04/02/2026|z\n")
    dora.imports(more)
    assert (more.fresh_events, Order.objects.count()) == (1, 3)


def test_rows_put_aside_can_be_downloaded_with_their_reasons(dora: Marketer) -> None:
    bad = b"2,,2026-01-01,1\n3,c,1900-01-01,1\n4,d,2999-01-01,1\n5,e,2026-01-0"
    row = dora.brings(b"order_id,user_id,date,total\n1,a,2026-01-01,1\n" + bad)
    page = dora.sees(row)
    assert "the date lies too far in the past" in page
    dora.imports(row)
    answer = dora.client.get(f"/console/imports/{row.pk}/rejected")
    assert "attachment" in answer["Content-Disposition"]
    found = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [one["code"] for one in found] == ["user_id_missing", "date_too_early", "date_in_the_future", "line_half_written"]
    assert found[0]["order_id"] == "2"


def test_line_types_guests_and_refunds_are_chosen_in_the_page(dora: Marketer) -> None:
    lines = (
        "pedido,cliente,fecha,importe,tipo\n100,7,2026-01-02,30.00,V\n100,7,2026-01-02,4.95,G\n"
        "101,,2026-01-03,20.00,V\n100,7,2026-01-09,8.00,D\n"
    )
    row = dora.brings(lines.encode())
    assert row.mapping["group_by"] == "order_id"
    assert "nobody said what this type of line means" in dora.fills(row, column_5="line_type")
    dora.imports(row, meaning_0="sale", meaning_1="fee", meaning_2="refund", guests="person")
    assert {o.order_id: (o.amount_minor, o.refunded_minor) for o in Order.objects.all()} == {"100": (3495, 800), "101": (2000, 0)}
    assert Person.objects.count() == 2


def test_a_workbook_shows_its_sheets(dora: Marketer, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "People"
    book.active.append(["user_id", "email", "name"])
    book.active.append(["00042", "alma@example.test", "Alma"])
    page = book.create_sheet("Orders")
    page.append(["order_id", "user_id", "date", "total"])
    page.append([1, "00042", datetime.fromisoformat("2026-01-02 18:05"), 49.9])
    book.save(tmp_path / "shop.xlsx")
    row = dora.brings(tmp_path / "shop.xlsx", "shop.xlsx")
    assert row.mapping["kind"] == "people"
    assert "alma@example.test" in dora.sees(row)
    assert "€49.90" in dora.fills(row, sheet="Orders")
    dora.imports(row)
    assert Order.objects.get().amount_minor == 4990


def test_a_list_of_products_joins_by_number(dora: Marketer) -> None:
    row = dora.brings(b"order_id,user_id,date,total,product_id\n1,a,2026-01-01,3,p1\n")
    sent = SimpleUploadedFile("products.csv", b"product_id,department,product_name,brand\np1,Drinks,Coffee,Acme\n")
    dora.client.post(f"/console/imports/{row.pk}/list", {"list": sent})
    row.refresh_from_db()
    assert row.mapping["lookup"]["columns"] == {"product_name": "product_name", "category": "department"}
    assert "Coffee" in dora.sees(row)
    dora.imports(row, list_field_3="product:")
    (event,) = Event.objects.filter(name="Order Completed")
    assert '"category":"Drinks"' in event.properties and '"brand":"Acme"' in event.properties
    again = dora.brings(b"order_id,user_id,date,total,product_id\n2,a,2026-01-01,3,p1\n")
    dora.imports(again)
    assert '"Coffee"' in Event.objects.filter(name="Order Completed").latest("id").properties


def test_people_with_consents_and_json_lines_come_in_too(dora: Marketer) -> None:
    row = dora.brings("id,email,nombre,ok\n1,alma@example.test,Alma Ruiz,sí\n2,d@example.test,Dora,no\n".encode())
    dora.fills(row, column_1="user_id", column_4="consent.email.referral")
    dora.imports(row, consent_wording="Sí, escribidme")
    assert sorted(Consent.objects.values_list("state", "wording")) == [("given", "Sí, escribidme"), ("refused", "Sí, escribidme")]
    lines = b'{"type":"track","event":"Visit Recorded","userId":"1","timestamp":"2026-01-03T10:00:00Z","messageId":"m1"}\n{"x'
    row = dora.brings(lines, "log.jsonl")
    assert "Visit Recorded" in dora.sees(row)
    dora.imports(row)
    assert (row.fresh_events, row.summary["rejected"]) == (1, {"not_json": 1})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"a,b\0c\n", "binary data"),
        (b"%PDF-1.7", "a PDF"),
        (b"PK\x03\x04 no workbook", "no workbook that can be read"),
        (b"\x1f\x8b\x08\x00broken", "damaged gzip"),
        (b"user_id,date,total\n", "no row"),
        (b"\n\n", "no row"),
    ],
)
def test_what_cannot_be_read_is_said_and_can_be_thrown_away(dora: Marketer, data: bytes, words: str) -> None:
    row = dora.brings(data)
    assert words in dora.sees(row)
    dora.client.post(f"/console/imports/{row.pk}/discard")
    assert not FileImport.objects.exists() and not files.home(row).exists()


def test_nothing_chosen_is_no_import(dora: Marketer) -> None:
    answer = dora.client.post("/console/imports/new", {}, follow=True)
    assert b"Choose a file first" in answer.content
    assert not FileImport.objects.exists()


def test_an_import_can_be_stopped_and_goes_on_where_it_was(dora: Marketer, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = b"order_id,user_id,date,total\n" + b"".join(b"%d,%d,2026-01-01,2\n" % (n, n % 50) for n in range(9000))
    row = dora.brings(rows)
    dora.fills(row, go="1")
    monkeypatch.setattr(wizard, "TELL_SECONDS", 0)
    kept = wizard.files.business

    def asked_to_stop() -> Any:
        FileImport.objects.filter(pk=row.pk).update(state="stopping")
        return kept()

    monkeypatch.setattr(wizard.files, "business", asked_to_stop)
    wizard.run(row)
    monkeypatch.setattr(wizard.files, "business", kept)
    row.refresh_from_db()
    assert row.state == "stopped"
    assert 0 < row.summary["orders"] < 9000
    assert "Go on where it stopped" in dora.sees(row)
    dora.client.post(f"/console/imports/{row.pk}/resume")
    work.drain()
    row.refresh_from_db()
    assert (row.state, row.summary["orders"], row.fresh_events) == ("done", 9000, 9000)
    assert Order.objects.count() == 9000 and not Parked.objects.exists()


def test_large_files_are_read_and_added_up_by_the_importer(dora: Marketer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wizard, "AT_ONCE_BYTES_MAX", 10)
    monkeypatch.setattr(wizard, "CHECK_AT_ONCE_BYTES_MAX", 10)
    row = dora.brings(ORDERS.encode())
    assert row.state == "looking" and wizard.flag().exists()
    assert "http-equiv=\"refresh\"" in dora.sees(row)
    work.drain()
    assert not wizard.flag().exists()
    assert "The file is large" in dora.sees(row)
    dora.fills(row, check="1")
    assert row.state == "checking"
    work.drain()
    assert "€13,579.50" in dora.sees(row)


def test_what_dies_again_and_again_is_given_up(dora: Marketer) -> None:
    row = dora.brings(ORDERS.encode())
    dora.fills(row, go="1")
    FileImport.objects.update(attempts=wizard.ATTEMPTS_MAX)
    work.drain()
    assert "even after several tries" in dora.sees(row)


def test_only_those_who_may_see_and_change(dora: Marketer) -> None:
    row = dora.brings(ORDERS.encode())
    for role, sees in (("till", 403), ("read-only", 403), ("analyst", 200), ("reviewer", 200)):
        somebody = Marketer(role).client
        assert somebody.get(f"/console/imports/{row.pk}").status_code == sees
        assert somebody.post("/console/imports/new", {}).status_code == 403
        assert somebody.post(f"/console/imports/{row.pk}/describe", {}).status_code == 403


def test_what_the_command_line_imported_stands_in_the_list_too(dora: Marketer, tmp_path: Path) -> None:
    path = tmp_path / "till.csv"
    path.write_bytes(ORDERS.encode())
    for fresh in (12, None):
        job = actions.Job(path=path, label="till.csv", mapping=Mapping(), source="shop")
        importer = actions.Importer(job, door=Front(), business=files.business(), folder=tmp_path / "imports")
        row = record.begin(importer)
        summary = importer.run()
        worker.drain()
        record.end(row, summary)
        # The second time the file is known: no import.
        assert list(FileImport.objects.values_list("state", "fresh_events", "actor")) == [("done", 12, record.ACTOR)], fresh
    assert "till.csv" in dora.client.get("/console/imports").content.decode()
    assert "12 events are new" in dora.sees(FileImport.objects.get())


def test_news_are_from_the_day_one_says(dora: Marketer) -> None:
    day = datetime.now().astimezone().date() - timedelta(days=3)
    row = dora.brings(f"order_id,user_id,date,total\n1,a,2026-01-01,1\n2,a,{day},1\n".encode())
    dora.imports(row, live_from=day.isoformat())
    assert dict(Order.objects.values_list("order_id", "history")) == {"1": True, "2": False}


# --- the real logs --------------------------------------------------------------------------------


def test_the_cdnow_sample_needs_nothing_filled_in_and_comes_in_once(dora: Marketer) -> None:
    path = shared("cdnow_sample") / "CDNOW_sample.txt"
    for fresh in (6919, 0):
        row = dora.brings(path, "CDNOW_sample.txt")
        page = dora.sees(row)
        assert "6,919" in page and "2,357" in page and "244,091.94" in page
        dora.imports(row, currency="EUR")
        assert (row.state, row.fresh_events) == ("done", fresh)
        assert Order.objects.count() == 6919
        assert Order.objects.aggregate(total=Sum("amount_minor"))["total"] == 24409194
        assert Person.objects.count() == 2357
    assert not Parked.objects.exists()


def test_a_slice_of_the_complete_journey_comes_in_with_products_and_demographics(dora: Marketer, tmp_path: Path) -> None:
    """The first lines; all 726,740 are added up in tests/rooms/test_import.py."""
    folder = shared("complete_journey_odd")
    with gzip.open(folder / "transactions.csv.gz", "rt") as file:
        lines = file.readlines(200_000)
    baskets: dict[str, Decimal] = {}
    for one in csv.DictReader(lines):
        baskets[one["basket_id"]] = baskets.get(one["basket_id"], Decimal()) + Decimal(one["sales_value"])
    for again in (False, True):
        row = dora.brings("".join(lines).encode(), "transactions.csv")
        if not again:
            # Everything is recognised by its heading, and that baskets come back on several rows; discounts are told.
            place = next(csv.reader(lines)).index("retail_disc") + 1
            assert row.mapping["group_by"] == "order_id"
            dora.fills(row, **{f"column_{place}": "discount"})
            products = SimpleUploadedFile("products.csv.gz", (folder / "products.csv.gz").read_bytes())
            dora.client.post(f"/console/imports/{row.pk}/list", {"list": products})
            row.refresh_from_db()
        dora.imports(row)
        assert (row.state, row.summary["orders"], row.summary["rejected"]) == ("done", len(baskets), {})
        assert row.fresh_events == (0 if again else len(baskets))
        total = Order.objects.aggregate(total=Sum("amount_minor"))["total"]
        assert Decimal(total) / 100 == sum(baskets.values())
    assert OrderLine.objects.exclude(category=None).count() > 0.9 * len(lines)
    people = dora.brings((folder / "demographics.csv.gz").read_bytes(), "demographics.csv.gz")
    dora.fills(people, column_1="user_id", column_2="trait:", column_3="trait:")
    dora.imports(people)
    assert people.summary["people"] == 382
    assert Person.objects.filter(profile__has_key="income").count() == 382


def test_a_whole_import_is_taken_back_and_may_come_again(dora: Marketer) -> None:
    row = dora.brings(ORDERS.encode("cp1252"), "pedidos.csv")
    assert "Take the whole import back" not in dora.sees(row)
    dora.imports(row)
    assert "Take the whole import back" in dora.sees(row)
    page = " ".join(dora.client.get(f"/console/imports/{row.pk}/withdraw").content.decode().split())
    assert "<dt>Orders</dt><dd>11</dd>" in page and "<dt>People</dt><dd>1</dd>" in page and "€13,579.50" in page
    assert Order.objects.count() == 11
    page = dora.client.post(f"/console/imports/{row.pk}/withdraw", follow=True).content.decode()
    assert "Being taken back" in page and wizard.flag().exists()
    work.drain()
    row.refresh_from_db()
    assert (row.state, Order.objects.count(), Person.objects.count()) == ("undone", 0, 0)
    page = dora.sees(row)
    assert "Taken back: 12 events" in page and "Take the whole import back" not in page and "Begun" in page
    entry = AuditEntry.objects.get(act="Import withdrawn")
    assert entry.subject == f"import:{row.pk}" and entry.detail == {"events": 12, "people": 1, "orders": 11}
    # A second time there is nothing to take back, and it says so.
    page = dora.client.post(f"/console/imports/{row.pk}/withdraw", follow=True).content.decode()
    assert "taken back already" in page
    again = dora.imports(dora.brings(ORDERS.encode("cp1252"), "pedidos.csv"))
    assert (again.state, again.fresh_events, Order.objects.count()) == ("done", 12, 11)


def test_an_import_under_way_stops_before_it_is_taken_back(dora: Marketer, monkeypatch: pytest.MonkeyPatch) -> None:
    row = dora.brings(ORDERS.encode("cp1252"))
    monkeypatch.setattr(wizard, "TELL_SECONDS", 0.0)
    monkeypatch.setattr(actions, "EVENTS_A_BODY", 1)
    seen: list[str] = []
    plain = Front.send

    def sends(self: Front, source: str, bodies: list[bytes]) -> None:
        plain(self, source, bodies)
        if not seen:
            seen.append(dora.client.post(f"/console/imports/{row.pk}/withdraw", follow=True).content.decode())

    monkeypatch.setattr(Front, "send", sends)
    dora.fills(row, go="1")
    work.drain()
    row.refresh_from_db()
    assert "Being taken back" in seen[0]
    assert row.state == "undone" and not Order.objects.exists() and not Person.objects.exists()
    assert 0 < row.summary["events"] < 12


def test_only_who_may_import_may_take_back(dora: Marketer) -> None:
    row = dora.imports(dora.brings(ORDERS.encode("cp1252")))
    reader = Marketer("analyst")
    assert "Take the whole import back" not in reader.sees(row)
    assert reader.client.get(f"/console/imports/{row.pk}/withdraw").status_code == 403
    assert reader.client.post(f"/console/imports/{row.pk}/withdraw").status_code == 403
    row.refresh_from_db()
    assert row.state == "done"
