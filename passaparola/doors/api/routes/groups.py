"""Groups, who is in them, and who knows whom."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from passaparola.doors.api import acting, reading
from passaparola.doors.api.access import needs
from passaparola.doors.api.shapes import (
    PAGE_ROWS,
    After,
    Done,
    Id,
    In,
    Limit,
    Name,
    Out,
    Page,
    PathId,
    Text,
    Time,
    answers,
)
from passaparola.measure import groups as figures
from passaparola.people.models import Group, GroupMember, GroupSuggestion, Relationship

router = Router(tags=["Groups"])
GroupKind = Literal["collective", "company", "household", "club"]
TieKind = Literal["friend", "family", "household", "colleague", "knows"]
Lists = Annotated[list[Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00]*$")]], Field(max_length=50)]
Code = Annotated[str, Field(max_length=20, pattern=r"^[0-9A-Za-z -]*$")]


class Words(In):
    """The same in up to three languages."""

    es: Text | None = Field(None, description="In Spanish.")
    it: Text | None = Field(None, description="In Italian.")
    en: Text | None = Field(None, description="In English.")


class GroupOut(Out):
    """A group."""

    id: int
    key: str
    names: dict[str, str]
    kind: str
    code: str = Field(description="What one types to join; empty for none.")
    offers: dict[str, str]
    products: dict[str, str]
    places: list[str]
    interests: list[str]
    created_at: Time
    closed_at: Time | None


class RevenueOut(Out):
    """Orders of members in one currency, net of refunds."""

    unit: str
    orders: int
    amount: int = Field(description="In minor units.")
    orders_since_joined: int
    amount_since_joined: int


class ReportOut(Out):
    """What the members of today did."""

    members: int
    stages: dict[str, int]
    revenue: list[RevenueOut]
    advocates: int = Field(description="Members who recommended.")
    friends: int = Field(description="Friends of theirs who signed up.")
    customers_brought: int


class MemberOut(Out):
    """Somebody who belongs, or belonged, to a group."""

    id: int
    person: int
    role: str
    source: str
    from_at: Time
    until_at: Time | None


class SuggestionOut(Out):
    """People who might make a group, and why."""

    id: int
    kind: str = Field(description="place, interest, shop or friends.")
    reason: dict[str, Any]
    people: list[int]
    at: Time


class TieOut(Out):
    """That one person knows another."""

    id: int
    person: int
    other: int
    kind: str
    source: str
    at: Time
    until_at: Time | None


class GroupIn(In):
    """A group to be; a name in one language is needed."""

    names: Words = Field(description="What it is called.")
    kind: GroupKind = Field("collective", description="What it is.")
    key: Annotated[str | None, Field(max_length=80, pattern=r"^[0-9A-Za-z._:-]+$")] = Field(
        None, description="What your systems call it; made from the name when absent."
    )
    code: Code | None = Field(None, description="What one types to join; made when absent, none when empty.")
    offers: Words | None = Field(None, description="Its own offer.")
    products: Words | None = Field(None, description="Its own product.")
    places: Lists = Field([], description="Places in common.")
    interests: Lists = Field([], description="Interests in common.")


class JoinIn(In):
    """Who joins, and as what."""

    person: Id = Field(description="The person's number.")
    role: Literal["member", "contact", "owner"] = Field("member", description="In a company: as what she acts for it.")


class LeaveIn(In):
    """Who leaves."""

    person: Id = Field(description="The person's number.")


class TieIn(In):
    """Whom, as what, and how we know."""

    other: Id = Field(description="The other person's number.")
    kind: TieKind = Field(description="What the other is.")
    source: Name = Field("api", description="How we know.")


class TieEnd(In):
    """Which relationship is over."""

    other: Id = Field(description="The other person's number.")
    kind: TieKind = Field(description="What the other was.")


def _group(row: Group) -> GroupOut:
    return GroupOut(**{name: getattr(row, name) for name in GroupOut.model_fields})


@router.get("/groups", auth=needs("people:read"), response=answers(Page[GroupOut], found=False))
def list_groups(
    request: HttpRequest,
    closed: Annotated[bool, Query(description="Closed ones instead of open ones.")] = False,
    limit: Limit = PAGE_ROWS,
    after: After = None,
) -> Page[GroupOut]:
    """Groups, the newest first."""
    rows, following = reading.page(Group.objects.filter(closed_at__isnull=not closed), limit, after)
    return Page(items=[_group(row) for row in rows], next=following)


@router.post("/groups", auth=needs("people:write"), response=answers(Done, writes=True, found=False))
def create_group(request: HttpRequest, body: GroupIn, key: acting.IdempotencyKey = None) -> Done:
    """Make a group; its number, key and code are in the result."""
    return acting.act(request, "Group Created", body.model_dump(exclude_none=True), subject="groups", key=key).out()


# The fixed addresses stand before those with a number.
@router.get("/groups/suggestions", auth=needs("people:read"), response=answers(Page[SuggestionOut], found=False))
def list_suggestions(request: HttpRequest, limit: Limit = PAGE_ROWS, after: After = None) -> Page[SuggestionOut]:
    """What waits for a yes or no; nobody is in a group by a suggestion."""
    rows, following = reading.page(GroupSuggestion.objects.filter(state="open"), limit, after)
    items = [SuggestionOut(id=r.pk, kind=r.kind, reason=r.reason, people=r.members, at=r.at) for r in rows]
    return Page(items=items, next=following)


@router.post("/groups/suggestions/{suggestion}/accept", auth=needs("people:write"), response=answers(Done, writes=True))
def accept_suggestion(request: HttpRequest, suggestion: PathId, body: GroupIn, key: acting.IdempotencyKey = None) -> Done:
    """Make a group of a suggestion and take its people in."""
    found = reading.one(GroupSuggestion.objects.filter(pk=suggestion))
    said = {"suggestion": found.pk, **body.model_dump(exclude_none=True)}
    return acting.act(request, "Group Suggestion Accepted", said, subject=f"suggestion:{found.pk}", key=key).out()


@router.post("/groups/suggestions/{suggestion}/dismiss", auth=needs("people:write"), response=answers(Done, writes=True))
def dismiss_suggestion(request: HttpRequest, suggestion: PathId, key: acting.IdempotencyKey = None) -> Done:
    """It is no group; it is not suggested again."""
    found = reading.one(GroupSuggestion.objects.filter(pk=suggestion))
    said = {"suggestion": found.pk}
    return acting.act(request, "Group Suggestion Dismissed", said, subject=f"suggestion:{found.pk}", key=key).out()


@router.get("/groups/{group}", auth=needs("people:read"), response=answers(GroupOut))
def get_group(request: HttpRequest, group: PathId) -> GroupOut:
    """One group."""
    return _group(reading.one(Group.objects.filter(pk=group)))


@router.put("/groups/{group}", auth=needs("people:write"), response=answers(Done, writes=True))
def change_group(request: HttpRequest, group: PathId, body: GroupIn, key: acting.IdempotencyKey = None) -> Done:
    """Change what a group is; its key stays, and so does its code when absent."""
    found = reading.one(Group.objects.filter(pk=group))
    said = {"group": found.pk, **body.model_dump(exclude_none=True, exclude={"key"})}
    return acting.act(request, "Group Edited", said, subject=f"group:{found.pk}", key=key).out()


@router.post("/groups/{group}/close", auth=needs("people:write"), response=answers(Done, writes=True))
def close_group(request: HttpRequest, group: PathId, key: acting.IdempotencyKey = None) -> Done:
    """Close a group; everybody leaves it."""
    found = reading.one(Group.objects.filter(pk=group))
    return acting.act(request, "Group Closed", {"group": found.pk}, subject=f"group:{found.pk}", key=key).out()


@router.get("/groups/{group}/report", auth=needs("metrics:read"), response=answers(ReportOut))
def get_group_report(request: HttpRequest, group: PathId) -> ReportOut:
    """The group's own report: stages, orders, revenue, recommendations of whoever is in it today."""
    found = figures.report(reading.one(Group.objects.filter(pk=group)).pk)
    revenue = [
        RevenueOut(unit=r.unit, orders=r.orders, amount=r.amount, orders_since_joined=r.orders_inside,
                   amount_since_joined=r.amount_inside)
        for r in found.revenue
    ]  # fmt: skip
    return ReportOut(
        members=found.members, stages=found.stages, revenue=revenue, advocates=found.advocates, friends=found.friends,
        customers_brought=found.customers_brought,
    )  # fmt: skip


