"""Alma's referral of Bruno, told through the API alone: events in, acts done, everything read back with reasons."""

from collections.abc import Iterator

import pytest

from passaparola.kernel.models import AuditEntry
from tests.doors.api_calls import Api, forget_what_is_remembered, secret
from tests.doors.api_world import TERMS, code_of, order, person, running
from tests.people import ALMA, BRUNO


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    forget_what_is_remembered()
    yield


@pytest.fixture
def api() -> Api:
    """A program with every scope."""
    return Api(secret(name="shop"))


def test_a_referral_from_code_to_reward(api: Api) -> None:
    alma, program = person(api, ALMA), running(api)
    value = code_of(api, program, alma)

    checked = Api(secret("codes:read"), "it").get(f"/codes/{value.lower()}").data
    assert checked["good"] and checked["friend_gets"] == {"amount": 1000, "unit": "EUR"}
    assert checked["order_minimum"] == {"amount": 2000, "unit": "EUR"} and checked["advocate_name"] is None
    assert checked["friend_gets_text"] and checked["terms"]

    bruno = person(api, BRUNO)
    bought = order(api, BRUNO, "1001", code=value)
    assert bought.status_code == 200 and bought.data["doubts"] == [], bought.data

    found = api.get(f"/referrals?program={program}").data["items"]
    assert [(r["advocate"], r["friend"], r["code"]) for r in found] == [(alma, bruno, value)]
    assert found[0]["state"] in ("converted", "qualified") and found[0]["reason_text"]["advocate"]
    assert api.get(f"/referrals/{found[0]['id']}").data == found[0]

    rewards = api.get(f"/rewards?referral={found[0]['id']}").data["items"]
    assert {(r["rule"], r["amount"], r["unit"], r["state"]) for r in rewards} == {
        ("advocate", 500, "PTS", "held"),
        ("friend", 1000, "EUR", "held"),
    }
    # Ordering again, or sending the same order again, promises nothing more.
    assert order(api, BRUNO, "1001", code=value).status_code == 200
    assert len(api.get("/rewards").data["items"]) == 2

    pending = api.get(f"/people/{alma}/accounts").data
    assert ("pending", "PTS", 500) in [(a["kind"], a["unit"], a["balance"]) for a in pending]
    transfers = api.get("/transfers").data["items"]
    assert {t["kind"] for t in transfers} >= {"hold"} and all(t["amount"] > 0 for t in transfers)

    decisions = api.get("/decisions?kind=attribute").data["items"]
    assert decisions and decisions[0]["reasons"] and decisions[0]["reasons"][0]["message"]
    budgets = {b["unit"]: b for b in api.get(f"/programs/{program}").data["budgets"]}
    assert budgets["EUR"] == {"unit": "EUR", "limit": 100000, "promised": 1000}


def test_reasons_come_in_the_callers_language(api: Api) -> None:
    alma, program = person(api, ALMA), running(api)
    value = code_of(api, program, alma)
    person(api, BRUNO)
    order(api, BRUNO, "1", code=value)
    said = {
        language: Api(secret("referrals:read"), language).get("/referrals").data["items"][0]["state_text"]
        for language in ("en", "es", "it")
    }
    assert len(set(said.values())) == 3, said


def test_idempotency_keys(api: Api) -> None:
    alma = person(api, ALMA)
    body = {"channel": "email", "purpose": "referral", "state": "given", "wording": "Yes, ask me"}
    first = api.post(f"/people/{alma}/consents", body, **{"Idempotency-Key": "form-77"})
    again = api.post(f"/people/{alma}/consents", body, **{"Idempotency-Key": "form-77"})
    assert first.status_code == again.status_code == 200
    assert not first.data["repeated"] and again.data["repeated"]
    assert first.data["event"] == again.data["event"] and first.data["result"] == again.data["result"]
    assert len(api.get(f"/people/{alma}/consents").data) == 1
    other = api.post(f"/people/{alma}/consents", {**body, "state": "refused"}, **{"Idempotency-Key": "form-77"})
    assert other.status_code == 409 and other.data["code"] == "message_id_reused"

    made = [api.post("/programs", {"name": "F", "terms": TERMS}, **{"Idempotency-Key": "p"}) for _ in range(2)]
    assert [m.status_code for m in made] == [200, 200] and made[0].data["result"] == made[1].data["result"]
    assert len(api.get("/programs").data["items"]) == 1
    # Another program's key of the same text is another key.
    assert (
        Api(secret(name="other"))
        .post("/programs", {"name": "G", "terms": TERMS}, **{"Idempotency-Key": "p"})
        .status_code
        == 200
    )


