"""The console: who may what, every page in every language, and each act with its trace."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from passaparola.doors.console import accounts, finding, roles, urls
from passaparola.events.models import Event, Parked
from passaparola.kernel import audit
from passaparola.kernel.models import AuditEntry, Key
from passaparola.measure import metrics, reach
from passaparola.messages.models import Message
from passaparola.people import names
from passaparola.people.actions import words
from passaparola.people.models import Consent, Person
from passaparola.programs.models import Assignment, Program, ProgramVersion
from passaparola.segments.models import Traits
from tests import portal_world as world
from tests import seed

LAUNCHED = datetime.now(UTC) - timedelta(days=3)
ARGUMENTS = {"person_id": 1, "merge_id": 1, "program_id": 1, "message_id": 1, "event_id": 1, "parked_id": 1, "key_id": 1,
             "user_id": 1, "group_id": 1, "suggestion_id": 1, "way": "pause", "import_id": 1, "step": "stop",
             "level": "top", "segment_id": 1, "form": "csv", "stage": "some"}  # fmt: skip


def client(role: str, language: str = "en") -> Client:
    user = User.objects.create_user(f"{role}-{language}", password="not needed here")
    roles.give(user, role)
    made = Client(headers={"accept-language": language})
    made.force_login(user)
    return made


def address(pattern: Any) -> str:
    names = pattern.pattern.regex.groupindex
    return reverse(f"console:{pattern.name}", kwargs={name: ARGUMENTS[name] for name in names})


@pytest.fixture
def owner() -> Client:
    return client("owner")


@pytest.fixture
def story() -> int:
    """Alma with a code, Bruno signed up and bought; the programme's id."""
    world.customer(1, "Alma", language="es", shows_name=True)
    number = world.program(LAUNCHED)
    code = world.code(number, 1, LAUNCHED)
    world.act("Code Shared", LAUNCHED, properties={"code": code.value, "channel": "wa"})
    friend = world.signs_up(code.value, "bruno@example.test", LAUNCHED + timedelta(hours=1), name="Bruno Conti")
    world.confirms(friend, LAUNCHED + timedelta(hours=2))
    world.buys("bruno@example.test", "bruno", "1001", 49.9, LAUNCHED + timedelta(hours=3))
    return number


# --- who may what ---------------------------------------------------------------------------------


def test_every_route_takes_a_permission_but_those_one_signs_in_by() -> None:
    assert {p.name for p in urls.OPEN} == {"sign-in", "sign-out", "language", "theme"}
    for pattern in urls.GUARDED:
        assert pattern.callback.permission in roles.MATRIX, pattern.name
    assert set(roles.MATRIX) == {pattern.callback.permission for pattern in urls.GUARDED}
    assert all(set(allowed) <= set(roles.ROLES) for allowed in roles.MATRIX.values())


@pytest.mark.parametrize("role", roles.ROLES)
def test_each_role_at_each_route(role: str, story: int) -> None:
    browser = client(role)
    for pattern in urls.GUARDED:
        allowed = role == "owner" or role in roles.MATRIX[pattern.callback.permission]
        status = browser.get(address(pattern)).status_code
        assert (status != 403) == allowed, f"{role} at {pattern.name}: {status}"
        assert status < 500, pattern.name


def test_strangers_are_led_to_the_door(story: int) -> None:
    for pattern in urls.GUARDED:
        answer = Client().get(address(pattern))
        assert answer.status_code == 302 and answer["Location"].startswith("/console/sign-in?next="), pattern.name


@pytest.mark.parametrize("language", ["es", "it", "en"])
def test_every_page_in_every_language(language: str, story: int) -> None:
    browser = client("owner", language)
    reader = Person.objects.get(id=Message.objects.get(id=ARGUMENTS["message_id"]).person_id)
    letter = reader.language or settings.LANGUAGE_CODE
    for pattern in urls.GUARDED:
        answer = browser.get(address(pattern))
        assert answer.status_code in (200, 404, 405), pattern.name
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html") and b"<html" in answer.content:
            # A letter is in its reader's language, whoever looks at it here.
            spoken = letter if pattern.name == "message-html" else language
            assert f'<html lang="{spoken}"'.encode() in answer.content, pattern.name
            assert b" style=" not in answer.content or pattern.name == "message-html", pattern.name


# --- signing in -----------------------------------------------------------------------------------