@router.get("/groups/{group}/members", auth=needs("people:read"), response=answers(Page[MemberOut]))
def list_group_members(request: HttpRequest, group: PathId, limit: Limit = PAGE_ROWS, after: After = None) -> Page[MemberOut]:
    """Who is or was in the group, the newest memberships first; until_at is null for who is in it."""
    found = reading.one(Group.objects.filter(pk=group))
    rows, following = reading.page(GroupMember.objects.filter(group_id=found.pk), limit, after)
    roots = reading.roots(row.person_id for row in rows)
    items = [
        MemberOut(id=r.pk, person=roots[r.person_id], role=r.role, source=r.source, from_at=r.from_at, until_at=r.until_at)
        for r in rows
    ]
    return Page(items=items, next=following)


@router.post("/groups/{group}/join", auth=needs("people:write"), response=answers(Done, writes=True))
def join_group(request: HttpRequest, group: PathId, body: JoinIn, key: acting.IdempotencyKey = None) -> Done:
    """Take somebody in. Who is in already stays so."""
    found, person = reading.one(Group.objects.filter(pk=group)), reading.root(body.person)
    said = {"group": found.pk, "person": person.pk, "role": body.role, "source": "api"}
    return acting.act(request, "Group Joined", said, subject=f"group:{found.pk}", key=key).out()


