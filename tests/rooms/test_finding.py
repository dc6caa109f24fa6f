"""The index people are searched by: exact whatever happens to them, and found through although typed wrongly."""

import random
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connections

from passaparola.doors.api.people import search
from passaparola.doors.console import finding as door
from passaparola.kernel import database
from passaparola.people import finding, names
from passaparola.people.actions import words
from passaparola.people.models import Identity, Person, PersonWord, Word
from tests.people import ALMA, BRUNO, CHIARA, Somebody
from tests.world import World


@pytest.fixture
def world() -> World:
    return World()


def called(name: str, number: int, email: str = "") -> Somebody:
    return Somebody(name, f"c-{number}", email or f"p{number}@example.test", "es")


def is_exact() -> bool:
    """Whether the index is what the people's texts say, no more and no less."""
    said = {(word, person.id) for person in Person.objects.all() for word in names.words(person.search)}
    kept = set(PersonWord.objects.values_list("word", "person_id"))
    spelled = dict(Word.objects.values_list("word", "backwards"))
    return kept == said and spelled == {word: word[::-1] for word, _ in said}


def found(typed: str) -> list[str]:
    return [person.name for person in door.people(typed, 5)]


def test_the_index_is_exact_through_renaming_merging_undoing_and_forgetting(world: World) -> None:
    world.send(ALMA.identify(), BRUNO.identify(), {**CHIARA.identify(), "messageId": "chiara"})
    assert is_exact() and PersonWord.objects.filter(word="ruiz").exists()
    world.send(ALMA.identify(name="Alma Ruiz Vidal"))
    merge = world.act("Person Merged", keep=world.number(ALMA), other=world.number(BRUNO))["merge_id"]
    assert is_exact()
    world.act("Person Unmerged", merge=merge)
    world.send(BRUNO.identify(name="Bruno Rossi"))
    assert is_exact() and not Word.objects.filter(word="conti").exists(), "nobody is called Conti any more"
    world.act("Person Forgotten", person_id=world.number(CHIARA))
    assert is_exact() and not Word.objects.filter(word__in=("chiara", "serra")).exists(), "nothing of her stays"
    assert Word.objects.filter(word="example").exists(), "others have their address there too"


def test_the_index_is_exact_after_any_life(world: World) -> None:
    rng = random.Random(11)
    cast = [called(f"{first} {last}", n) for n, (first, last) in enumerate(zip("ABCDEFGH", "JKLMNOPQ", strict=True))]
    world.send(*(one.identify(message_id=one.user_id) for one in cast))
    for step in range(60):
        one = rng.choice(cast)
        name = f"{rng.choice(('Ana', 'Luz', 'Pia', 'Eva'))} {rng.choice(('Vega', 'Sol', 'Mar'))}-{rng.choice('XYZ')}"
        world.send({**one.identify(name=name), "messageId": f"m{step}", "anonymousId": f"a{rng.randrange(5)}"})
        if rng.random() < 0.2 and world.number(one) != world.number(cast[0]):
            world.act("Person Merged", keep=world.number(cast[0]), other=world.number(one))
    assert is_exact() and PersonWord.objects.count() > 10


def test_what_did_not_change_writes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.send(ALMA.identify())
    written: list[object] = []
    monkeypatch.setattr(words, "add", lambda pairs: written.extend(pairs))
    world.send(ALMA.identify(message_id="again"), ALMA.buys("1", 10))
    world.send(ALMA.identify(message_id="other", city="Sevilla"))
    assert written == []


def test_an_older_store_gets_its_index_when_it_is_brought_up_to_date(world: World) -> None:
    world.send(ALMA.identify(), BRUNO.identify(), CHIARA.identify())
    migration = import_module("passaparola.people.migrations.0006_words_filled")
    PersonWord.objects.all().delete()
    Word.objects.all().delete()
    migration.fill(apps, None)
    assert is_exact() and PersonWord.objects.exists()


PEOPLE = (
    "Chiara Serra", "Bruno Conti", "Úrsula Peña", "María García López", "José Luis Zubizarreta", "Jean-Paul O'Brien",
    "Francesca Dell'Acqua", "Wei Li", "Ñusta Quispe", "Alessandro Costa",
)  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("Chiaar Sera", 0), ("hiara serra", 0), ("serra", 0), ("serr", 0), ("rsula", 2), ("ursula pena", 2), ("URSULA", 2),
     ("cnti", 1), ("conti bruno", 1), ("maria garcia", 3), ("mraia garcai", 3), ("Marya Garsia", 3), ("lopes maria", 3),
     ("zubizareta", 4), ("zuvisarreta", 4), ("subizarreta", 4), ("ubizarreta jose", 4), ("jose zubi", 4), ("obrien", 5),
     ("o'brien", 5), ("jean paul", 5), ("jeanpaul", 5), ("jean-paul", 5), ("dellacqua", 6), ("francesca acqua", 6),
     ("li wei", 7), ("nusta", 8), ("quipse", 8), ("alesandro csota", 9), ("lessandro", 9)],
)  # fmt: skip
def test_people_are_found_although_typed_wrongly(world: World, typed: str, meant: int) -> None:
    world.send(*(called(name, n).identify() for n, name in enumerate(PEOPLE)))
    assert found(typed)[:1] == [PEOPLE[meant]], typed


