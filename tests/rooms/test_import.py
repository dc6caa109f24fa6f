"""Files through the front door: what they become, and that nothing is lost or doubled however often they are sent."""

import csv
import gzip
import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum

from passaparola import worker
from passaparola.doors.imports import actions, convert, mapping, prepare, source
from passaparola.doors.imports.inbox import Front
from passaparola.events.models import Event, Order, Parked
from passaparola.messages.models import Message
from passaparola.people.models import Consent, Identity, Person
from passaparola.segments.models import Traits

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHARED = Path(os.environ.get("PASSAPAROLA_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
CDNOW = {
    "kind": "orders",
    "format": {"delimiter": "blank", "header": False, "dates": "%Y%m%d"},
    "columns": {"user_id": 1, "occurred_at": 3, "number:cds": 4, "amount": 5},
    "constants": {"currency": "EUR"},
}
BASKETS = {
    "kind": "orders",
    "group_by": "order_id",
    "columns": {
        "user_id": "household_id", "order_id": "basket_id", "amount": "sales_value",
        "occurred_at": "transaction_timestamp", "product": "product_id", "quantity": "quantity",
    },
    "constants": {"currency": "EUR"},
}  # fmt: skip


class Stops(Front):
    """A door that is shut in the middle, as by kill -9: what it accepted before stays accepted."""

    def __init__(self, after: int) -> None:
        self.left = after

    def send(self, source: str, bodies: list[bytes]) -> None:
        if not self.left:
            raise ConnectionError("stopped")
        self.left -= 1
        super().send(source, bodies)


class Bring:
    """Imports into the test's store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, text: bytes | Path, plan: dict[str, Any] | None = None, **job: Any) -> actions.Summary:
        path = text if isinstance(text, Path) else self.folder / "file.csv"
        if isinstance(text, bytes):
            path.write_bytes(text)
        door = job.pop("door", Front())
        found = mapping.read(json.dumps(plan or {}).encode(), path="map.json")
        made = actions.Job(path=path, label=path.name, mapping=found, source=job.pop("source", "shop"), **job)
        business = prepare.Business("EUR", "Europe/Madrid", 1990, NOW)
        summary = actions.Importer(made, door=door, business=business, folder=self.folder / "imports").run()
        worker.drain(NOW)
        return summary

    def rejected(self) -> list[dict[str, str]]:
        path = self.folder / "imports" / "file.csv.rejected.csv"
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def bring(tmp_path: Path) -> Iterator[Bring]:
    yield Bring(tmp_path)


def _books() -> tuple[Any, ...]:
    orders = Order.objects.aggregate(total=Sum("amount_minor"))["total"]
    return Event.objects.count(), Order.objects.count(), orders, Person.objects.count(), Parked.objects.count()


def test_orders_become_people_with_stages_and_write_to_nobody(bring: Bring) -> None:
    text = "pedido;cliente;fecha;importe\n" + "".join(f"A-{n};0007;{n:02}/01/2026;1.234,50\n" for n in range(13, 20))
    summary = bring(text.encode("cp1252"))
    assert (summary.orders, summary.total_minor["EUR"], dict(summary.rejected)) == (7, 7 * 123450, {})
    person = Identity.objects.get(kind="user_id", value="0007").person_id
    traits = Traits.objects.get(pk=person)
    assert (traits.orders, traits.visits_ever, traits.spent_minor) == (7, 7, 7 * 123450)
    assert traits.stage == "many"
    # Dated by the sixth visit, not by the import: 18 January at local midnight.
    assert traits.stage_since_at == datetime(2026, 1, 17, 23, tzinfo=UTC)
    assert not Message.objects.exists()
    assert all(Event.objects.values_list("history", flat=True))


def test_every_bad_row_is_put_aside_with_its_reason_and_the_rest_goes_in(bring: Bring) -> None:
    bad = [
        ("3,x,2026-01-01,free", "amount_not_a_number"),
        ("4,x,2026-01-01,-1", "amount_negative"),
        ("5,x,2026-01-01,12345678901234567890", "amount_too_large"),
        ("6,x,1900-01-01,1", "date_too_early"),
        ("7,x,2999-01-01,1", "date_in_the_future"),
        ("8,,2026-01-01,1", "user_id_missing"),
        ("9,1.2E+12,2026-01-01,1", "user_id_damaged_by_spreadsheet"),
        ("10,x,2026-01-01", "too_few_columns"),
        ("11,x,2026-01-0", "line_half_written"),
    ]
    text = "order_id,user_id,date,total\n1,00042,2026-01-01,10.00\n2,00042,2026-01-02,0.00\n" + "\n".join(
        row for row, _ in bad
    )
    summary = bring(text.encode())
    assert summary.orders == 2
    assert [row["code"] for row in bring.rejected()] == [reason for _, reason in bad]
    assert bring.rejected()[0]["order_id"] == "3"
    assert bring.rejected()[0]["reason"] == "the amount is not a number"
    assert Identity.objects.filter(value="00042").exists()
    assert not Parked.objects.exists()


def test_equal_rows_without_order_id_are_separate_orders_and_stay_so(bring: Bring) -> None:
    rows = b" 00004 0001 19970101  2   29.33\r\n" * 3 + b" 00004 0001 19970118  2   29.73\r\n"
    bring(rows, CDNOW)
    before = _books()
    assert before[1:3] == (4, 3 * 2933 + 2973)
    # A longer export of the same shop: only what is new is added, wherever in the file the rest stands.
    bring(b" 00004 0001 19970118  2   29.73\r\n" + rows[: len(rows) // 4 * 4], CDNOW)
    assert _books()[1] == 5
    bring(rows, CDNOW, again=True)
    assert _books()[1] == 5


def test_lines_of_a_basket_become_one_order_wherever_they_stand(bring: Bring) -> None:
    head = b"household_id,basket_id,product_id,quantity,sales_value,transaction_timestamp\n"
    lines = [
        b"1,100,p1,1,1.10,2026-01-01 10:00:00\n",
        b"2,200,p1,2,2.20,2026-01-01 11:00:00\n",
        b"1,100,p2,1,3.30,2026-01-01 10:00:00\n",
        b"3,300,p3,1,oops,2026-01-01 12:00:00\n",
        b"3,300,p4,1,1.00,2026-01-01 12:00:00\n",
        b"4,200,p4,1,1.00,2026-01-01 12:00:00\n",
    ]
    summary = bring(head + b"".join(lines[:5]), BASKETS)
    assert (summary.orders, summary.total_minor["EUR"]) == (2, 660)
    assert [row["code"] for row in bring.rejected()] == ["amount_not_a_number", "another_line_of_the_order"]
    event = Event.objects.get(name="Order Completed", properties__contains='"100"')
    found = json.loads(event.properties)
    assert found["total"] == 4.4
    assert [one["product_id"] for one in found["products"]] == ["p1", "p2"]
    bring(head + lines[1] + lines[5], BASKETS)
    assert [row["code"] for row in bring.rejected()] == ["order_of_two_customers"] * 2


def test_a_stop_in_the_middle_loses_nothing_and_doubles_nothing(bring: Bring) -> None:
    rows = "".join(f"{n % 700:05} x 2025{n % 12 + 1:02}{n % 28 + 1:02} 1 {n % 90}.50\n" for n in range(9000)).encode()
    path = bring.folder / "file.csv"
    path.write_bytes(rows + b"broken\n")
    for after in (1, 1, 2):
        with pytest.raises(ConnectionError):
            bring(path, CDNOW, door=Stops(after))
    summary = bring(path, CDNOW)
    assert summary.resumed_line > 0
    assert (summary.orders, summary.rejected["too_few_columns"]) == (9000, 1)
    assert len(bring.rejected()) == 1
    assert _books()[:2] == (9000, 9000)
    assert bring(path, CDNOW).finished_before
    bring(path, CDNOW, again=True)
    assert _books()[:2] == (9000, 9000)


def test_people_bring_their_consents(bring: Bring) -> None:
    plan = {
        "kind": "people",
        "columns": {"consent.email.referral": "ok", "trait:city": "city"},
        "constants": {"consent_wording": "Yes, write to me"},
    }
    text = (
        b"user_id,email,name,ok,city\n1,alma@example.test,Alma Ruiz,yes,Jaca\n"
        b"2,dora@example.test,Dora,no,\n3,e@example.test,E,perhaps,\n"
    )
    for _ in range(2):
        summary = bring(text, plan, again=True)
    assert summary.rejected == {"consent_unclear": 1}
    assert Identity.objects.filter(kind="email").count() == 2
    states = Consent.objects.filter(purpose="referral").order_by("id").values_list("state", flat=True)
    assert sorted(states) == ["given", "refused"]
    assert Person.objects.get(name="Alma Ruiz").profile["city"] == "Jaca"


def test_lines_of_json_go_in_as_they_are_and_repeat_harmlessly(bring: Bring) -> None:
    items = [
        {"type": "identify", "userId": "7", "traits": {"name": "Ana"}, "timestamp": "2026-01-01T00:00:00Z"},
        {"type": "track", "event": "Order Completed", "user_id": "7", "timestamp": "2026-01-02T00:00:00+01:00",
         "properties": {"order_id": "1", "total": 49.9, "currency": "EUR"}, "message_id": "m-1"},
        {"type": "track", "event": "Visit Recorded", "userId": "7", "timestamp": "2026-01-03"},
    ]  # fmt: skip
    good = "".join(json.dumps(item) + "\n" for item in items)
    bad = '{"type":"act","event":"Program Published"}\n[1]\n{"type":"cat","userId":"1"}\n{"userId":{"a":1},"type":"page"}\n{"type'
    path = bring.folder / "file.csv"
    path.write_bytes(gzip.compress((good + bad).encode()))
    summary = bring(path)
    assert summary.events == 3
    assert dict(summary.rejected) == {
        "act_of_our_own": 1, "not_json": 1, "not_an_object": 1, "type_unknown": 1, "identifier_not_text": 1,
    }  # fmt: skip
    assert Event.objects.filter(message_id="m-1").exists()
    assert Order.objects.get().amount_minor == 4990
    path.write_bytes((good + good.splitlines()[2] + "\n").encode())
    bring(path)
    assert _books()[:2] == (4, 1)


def test_rows_are_news_from_the_day_the_operator_says(bring: Bring) -> None:
    day = actions.live_from(date(2026, 1, 2), prepare.zone("Europe/Madrid"))
    bring(b"order_id,user_id,date,total\n1,a,2026-01-01,1\n2,a,2026-01-02,1\n3,a,2026-01-01,1\n", live_from=day)
    assert dict(Order.objects.values_list("order_id", "history")) == {"1": True, "2": False, "3": True}


def test_a_dry_run_changes_nothing(bring: Bring) -> None:
    summary = bring(b"order_id,user_id,date,total\n1,a,2026-01-01,1\n", dry_run=True)
    assert summary.orders == 1
    assert _books()[0] == 0
    assert not bring(b"order_id,user_id,date,total\n1,a,2026-01-01,1\n").finished_before


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (b"", source.EmptyFile),
        (b"PK\x03\x04 workbook", convert.BrokenWorkbook),
        (b"PAR1 no parquet", convert.BrokenParquet),
        (b"\xff\xfea", source.NotText),
        (b"\xd0\xcf\x11\xe0 old workbook", source.NotText),
        (b"a,b\0c\n", source.NotText),
        (b"\x1f\x8b\x08\x00broken", source.BrokenGzip),
        (gzip.compress(b"user_id,date,total\n" * 900, mtime=0)[:-20], source.BrokenGzip),
        (b"user_id,total,date,total\n1,2,2026-01-01,3\n", mapping.DuplicateColumns),
        (b"name,date\nAlma,2026-01-01\n", mapping.MissingColumns),
        (b"00004 0001\n", prepare.NoHeader),
        (b"1,2026-01-01,3\n4,2026-01-01,6\n", prepare.NoHeader),
        (b"user_id,date,total\n", prepare.OnlyHeader),
    ],
)
def test_what_cannot_be_imported_is_refused_before_anything_goes_in(bring: Bring, text: bytes, refusal: Any) -> None:
    with pytest.raises(refusal):
        bring(text)
    assert _books() == (0, 0, None, 0, 0)


def test_the_cdnow_sample_comes_in_to_the_cent_and_only_once(bring: Bring) -> None:
    path = SHARED / "cdnow_sample" / "CDNOW_sample.txt"
    if not path.exists():
        pytest.skip(f"no real log at {path}: set PASSAPAROLA_SHARED_DATA")
    for _ in range(2):
        bring(path, CDNOW, again=True)
        assert _books() == (6919, 6919, 24409194, 2357, 0)
    assert Order.objects.filter(amount_minor=0).count() == 8
    assert Identity.objects.filter(value="00004").exists()


def test_the_complete_journey_comes_in_to_the_cent(bring: Bring, store: str) -> None:
    """726,740 lines: read and added up whole, without walking the corridor (the sample's test does that)."""
    path = SHARED / "complete_journey_odd" / "transactions.csv.gz"
    if not path.exists():
        pytest.skip(f"no real log at {path}: set PASSAPAROLA_SHARED_DATA")
    if store != "sqlite":
        pytest.skip("the store has no part in it: done once, on SQLite")
    summary = bring(path, BASKETS, dry_run=True)
    assert (summary.orders, summary.total_minor["EUR"], dict(summary.rejected)) == (77312, 229298686, {})
    assert Decimal(summary.total_minor["EUR"]) / 100 == Decimal("2292986.86")
