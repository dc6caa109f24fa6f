"""Who an event is about: recognising, merging and undoing, agreeing, forgetting."""

import pytest

from passaparola.events.models import Event, Parked
from passaparola.kernel import database
from passaparola.kernel.errors import Refusal
from passaparola.measure import metrics
from passaparola.messages.models import Suppression
from passaparola.people.models import Consent, Identity, Merge, Person
from passaparola.programs.models import Decision
from passaparola.segments.models import Traits
from tests.people import ALMA, BRUNO, CHIARA
from tests.world import World


@pytest.fixture
def world() -> World:
    return World()


def root_of(kind: str, value: str) -> int:
    return Person.objects.get(id=Identity.objects.get(kind=kind, value=value).person_id).root_id


def page(**ids: str) -> dict[str, object]:
    return {"type": "page", "name": "Home", **ids}


def test_an_anonymous_browser_becomes_known_at_the_first_event_with_both_ids(world: World) -> None:
    world.send(page(anonymousId="browser"))
    world.send({"type": "track", "event": "Visit Recorded", "userId": "alma", "anonymousId": "browser"})
    assert root_of("anonymous_id", "browser") == root_of("user_id", "alma")
    assert Person.objects.count() == 1


def test_two_who_were_apart_become_one_and_keep_what_they_did(world: World) -> None:
    world.send(page(anonymousId="browser"), ALMA.identify(), ALMA.buys("1", 10))
    world.send(
        {
            "type": "track",
            "event": "Order Completed",
            "anonymousId": "browser",
            "properties": {"order_id": "2", "total": 5},
        }
    )
    world.send({**ALMA.identify(), "anonymousId": "browser"})
    root = root_of("user_id", "alma")
    assert root_of("anonymous_id", "browser") == root
    traits = Traits.objects.get(person_id=root)
    assert (traits.orders, traits.spent_minor) == (2, 1500)
    assert Merge.objects.get().reason == "anonymous became known"
    assert world.disagreements() == []


def test_a_shared_device_does_not_join_two_customers(world: World) -> None:
    world.send({**ALMA.identify(), "anonymousId": "tablet"})
    world.send({**BRUNO.identify(), "anonymousId": "tablet"})
    assert root_of("user_id", "alma") != root_of("user_id", "bruno")
    assert Merge.objects.count() == 0


def test_one_address_never_joins_two_known_customers(world: World) -> None:
    world.send(ALMA.identify(), {**BRUNO.identify(), "traits": {"email": ALMA.email}})
    assert root_of("user_id", "alma") != root_of("user_id", "bruno")
    assert Decision.objects.get(kind="merge").reasons == [{"code": "two_known_ids"}]


def test_whoever_left_an_address_is_found_again_when_the_shop_knows_them(world: World) -> None:
    world.act("Friend Signed Up", traits={"email": BRUNO.email}, anonymous_id="phone", consents=[])
    world.send(BRUNO.identify())
    assert root_of("email", BRUNO.email) == root_of("user_id", "bruno") == root_of("anonymous_id", "phone")


def test_an_address_typed_into_a_form_does_not_take_over_its_owner(world: World) -> None:
    world.send(ALMA.identify())
    world.act("Friend Signed Up", traits={"email": ALMA.email, "name": "Mallory"}, anonymous_id="mallory", consents=[])
    assert Person.objects.get(id=root_of("user_id", "alma")).name == ALMA.name
    assert not Identity.objects.filter(kind="anonymous_id", value="mallory").exists()


def test_alias_joins_what_it_names(world: World) -> None:
    world.send(page(anonymousId="browser"), ALMA.identify())
    world.send({"type": "alias", "userId": "alma", "previousId": "browser"})
    assert root_of("anonymous_id", "browser") == root_of("user_id", "alma")
    world.send({"type": "alias", "userId": "alma", "previousId": "never-seen"})
    assert root_of("anonymous_id", "never-seen") == root_of("user_id", "alma")


def test_a_merge_and_its_undoing_lose_nothing(world: World) -> None:
    world.send(ALMA.identify(), ALMA.buys("1", 10), BRUNO.identify(), BRUNO.buys("2", 20))
    alma, bruno = world.number(ALMA), world.number(BRUNO)
    before = {t.person_id: (t.orders, t.spent_minor, t.visits_ever, t.stage) for t in Traits.objects.all()}
    merge = world.act("Person Merged", keep=alma, other=bruno)["merge_id"]
    assert (world.number(BRUNO), Traits.objects.get(person_id=alma).spent_minor) == (alma, 3000)
    assert world.disagreements() == []
    world.act("Person Unmerged", merge=merge)
    assert world.number(BRUNO) == bruno
    assert {t.person_id: (t.orders, t.spent_minor, t.visits_ever, t.stage) for t in Traits.objects.all()} == before
    with pytest.raises(Refusal):
        world.act("Person Unmerged", merge=merge)


def test_whoever_was_merged_is_counted_once_among_the_stages(world: World) -> None:
    world.send(ALMA.identify(), ALMA.buys("1", 10), BRUNO.identify(), BRUNO.buys("2", 20), CHIARA.identify())
    assert sum(metrics.stages().values()) == 3
    world.act("Person Merged", keep=world.number(ALMA), other=world.number(BRUNO))
    assert sum(metrics.stages().values()) == 2 and all(metrics.stages().values())
    if database.vendor() == "sqlite":
        assert "person_merged" in str(database.rows("EXPLAIN QUERY PLAN SELECT id FROM person WHERE root_id <> id"))