@pytest.mark.parametrize("word", ["garcia", "zubizarreta", "serra", "conti"])
def test_any_one_slip_is_forgiven(world: World, word: str) -> None:
    world.send(*(called(name, n).identify() for n, name in enumerate(PEOPLE)))
    slips = [word[:n] + word[n + 1 :] for n in range(len(word))]
    slips += [word[:n] + word[n + 1] + word[n] + word[n + 2 :] for n in range(len(word) - 1)]
    slips += [word[:n] + "x" + word[n + 1 :] for n in range(len(word))]
    slips += [word[:n] + "x" + word[n:] for n in range(len(word) + 1)]
    assert all(word in finding.near(slip) for slip in slips)


def test_addresses_ids_and_numbers_are_found_by_their_beginning(world: World, settings: Any) -> None:
    settings.LANGUAGE_CODE = "es"
    world.send(
        called("Alma Ruiz", 4711, "alma.ruiz77@acme.com").identify(phone="+34612345678"),
        called("Bruno Conti", 4712, "bconti@other.com").identify(),
    )
    for typed in ("alma.ruiz77@acme.com", "alma.ruiz77@ac", "alma.riuz77@acme.com", "c-4711", "612345", "+346123", "acme.com",
                  "acme", "612 34 56 78", "alma 6123"):  # fmt: skip
        assert found(typed)[:1] == ["Alma Ruiz"], typed
    assert found("c-47") == ["Alma Ruiz", "Bruno Conti"] and found("c-48") == []
    settings.LANGUAGE_CODE = "en"
    for typed in ("612345678", "0612345678", "612 345 678", "612-34-56-78", "(612) 345678"):
        assert found(typed) == ["Alma Ruiz"], typed


def test_nobody_is_found_by_what_nobody_is_called(world: World) -> None:
    world.send(ALMA.identify(), BRUNO.identify())
    for typed in ("zzzz", "%", "", "@", "qqqqqq wwwwww", "999999", "'", "\\", "_", "x" * 80):
        assert found(typed) == [], typed
    world.act("Person Forgotten", person_id=world.number(ALMA))
    world.now += timedelta(days=1)
    assert found("alma") == []


def test_numbers_are_found_by_their_last_digits_and_by_index(world: World, settings: Any) -> None:
    settings.LANGUAGE_CODE = "es"
    alma = called("Alma Ruiz", 1)
    world.send(
        alma.identify(phone="+34612345678"),
        called("Bruno Conti", 2, "8765432@example.test").identify(phone="+393331115678"),
    )
    for typed in ("345678", "34 56 78", "45-678", "2345678", "612345678"):
        assert found(typed) == ["Alma Ruiz"], typed
    assert found("5678") == ["Alma Ruiz", "Bruno Conti"] and found("1115678") == ["Bruno Conti"]
    assert found("678") == found("3456") == [], "three digits are too many people's, and a middle is no end"
    assert found("bruno 5678") == ["Bruno Conti"]
    assert sorted(search("5678", None).values_list("name", flat=True)) == ["Alma Ruiz", "Bruno Conti"]
    world.act("Person Forgotten", person_id=world.number(alma))
    assert found("345678") == []
    assert not Identity.objects.filter(kind="forgotten").exclude(likeness="").exists()
    sql = finding._ENDS.format(begins="likeness >= ? AND likeness < ?")
    if database.vendor() == "sqlite":
        plan = " ".join(str(row[-1]) for row in database.rows(f"EXPLAIN QUERY PLAN {sql}", ["8765", "8766"]))
        assert "USING INDEX identity_likeness" in plan, plan


def test_an_older_store_gets_the_ends_of_its_numbers(world: World) -> None:
    world.send(ALMA.identify(phone="+34612345678"))
    Identity.objects.filter(kind="phone").update(likeness="")
    migration = import_module("passaparola.people.migrations.0011_ends")
    with connections["default"].cursor() as cursor:
        migration.fill(apps, SimpleNamespace(connection=connections["default"], execute=cursor.execute))
    assert Identity.objects.get(kind="phone").likeness == "87654321643"
