"""A small house in which something has happened: people, a programme, a referral, rewards, a merge."""

from typing import Any

from tests.doors.api_calls import Api
from tests.people import ALMA, BRUNO, CHIARA, DORA, Somebody

EVA = Somebody("Eva Roca", "eva", "eva@example.test", "es")

TERMS: dict[str, Any] = {
    "goal": {"kind": "acquisition", "metric": "new_customers", "baseline": 0, "target": 50, "deadline": "2027-06-30"},
    "country": "ES",
    "audience": {"stages": ["many"], "tenure_days_min": 0},
    "moment": {"kind": "stage"},
    "holdout_percent": 10,
    "ask": {"channel": "email", "between_days_min": 30, "per_year_max": 4, "delay_hours": 0},
    "advocate": {"amount": 500, "unit": "PTS"},
    "friend": {"amount": 1000, "unit": "EUR"},
    "qualify": {"order_minor_min": 2000, "window_days": 90, "new_customer_days": None},
    "hold_days": 30,
    "caps": {"advocate_rewards_per_year": 10},
    "budget": {"EUR": 100000, "PTS": None},
    "destination": "",
    "texts": {"headline": {}, "message": {}},
}


def person(api: Api, somebody: Any) -> int:
    """Tell the system who somebody is; the number it gives."""
    traits = {"name": somebody.name, "email": somebody.email, "language": somebody.language}
    sent = api.post("/events", {"type": "identify", "user_id": somebody.user_id, "traits": traits})
    assert sent.status_code == 200, sent.data
    return int(sent.data["person"])


def running(api: Api) -> int:
    """A published programme."""
    made = api.post("/programs", {"name": "Friends", "terms": TERMS})
    assert made.status_code == 200, made.data
    program = made.data["result"]["program_id"]
    published = api.post(f"/programs/{program}/publish")
    assert published.status_code == 200, published.data
    return int(program)


def order(api: Api, somebody: Any, number: str, total: Any = 49.9, **more: Any) -> Any:
    """Somebody buys."""
    properties = {"order_id": number, "total": total, "currency": "EUR", **more}
    return api.post("/events", {"event": "Order Completed", "user_id": somebody.user_id, "properties": properties})


def code_of(api: Api, program: int, advocate: int) -> str:
    """A code for somebody."""
    issued = api.post("/codes", {"program": program, "person": advocate})
    assert issued.status_code == 200, issued.data
    return str(issued.data["code"])


def furnish(api: Api) -> None:
    """Alma recommends, Bruno buys and returns one order, Chiara is Dora after all; everything has number 1."""
    alma, program = person(api, ALMA), running(api)
    code = code_of(api, program, alma)
    person(api, BRUNO)
    order(api, BRUNO, "1001", code=code)
    order(api, BRUNO, "1002")
    api.post("/events", {"event": "Order Refunded", "user_id": "bruno", "properties": {"order_id": "1002"}})
    api.post(f"/people/{alma}/consents", {"channel": "email", "purpose": "referral", "state": "given"})
    eva = person(api, EVA)
    api.post(f"/people/{eva}/lead", {"source": "event"})
    api.post("/groups", {"names": {"en": "Hikers"}, "code": "HIKE", "places": ["Sevilla"]})
    api.post("/groups/1/join", {"person": alma})
    api.post(f"/people/{alma}/relationships", {"other": eva, "kind": "friend"})
    chiara, dora = person(api, CHIARA), person(api, DORA)
    merged = api.post("/people/merge", {"keep": dora, "other": chiara, "reason": "same card"})
    assert merged.status_code == 200, merged.data