def test_every_act_leaves_its_audit_line_once(api: Api) -> None:
    alma = person(api, ALMA)
    body = {"channel": "email", "purpose": "offers", "state": "refused"}
    for _ in range(2):
        api.post(f"/people/{alma}/consents", body, **{"Idempotency-Key": "once"})
    lines = AuditEntry.objects.filter(act="Consent Recorded")
    assert [(line.actor, line.subject) for line in lines] == [("key:shop", f"person:{alma}")]


def test_merge_and_unmerge(api: Api) -> None:
    alma, bruno = person(api, ALMA), person(api, BRUNO)
    merged = api.post("/people/merge", {"keep": alma, "other": bruno, "reason": "same card"})
    assert merged.status_code == 200, merged.data
    assert api.get(f"/people/{bruno}").data["id"] == alma
    assert api.get(f"/people/{alma}").data["merged"] == [bruno]
    assert {i["value"] for i in api.get(f"/people/{alma}/identities").data} >= {"alma", "bruno"}
    merge = api.get(f"/people/{alma}/merges").data[0]
    undone = api.post("/people/unmerge", {"merge": merge["id"]})
    assert undone.status_code == 200, undone.data
    assert api.get(f"/people/{bruno}").data["id"] == bruno
    assert api.get(f"/people/{alma}/merges").data[0]["undone_at"]


def test_looking_up_and_searching(api: Api) -> None:
    alma = person(api, ALMA)
    assert api.post("/people/lookup", {"kind": "email", "value": " ALMA@Example.test "}).data["id"] == alma
    assert api.post("/people/lookup", {"kind": "user_id", "value": "alma"}).data["id"] == alma
    assert api.post("/people/lookup", {"kind": "email", "value": "nobody@example.test"}).status_code == 404
    assert [p["id"] for p in api.get("/people?q=rúiz").data["items"]] == [alma]
    assert [p["id"] for p in api.get("/people?q=al%20rui").data["items"]] == [alma]
    assert api.get("/people?q=100%25").data["items"] == api.get("/people?q=%25").data["items"] == []


def test_forgetting(api: Api) -> None:
    alma = person(api, ALMA)
    order(api, ALMA, "7")
    done = api.call("DELETE", f"/people/{alma}")
    assert done.status_code == 200, done.data
    told = api.get(f"/people/{alma}").data
    assert told["name"] == "" and told["forgotten_at"] and told["traits"]["orders"] == 1
    assert not any("@" in i["value"] for i in api.get(f"/people/{alma}/identities").data)
    assert b"alma@" not in api.get(f"/people/{alma}/timeline").content.lower()


def test_the_timeline_pages_without_gap_or_repeat(api: Api) -> None:
    alma = person(api, ALMA)
    for number in range(7):
        order(api, ALMA, f"o{number}")
    whole = [(i["kind"], i["id"]) for i in api.get(f"/people/{alma}/timeline?limit=200").data["items"]]
    assert len(whole) == len(set(whole)) >= 8
    paged: list[tuple[str, int]] = []
    cursor = ""
    while cursor is not None:
        page = api.get(f"/people/{alma}/timeline?limit=3" + (f"&after={cursor}" if cursor else "")).data
        paged += [(i["kind"], i["id"]) for i in page["items"]]
        cursor = page["next"]
    assert paged == whole


def test_pages_of_people(api: Api) -> None:
    for number in range(5):
        api.post("/events", {"type": "identify", "user_id": f"u{number}"})
    first = api.get("/people?limit=2").data
    second = api.get(f"/people?limit=2&after={first['next']}").data
    third = api.get(f"/people?limit=2&after={second['next']}").data
    ids = [p["id"] for page in (first, second, third) for p in page["items"]]
    assert len(ids) == len(set(ids)) == 5 and ids == sorted(ids, reverse=True) and third["next"] is None