@router.post("/groups/{group}/leave", auth=needs("people:write"), response=answers(Done, writes=True))
def leave_group(request: HttpRequest, group: PathId, body: LeaveIn, key: acting.IdempotencyKey = None) -> Done:
    """Let somebody go."""
    found, person = reading.one(Group.objects.filter(pk=group)), reading.root(body.person)
    said = {"group": found.pk, "person": person.pk}
    return acting.act(request, "Group Left", said, subject=f"group:{found.pk}", key=key).out()


@router.get("/people/{person}/relationships", auth=needs("people:read"), response=answers(list[TieOut]))
def list_relationships(request: HttpRequest, person: PathId) -> list[TieOut]:
    """Whom the person knows or knew, and who knows her, the newest first; at most 500."""
    members = reading.members(reading.root(person).pk)
    mine = Relationship.objects.filter(person_id__in=members) | Relationship.objects.filter(other_id__in=members)
    rows = list(mine.order_by("-id")[:500])
    roots = reading.roots(number for row in rows for number in (row.person_id, row.other_id))
    return [
        TieOut(id=r.pk, person=roots[r.person_id], other=roots[r.other_id], kind=r.kind, source=r.source, at=r.at,
               until_at=r.until_at)
        for r in rows
    ]  # fmt: skip


@router.post("/people/{person}/relationships", auth=needs("people:write"), response=answers(Done, writes=True))
def record_relationship(request: HttpRequest, person: PathId, body: TieIn, key: acting.IdempotencyKey = None) -> Done:
    """Record that a person knows another; both are people you have already."""
    found, other = reading.root(person), reading.root(body.other)
    said = {"person": found.pk, "other": other.pk, "kind": body.kind, "source": body.source}
    return acting.act(request, "Relationship Recorded", said, subject=f"person:{found.pk}", key=key).out()


@router.post("/people/{person}/relationships/end", auth=needs("people:write"), response=answers(Done, writes=True))
def end_relationship(request: HttpRequest, person: PathId, body: TieEnd, key: acting.IdempotencyKey = None) -> Done:
    """It is over."""
    found, other = reading.root(person), reading.root(body.other)
    said = {"person": found.pk, "other": other.pk, "kind": body.kind}
    return acting.act(request, "Relationship Ended", said, subject=f"person:{found.pk}", key=key).out()
