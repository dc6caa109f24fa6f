"""People: who they are, what they agreed to, what happened to them and why."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from passaparola.doors.api import acting, reading
from passaparola.doors.api.access import needs
from passaparola.doors.api.people import (
    ConsentOut,
    IdentityOut,
    MergeOut,
    PersonBrief,
    PersonOut,
    TimelinePage,
    briefs,
    consents,
    merges,
    person_out,
    search,
)
from passaparola.doors.api.people import timeline as read_timeline
from passaparola.doors.api.problems import NotFound
from passaparola.doors.api.shapes import (
    PAGE_ROWS,
    After,
    Done,
    Id,
    In,
    JsonObject,
    Language,
    Limit,
    Name,
    Page,
    PathId,
    Text,
    answers,
)
from passaparola.people import names
from passaparola.people.models import Identity, Merge

router = Router(tags=["People"])
Stage = Literal["none", "few", "some", "many"]


class LookupIn(In):
    """A name under which somebody may be known."""

    kind: Literal["user_id", "anonymous_id", "email", "phone", "card"] = Field(description="What sort of name it is.")
    value: Text = Field(description="The name itself; a phone number best in international form.")


class ConsentIn(In):
    """What somebody said about being written to."""

    channel: Literal["email"] = Field(description="How to write.")
    purpose: Literal["referral", "offers", "service"] = Field(description="What to write about.")
    state: Literal["given", "refused", "withdrawn"] = Field(description="What was said.")
    wording: str = Field("", max_length=500, pattern=r"^[^\x00]*$", description="The words shown, to prove it later.")
    language: Language = Field("en", description="The language of those words.")
    source: Name = Field("api", description="Where it was said: shop form, till, phone.")
    evidence: JsonObject = Field({}, description="What proves it: form number, time, place. No addresses.")


class MergeIn(In):
    """That two persons are one."""

    keep: Id = Field(description="The person that stays.")
    other: Id = Field(description="The person that is the same.")
    reason: Name = Field(description="Why: same card, told us so.")


class UnmergeIn(In):
    """Which merge to undo."""

    merge: Id = Field(description="Its number, from the person's merges.")


@router.get("/people", auth=needs("people:read"), response=answers(Page[PersonBrief], found=False))
def list_people(
    request: HttpRequest,
    q: Annotated[
        str | None,
        Query(min_length=1, max_length=100, pattern=r"^[^\x00]*$", description="Beginnings of names, address or id."),
    ] = None,
    stage: Annotated[Stage | None, Query(description="Only people in this stage.")] = None,
    limit: Limit = PAGE_ROWS,
    after: After = None,
) -> Page[PersonBrief]:
    """People, newest first; merged ones appear once."""
    rows, following = reading.page(search(q, stage), limit, after)
    return Page(items=briefs(rows), next=following)


@router.post("/people/lookup", auth=needs("people:read"), response=answers(PersonOut, writes=True))
def look_up_person(request: HttpRequest, body: LookupIn) -> PersonOut:
    """The person known by an id, address, number or card; by POST, so that no address stands in a log."""
    identity = Identity.objects.filter(kind=body.kind, value=_kept(body.kind, body.value)).first()
    if identity is None:
        raise NotFound
    return person_out(reading.root(identity.person_id))


def _kept(kind: str, value: str) -> str:
    """The value as it is kept; what cannot be an address or number is looked for as typed, and not found."""
    if kind == "email":
        return names.email(value) or value
    if kind == "phone":
        return names.phone(value, "") or value
    return value.strip()


# The two fixed addresses stand before /people/{person}, which would swallow them.
@router.post("/people/merge", auth=needs("people:write"), response=answers(Done, writes=True))
def merge_people(request: HttpRequest, body: MergeIn, key: acting.IdempotencyKey = None) -> Done:
    """Record that two persons are one. Nothing is copied or lost; it can be undone."""
    keep, other = reading.root(body.keep), reading.root(body.other)
    said = {"keep": keep.pk, "other": other.pk, "reason": body.reason}
    return acting.act(request, "Person Merged", said, subject=f"person:{keep.pk}", key=key).out()


@router.post("/people/unmerge", auth=needs("people:write"), response=answers(Done, writes=True))
def unmerge_people(request: HttpRequest, body: UnmergeIn, key: acting.IdempotencyKey = None) -> Done:
    """Undo a merge."""
    found = reading.one(Merge.objects.filter(pk=body.merge))
    said = {"merge": found.pk}
    return acting.act(request, "Person Unmerged", said, subject=f"person:{found.kept_id}", key=key).out()


@router.get("/people/{person}", auth=needs("people:read"), response=answers(PersonOut))
def get_person(request: HttpRequest, person: PathId) -> PersonOut:
    """One person with traits and stage; the number of a merged row leads to the person it is today."""
    return person_out(reading.root(person))


@router.delete("/people/{person}", auth=needs("people:forget"), response=answers(Done, writes=True))
def forget_person(request: HttpRequest, person: PathId, key: acting.IdempotencyKey = None) -> Done:
    """Forget a person: personal data are blanked for good, figures and ledger stay, the act is recorded."""
    found = reading.root(person)
    return acting.act(request, "Person Forgotten", {"person": found.pk}, subject=f"person:{found.pk}", key=key).out()


@router.get("/people/{person}/identities", auth=needs("identities:read"), response=answers(list[IdentityOut]))
def list_identities(request: HttpRequest, person: PathId) -> list[IdentityOut]:
    """Every id, address and number by which the person is known; at most 1000."""
    found = reading.root(person)
    rows = Identity.objects.filter(person_id__in=reading.members(found.pk)).order_by("id")[:1000]
    return [IdentityOut(kind=i.kind, value=i.value, verified_at=i.verified_at, created_at=i.created_at) for i in rows]


@router.get("/people/{person}/consents", auth=needs("people:read"), response=answers(list[ConsentOut]))
def list_consents(request: HttpRequest, person: PathId) -> list[ConsentOut]:
    """Everything the person said about being written to, newest first; `in_force` marks what counts today."""
    return consents(reading.members(reading.root(person).pk))


@router.post("/people/{person}/consents", auth=needs("people:write"), response=answers(Done, writes=True))
def record_consent(request: HttpRequest, person: PathId, body: ConsentIn, key: acting.IdempotencyKey = None) -> Done:
    """Record what the person said, with the words shown and what proves it."""
    found = reading.root(person)
    said: dict[str, Any] = {"person": found.pk, **body.model_dump()}
    return acting.act(request, "Consent Recorded", said, subject=f"person:{found.pk}", key=key).out()


@router.get("/people/{person}/merges", auth=needs("people:read"), response=answers(list[MergeOut]))
def list_merges(request: HttpRequest, person: PathId) -> list[MergeOut]:
    """Which rows were found to be this person, why, and what of it was undone; at most 200."""
    return merges(reading.members(reading.root(person).pk))


@router.get("/people/{person}/timeline", auth=needs("people:read"), response=answers(TimelinePage))
def timeline(
    request: HttpRequest,
    person: PathId,
    limit: Limit = PAGE_ROWS,
    after: Annotated[
        str | None, Query(pattern=r"^[0-9]{1,16}\.[0-3]\.[0-9]{1,15}$", description="`next` of the page before.")
    ] = None,
) -> TimelinePage:
    """What happened, was decided and was said to the person, newest first, with the reasons of each decision."""
    return read_timeline(reading.members(reading.root(person).pk), limit, after)