def test_the_first_account_is_made_once_and_its_password_kept_hashed() -> None:
    made = accounts.first_account()
    assert made is not None and accounts.first_account() is None
    name, password = made
    user = User.objects.get(username=name)
    assert password not in user.password and roles.role_of(user) == "owner"
    answer = Client().post("/console/sign-in", {"username": name, "password": password})
    assert answer["Location"] == "/console/"


def test_wrong_tries_cost_a_wait_for_that_account_and_address_only() -> None:
    User.objects.create_user("dora", password="right-right-right")
    for _ in range(accounts.WRONG_TRIES_MAX):
        assert Client().post("/console/sign-in", {"username": "dora", "password": "wrong"}).status_code == 422
    right = {"username": "dora", "password": "right-right-right"}
    waiting = Client().post("/console/sign-in", right)
    assert waiting.status_code == 429 and b"wait 15 minutes" in waiting.content
    assert Client(REMOTE_ADDR="10.1.2.3").post("/console/sign-in", right).status_code == 302
    assert "dora" not in str(list(AuditEntry.objects.filter(act="Sign-in failed").values_list("subject", "detail")))


@pytest.mark.parametrize("elsewhere", ["//evil.test/", "https://evil.test/", "javascript:alert(1)", "/\\evil.test"])
def test_the_door_leads_nowhere_else(elsewhere: str, owner: Client) -> None:
    assert owner.get("/console/sign-in", {"next": elsewhere})["Location"] == "/console/"
    assert owner.post("/console/theme", {"theme": "dark", "next": elsewhere})["Location"] == "/console/"


def test_the_trail_is_a_chain_and_a_strange_link_shows() -> None:
    now = datetime.now(UTC)
    for number in range(3):
        audit.record("user:1", "Program Paused", f"program:{number}", {"program": number}, now)
    assert audit.broken() == []
    strange = AuditEntry.objects.create(
        at=now, actor="nobody", act="x", subject="", detail={}, previous_hash="0" * 64, hash="1" * 64
    )
    assert audit.broken() == [strange.id]


# --- people ---------------------------------------------------------------------------------------


def test_a_person_with_why_beside_each_decision(owner: Client, story: int) -> None:
    bruno = Person.objects.get(name="Bruno Conti", root_id=F("id"))
    page = owner.get(f"/console/people/{bruno.id}").content.decode()
    assert "Counted as a recommendation" in page and "Was recommended by" in page and "Alma" in page
    assert 'class="why' in page
    alone = owner.get(f"/console/people/{bruno.id}", {"kind": "rewards"}).content.decode()
    assert "Reward of" in alone and "Counted as a recommendation" not in alone
    searched = owner.get(f"/console/people/{bruno.id}", {"q": "purchase"}).content.decode()
    assert "Purchase" in searched and "Reward of" not in searched


def test_people_are_found_with_typing_errors() -> None:
    for number, name in enumerate(("Chiara Serra", "Bruno Conti", "Úrsula Peña"), 1):
        seed.row(Person, id=number, root_id=number, uid=str(number), name=name, search=finding.plain(name))
        words.add((word, number) for word in names.words(finding.plain(name)))
    for typed, number in (("chiara", 1), ("Chiaar sera", 1), ("URSULA", 3), ("ursula pena", 3), ("cnti", 2)):
        assert [p.id for p in finding.people(typed, 5)][:1] == [number], typed
    assert finding.people("zzzz", 5) == [] and finding.people("%", 5) == []


def test_merging_and_thinking_better_of_it(owner: Client) -> None:
    world.customer(1, "Alma")
    world.customer(2, "Dora")
    preview = owner.get("/console/people/1/merge", {"other": 2}).content.decode()
    assert "alma@example.test" in preview and "dora@example.test" in preview
    owner.post("/console/people/1/merge", {"other": 2})
    assert Person.objects.get(id=2).root_id == 1
    page = owner.get("/console/people/2").content.decode()
    merge = re.search(r"/people/1/unmerge/(\d+)", page)
    assert merge, "the page of the one leads to the undoing"
    owner.post(f"/console/people/1/unmerge/{merge[1]}")
    assert Person.objects.get(id=2).root_id == 2
    assert set(AuditEntry.objects.values_list("act", flat=True)) >= {"Person Merged", "Person Unmerged"}


