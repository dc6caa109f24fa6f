"""A rule reads as a sentence in three languages, whatever is in it."""

import random
from zoneinfo import ZoneInfo

import pytest

from passaparola.segments import rules
from passaparola.segments.rules import Group
from passaparola.segments.sentence import Names, TraitName, phrase, sentence
from tests.agreement.dice import Trees

NAMES = Names(
    zone=ZoneInfo("Europe/Madrid"),
    traits={"spent": TraitName("Gasto", "minor", "whole"), "birthday": TraitName("Cumpleaños", "day", "monthday")},
    segments={3: "Amigos del café"},
)
WEEKENDS = {
    "combinator": "and", "rules": [
        {"type": "event", "event": "Product Bought", "operator": ">=", "value": 2,
         "window": {"kind": "within", "n": 60, "unit": "days"},
         "where": {"rules": [
             {"field": "category", "operator": "=", "value": "café"}, {"field": "weekday", "operator": "in", "value": [6, 7]},
             {"field": "company", "operator": ">", "value": 1}]}},
        {"type": "referral", "what": "invited", "operator": "=", "value": 0},
    ],
}  # fmt: skip


def test_the_marketer_reads_back_what_she_built() -> None:
    tree = rules.read(WEEKENDS)
    assert sentence("es", tree, NAMES) == (
        "Personas que compraron un producto (la categoría es «café», el día de la semana es sábado o domingo y en compañía) "
        "al menos 2 veces en los últimos 60 días y no han invitado a nadie."
    )
    assert sentence("it", tree, NAMES) == (
        "Persone che hanno comprato un prodotto (la categoria è «café», il giorno della settimana è sabato o domenica e in "
        "compagnia) almeno 2 volte negli ultimi 60 giorni e non hanno invitato nessuno."
    )
    assert sentence("en", tree, NAMES) == (
        "People who bought a product (the category is “café”, the weekday is Saturday or Sunday and accompanied) at least "
        "2 times in the last 60 days and have not invited anybody."
    )


@pytest.mark.parametrize(
    ("leaf", "said"),
    [
        ({"type": "event", "event": "Order Completed", "operator": "=", "value": 0}, "no compraron"),
        ({"type": "event", "event": "Order Completed", "window": {"kind": "since", "event": "Visit Recorded"}},
         "compraron desde la última visita"),
        ({"type": "event", "event": "Visit Recorded", "window": {"kind": "within", "n": 1, "unit": "weeks"}},
         "vinieron en la última semana"),
        ({"type": "event", "event": "Order Completed", "measure": "sum", "of": "amount_minor", "operator": "between",
          "value": [1000, 5050]}, "compraron (el importe en total: entre 10,00\xa0€ y 50,50\xa0€)"),
        ({"type": "event", "event": "Visit Recorded", "measure": "last", "value": 30},
         "vinieron por última vez hace al menos 30 días"),
        ({"type": "trait", "trait": "spent", "operator": ">", "value": 100000},
         "tienen un dato «Gasto» que es más de 1.000,00\xa0€"),
        ({"type": "trait", "trait": "birthday", "operator": "anniversaryWithin", "value": 7},
         "tienen un dato «Cumpleaños» que llega en los próximos 7 días"),
        ({"type": "segment", "segment": 3, "operator": "notIn"}, "no están en el segmento «Amigos del café»"),
        ({"type": "stage", "value": ["few", "many"]}, "están en la etapa de pocas visitas o muchas visitas"),
        ({"combinator": "or", "not": True, "rules": [{"type": "stage", "value": ["few"]}, {"type": "lead", "value": ["hot"]}]},
         "no están entre quienes (están en la etapa de pocas visitas o son contactos calientes)"),
    ],
)  # fmt: skip
def test_single_conditions(leaf: dict[str, object], said: str) -> None:
    assert phrase("es", rules.read({"rules": [leaf]}).rules[0], NAMES) == said


def test_an_empty_rule_is_nobody() -> None:
    assert [sentence(language, Group(), NAMES) for language in ("es", "it", "en")] == ["Nadie.", "Nessuno.", "Nobody."]


def test_every_rule_can_be_said() -> None:
    """Nothing random fails, no placeholder stays, and the languages differ."""
    for seed in range(150):
        tree = Trees(random.Random(seed)).tree()
        said = {language: sentence(language, tree, NAMES) for language in ("es", "it", "en")}
        assert len(set(said.values())) == 3
        assert all(one.endswith(".") and "%(" not in one and "  " not in one for one in said.values()), said
