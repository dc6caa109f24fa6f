"""Playbooks: shipped in three languages, written anew by an act, restored, rebuilt by a replay; for one person."""

from pathlib import Path
from typing import Any

import pytest

from passaparola import replay
from passaparola.events import intake
from passaparola.kernel.errors import Refusal
from passaparola.kernel.words import LANGUAGES
from passaparola.measure import playbooks as figures
from passaparola.segments import playbooks
from passaparola.segments.keeping import playbooks_in_force
from passaparola.segments.models import PersonTrait
from tests.people import ALMA, BRUNO
from tests.world import World

OWN: dict[str, Any] = {
    "stage": "some", "aim": {"it": "Farli tornare"},
    "advice": [{"say": {"es": "Café recién hecho ", "it": " "}, "why": {}, "page": "people", "fact": "products"}],
}  # fmt: skip


@pytest.mark.parametrize("stage", playbooks.STAGES)
def test_the_shipped_playbooks_are_whole_in_three_languages_and_can_be_kept(stage: str) -> None:
    book = playbooks.shipped(stage)
    texts = [book.aim, *(one.say for one in book.advice), *(one.why for one in book.advice)]
    for text in texts:
        assert set(text) == set(LANGUAGES) and len({*text.values()}) == 3, text
    assert playbooks.Playbook.read(book.as_json()) == book
    assert all(book.strategy()[code].count("\n") == len(book.advice) for code in LANGUAGES)


def test_all_pages_and_facts_the_document_names_are_in_use() -> None:
    lines = {stage: playbooks.shipped(stage).advice for stage in playbooks.STAGES}
    assert "products" in {one.fact for one in lines["some"]} and "next_stage" in {one.fact for one in lines["some"]}
    assert {"code", "friends", "mood"} <= {one.fact for one in lines["many"]}


def test_an_act_writes_one_anew_another_restores_it_and_a_replay_comes_to_the_same(tmp_path: Path) -> None:
    world = World()
    world.act("Playbook Changed", **OWN)
    world.act("Playbook Changed", **{**OWN, "stage": "many"})
    world.act("Playbook Restored", stage="many")
    found = playbooks_in_force()
    book, row = found["some"]
    assert row is not None and row.changed_at == world.now
    assert book.aim == {"it": "Farli tornare"} and book.advice[0].say == {"es": "Café recién hecho"}
    assert found["many"] == (playbooks.shipped("many"), None) and found["few"][1] is None
    compared = replay.replay(tmp_path / "again")
    assert compared.agree and "settings" in {table.name for table in compared.tables}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"stage": "none"}, "few, some or many"),
        ({"stage": []}, "few, some or many"),
        ({"advice": []}, "1 to 12"),
        ({"advice": [OWN["advice"][0]] * 13}, "1 to 12"),
        ({"aim": {"fr": "Bonjour"}}, "the aim is an object of es, it and en"),
        ({"aim": {"es": " "}}, "in one language at least"),
        ({"advice": [{"say": {"es": "x" * 501}}]}, "advice 1: what to say may have 500 characters"),
        ({"advice": [{"say": {"es": "a"}, "page": "https://elsewhere"}]}, "advice 1: page is one of"),
        ({"advice": [{"say": {"es": "a"}, "page": ["people"]}]}, "advice 1: page is one of"),
        ({"advice": ["recommend us"]}, "advice 1 is an object"),
        ({"advice": [{"why": {"es": "a"}}]}, "advice 1: what to say must be said"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_place(change: dict[str, Any], why: str) -> None:
    with pytest.raises(Refusal) as refusal:
        World().act("Playbook Changed", **{**OWN, **change})
    assert refusal.value.code == "bad_playbook" and why in refusal.value.english
    assert playbooks_in_force()["some"][1] is None


def test_for_one_person_it_tells_her_own_products_rhythm_and_what_is_missing() -> None:
    world = World()
    assert figures.suggestion(1, [1], 0) is None
    world.send(ALMA.identify())
    for n, product in enumerate(["tea", "coffee", "bread", "coffee"], 1):
        world.send(ALMA.buys(f"o{n}", 5, products=[{"product_id": product, "price": 5}, {"product_id": "milk", "price": 1}]))
        world.days_pass(10)
    alma, today = world.number(ALMA), intake.local(world.now, "Europe/Madrid")[0]
    found = figures.suggestion(alma, [alma], today)
    assert found is not None and found.playbook.stage == "some" and not found.mend_first
    assert found.known.products == (("milk", 4), ("coffee", 2), ("bread", 1))
    assert found.known.products[0][0] == PersonTrait.objects.get(person_id=alma).favourite_product
    assert (found.known.interval_days, found.known.since_days) == (10, 10)
    assert (found.known.next_stage, found.known.visits_missing, found.known.period_days) == ("many", 2, 365)
    assert not found.known.has_code and not found.known.may_ask
    world.code_of(ALMA, world.programme())
    world.act("Consent Recorded", person=alma, channel="email", purpose="referral", state="given", wording="Yes")
    world.send(ALMA.track("Complaint Opened"))
    again = figures.suggestion(alma, [alma], today)
    assert again is not None and again.mend_first and again.known.has_code and again.known.may_ask
    world.act("Consent Recorded", person=alma, channel="email", purpose="referral", state="withdrawn")
    last = figures.suggestion(alma, [alma], today)
    assert last is not None and not last.known.may_ask


def test_where_something_is_to_be_mended_listening_comes_first_and_merged_people_are_one() -> None:
    world = World()
    world.act("Stages Changed", period_days=365, few=[1, 1], some=[2, 2], many=[3, None])
    world.send(ALMA.identify(), BRUNO.identify())
    for n in range(2):
        world.send(ALMA.buys(f"a{n}", 5, products=[{"product_id": "tea"}]))
        world.send(BRUNO.buys(f"b{n}", 5, products=[{"product_id": "rum"}, {"product_id": "tea"}]))
        world.days_pass(1)
    world.send(BRUNO.buys("b9", 5), BRUNO.track("Score Given", score=2))
    alma, bruno = world.number(ALMA), world.number(BRUNO)
    world.act("Person Merged", keep=alma, other=bruno, reason="staff")
    found = figures.suggestion(alma, [alma, bruno], intake.local(world.now, "Europe/Madrid")[0])
    assert found is not None and found.playbook.stage == "many" and found.known.next_stage is None
    assert found.known.products == (("tea", 4), ("rum", 2))
    world.send(ALMA.track("Score Given", score=3))
    sad = figures.suggestion(alma, [alma, bruno], 0)
    assert sad is not None and sad.mend_first and sad.advice[0].fact == "mood" and len(sad.advice) == 4