def test_a_consent_is_recorded_with_its_words(owner: Client) -> None:
    world.customer(1, "Alma")
    assert owner.post("/console/people/1/consent", {"state": "given"}).status_code == 422
    said = {
        "state": "given",
        "purpose": "referral",
        "channel": "email",
        "wording": "May we write?",
        "evidence": "form 3",
    }
    assert owner.post("/console/people/1/consent", said).status_code == 302
    row = Consent.objects.get(person_id=1)
    assert (row.state, row.wording, row.evidence) == ("given", "May we write?", {"said": "form 3"})


def test_forgetting_takes_the_number(owner: Client) -> None:
    world.customer(1, "Alma")
    assert owner.post("/console/people/1/forget", {"number": "2"}).status_code == 422
    assert Person.objects.get(id=1).given_name == "Alma"
    owner.post("/console/people/1/forget", {"number": "1"})
    assert Person.objects.get(id=1).given_name == "" and Person.objects.get(id=1).forgotten_at


# --- programmes -----------------------------------------------------------------------------------

FORM = {
    "name": "Christmas", "advocate_amount": "500", "advocate_unit": "PTS", "friend_amount": "10.50", "friend_unit": "EUR",
    "stages": ["many"], "tenure_days_min": "0", "moment_kind": "stage", "goal_kind": "acquisition", "goal_metric": "new_customers",
    "goal_target": "40", "goal_baseline": "0", "goal_deadline": "2027-03-31", "country": "IT", "holdout_percent": "0",
}  # fmt: skip


def test_from_draft_to_launch_pause_and_end(owner: Client) -> None:
    assert owner.post("/console/programs/new", {**FORM, "name": ""}).status_code == 422
    owner.post("/console/programs/new", FORM)
    program = Program.objects.get()
    terms = ProgramVersion.objects.get(program_id=program.id, number=0).terms
    assert (program.state, terms["friend"], terms["goal"]["target"]) == ("draft", {"amount": 1050, "unit": "EUR"}, 40)
    page = owner.get(f"/console/programs/{program.id}/launch").content.decode()
    assert "DPR 430/2001" in page and 'name="shown" value="0"' in page
    launch = f"/console/programs/{program.id}/launch"
    assert owner.post(launch, {"shown": "0", "typed": "7"}).status_code == 422
    owner.post(launch, {"shown": "0", "typed": "0"})
    for act, state in (("pause", "paused"), ("resume", "active"), ("end", "ended")):
        owner.post(f"/console/programs/{program.id}/{act}")
        program.refresh_from_db()
        assert program.state == state


def test_an_unfinished_draft_is_saved_and_cannot_start(owner: Client) -> None:
    owner.post("/console/programs/new", {**FORM, "goal_target": "", "stages": []})
    program = Program.objects.get()
    page = owner.get(f"/console/programs/{program.id}/launch").content.decode()
    assert "Say how many you want to reach." in page and 'name="typed"' not in page
    owner.post(f"/console/programs/{program.id}/launch", {"shown": "0", "typed": "0"})
    program.refresh_from_db()
    assert program.state == "draft"


def test_the_preview_speaks_the_language_asked_for(owner: Client) -> None:
    said = owner.post("/console/programs/preview", {**FORM, "preview_language": "it"}).content.decode()
    assert "500 punti" in said and 'lang="it"' in said


@pytest.mark.parametrize(("typed", "limit"), [("200", 20000), ("199,90", 19990), ("", None)])
def test_a_budget_is_set(owner: Client, story: int, typed: str, limit: int | None) -> None:
    from passaparola.programs.models import Budget

    owner.post(f"/console/programs/{story}/budget", {"unit": "EUR", "limit": typed})
    assert Budget.objects.get(program_id=story, unit="EUR").limit_amount == limit


@pytest.mark.parametrize("typed", ["-1", "many", "1e999", "9" * 40])
def test_a_budget_that_is_none_is_refused_in_words(owner: Client, story: int, typed: str) -> None:
    page = owner.post(f"/console/programs/{story}/budget", {"unit": "EUR", "limit": typed}, follow=True).content
    assert b"A budget is an amount" in page


