"""A store of many people for measuring pages: 200 lives walked down the corridor, then copied row by row with other numbers.

Names are drawn anew for everybody: some first and family names are common, most are rare, as in life.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Max

TEMPLATE = 200
_AT_ONCE = 20_000
_NAMES = """
María José Ana Antonio Carmen Manuel Lucía Francisco Laura David Marta Javier Paula Daniel Sara Carlos Elena Miguel Giulia
Alessandro Chiara Francesco Sofia Lorenzo Martina Matteo Alice Luca Emma James Olivia Jack Úrsula Íñigo Begoña
/ García Martínez López Sánchez González Rodríguez Fernández Pérez Gómez Ruiz Díaz Moreno Muñoz Romero Álvarez Rossi Russo
Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Smith Jones Taylor Brown Williams
/ za ri be lu go men dra che pi tor na vi bar co lle sta mu per fon ga ti ros ca bel
"""
_FIRST, _LAST, _SYLLABLES = (part.split() for part in _NAMES.split("/"))

# Each table with the columns that are numbers of another's rows, and those whose text must stay unique.
COPIED: tuple[tuple[str, dict[str, str], tuple[str, ...]], ...] = (
    ("event", {"person_id": "person", "caused_by": "event"}, ("message_id",)),
    ("traits", {"person_id": "person"}, ()),
    ("person_trait", {"person_id": "person"}, ()),
    ("visit", {"person_id": "person"}, ()),
    ("stage_change", {"person_id": "person", "event_id": "event"}, ()),
    ("occurrence", {"person_id": "person"}, ()),
    ("purchase_order", {"person_id": "person", "event_id": "event"}, ("order_id",)),
    ("order_line", {"person_id": "person", "event_id": "event", "order_key": "purchase_order"}, ()),
    ("consent", {"person_id": "person", "event_id": "event"}, ()),
    ("membership", {"person_id": "person", "event_id": "event", "end_event_id": "event"}, ()),
    ("assignment", {"person_id": "person", "event_id": "event"}, ()),
    ("code", {"person_id": "person"}, ("value",)),
    ("referral", {"advocate_id": "person", "friend_id": "person", "code_id": "code", "event_id": "event",
                  "order_id": "purchase_order"}, ()),
    ("decision", {"person_id": "person", "event_id": "event"}, ()),
    ("reward", {"person_id": "person", "referral_id": "referral"}, ("cause",)),
    ("message", {"person_id": "person", "event_id": "event"}, ("key",)),
)  # fmt: skip


def make(people: int) -> None:
    """The two stores of the environment, filled. `people` is a multiple of 200."""
    from django.conf import settings
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    if "inbox" in settings.DATABASES:
        call_command("migrate", database="inbox", verbosity=0)
    _lives()
    _copies(people // TEMPLATE)
    _names(people)
    from django.db import connection

    connection.cursor().execute("ANALYZE")


def _lives() -> None:
    """200 people: everybody visits, most buy, one in ten brings somebody; eight segments and a programme look on."""
    from tests.people import Somebody
    from tests.world import World

    rng, world = random.Random(5), World(datetime.now(UTC) - timedelta(days=60))
    program = world.programme()
    for number in range(2):
        days = {"kind": "within", "n": 30 * (number + 1), "unit": "days"}
        for rule in (
            {"type": "event", "event": "Order Completed", "window": days, "operator": ">=", "value": 1 + number},
            {"type": "event", "event": "Visit Recorded", "window": days, "operator": "=", "value": 0},
            {"type": "trait", "trait": "purchases", "operator": ">=", "value": number + 1},
            {"type": "stage", "value": ["some", "many"][number:]},
        ):
            world.act("Segment Created", names={"en": f"Segment {number}"}, rule={"rules": [rule]})
    cast = [Somebody(f"P {n}", f"u{n}", f"u{n}@example.test", "es") for n in range(TEMPLATE)]
    world.send(*(one.identify(message_id=f"i{n}", city="Sevilla") for n, one in enumerate(cast)))
    for month in range(2):
        for n, one in enumerate(cast):
            visits = [one.track("Visit Recorded", message_id=f"v{month}-{n}", store="s1")]
            visits += [one.track("Product Viewed", message_id=f"w{month}-{n}-{k}", product_id="p1") for k in range(2)]
            lines = [
                {"product_id": f"p{k}", "category": "coffee", "price": 4.9, "quantity": 2}
                for k in range(rng.randrange(3))
            ]
            bought = (
                [one.buys(f"o{month}-{n}", rng.randrange(500, 9000) / 100, products=lines)]
                if rng.random() < 0.6
                else []
            )
            world.send(*visits, *bought)
        world.days_pass(10)
    for n in range(0, 40, 2):
        code = world.code_of(cast[n], program)
        friend = Somebody(f"F {n}", f"f{n}", f"f{n}@example.test", "es")
        world.send(friend.identify(message_id=f"f{n}"), friend.buys(f"b{n}", 30, code=code))
    world.days_pass(35)


def _copies(times: int) -> None:
    """Every row of the 200 lives again, so many times; inside the database."""
    from django.db import connection

    from passaparola.kernel import database

    with connection.cursor() as cursor, database.turn():
        top = {table: _top(cursor, table) for table, _, _ in COPIED} | {"person": _top(cursor, "person")}
        last = times - 1
        counted = f"SELECT generate_series(1, {last})::bigint AS k"
        if connection.vendor == "sqlite":
            counted = f"SELECT 1 AS k UNION ALL SELECT k + 1 FROM k WHERE k < {last}"
        series = f"WITH RECURSIVE k AS ({counted}) "
        for table, links, unique in COPIED:
            names = [column.name for column in connection.introspection.get_table_description(cursor, table)]
            picks = [_pick(name, links, unique, table, top, connection.vendor) for name in names]
            key = "id" if "id" in names else "person_id"
            first = f"(SELECT * FROM {table} WHERE {key} <= {top[table]})"
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(names)}) {series}"
                # SQLite walks a cross join in the order written: rows come in the order of their numbers, unsorted.
                f"SELECT {', '.join(picks)} FROM k CROSS JOIN {first} AS t"
            )


def _top(cursor: Any, table: str) -> int:
    key = "person_id" if table in ("traits", "person_trait") else "id"
    cursor.execute(f"SELECT COALESCE(MAX({key}), 0) FROM {table}")
    return int(cursor.fetchone()[0])


def _pick(
    name: str, links: dict[str, str], unique: tuple[str, ...], table: str, top: dict[str, int], vendor: str
) -> str:
    if name == "id":
        return f"t.id + k * {top[table]}"
    if name in links:
        return f"t.{name} + k * {top[links[name]]}"
    if name in unique:
        return f"t.{name} || '-' || k" if vendor == "sqlite" else f"t.{name} || '-' || k::text"
    if name == "fingerprint":
        number = f"(t.id + k * {top[table]})"
        return (f"CAST(printf('%016d', {number}) AS BLOB)" if vendor == "sqlite"
                else f"convert_to(lpad({number}::text, 16, '0'), 'UTF8')")  # fmt: skip
    return f"t.{name}"


def _names(people: int) -> None:
    """Everybody who was copied gets a row, a name, an address and an id of their own, and the words to be found by."""
    from passaparola.kernel import database
    from passaparola.people import names
    from passaparola.people.actions import words
    from passaparola.people.models import Identity, Person

    rng = random.Random(9)
    drawn = called(rng)
    step = int(Person.objects.aggregate(top=Max("id"))["top"])
    template = {row["id"]: row for row in database.select(Person, "id > 0")}
    made: list[dict[str, Any]] = []
    known: list[dict[str, Any]] = []
    number = int(Identity.objects.aggregate(top=Max("id"))["top"])
    for times in range(1, people // TEMPLATE):
        for old, row in template.items():
            person = old + times * step
            first, last = next(drawn)
            local = names.searchable(f"{first[0]}.{last}").replace(" ", "") + str(person % 997)
            address, user = f"{local}.{person}@{rng.choice(('gmail.com', 'libero.it', 'example.test'))}", f"c-{person}"
            search = names.searchable(f"{first} {last}", user, address)
            made.append({**row, "id": person, "root_id": person, "uid": f"p{person}", "name": f"{first} {last}",
                         "given_name": first, "search": search})  # fmt: skip
            for kind, value in (("user_id", user), ("email", address)):
                number += 1
                known.append({"id": number, "kind": kind, "value": value, "person_id": person, "likeness": "",
                              "verified_at": None, "created_at": row["created_at"]})  # fmt: skip
        if len(made) >= _AT_ONCE or times == people // TEMPLATE - 1:
            with database.turn():
                database.insert(Person, made)
                database.insert(Identity, known)
                words.add((word, row["id"]) for row in made for word in names.words(row["search"]))
            made, known = [], []


def called(rng: random.Random) -> Iterator[tuple[str, str]]:
    """First and family names for ever: half of them common, half from tens of thousands that are rare."""
    while True:
        first = rng.choice(_FIRST) if rng.random() < 0.8 else _rare(rng, 2)
        one, other = (rng.choice(_LAST) if rng.random() < 0.5 else _rare(rng, 3) for _ in range(2))
        yield first, f"{one} {other}" if rng.random() < 0.5 else one


def _rare(rng: random.Random, syllables: int) -> str:
    return "".join(rng.choice(_SYLLABLES) for _ in range(syllables)).capitalize()
