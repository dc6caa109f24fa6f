"""The console's pages of leads: the hot list with its reasons, taking on, the rules with their effect, the person's card."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from passaparola.doors.console import roles
from passaparola.events.models import Event
from passaparola.measure import leads as figures
from passaparola.segments import leads
from passaparola.segments.lead_actions import rules_in_force
from passaparola.segments.models import Lead
from tests.people import ALMA, BRUNO, CHIARA, DORA
from tests.world import World


def client(role: str) -> Client:
    user = User.objects.create_user(role, password="not needed here")
    roles.give(user, role)
    made = Client(headers={"accept-language": "en"})
    made.force_login(user)
    return made


@pytest.fixture
def world() -> World:
    made = World(datetime.now(UTC))
    made.send(BRUNO.identify(city="Roma"), BRUNO.track("Lead Submitted"), BRUNO.track("Demo Requested"),
              BRUNO.track("Webinar Attended"), CHIARA.identify(), CHIARA.track("Lead Submitted", source="draw"),
              ALMA.identify(), ALMA.track("Lead Submitted", source="event"), ALMA.buys("1", 30), DORA.identify())  # fmt: skip
    return made


def test_the_hot_list_says_why(world: World) -> None:
    page = client("analyst").get("/console/leads").content.decode()
    assert "Bruno Conti" in page and "Demo Requested" in page and "+30" in page
    assert "Chiara Serra" not in page and ">Take<" not in page, "an analyst takes nobody on"
    cold = client("marketer").get("/console/leads?warmth=cold").content.decode()
    assert "Chiara Serra" in cold and "Bruno Conti" not in cold
    assert client("till").get("/console/leads").status_code == 403


def test_reasons_add_up_to_the_sum(world: World) -> None:
    world.send(*[BRUNO.track("Product Viewed") for _ in range(9)])
    row = Lead.objects.get(person_id=world.number(BRUNO))
    (one,) = figures.explain([row], world.now, rules_in_force())
    assert sum(reason.points for reason in one.reasons) == row.sum_micro / leads.MICRO
    assert [(r.name, r.times) for r in one.reasons][-1] == ("Product Viewed", 3)
    assert one.score == row.score


def test_conversion_by_source(world: World) -> None:
    found = {one.name: one for one in figures.by_source()}
    assert (found["event"].leads, found["event"].customers, found["draw"].customers) == (1, 1, 0)
    assert found["event"].low > 0.2 and found["referral"].share is None


def test_a_lead_is_taken_and_given_back(world: World) -> None:
    marketer, number = client("marketer"), world.number(BRUNO)
    marketer.post(f"/console/people/{number}/lead/take")
    assert Lead.objects.get(person_id=number).taken_by == f"user:{User.objects.get().pk}"
    page = marketer.get(f"/console/people/{number}").content.decode()
    assert "Give back" in page and "Demo Requested" in page
    answer = marketer.post(f"/console/people/{number}/lead/take", {"way": "back", "from": "person"})
    assert answer["Location"] == f"/console/people/{number}"
    assert Lead.objects.get(person_id=number).taken_by == ""


def test_staff_notes_a_lead(world: World) -> None:
    marketer, number = client("marketer"), world.number(DORA)
    assert b"Note a lead" in marketer.get(f"/console/people/{number}").content
    assert marketer.post(f"/console/people/{number}/lead", {"source": "nonsense"}).status_code == 422
    marketer.post(f"/console/people/{number}/lead", {"source": "event", "form": "Fair of Bari"})
    assert Lead.objects.get(person_id=number).source == "event"
    assert Event.objects.latest("id").name == "Lead Recorded"


def sent(**changes: Any) -> dict[str, Any]:
    """The rules page as a browser sends it, with the rules in force but for `changes`."""
    rules = rules_in_force().as_json()
    data = {key: rules[key] for key in ("half_life_days", "tau", "points_max", "warm", "hot")}
    for prefix in ("signals", "fit"):
        data |= {f"{prefix}-TOTAL_FORMS": len(rules[prefix]) + 3, f"{prefix}-INITIAL_FORMS": len(rules[prefix])}
        for number, line in enumerate(rules[prefix]):
            data |= {f"{prefix}-{number}-{key}": value for key, value in line.items()}
    return {**data, **changes}


def test_the_effect_of_rules_is_seen_before_they_are_used(world: World) -> None:
    marketer = client("marketer")
    assert marketer.get("/console/leads/rules").status_code == 200
    colder = sent(hot=99)
    effect = marketer.post("/console/leads/rules", colder, headers={"hx-target": "effect"}).content.decode()
    assert "0 would be warmer, 1 colder" in effect and rules_in_force() == leads.Rules()
    assert Lead.objects.filter(temperature="hot").count() == 1
    city = {"fit-0-field": "city", "fit-0-operator": "is", "fit-0-value": "Bari", "fit-0-weight": "10"}
    assert marketer.post("/console/leads/rules/change", {**sent(), **city}).status_code == 302
    assert rules_in_force().fit == (leads.Condition("city", "is", "Bari", 10),)
    assert rules_in_force().signals == leads.SIGNALS
    from passaparola import worker

    worker.drain()
    assert Lead.objects.filter(temperature="hot").count() == 0
    gone = sent() | {"signals-0-event": "", "fit-0-field": ""}
    marketer.post("/console/leads/rules/change", gone)
    assert rules_in_force().fit == () and len(rules_in_force().signals) == len(leads.SIGNALS) - 1


@pytest.mark.parametrize("wrong", [{"hot": 20}, {"half_life_days": 0}, {"signals-0-weight": 300}, {"tau": "x"}])
def test_rules_that_cannot_be_used_are_said_so(world: World, wrong: dict[str, Any]) -> None:
    marketer = client("marketer")
    assert marketer.post("/console/leads/rules/change", sent(**wrong)).status_code == 422
    assert rules_in_force() == leads.Rules()
    assert client("analyst").post("/console/leads/rules/change", sent()).status_code == 403