def test_as_many_are_asked_as_the_launch_page_said(owner: Client) -> None:
    now = datetime.now(UTC)
    people = list(enumerate(("Alma", "Bruno", "Chiara"), 1))
    for number, name in people:
        world.customer(number, name)
    for number, name in people:
        world.buys(f"{name.lower()}@example.test", name, f"o{number}", 30, now - timedelta(days=2))
    for number in (1, 2):
        said = {"person": number, "channel": "email", "purpose": "referral", "state": "given", "wording": "", "language": "en",
                "source": "test", "evidence": {}}  # fmt: skip
        world.act("Consent Recorded", now - timedelta(days=1), properties=said)
    owner.post("/console/programs/new", {**FORM, "stages": ["few"]})
    program = Program.objects.get()
    found = reach.reach(ProgramVersion.objects.get(number=0).terms, now)
    assert (found.in_stage, found.reachable, found.asked) == (3, 2, 2)
    owner.post(f"/console/programs/{program.id}/launch", {"shown": "2", "typed": "2"})
    world.rings(datetime.now(UTC) + timedelta(seconds=5))
    assert Assignment.objects.filter(program_id=program.id, arm="asked").count() == 2


# --- figures --------------------------------------------------------------------------------------


def test_the_funnel_counts_the_story_with_as_many_queries_whatever_its_size(story: int) -> None:
    period = metrics.Period.last(30, datetime.now(UTC))
    with CaptureQueriesContext(connection) as first:
        counts = {count.name: count.now for count in metrics.funnel(period)}
    assert counts == {"told": 0, "shared": 1, "clicked": 0, "registered": 1, "bought": 1, "rewarded": 0}
    assert counts == {count.name: count.now for count in metrics.funnel(period, story)}
    assert all(count.now == 0 for count in metrics.funnel(period, story + 1))
    later = metrics.Period(datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC))
    assert all(count.now == 0 for count in metrics.funnel(later))
    assert len(first) <= len(metrics.STEPS)
    assert {metrics.people(step.name, period, None, 10)[0] for step in metrics.STEPS if counts[step.name]} <= {1, 2}


def test_ranges_do_what_the_simulation_said(owner: Client) -> None:
    now = datetime.now(UTC)
    for number in (1, 2, 3):
        world.customer(number, f"Person{number}")
    for number, visits in ((1, 1), (2, 2), (3, 4)):
        for visit in reversed(range(visits)):
            world.buys(
                f"person{number}@example.test", f"p{number}", f"{number}-{visit}", 20, now - timedelta(days=visit + 1)
            )
    said = owner.get("/console/stages", {"some": 2, "many": 4, "period_days": 365}).content.decode()
    assert "2 would move up, 0 would move down" in said
    bad = owner.post("/console/stages/change", {"some": 4, "many": 4, "period_days": 365})
    assert bad.status_code == 422 and b"Many must start above some." in bad.content
    owner.post("/console/stages/change", {"some": 2, "many": 4, "period_days": 365})
    world.rings(datetime.now(UTC) + timedelta(seconds=5))
    assert list(Traits.objects.order_by("person_id").values_list("stage", flat=True)) == ["few", "some", "many"]


# --- events, keys, team ---------------------------------------------------------------------------


def test_events_are_filtered_by_the_kind_of_call(owner: Client) -> None:
    world.customer(1, "Alma")
    world.buys("alma@example.test", "p1", "1", 20, datetime.now(UTC))
    for kind, bought in (("track", True), ("identify", False)):
        page = owner.get("/console/events", {"type": kind}).content.decode()
        assert f'<option value="{kind}" selected>' in page
        rows = page.partition("data-submit-on-change")[2].partition("</form>")[2]
        assert 'href="/console/events/' in rows and ("Order Completed" in rows) is bought
    assert "All kinds" in owner.get("/console/events", {"type": "no such"}).content.decode()


def test_a_parked_event_is_mended_and_taken_once(owner: Client) -> None:
    body = b'{"type":"track","event":"Order Completed","userId":"u","timestamp":"once","properties":{"order_id":"9","total":5}}'
    row = seed.row(Parked, reason="bad_time", source="shop", body=body, position=0)
    owner.post(f"/console/events/parked/{row.id}/again", {"body": body.decode()})
    assert Parked.objects.get(id=row.id).resolved_at is None
    mended = body.decode().replace("once", datetime.now(UTC).isoformat())
    for _ in range(2):
        owner.post(f"/console/events/parked/{row.id}/again", {"body": mended})
    assert Parked.objects.get(id=row.id).resolved_at
    assert Event.objects.filter(name="Order Completed").count() == 1


def test_what_erasure_emptied_says_so_and_cannot_be_sent_again(owner: Client) -> None:
    now = datetime.now(UTC)
    row = seed.row(Parked, reason="bad_time", source="shop", body=b"", erased_at=now, resolved_at=now)
    assert "asked to be forgotten" not in owner.get("/console/events/parked").content.decode()
    page = owner.get("/console/events/parked?all=1").content.decode()
    assert "asked to be forgotten" in page and f"parked/{row.id}/again" not in page
    body = '{"type":"page","userId":"u"}'
    said = owner.post(f"/console/events/parked/{row.id}/again", {"body": body}, follow=True).content.decode()
    assert "its content was removed" in said and not Event.objects.exists()


