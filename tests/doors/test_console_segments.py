"""Segments in the console: built by form without script, counted, explained, pinned, compared, taken out."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from passaparola.doors.console import roles
from passaparola.doors.console.segments import counting, library
from passaparola.kernel.models import AuditEntry
from passaparola.people.models import Group, Person
from passaparola.segments import rules
from passaparola.segments.membership import knowledge
from passaparola.segments.models import Membership, Pin, Segment, SegmentVersion
from tests import html_form, seed
from tests import portal_world as world

# A Saturday noon, so that weekends are where the story says.
NOW = datetime.now(UTC)
SATURDAY = (NOW - timedelta(days=(NOW.weekday() - 5) % 7 or 7)).replace(hour=10, minute=0)
COFFEE = {
    "type": "event", "event": "Product Bought", "operator": ">=", "value": 2,
    "window": {"kind": "within", "n": 60, "unit": "days"},
    "where": {"combinator": "and", "not": False, "rules": [
        {"field": "category", "operator": "=", "value": "coffee"}, {"field": "weekday", "operator": "in", "value": [6, 7]},
        {"field": "company", "operator": ">=", "value": 2}]},
}  # fmt: skip
ASKED_NOBODY = {"type": "referral", "what": "invited", "operator": "=", "value": 0}
STORY = {"combinator": "and", "not": False, "rules": [COFFEE, ASKED_NOBODY]}
LEAVES: list[dict[str, Any]] = [
    COFFEE, ASKED_NOBODY,
    {"type": "event", "event": "Order Completed", "measure": "sum", "of": "amount_minor", "operator": "between",
     "value": [499, 10000]},
    {"type": "event", "event": "Order Completed", "measure": "distinct", "of": "properties.coupon", "operator": "in",
     "value": [2, 3]},
    {"type": "event", "event": "Order Completed", "measure": "last", "operator": ">=", "value": 14},
    {"type": "event", "event": "Own <Event> & more", "operator": "=", "value": 0,
     "window": {"kind": "since", "event": "Code Shared"}},
    {"type": "event", "event": "A", "window": {"kind": "within", "n": 90, "unit": "days", "skip": 30}},
    {"type": "event", "event": "A", "window": {"kind": "between", "from": "2026-10-25T00:30:00.000001Z",
                                               "until": "2026-11-01T00:00:00Z"},
     "where": {"combinator": "or", "not": True, "rules": [
         {"field": "properties.size", "operator": "in", "value": ["L", "12", "a, \"b\""]},
         {"field": "properties.gift", "operator": "=", "value": True},
         {"combinator": "and", "not": False, "rules": [{"field": "properties.weight", "operator": ">", "value": 1.5}]},
         {"field": "channel", "operator": "notNull"}, {"field": "day", "operator": ">=", "value": "2026-01-06"}]}},
    {"type": "sequence", "steps": [{"event": "Product Viewed", "where": COFFEE["where"]},
                                   {"event": "Order Completed", "absent": True, "within": {"n": 2, "unit": "days"}}],
     "window": {"kind": "before", "n": 3, "unit": "days"}},
    {"type": "sequence", "steps": [{"event": "A"}, {"event": "B"}, {"event": "C"}],
     "within": {"n": 5, "unit": "hours"}, "same": "channel"},
    {"type": "trait", "trait": "spent_minor", "operator": ">", "value": 4990},
    {"type": "trait", "trait": "favourite_product", "operator": "doesNotContain", "value": "té <b>"},
    {"type": "trait", "trait": "favourite_weekday", "operator": "notIn", "value": [6, 7]},
    {"type": "trait", "trait": "was_referred", "operator": "=", "value": True},
    {"type": "trait", "trait": "first_visit_on", "operator": "between", "value": ["2026-01-01", "2026-02-01"]},
    {"type": "trait", "trait": "last_purchase_at", "operator": "inLast", "value": {"n": 36, "unit": "hours"}},
    {"type": "trait", "trait": "birthday", "operator": "anniversaryWithin", "value": 0},
    {"type": "trait", "trait": "age", "operator": "null"},
    {"type": "stage", "value": ["none", "many"]},
    {"type": "pyramid", "operator": "notIn", "value": ["inactive"]},
    {"type": "lead", "value": ["hot"]},
    {"type": "segment", "segment": 1, "operator": "notIn"},
    {"type": "group", "group": 1},
    {"type": "consent", "channel": "sms", "purpose": "offers", "state": "none", "operator": "!="},
    {"type": "referral", "what": "was_invited", "operator": "=", "value": 0},
    {"type": "referral", "what": "converted", "operator": "between", "value": [1, 3], "program": 7},
    {"type": "relationship", "kind": "family"},
    {"type": "bucket", "until": 25, "seed": 4},
]  # fmt: skip


def client(role: str = "marketer", language: str = "en") -> Client:
    user = User.objects.create_user(f"{role}-{language}", password="not needed here")
    roles.give(user, role)
    made = Client(headers={"accept-language": language})
    made.force_login(user)
    return made


@pytest.fixture
def marketer() -> Client:
    return client()


def make(rule: dict[str, Any], name: str = "Coffee", **more: Any) -> int:
    made = world.act("Segment Created", NOW, properties={"names": {"en": name}, "rule": rule, **more})
    world.rings(NOW + timedelta(seconds=1))
    return int(made.result["segment_id"])


def buys(person: Person, order: str, at: datetime, category: str = "coffee", company: int = 2) -> None:
    bought = [{"product_id": "espresso", "category": category, "quantity": 1, "price": 5}]
    call = {
        "type": "track", "userId": person.name.split()[0].lower(), "event": "Order Completed", "messageId": order,
        "timestamp": at.isoformat(),
        "properties": {"order_id": order, "total": 5, "currency": "EUR", "company": company, "products": bought},
    }  # fmt: skip
    world.events_in([call], NOW - timedelta(minutes=5))


@pytest.fixture
def cafe() -> tuple[Person, Person]:
    """Alma had coffee with somebody on two weekends; Bruno too, but once alone."""
    for name in ("Alma", "Bruno"):
        traits = {"email": f"{name.lower()}@example.test", "name": f"{name} Test"}
        call = {"type": "identify", "userId": name.lower(), "traits": traits, "messageId": name}
        world.events_in([call], NOW - timedelta(minutes=6))
    alma, bruno = Person.objects.order_by("id")
    buys(alma, "a1", SATURDAY)
    buys(alma, "a2", SATURDAY - timedelta(days=6))
    buys(bruno, "b1", SATURDAY)
    buys(bruno, "b2", SATURDAY - timedelta(days=7), company=1)
    buys(bruno, "b3", SATURDAY - timedelta(days=2))
    return alma, bruno


# --- building -------------------------------------------------------------------------------------


def form(page: Any) -> html_form._Reader:
    return html_form.read(page.content.decode(), "segment-form")


def press(browser: Client, address: str, fields: html_form.Fields, button: str) -> Any:
    return browser.post(address, {**fields, "do": [button]})


@pytest.mark.parametrize(("language", "step"), [("en", 1), ("es", 4), ("it", 5)])
def test_every_leaf_through_the_real_form(language: str, step: int) -> None:
    """Saved, opened, sent back unchanged by a browser without script: the same rule."""
    browser = client(language=language)
    seed.row(Group, id=1, key="g", names={"en": "Cyclists"})
    make(STORY)
    for leaf in LEAVES[::step]:
        rule = {"combinator": "or", "not": True, "rules": [leaf, {"combinator": "and", "not": False, "rules": [leaf]}]}
        number = make(rule, name=str(leaf)[:100])
        before = rules.read(Segment.objects.get(id=number).rule)
        page = browser.get(f"/console/segments/{number}/edit")
        again = press(browser, f"/console/segments/{number}/edit", form(page).fields, "show")
        answer = press(browser, f"/console/segments/{number}/edit", form(again).fields, "save")
        assert answer.status_code == 302, (leaf, form(answer).fields)
        assert rules.read(Segment.objects.get(id=number).rule) == before, leaf
        assert Segment.objects.get(id=number).version == 1, "nothing changed, so there is no new version"


def test_the_story_is_built_with_buttons_alone(marketer: Client, cafe: tuple[Person, Person]) -> None:
    new = "/console/segments/new"
    page = marketer.get(new)
    assert b"No condition yet" in page.content
    page = press(marketer, new, form(page).fields, "add  event")
    assert form(page).focused == ["rule-rules-0-event"]
    fields = form(page).fields | {"rules[0].event": ["Product Bought"], "rules[0].value": ["2"], "rules[0].window_n": ["60"]}
    for at, (name, values) in enumerate((("category", ["coffee"]), ("weekday", ["6", "7"]), ("company", ["2"]))):
        page = press(marketer, new, fields, "add rules[0].where condition")
        prefix = f"rules[0].where.rules[{at}]"
        fields = form(page).fields | {f"{prefix}.field": [name]}
        fields = form(press(marketer, new, fields, "show")).fields
        operator = {"weekday": "in", "company": ">="}.get(name, "=")
        fields = form(press(marketer, new, fields | {f"{prefix}.operator": [operator]}, "show")).fields
        fields |= {f"{prefix}.{'values' if operator == 'in' else 'value'}": values}
    fields = form(press(marketer, new, fields, "add  referral")).fields
    fields |= {"rules[1].what": ["invited"], "rules[1].operator": ["="], "rules[1].value": ["0"]}
    fields |= {"names_en": ["Coffee"], "names_es": ["Café"]}
    counted = press(marketer, new, fields, "count").content.decode()
    assert '<div class="figure">1</div>' in counted and "Alma Test" in counted and "Bruno Test" not in counted
    answer = press(marketer, new, fields, "save")
    segment = Segment.objects.get()
    assert answer["Location"] == f"/console/segments/{segment.id}"
    assert rules.read(segment.rule) == rules.read(STORY) and segment.names == {"en": "Coffee", "es": "Café", "it": ""}
    world.rings(datetime.now(UTC) + timedelta(seconds=2))
    assert list(Membership.objects.values_list("person_id", flat=True)) == [1]
    assert AuditEntry.objects.filter(act="Segment Created").exists()


def test_faults_stand_beside_their_node_and_nothing_typed_is_lost(marketer: Client) -> None:
    fields = {
        "rules[0].kind": ["trait"], "rules[0].trait": ["purchases"], "rules[0].operator": [">="], "rules[0].value": ["many"],
        "rules[1].kind": ["event"], "rules[1].event": ["A"], "rules[1].operator": [">="], "rules[1].value": ["1"],
        "rules[1].window": ["within"],
        "rules[1].window_n": ["soon"], "combinator": ["or"], "names_en": ["<Tea>"],
    }  # fmt: skip
    answer = press(marketer, "/console/segments/new", fields, "save")
    page = answer.content.decode()
    assert answer.status_code == 422 and not Segment.objects.exists()
    assert page.count("Something is missing here, or cannot be read.") == 2 and 'href="#rule-rules-1"' in page
    kept = form(answer).fields
    assert all(kept[name] == values for name, values in fields.items()), kept
    answer = press(marketer, "/console/segments/new", kept | {"rules[1].window_n": ["30"], "names_en": [""]}, "save")
    page = answer.content.decode()
    assert page.count("A number is needed here.") == 2 and "The segment needs a name." in page
    # From then on faults are marked as soon as they are gone or come.
    answer = press(marketer, "/console/segments/new", form(answer).fields | {"rules[0].value": ["3"]}, "show")
    assert "A number is needed here." not in answer.content.decode()


def test_htmx_gets_the_rule_alone_and_the_preview_counts(marketer: Client, cafe: tuple[Person, Person]) -> None:
    number = make(STORY)
    fields = form(marketer.get(f"/console/segments/{number}/edit")).fields
    part = marketer.post(f"/console/segments/{number}/edit", {**fields, "do": ["copy rules[0]"]}, headers={"HX-Target": "rule"})
    assert part.content.startswith(b'<div id="rule"') and b"rules[2].kind" in part.content and part["HX-Trigger-After-Settle"]
    side = marketer.post("/console/segments/preview", {**fields, "language": ["es"]}).content.decode()
    assert '<div class="figure">1</div>' in side and 'lang="es"' in side and "sábado" in side
    assert "SELECT" in side and "react" not in side
    waiting = marketer.post("/console/segments/preview", {"rules[0].kind": ["trait"]}).content.decode()
    assert "One condition is not complete yet." in waiting


def test_opening_a_segment_asks_nobody(marketer: Client, cafe: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch) -> None:
    number = make(STORY)
    asked: list[Any] = []
    monkeypatch.setattr(counting, "fitting", lambda *args: asked.append(args) or [])
    for path in ("", "/edit", "/overlap"):
        assert marketer.get(f"/console/segments/{number}{path}").status_code == 200
    assert not asked


def test_counting_stops_at_the_limit(cafe: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "SECONDS_MAX", 0.3)

    def endless(*_: Any) -> list[int]:
        from passaparola.kernel import database

        sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT COUNT(*) FROM n"
        return [row[0] for row in database.rows(sql)]

    with pytest.raises(counting.TookTooLong), counting.limited(0.3):
        endless()
    monkeypatch.setattr(counting, "fitting", endless)
    found = counting.count(rules.read(STORY), NOW)
    assert found.late and (found.low, found.high) == (0, 2)
    # The connection is as good as before.
    assert counting.everybody() == 2


def test_a_large_store_is_estimated_and_says_so(cafe: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "EXACT_PEOPLE_MAX", 1)
    found = counting.count(rules.read(STORY), NOW)
    assert (found.people, found.everybody, found.exact) == (1, 2, False) and found.low == 0 and found.high == 2
    assert counting.drawn(10) == [1, 2] and len(counting.drawn(1)) == 1


def test_json_comes_in_and_goes_out(marketer: Client) -> None:
    number = make(STORY)
    out = marketer.get(f"/console/segments/{number}/rule.json").content.decode()
    page = press(marketer, "/console/segments/new", {"imported": [out], "names_en": ["Again"]}, "import")
    press(marketer, "/console/segments/new", form(page).fields, "save")
    assert rules.read(Segment.objects.latest("id").rule) == rules.read(STORY)
    for bad in ("{", "[]", "[" * 100_000, '{"rules": [{"field": "x"}]}', '{"rules": [{"type": "stage", "value": 3}]}'):
        answer = press(marketer, "/console/segments/new", {"imported": [bad]}, "import")
        assert answer.status_code == 200 and b'class="notice bad"' in answer.content, bad[:40]


@pytest.mark.parametrize("example", library.EXAMPLES, ids=lambda example: example.key)
def test_ready_made_rules_are_right_and_open_in_the_builder(marketer: Client, example: library.Example) -> None:
    assert rules.check(rules.read(example.rule), knowledge.known({})) == []
    page = marketer.get("/console/segments/new", {"from": example.key})
    names = form(page).fields
    assert {names[f"names_{code}"][0] for code in ("es", "it", "en")} >= {example.name}
    answer = press(marketer, "/console/segments/new", names, "save")
    assert answer.status_code == 302 and rules.read(Segment.objects.get().rule) == rules.read(example.rule)


# --- one segment ----------------------------------------------------------------------------------


def test_the_list_and_the_empty_page(marketer: Client, cafe: tuple[Person, Person]) -> None:
    assert b"No segment yet" in marketer.get("/console/segments").content
    make(STORY, strategy={"en": "Bring a friend on Saturday"})
    page = world.text(marketer.get("/console/segments"))
    assert "Coffee" in page and "the weekday is Saturday or Sunday" in page and "+1" in page and "Bring a friend" in page
    assert "New this month" in world.text(marketer.get("/console/segments/templates"))


def test_why_she_is_in_and_why_he_is_not(marketer: Client, cafe: tuple[Person, Person]) -> None:
    number = make(STORY)
    in_ = world.text(marketer.get(f"/console/segments/{number}/people/1"))
    assert "Why Alma Test is in “Coffee”" in in_ and "The rule fits." in in_ and "Seen: 2 times." in in_
    assert "2 events counted" in in_ and "Purchase · €5.00" in in_ and "By time alone this may next change" in in_
    out = world.text(marketer.get(f"/console/segments/{number}/people/2"))
    assert "Why Bruno Test is not in “Coffee”" in out and "Seen: 1 time." in out and "Still missing: 1 time." in out
    assert "“Product Bought” happened 3 times in this span" in out
    assert "3 · the category is “coffee”" in out and "2 · accompanied" in out
    assert "Why Bruno Test" in world.text(client("read-only").get(f"/console/segments/{number}/people/2"))


def test_people_of_a_segment_found_and_paged(marketer: Client, cafe: tuple[Person, Person]) -> None:
    number = make(STORY)
    page = world.text(marketer.get(f"/console/segments/{number}"))
    assert "Alma Test" in page and "Came in 30 days +1" in page and "everybody was looked at" in page and "in force" in page
    found = world.text(marketer.get(f"/console/segments/{number}", {"q": "bruno"}, headers={"HX-Target": "inside"}))
    assert "Bruno Test Not in Why not?" in found
    assert "Coffee" in world.text(marketer.get("/console/people/1")) and "In none." in world.text(marketer.get("/console/people/2"))


def test_a_hand_decides_until_it_lets_go(marketer: Client, cafe: tuple[Person, Person]) -> None:
    number = make(STORY)
    pin = f"/console/segments/{number}/people/2/pin"

    def inside() -> bool:
        world.rings(datetime.now(UTC) + timedelta(seconds=1))
        return Membership.objects.filter(segment_id=number, person_id=2, until_at=None).exists()

    marketer.post(pin, {"state": "in"})
    assert not Pin.objects.exists(), "a reason is needed"
    marketer.post(pin, {"state": "in", "reason": "Friend of the house"})
    assert inside()
    page = world.text(marketer.get(f"/console/segments/{number}/people/2"))
    assert "Friend of the house" in page and "marketer-en" in page and "in by hand" in page
    assert "Friend of the house" in world.text(marketer.get(f"/console/segments/{number}"))
    marketer.post(pin, {"state": ""})
    assert not inside()
    assert client("reviewer").post(pin, {"state": "in", "reason": "x"}).status_code == 403


def test_rules_so_far_say_who(marketer: Client, cafe: tuple[Person, Person]) -> None:
    number = make(STORY)
    fields = form(marketer.get(f"/console/segments/{number}/edit")).fields
    press(marketer, f"/console/segments/{number}/edit", fields | {"rules[0].value": ["3"]}, "save")
    assert list(SegmentVersion.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    page = world.text(marketer.get(f"/console/segments/{number}"))
    assert "at least 3 times" in page and "at least 2 times" in page and "marketer-en · in force" in page
    assert "Being counted" in page


def test_two_segments_are_compared_and_strategies_mapped(marketer: Client, cafe: tuple[Person, Person]) -> None:
    bought = {"rules": [{"type": "event", "event": "Order Completed"}]}
    one, other = make(STORY, strategy={"en": "One"}), make(bought, name="Bought", strategy={"en": "Two"})
    make(bought, name="Silent")
    page = world.text(marketer.get(f"/console/segments/{one}/overlap", {"with": other}))
    assert "Only in “Coffee” 0 In both 1 Only in “Bought” 1" in page
    page = world.text(marketer.get("/console/segments/strategies", {"show": "two"}))
    assert "Meant by none 0" in page and "Meant by one 1" in page and "Meant by two or more 1" in page
    assert "Some of those meant by two or more Alma Test" in page and "Segments without one" in page and "Silent" in page
    world.customer(3, "Chiara")
    page = world.text(marketer.get("/console/segments/strategies", {"show": "none"}))
    assert "Meant by none 1" in page and "Chiara Test" in page


def test_archiving_empties_it_and_restoring_fills_it(marketer: Client, cafe: tuple[Person, Person]) -> None:
    number = make(STORY)
    for way, people in (("archive", 0), ("restore", 1)):
        marketer.post(f"/console/segments/{number}/move/{way}")
        world.rings(datetime.now(UTC) + timedelta(seconds=1))
        assert Membership.objects.filter(segment_id=number, until_at=None).count() == people
        assert (b"Archived" in marketer.get("/console/segments").content) == (way == "archive")
    assert marketer.post(f"/console/segments/{number}/move/explode").status_code == 404


def test_people_are_taken_out_as_a_file_and_the_trail_knows(marketer: Client, cafe: tuple[Person, Person]) -> None:
    number = make(STORY)
    Person.objects.filter(id=1).update(name="=cmd()")
    sheet = b"".join(marketer.get(f"/console/segments/{number}/people.csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert sheet.splitlines()[0].startswith("person,uid,user_id,email") and ",'=cmd()," in sheet and "alma@example.test" in sheet
    lines = b"".join(marketer.get(f"/console/segments/{number}/people.jsonl").streaming_content)  # type: ignore[attr-defined]
    assert json.loads(lines)["stage"] == "few"
    assert AuditEntry.objects.filter(act="Segment exported", subject=f"segment:{number}").count() == 2
    assert client("reviewer").get(f"/console/segments/{number}/people.csv").status_code == 403
    assert marketer.get(f"/console/segments/{number}/people.exe").status_code == 404
