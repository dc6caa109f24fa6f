"""Somebody who lived richly here asks to be forgotten: then nothing of her stands in any table, nor in any file."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as installed
from django.db import connections
from django.db.models import F

from passaparola import corridor, worker
from passaparola.doors import erasing, syncs
from passaparola.events import intake, log
from passaparola.events.inbox import backlog
from passaparola.events.models import Event, Inbox, Parked, ParkedName
from passaparola.kernel import database
from passaparola.kernel.models import FileImport, Job, Timer
from passaparola.messages.models import Message
from passaparola.replay import replay
from tests.people import BRUNO, CHIARA, Somebody
from tests.world import World

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

ZOE = Somebody("Zoraida Quintanilla", "zq-4711", "zoraida.q@example.test", "es", anonymous_id="zq-browser-0815")
TELLING = ("zoraida", "quintanilla", "zq-4711", "zq-browser", "zq-till", "+34699887766", "699887766", "699 88 77 66", "zq-card")


def dump() -> Iterator[tuple[str, str]]:
    """Every row of every table of the store, as text: where it stands, and what stands there."""
    for alias in connections:
        with connections[alias].cursor() as cursor:
            for table in connections[alias].introspection.table_names(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')
                columns = [column[0] for column in cursor.description]
                for row in cursor.fetchall():
                    for column, value in zip(columns, row):
                        text = bytes(value).decode("latin-1") if isinstance(value, (bytes, memoryview)) else str(value)
                        yield f"{table}.{column}", text


def found_in_tables() -> list[str]:
    return sorted({f"{where}: {one}" for where, text in dump() for one in TELLING if one in text.lower()})


def found_in_files(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    read = {path: path.read_bytes().decode("latin-1").lower() for path in files}
    return sorted({f"{path.relative_to(folder)}: {one}" for path, text in read.items() for one in TELLING if one in text})


@pytest.fixture
def world(tmp_path: Path, settings: Any) -> World:
    settings.DATA_DIR, settings.LAKE_DIR = tmp_path, tmp_path / "lake"
    return World()


def lives(world: World, program: int) -> None:
    """Everything that may be told of somebody, by every door."""
    world.send(
        ZOE.identify(phone="699 88 77 66", birthday="1980-02-03", city="Sevilla", card="zq-card-1",
                     consents={"email": {"referral": True}}),
        {**ZOE.track("Product Viewed", email=ZOE.email, note="for Zoraida", user={"id": ZOE.user_id}),
         "context": {"traits": {"email": ZOE.email}, "page": {"url": f"https://shop.test/?mail={ZOE.email}"}}},
        ZOE.buys("Z-1", 40, shipping={"name": ZOE.name, "phone": "+34699887766"}, products=[{"sku": "cup", "total": 40}]),
        {"type": "page", "userId": ZOE.user_id, "name": "Cups", "properties": {"url": f"https://shop.test/?u={ZOE.user_id}"}},
        {"type": "alias", "userId": ZOE.user_id, "previousId": "zq-till"},
        {"type": "group", "userId": ZOE.user_id, "groupId": "choir", "traits": {"contact": ZOE.email}},
        ZOE.track("Lead Submitted", source="event", email=ZOE.email),
        ZOE.track("Review Given", rating=5, text="Zoraida Quintanilla liked it"),
        CHIARA.identify(), CHIARA.buys("C-1", 10),
    )  # fmt: skip
    code = world.code_of(ZOE, program)
    world.act("Name Shown", person_id=world.number(ZOE), shows=True)
    world.act("Lead Recorded", person_id=world.number(ZOE), source="form", name=ZOE.name)
    world.send(BRUNO.identify(), BRUNO.buys("B-1", 60, code=code))
    other = world.code_of(CHIARA, program)
    world.act("Friend Signed Up", traits={"email": "zoraida.q+2@example.test", "name": ZOE.name, "phone": "699 887766"}, code=other,
              anonymous_id="zq-browser-2", consents=[{"channel": "email", "purpose": "offers"}])  # fmt: skip
    world.act("Person Merged", keep=world.number(ZOE), other=root_of("zoraida.q+2@example.test"), reason="Zoraida said so")
    world.act("Relationship Recorded", person=world.number(ZOE), other=world.number(BRUNO), kind="friend")
    worker.drain(world.now)


def root_of(address: str) -> int:
    from passaparola.people.models import Identity, Person

    return Person.objects.get(id=Identity.objects.get(kind="email", value=address).person_id).root_id


def says(world: World) -> None:
    """What staff, providers and forms say about her."""
    number = world.number(ZOE)
    rule = {"rules": [{"type": "event", "event": "Order Completed"}]}
    segment = world.act("Segment Created", names={"en": "Buyers"}, rule=rule)["segment_id"]
    worker.drain(world.now)
    world.act("Segment Pinned", segment=segment, person=number, state="out", reason="Zoraida asked for it")
    world.act("Sync Started", segment=segment, every_hours=1, kind="file")
    world.act("Consent Recorded", person_id=number, channel="email", purpose="offers", state="given", source="desk",
              wording="Yes", evidence={"form": ZOE.email, "ip": "10.0.0.9"})  # fmt: skip
    message = Message.objects.filter(person_id=number).order_by("id").first()
    assert message is not None
    world.act("Message Bounced", message=message.id, outcome="bounced", detail=f"550 <{ZOE.email}>: no such user")


def imports(world: World, *events: dict[str, Any]) -> None:
    """A file brought in and taken back."""
    body = json.dumps({"context": {"history": True, "import": 7}, "batch": list(events)}).encode()
    good, _ = intake.read(
        kind="import", call="batch", source="shop", body=body, received_at=world.now, inbox_id=77, limits=log.limits()
    )
    corridor.submit(good)
    worker.drain(world.now)
    which: dict[str, Any] = {"import": 7, "first": 0, "last": database.highest(Event)}
    world.act("Import Withdrawn", **which)
    while Timer.objects.filter(kind="withdraw").exists():
        world.now += timedelta(microseconds=1)
        worker.drain(world.now)


def arrives(*bodies: bytes) -> None:
    """Requests as the edge keeps them, taken by the worker."""
    for body in bodies:
        Inbox.objects.create(received_at=datetime.now(UTC), kind="v1", source="shop", call="batch", body=body)
    worker.drain()
    if not installed.DATABASE_URL:
        # What the corridor has taken is removed by the edge, every second.
        backlog.SqliteCount(*(Path(str(installed.DATABASES[alias]["NAME"])) for alias in ("inbox", "default")))()


BROKEN = (
    json.dumps({"batch": [ZOE.track("Order Completed", order_id="Z-7", total="a lot", mail=ZOE.email)]}).encode(),
    json.dumps({"batch": [{"type": "track", "event": "", "userId": "7", "properties": {"to": {"call": "699 887 766"}}}]}).encode(),
    json.dumps({"batch": [{"type": "identify", "userId": 1.5, "traits": {"email": "Zoraida.Q@Example.test"}}]}).encode(),
    b'{"batch": [{"type": "track", "userId": "zq-4711", "event": "Half a li',
    b'{"batch": [{"type": "track", "url": "https://x.test/?m=zoraida.q%40example.test", ',
    b'{"batch": [{"type": "identify", "traits": {"email": "\\u007aoraida.q@example.test", ',
    b'{"batch": [' + b'"filling", ' * 9000 + b'{"call": "(699) 88-77-66"}, ',
    b'{"batch": [' + b", ".join(b'{"n": "word-%d"}' % n for n in range(2000)) + b', {"userId": "zq-4711"}, ',
)


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_what_could_not_be_taken_is_blanked_with_a_remark(world: World, body: bytes) -> None:
    world.send(ZOE.identify(phone="+34 699 88 77 66"), BRUNO.identify())
    arrives(body, b'{"batch": [{"type": "identify", "traits": {"email": "bruno@example.test"}}]}')
    assert Parked.objects.count() == 2
    world.act("Person Forgotten", person_id=world.number(ZOE))
    hers, other = Parked.objects.order_by(F("erased_at").asc(nulls_last=True))
    assert (bytes(hers.body), hers.detail) == (b"", "") and hers.erased_at and hers.resolved_at and hers.reason
    assert bytes(other.body) and other.erased_at is None
    assert set(ParkedName.objects.values_list("parked_id", flat=True)) == {other.id}


def test_what_comes_later_of_a_forgotten_name_is_not_kept_until_she_is_back(world: World) -> None:
    world.send(ZOE.identify())
    world.act("Person Forgotten", person_id=world.number(ZOE))
    late = json.dumps({"batch": [{"type": "track", "event": "", "userId": ZOE.user_id}]}).encode()
    arrives(late)
    first = Parked.objects.get()
    assert (bytes(first.body), first.reason, first.resolved_at) == (b"", "no_event_name", first.erased_at)
    world.send(ZOE.identify(message_id="again"))
    arrives(late)
    assert bytes(Parked.objects.latest("id").body)
    world.act("Person Forgotten", person_id=world.number(ZOE))
    assert not Parked.objects.filter(erased_at=None).exists()


def leaves_files(folder: Path) -> None:
    """Rejected rows of the console and of the command line, one of an import that is under way, and the mails of the sink."""
    rows = (
        "line,code,reason,who,mail\r\n"
        "2,bad,no,7,Zoraida.Q@example.test\r\n3,bad,no,zq-4711,\r\n4,bad,no,8,bruno@example.test\r\n"
    )
    for name in ("imports/1/rejected.csv", "imports/2/checked.csv", "imports/old.csv.rejected.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(rows)
    (folder / "mail").mkdir()
    for number, who in enumerate((ZOE, BRUNO)):
        mail = EmailMessage()
        mail["To"], mail["Subject"] = f"{who.name} <{who.email}>", "Hello"
        mail.set_content(f"Dear {who.name}, your address is {who.email}.", cte="base64")
        (folder / f"mail/{number}.eml").write_bytes(bytes(mail))


def test_our_files_lose_her_rows_and_mails(world: World, tmp_path: Path, settings: Any) -> None:
    settings.MAIL_URL = f"file://{tmp_path}/mail"
    leaves_files(tmp_path)
    world.send(ZOE.identify(), ZOE.buys("Z-1", 9), BRUNO.identify(), BRUNO.buys("B-1", 9))
    buyers = {"rules": [{"type": "event", "event": "Order Completed"}]}
    segment = world.act("Segment Created", names={"en": "Buyers"}, rule=buyers)["segment_id"]
    worker.drain(world.now)
    world.act("Sync Started", segment=segment, every_hours=1, kind="file")
    worker.drain(world.now)
    while syncs.once(world.now):
        pass
    assert {path.partition("/")[0] for path in found_in_files(tmp_path)} == {"imports", "mail", "segments"}
    busy = FileImport.objects.create(label="x.csv", state="running", created_at=world.now)
    world.act("Person Forgotten", person_id=world.number(ZOE))
    assert erasing.once(world.now) and {path.partition("/")[0] for path in found_in_files(tmp_path)} == {"imports"}
    busy.state = "done"
    busy.save()
    assert not erasing.once(world.now) and erasing.once(world.now + timedelta(minutes=2))
    assert found_in_files(tmp_path) == []
    kept = (tmp_path / "imports/1/rejected.csv").read_bytes()
    assert kept == b"line,code,reason,who,mail\r\n4,bad,no,8,bruno@example.test\r\n"
    assert [path.name for path in (tmp_path / "mail").iterdir()] == ["1.eml"]
    (job,) = Job.objects.filter(kind="erase")
    assert job.done_at and job.payload == {}


def test_nothing_of_her_is_left(world: World, tmp_path: Path) -> None:
    program = world.programme()
    lives(world, program)
    says(world)
    imports(world, {**ZOE.buys("Z-2", 30, gift=f"for {ZOE.name}"), "context": {"page": {"url": ZOE.email}}})
    arrives(*BROKEN)
    assert found_in_tables()
    world.act("Person Forgotten", person_id=world.number(ZOE))
    worker.drain()
    assert "\n".join(found_in_tables()) == ""
    assert world.disagreements() == []
    compared = replay(tmp_path / "again")
    assert compared.agree, (compared.wrong, compared.differences)