def test_a_key_is_shown_once_and_stands_in_the_snippets(owner: Client) -> None:
    made = owner.post("/console/install/keys", {"name": "Shop", "source": "shop", "kind": "server"}, follow=True)
    page = made.content.decode()
    shown = re.search(r'id="fresh-key" value="(sk_[^"]+)"', page)
    assert shown and f"-u {shown[1]}:" in page
    again = owner.get("/console/install").content.decode()
    assert "fresh-key" not in again and shown[1] not in again
    owner.post("/console/install/keys", {"name": "Page", "source": "shop", "kind": "public"})
    owner.get("/console/install")
    public = re.search(r"btoa\(&quot;(pk_[^:]+):&quot;\)", owner.get("/console/install").content.decode())
    assert public and not public[1].endswith("YOUR_KEY"), "a public key stays in the page's snippet"
    owner.post(f"/console/install/keys/{Key.objects.get(name='Shop').id}/revoke")
    assert Key.objects.get(name="Shop").revoked_at


def test_a_new_member_gets_a_role_and_loses_it(owner: Client) -> None:
    page = owner.post("/console/team/new", {"username": "elio", "role": "till"}, follow=True).content.decode()
    shown = re.search(r'id="fresh-password">([^<]+)<', page)
    assert shown and shown[1] not in owner.get("/console/team").content.decode()
    elio = User.objects.get(username="elio")
    till = Client()
    assert till.login(username="elio", password=shown[1])
    assert till.get("/console/people").status_code == 200 and till.get("/console/team").status_code == 403
    owner.post(f"/console/team/{elio.pk}", {"role": "out"})
    assert till.get("/console/people").status_code == 302
    mine = User.objects.get(username="owner-en")
    owner.post(f"/console/team/{mine.pk}", {"role": "till"})
    assert roles.role_of(User.objects.get(pk=mine.pk)) == "owner"


def test_what_is_simulated_says_so(owner: Client, story: int) -> None:
    Person.objects.filter(name="Bruno Conti").update(profile={"simulated": True})
    for path in ("/console/", "/console/people", "/console/messages"):
        assert b'class="tag simulated"' in owner.get(path).content, path


def test_a_confirmation_that_waits_is_shown_as_it_would_be_sent(owner: Client) -> None:
    world.act(
        "Friend Signed Up", datetime.now(UTC), traits={"email": "bruno@example.test"}, properties={"consents": []}
    )
    page = owner.get(f"/console/messages/{Message.objects.get(template='opt_in').id}").content.decode()
    assert "bruno@example.test" in page and "&#x27;planned_at&#x27;" not in page and "planned_at" not in page


@pytest.mark.parametrize(("reader", "console"), [("es", "it"), ("it", "en"), ("en", "es")])
def test_a_letter_is_shown_in_its_readers_language_whoever_looks(reader: str, console: str) -> None:
    traits = {"email": "bruno@example.test", "locale": reader}
    world.act("Friend Signed Up", datetime.now(UTC), traits=traits, properties={"consents": []})
    letter = Message.objects.get(template="opt_in")
    assert Person.objects.get(id=letter.person_id).language == reader
    shown = client("owner", console).get(f"/console/messages/{letter.id}/html").content
    assert f'<html lang="{reader}"'.encode() in shown


def test_simulated_names_say_so_in_the_readers_language_and_new_people_leave_no_stage() -> None:
    from django.utils import translation

    from passaparola.doors import look
    from passaparola.doors.console import overview
    from passaparola.people.models import Person

    olga, marked = (Person(id=1, name="Olga (simulated)", profile=profile) for profile in ({}, {"simulated": True}))
    said = {"es": "Olga (simulada)", "it": "Olga (simulata)", "en": "Olga (simulated)"}
    for language, name in said.items():
        with translation.override(language):
            assert look.called(olga) == look.called(marked) == look.called_beside(olga) == name and not look.simulated(olga)
            assert look.called_beside(marked) == "Olga" and look.simulated(marked)
    stages = {one["name"]: one["move"] for one in overview._stages({"none": 8, "few": 117}, {"none": -20, "few": 20})}
    assert stages["few"] == 20 and stages["none"] is None
