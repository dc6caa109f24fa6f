"""Leads, groups and relationships by the API, from noting a lead to accepting a suggestion."""

import pytest

from tests.doors.api_calls import Api, secret
from tests.doors.api_world import order, person
from tests.people import ALMA, BRUNO, CHIARA


@pytest.fixture
def api() -> Api:
    return Api(secret())


def test_a_lead_is_noted_explained_taken_and_ends_with_the_first_order(api: Api) -> None:
    bruno = person(api, BRUNO)
    assert api.get(f"/people/{bruno}/lead").status_code == 404
    made = api.post(f"/people/{bruno}/lead", {"source": "event", "form": "Fair of Bari"})
    assert made.data["result"]["lead"] == "event"
    api.post("/events", {"event": "Demo Requested", "user_id": "bruno", "properties": {}})
    one = api.get(f"/people/{bruno}/lead").data
    assert (one["temperature"], one["source"], one["score_now"]) == ("warm", "event", one["score"])
    assert {r["event"]: r["points"] for r in one["reasons"]} == {"Demo Requested": 30, "Lead Recorded": 15}
    assert one["cools_at"] and [item["person"] for item in api.get("/leads?temperature=warm").data["items"]] == [bruno]
    assert api.post(f"/people/{bruno}/lead/take", {"by": "Dora"}).status_code == 200
    assert api.get(f"/people/{bruno}/lead").data["taken_by"] == "Dora"
    assert api.post(f"/people/{bruno}/lead/return").status_code == 200
    order(api, BRUNO, "1")
    assert api.get("/leads").data["items"] == []
    assert api.get(f"/people/{bruno}/lead").data["became_customer_at"]
    assert api.post(f"/people/{bruno}/lead/take", {"by": "Dora"}).status_code == 404
    sources = {one["source"]: one["customers"] for one in api.get("/leads/sources").data}
    assert sources == {"form": 0, "co-registration": 0, "referral": 0, "event": 1, "draw": 0}


def test_rules_of_leads_are_read_and_changed_whole(api: Api) -> None:
    rules = api.get("/leads/rules").data
    assert rules["hot"] == 86 and rules["signals"][0]["event"] == "Lead Submitted"
    assert api.call("PUT", "/leads/rules", {**rules, "hot": 90}).status_code == 200
    assert api.get("/leads/rules").data == {**rules, "hot": 90}
    refused = api.call("PUT", "/leads/rules", {**rules, "warm": 99, "hot": 50})
    assert (refused.status_code, refused.data["code"]) == (422, "bad_lead_rules")
    assert api.call("PUT", "/leads/rules", {**rules, "colour": 1}).status_code == 422


def test_groups_and_relationships(api: Api) -> None:
    alma, bruno, chiara = (person(api, one) for one in (ALMA, BRUNO, CHIARA))
    made = api.post("/groups", {"names": {"es": "Senderistas"}, "kind": "club", "key": "hikers", "code": "HIKE"})
    group = made.data["result"]["group_id"]
    assert api.post("/groups", {"names": {"es": "Otra"}, "key": "hikers"}).data["code"] == "group_taken"
    assert api.post("/groups", {"names": {}}).data["code"] == "bad_group"
    for one in (alma, bruno):
        assert api.post(f"/groups/{group}/join", {"person": one}).status_code == 200
    assert api.post(f"/groups/{group}/leave", {"person": bruno}).status_code == 200
    members = api.get(f"/groups/{group}/members").data["items"]
    assert [(m["person"], m["until_at"] is None) for m in members] == [(bruno, False), (alma, True)]
    order(api, ALMA, "1", 30)
    report = api.get(f"/groups/{group}/report").data
    assert report["members"] == 1 and report["revenue"][0]["amount_since_joined"] == 3000
    assert api.call("PUT", f"/groups/{group}", {"names": {"en": "Hikers"}}).status_code == 200
    assert api.get(f"/groups/{group}").data["names"] == {"en": "Hikers"}
    tie = {"other": chiara, "kind": "friend"}
    assert api.post(f"/people/{alma}/relationships", tie).status_code == 200
    assert [t["other"] for t in api.get(f"/people/{chiara}/relationships").data] == [chiara]
    assert api.post(f"/people/{alma}/relationships/end", tie).status_code == 200
    assert api.post(f"/people/{alma}/relationships/end", tie).data["code"] == "no_relationship"
    assert api.post(f"/groups/{group}/close").status_code == 200
    assert api.get("/groups").data["items"] == [] and len(api.get("/groups?closed=true").data["items"]) == 1
    assert api.get("/groups/suggestions").data["items"] == []
    assert api.post("/groups/suggestions/1/dismiss").status_code == 404


def test_each_route_asks_for_its_scope() -> None:
    reader = Api(secret("people:read"))
    assert reader.get("/leads").status_code == 200 and reader.get("/groups").status_code == 200
    assert reader.post("/groups", {"names": {"es": "x"}}).status_code == 403
    assert reader.get("/leads/sources").status_code == 403 and reader.get("/leads/rules").status_code == 403
