"""Leads in the corridor: who becomes one, what counts, when it cools, what a merge, a purchase and new rules do to it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passaparola import worker
from passaparola.messages.models import Message
from passaparola.people.models import Consent
from passaparola.segments import lead_actions, leads
from passaparola.segments.lead_actions import BadLeadRules, NotALead
from passaparola.segments.models import Lead, LeadChange
from tests.people import ALMA, BRUNO, CHIARA, Somebody
from tests.world import World, friends_join

TICKED = [{"channel": "email", "purpose": "offers", "wording": "Send me offers.", "language": "en"}]


@pytest.fixture
def world() -> World:
    return World()


def lead(world: World, somebody: Somebody) -> Lead:
    return Lead.objects.get(person_id=world.number(somebody))


def submits(somebody: Somebody, source: str = "form", **more: Any) -> dict[str, Any]:
    return somebody.track("Lead Submitted", source=source, **more)


def test_a_form_makes_a_warm_lead_that_cools_to_the_second(world: World) -> None:
    world.send(BRUNO.identify(), submits(BRUNO))
    found = lead(world, BRUNO)
    assert (found.source, found.temperature, found.score, found.fit) == ("form", "warm", 63, 100)
    rules = leads.Rules()
    limit = leads.needed(rules.warm, 100, rules)
    assert limit is not None
    world.days_pass(120)
    change = LeadChange.objects.latest("id")
    assert (change.before, change.after, change.reason["because"]) == ("warm", "cold", "time")
    elapsed = (change.at - found.at) // timedelta(microseconds=1)
    assert leads.halved(found.sum_micro, elapsed, 30) <= limit < leads.halved(found.sum_micro, elapsed - 2_000_000, 30)
    assert world.disagreements() == []


def test_a_hot_lead_takes_fit_and_engagement(world: World) -> None:
    world.send(BRUNO.identify(), submits(BRUNO), BRUNO.track("Demo Requested"), BRUNO.track("Webinar Attended"))
    assert lead(world, BRUNO).temperature == "hot"
    rules = leads.Rules().as_json() | {"fit": [{"field": "city", "operator": "is", "value": "Roma", "weight": 10}]}
    world.act("Lead Rules Changed", **rules)
    world.days_pass(0.01)
    assert (lead(world, BRUNO).temperature, lead(world, BRUNO).fit) == ("cold", 0)
    world.send(BRUNO.identify(city="ROMA"))
    assert (lead(world, BRUNO).temperature, lead(world, BRUNO).fit) == ("hot", 100)
    assert world.disagreements() == []


def test_opens_robots_and_repeats_count_for_nothing(world: World) -> None:
    world.send(BRUNO.identify(), submits(BRUNO))
    before = lead(world, BRUNO).sum_micro
    scanner = {"userAgent": "Mozilla/5.0 (compatible; SafeLinks; proofpoint)"}
    world.send(
        BRUNO.track("Email Opened"), BRUNO.track("Email Link Clicked", robot=True),
        {**BRUNO.track("Email Link Clicked"), "context": scanner},
    )  # fmt: skip
    assert lead(world, BRUNO).sum_micro == before
    world.send(*[BRUNO.track("Product Viewed") for _ in range(20)])
    assert lead(world, BRUNO).sum_micro == before + 3 * 2 * leads.MICRO
    assert world.disagreements() == []


def test_a_partner_s_lead_starts_with_nothing_and_is_hot_only_after_her_own_yes(world: World) -> None:
    world.send(CHIARA.identify(), submits(CHIARA, "co-registration", partner="Acme", form="quiz 7", consents=TICKED))
    found = lead(world, CHIARA)
    assert (found.source, found.sum_micro, found.temperature) == ("co-registration", 0, "cold")
    consent = Consent.objects.get()
    assert (consent.state, consent.source) == ("requested", "co-registration:Acme")
    assert consent.evidence == {"partner": "Acme", "form": "quiz 7"}
    assert Message.objects.get().template == "opt_in"
    world.send(*[CHIARA.track(name) for name in ("Demo Requested", "Offer Accepted", "Checkout Started")])
    assert lead(world, CHIARA).temperature == "warm"
    world.act("Opt-in Confirmed", person_id=world.number(CHIARA), channel="email", purposes=["offers"])
    assert lead(world, CHIARA).temperature == "hot"
    assert Consent.objects.latest("id").state == "given"
    assert world.disagreements() == []


def test_a_friend_who_signed_up_is_a_lead_until_she_buys(world: World) -> None:
    code = friends_join(world, world.programme(), ALMA)
    world.act("Friend Signed Up", code=code, traits={"email": CHIARA.email}, consents=TICKED)
    world.send(BRUNO.identify(), BRUNO.track("Signed Up", code=code))
    assert list(Lead.objects.values_list("source", flat=True)) == ["referral", "referral"]
    world.send(BRUNO.buys("1", 40))
    found = lead(world, BRUNO)
    assert (found.temperature, found.became_customer_at) == ("", world.now)
    assert world.disagreements() == []
    world.send(submits(BRUNO))
    assert lead(world, BRUNO).temperature == ""
    with pytest.raises(NotALead):
        world.act("Lead Taken", person_id=world.number(BRUNO), by="user:1")


def test_a_customer_becomes_no_lead(world: World) -> None:
    world.send(BRUNO.identify(), BRUNO.buys("1", 40))
    assert world.send(submits(BRUNO))[0].result["lead"] == "customer"
    assert not Lead.objects.exists()


def test_merging_adds_up_and_undoing_gives_each_self_back_hers(world: World) -> None:
    world.send(BRUNO.identify(), submits(BRUNO))
    world.now += timedelta(days=9)
    world.send(CHIARA.identify(), submits(CHIARA, "draw"), CHIARA.track("Demo Requested"))
    apart = [lead(world, one) for one in (BRUNO, CHIARA)]
    merge = world.act("Person Merged", keep=world.number(BRUNO), other=world.number(CHIARA), reason="test")["merge_id"]
    one = lead(world, BRUNO)
    expected = leads.halved(apart[0].sum_micro, 9 * 86_400_000_000, 30) + apart[1].sum_micro
    assert (one.source, one.sum_micro, one.temperature) == ("form", expected, "warm")
    assert list(Lead.objects.filter(source="").values_list("temperature", flat=True)) == [""]
    world.send(CHIARA.track("Webinar Attended"))
    assert world.disagreements() == []
    world.act("Person Unmerged", merge=merge)
    back = lead(world, CHIARA) if world.number(CHIARA) != world.number(BRUNO) else None
    assert back is not None and back.sum_micro == apart[1].sum_micro and back.source == "draw"
    assert world.disagreements() == []
    world.send(BRUNO.buys("1", 30))
    assert (lead(world, BRUNO).temperature, lead(world, CHIARA).temperature) == ("", apart[1].temperature)


def test_merging_into_a_customer_ends_the_lead(world: World) -> None:
    world.send(BRUNO.identify(), BRUNO.buys("1", 30), CHIARA.identify(), submits(CHIARA))
    merge = world.act("Person Merged", keep=world.number(BRUNO), other=world.number(CHIARA), reason="t")["merge_id"]
    assert (lead(world, BRUNO).source, lead(world, BRUNO).temperature) == ("form", "")
    assert world.disagreements() == []
    world.act("Person Unmerged", merge=merge)
    assert lead(world, CHIARA).temperature == "warm"
    assert Lead.objects.get(person_id=world.number(BRUNO)).source == ""
    assert world.disagreements() == []


def test_new_weights_count_the_past_anew_slice_by_slice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lead_actions, "SLICE", 2)
    for n in range(5):
        somebody = Somebody(f"P {n}", f"p{n}", f"p{n}@example.test", "it")
        world.send(somebody.identify(), submits(somebody), somebody.track("Product Viewed"))
    heavy = [{"event": "Product Viewed", "weight": 80}]
    world.act("Lead Rules Changed", **(leads.Rules().as_json() | {"signals": heavy}))
    for _ in range(5):
        world.now += timedelta(seconds=1)
        worker.drain(world.now)
    assert set(Lead.objects.values_list("temperature", flat=True)) == {"hot"}
    assert world.disagreements() == []
    with pytest.raises(BadLeadRules):
        world.act("Lead Rules Changed", warm=50, hot=40)


def test_a_taken_lead_says_by_whom_and_may_be_given_back(world: World) -> None:
    world.send(BRUNO.identify(), submits(BRUNO))
    world.act("Lead Taken", person_id=world.number(BRUNO), by="user:7")
    assert lead(world, BRUNO).taken_by == "user:7"
    world.act("Lead Returned", person_id=world.number(BRUNO))
    assert lead(world, BRUNO).taken_by == ""


def test_forgetting_leaves_no_lead(world: World) -> None:
    world.send(BRUNO.identify(), submits(BRUNO), BRUNO.track("Demo Requested"))
    number = world.number(BRUNO)
    world.act("Person Forgotten", person=number)
    assert Lead.objects.get(person_id=number).temperature == ""
    assert world.disagreements() == []


def test_a_late_event_weighs_what_is_left_of_it(world: World) -> None:
    world.send(BRUNO.identify(), submits(BRUNO))
    before = lead(world, BRUNO).sum_micro
    late = (world.now - timedelta(days=30)).isoformat()
    world.send(BRUNO.track("Demo Requested", timestamp=late))
    assert lead(world, BRUNO).sum_micro == before + 15 * leads.MICRO
    assert world.disagreements() == []


STEPS = st.one_of(
    st.tuples(st.just("event"), st.integers(0, 2), st.sampled_from(["Demo Requested", "Product Viewed", "Consent Withdrawn"])),
    st.tuples(st.just("submit"), st.integers(0, 2), st.sampled_from(["form", "co-registration", "draw"])),
    st.tuples(st.just("buy"), st.integers(0, 2), st.just("")),
    st.tuples(st.just("merge"), st.integers(0, 2), st.just("")),
    st.tuples(st.just("unmerge"), st.just(0), st.just("")),
    st.tuples(st.just("days"), st.integers(1, 40), st.just("")),
    st.tuples(st.just("late"), st.integers(0, 2), st.just("")),
    st.tuples(st.just("rules"), st.integers(1, 90), st.just("")),
    st.tuples(st.just("confirm"), st.integers(0, 2), st.just("")),
)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=3, max_size=14))
def test_whatever_happens_the_rows_agree_with_the_log(steps: list[tuple[str, int, str]]) -> None:
    with transaction.atomic():
        world, cast, merges = World(), (BRUNO, CHIARA, ALMA), []
        world.send(*[one.identify() for one in cast])
        for number, (what, who, detail) in enumerate(steps):
            world.now += timedelta(minutes=1)
            somebody = cast[who % 3]
            if what == "event":
                world.send(somebody.track(detail, **({"channel": "email", "purpose": "offers"} if "Consent" in detail else {})))
            elif what == "submit":
                world.send(submits(somebody, detail))
            elif what == "buy":
                world.send(somebody.buys(str(number), 20))
            elif what == "late":
                late = (world.now - timedelta(days=20)).isoformat()
                world.send(somebody.track("Webinar Attended", timestamp=late))
            elif what == "days":
                world.days_pass(who)
            elif what == "rules":
                world.act("Lead Rules Changed", **(leads.Rules().as_json() | {"half_life_days": who}))
            elif what == "confirm":
                world.act("Opt-in Confirmed", person_id=world.number(somebody), channel="email", purposes=[])
            elif what == "merge" and world.number(somebody) != world.number(cast[(who + 1) % 3]):
                pair = {"keep": world.number(somebody), "other": world.number(cast[(who + 1) % 3])}
                merges.append(world.act("Person Merged", reason="test", **pair)["merge_id"])
            elif what == "unmerge" and merges:
                world.act("Person Unmerged", merge=merges.pop())
        for _ in range(4):
            world.now += timedelta(seconds=1)
            worker.drain(world.now)
        wrong = [one for one in world.disagreements() if "ead" in one]
        transaction.set_rollback(True)
    assert wrong == []