def test_events_in_and_what_they_come_to(api: Api) -> None:
    sent = api.post("/events", {"event": "Order Completed", "user_id": "x", "message_id": "m1",
                                "properties": {"order_id": "1", "total": "12.50", "products": "many"}})  # fmt: skip
    assert sent.status_code == 200
    assert sent.data["doubts"] == [{"property": "products", "code": "type", "wanted": "list"}]
    again = api.post("/events", {"event": "Order Completed", "user_id": "x", "message_id": "m1",
                                 "properties": {"order_id": "1", "total": "12.50", "products": "many"}})  # fmt: skip
    assert again.data["repeated"] and again.data["event"] == sent.data["event"]
    other = api.post("/events", {"event": "Order Completed", "user_id": "x", "message_id": "m1",
                                 "properties": {"order_id": "2", "total": "12.50"}})  # fmt: skip
    assert other.status_code == 409
    assert (
        api.post("/events", {"event": "Order Completed", "user_id": "x", "properties": {"order_id": "3"}}).status_code
        == 422
    )
    assert api.post("/events", {"event": "Order Completed", "properties": {}}).status_code == 422
    assert api.post("/events", {"type": "act", "event": "Person Forgotten", "user_id": "x"}).status_code == 422
    kept = api.get(f"/events/{sent.data['event']}").data
    assert kept["name"] == "Order Completed" and kept["properties"]["order_id"] == "1"


def test_programme_life(api: Api) -> None:
    program = running(api)
    assert api.get(f"/programs/{program}").data["state"] == "active"
    assert api.post(f"/programs/{program}/pause").status_code == 200
    edited = api.call("PUT", f"/programs/{program}", {"name": "Friends 2", "terms": {**TERMS, "hold_days": 14}})
    assert edited.status_code == 200, edited.data
    told = api.get(f"/programs/{program}").data
    assert (
        told["state"] == "paused"
        and told["draft"]["hold_days"] == 14
        and told["versions"][0]["terms"]["hold_days"] == 30
    )
    assert api.post(f"/programs/{program}/resume").status_code == 200
    assert api.post(f"/programs/{program}/budget", {"unit": "EUR", "limit": 5000}).status_code == 200
    assert api.post(f"/programs/{program}/end").status_code == 200
    refused = api.post(f"/programs/{program}/resume")
    assert 400 <= refused.status_code < 500 and refused.data["message"]


def test_a_programme_without_a_goal_is_not_published(api: Api) -> None:
    made = api.post("/programs", {"name": "Aimless", "terms": {**TERMS, "goal": None}})
    if made.status_code == 200:
        made = api.post(f"/programs/{made.data['result']['program_id']}/publish")
    assert made.status_code in (409, 422) and made.data["message"]


def test_stages(api: Api) -> None:
    assert api.get("/stages").data["many"] == [6, None]
    changed = api.call("PUT", "/stages", {"period_days": 180, "few": [1, 1], "some": [2, 3], "many": [4, None]})
    assert changed.status_code == 200, changed.data
    expected = {"period_days": 180, "few": [1, 1], "some": [2, 3], "many": [4, None], "margin": 0, "stay_days": 0}
    assert api.get("/stages").data == expected
    wrong = api.call("PUT", "/stages", {"period_days": 180, "few": [1, 2], "some": [2, 3], "many": [4, None]})
    assert wrong.status_code in (409, 422), wrong.data


def test_figures(api: Api) -> None:
    alma, program = person(api, ALMA), running(api)
    person(api, BRUNO)
    order(api, BRUNO, "1", code=code_of(api, program, alma))
    told = api.get(f"/metrics/funnel?days=7&program={program}").data
    assert [s["name"] for s in told["steps"]] == ["told", "shared", "clicked", "registered", "bought", "rewarded"]
    assert {s["name"]: s["now"] for s in told["steps"]}["bought"] == 1
    assert told["revenue"] == [{"unit": "EUR", "now": 4990, "before": 0}]
    counts = {s["stage"]: s["people"] for s in api.get("/metrics/stages").data}
    assert list(counts) == ["none", "few", "some", "many"] and counts["few"] == 1