def test_merging_somebody_with_themselves_or_nobody_is_refused(world: World) -> None:
    world.send(ALMA.identify())
    alma = world.number(ALMA)
    for other in (alma, 999_999, "x", None):
        with pytest.raises(Refusal):
            world.act("Person Merged", keep=alma, other=other)
    assert Merge.objects.count() == 0


def test_consent_is_a_ledger_both_ways(world: World) -> None:
    world.send(ALMA.identify(consents={"email": {"referral": True}}))
    alma = world.number(ALMA)
    for state in ("given", "withdrawn", "given"):
        world.act(
            "Consent Recorded",
            person_id=alma,
            channel="email",
            purpose="referral",
            state=state,
            wording="Yes, write to me",
        )
    states = list(Consent.objects.order_by("id").values_list("state", flat=True))
    assert states == ["given", "withdrawn", "given"]


@pytest.mark.parametrize("wrong", [{"state": "perhaps"}, {"channel": ""}, {"purpose": "x" * 30}, {"channel": None}])
def test_a_consent_without_channel_purpose_or_state_is_refused(world: World, wrong: dict[str, object]) -> None:
    world.send(ALMA.identify())
    whole = {"channel": "email", "purpose": "referral", "state": "given", **wrong}
    with pytest.raises(Refusal):
        world.act("Consent Recorded", person_id=world.number(ALMA), **whole)
    assert Consent.objects.count() == 0


def test_a_sign_up_asks_and_only_the_confirmation_gives(world: World) -> None:
    world.act(
        "Friend Signed Up",
        traits={"email": BRUNO.email},
        consents=[{"channel": "email", "purpose": "offers", "wording": "w"}],
    )
    bruno = root_of("email", BRUNO.email)
    assert Consent.objects.get().state == "requested"
    assert Identity.objects.get(kind="email").verified_at is None
    world.act("Opt-in Confirmed", person_id=bruno, channel="email", purposes=["offers"], wording="w")
    assert list(Consent.objects.order_by("id").values_list("state", flat=True)) == ["requested", "given"]
    assert Identity.objects.get(kind="email").verified_at is not None


def test_forgetting_blanks_what_is_personal_and_keeps_the_figures(world: World) -> None:
    program = world.programme()
    world.send(
        {**ALMA.identify(phone="+34612345678", birthday="1990-02-03"), "anonymousId": "browser"}, ALMA.buys("1", 30)
    )
    alma = world.number(ALMA)
    world.code_of(ALMA, program)
    world.act("Person Forgotten", person_id=alma)
    person = Person.objects.get(id=alma)
    assert (person.name, person.search, person.birth_on, person.profile) == ("", "", None, {})
    for event in Event.objects.exclude(type="act"):
        assert (event.user_id, event.anonymous_id, event.traits, event.context) == (None, None, None, None)
    everything = " ".join(
        str(row) for row in [*Identity.objects.values(), *Person.objects.values(), *Event.objects.values()]
    )
    for secret in ("alma@example.test", "Ruiz", "+34612345678", "browser"):
        assert secret not in everything
    assert Traits.objects.get(person_id=alma).spent_minor == 3000
    assert Suppression.objects.filter(reason="forgotten").count() == 1
    assert world.disagreements() == []


def test_a_forgotten_customer_who_comes_back_is_somebody_new(world: World) -> None:
    world.send(CHIARA.identify())
    first = world.number(CHIARA)
    world.act("Person Forgotten", person_id=first)
    world.send(CHIARA.identify(message_id="again"))
    assert world.number(CHIARA) != first


def test_personal_details_that_are_none_are_left_out(world: World) -> None:
    world.send(ALMA.identify(birthday="soon", gender=3, language="xx", timezone=None, big="x" * 20_000))
    person = Person.objects.get(id=world.number(ALMA))
    assert (person.birth_on, person.sex, person.language, person.profile) == (None, "", "", {})
    assert Parked.objects.count() == 0


def test_a_complaint_told_long_before_a_merge_is_still_open(world: World) -> None:
    """What a merge counts anew is read from the store, not only from the batch it came in."""
    world.send(ALMA.identify(), BRUNO.identify(), ALMA.buys("1", 20), BRUNO.buys("2", 30))
    world.send(BRUNO.track("Complaint Opened"), BRUNO.track("Complaint Opened"))
    world.send(BRUNO.track("Complaint Closed"))
    world.act("Person Merged", keep=world.number(ALMA), other=world.number(BRUNO))
    assert Traits.objects.get(pk=world.number(ALMA)).complaints_open == 1


def test_another_advocate_s_code_is_refused_once_however_often_it_is_shown(world: World) -> None:
    world.send(ALMA.identify(), CHIARA.identify())
    program = world.programme()
    first, second = (world.code_of(one, program) for one in (ALMA, CHIARA))
    world.send(BRUNO.identify(email="bruno@example.test"), BRUNO.track("Signed Up", code=first))
    for number in range(3):
        world.send(BRUNO.buys(str(number), 60, coupon=second))
    refused = Decision.objects.filter(kind="attribute", outcome="refused", person_id=world.number(BRUNO))
    assert [one.reasons for one in refused] == [[{"code": "already_referred"}]]
