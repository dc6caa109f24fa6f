"""Segments: rules over everybody, who is in them, since when, and who is in or out by hand."""

from typing import Annotated, Any, Literal

from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils.translation import gettext
from ninja import Query, Router
from pydantic import Field

from passaparola.doors import saying
from passaparola.doors.api import acting, reading
from passaparola.doors.api.access import needs
from passaparola.doors.api.saying import language
from passaparola.doors.api.shapes import (
    PAGE_ROWS,
    After,
    Done,
    Id,
    In,
    JsonObject,
    Limit,
    Out,
    Page,
    PathId,
    Text,
    Time,
    answers,
)
from passaparola.segments import rules
from passaparola.segments.models import Membership, Segment, SegmentVersion

router = Router(tags=["Segments"])
State = Literal["live", "archived"]
Texts = Annotated[dict[Literal["es", "it", "en"], Text], Field(max_length=3)]


class SegmentIn(In):
    """A segment to be made."""

    names: Texts = Field(description="What it is called, in one language at least.", min_length=1)
    rule: JsonObject = Field(description="The rule: docs/reference/rules.md.")
    key: str | None = Field(None, pattern=r"^[a-z0-9][a-z0-9-]{0,59}$", description="Short and lasting; else from its name.")
    strategy: Texts | None = Field(None, description="What is done with these people.")


class SegmentEdit(In):
    """What is to be changed; what is left out stays."""

    names: Texts | None = Field(None, description="What it is called.")
    rule: JsonObject | None = Field(None, description="The rule: docs/reference/rules.md.")
    strategy: Texts | None = Field(None, description="What is done with these people.")


class PinIn(In):
    """Somebody in or out by hand."""

    person: Id = Field(description="Whose number.")
    state: Literal["in", "out", ""] = Field(description="in, out, or empty: the rule decides again.")
    reason: Text | None = Field(None, description="Why.")


class SegmentBrief(Out):
    """A segment in a list."""

    id: int
    key: str
    names: dict[str, str]
    state: str
    version: int
    people: int = Field(description="How many are in it now.")
    created_at: Time
    changed_at: Time
    gathered_at: Time | None = Field(description="When the last look at everybody was over; null while one is under way.")


class RuleOut(Out):
    """A rule as it was from a moment on."""

    number: int
    at: Time
    rule: dict[str, Any]


class ContradictionOut(Out):
    """Two conditions that cannot hold at once although all are asked for: nobody can be in."""

    path: str = Field(description='Where the first stands in the rule: "rules[0]".')
    other_path: str = Field(description="Where the second stands.")
    message: str = Field(description="Both in words, in the language asked for.")


class SegmentOut(SegmentBrief):
    """A segment with its rule and the rules before."""

    rule: dict[str, Any]
    sentence: str = Field(description="The rule in words, in the language asked for.")
    strategy: dict[str, str]
    versions: list[RuleOut]
    contradictions: list[ContradictionOut] = Field(description="A warning; the rule is kept all the same.")


class SegmentDone(Done):
    """A segment was made or edited."""

    contradictions: list[ContradictionOut] = Field(
        description="A warning about the rule as it is now; it is kept all the same."
    )


class MembershipOut(Out):
    """Somebody's time in a segment: from ≤ t < until."""

    id: int
    segment: int
    person: int
    from_at: Time
    until_at: Time | None


def _brief(one: Segment, people: int) -> dict[str, Any]:
    return {name: getattr(one, name) for name in SegmentBrief.model_fields if name != "people"} | {"people": people}


def _counts(ids: list[int]) -> dict[int, int]:
    found = Membership.objects.filter(segment_id__in=ids, until_at=None).values_list("segment_id")
    return dict(found.annotate(n=Count("id")).values_list("segment_id", "n"))


@router.get("/segments", auth=needs("segments:read"), response=answers(Page[SegmentBrief], found=False))
def list_segments(
    request: HttpRequest,
    state: Annotated[State | None, Query(description="Only segments in this state.")] = None,
    limit: Limit = PAGE_ROWS,
    after: After = None,
) -> Page[SegmentBrief]:
    """Segments, newest first, with how many people are in them now."""
    found = Segment.objects.filter(state=state) if state else Segment.objects.all()
    rows, following = reading.page(found, limit, after)
    counts = _counts([row.pk for row in rows])
    return Page(items=[SegmentBrief(**_brief(row, counts.get(row.pk, 0))) for row in rows], next=following)


@router.get("/segments/{segment}", auth=needs("segments:read"), response=answers(SegmentOut))
def get_segment(request: HttpRequest, segment: PathId) -> SegmentOut:
    """One segment: its rule, the rules before, and how many are in it now."""
    one = reading.one(Segment.objects.filter(pk=segment))
    versions = SegmentVersion.objects.filter(segment_id=one.pk).order_by("-number")[:100]
    return SegmentOut(
        **_brief(one, _counts([one.pk]).get(one.pk, 0)),
        rule=one.rule,
        sentence=saying.of(one, language()),
        strategy=one.strategy,
        versions=[RuleOut(number=v.number, at=v.at, rule=v.rule) for v in versions],
        contradictions=_contradictions(one.rule),
    )


def _contradictions(rule: dict[str, Any] | None) -> list[ContradictionOut]:
    """What keeps everybody out, said as the console says it."""
    tree = rules.read(rule or {"rules": []})
    said = zip(rules.contradictions(tree), saying.contradictions(tree, language()), strict=True)
    text = gettext("These two cannot hold at once, so nobody can be in: “%(one)s” and “%(other)s”")
    return [
        ContradictionOut(
            path=found.path, other_path=found.other_path, message=text % {"one": a, "other": b},
        )
        for found, (a, b) in said
    ]  # fmt: skip


@router.get("/segments/{segment}/people", auth=needs("segments:read"), response=answers(Page[MembershipOut]))
def list_members(
    request: HttpRequest,
    segment: PathId,
    now_only: Annotated[bool, Query(alias="now", description="Only who is in it now.")] = True,
    limit: Limit = PAGE_ROWS,
    after: After = None,
) -> Page[MembershipOut]:
    """Who is in a segment and since when; with now=false also who was."""
    reading.one(Segment.objects.filter(pk=segment))
    wanted = Q(segment_id=segment) & (Q(until_at=None) if now_only else Q())
    return _memberships(Membership.objects.filter(wanted), limit, after)


@router.get("/people/{person}/segments", auth=needs("people:read"), response=answers(Page[MembershipOut]))
def list_person_segments(
    request: HttpRequest, person: PathId, limit: Limit = PAGE_ROWS, after: After = None
) -> Page[MembershipOut]:
    """Every segment a person is or was in."""
    members = reading.members(reading.root(person).pk)
    return _memberships(Membership.objects.filter(person_id__in=members), limit, after)


def _memberships(found: Any, limit: int, after: int | None) -> Page[MembershipOut]:
    rows, following = reading.page(found, limit, after)
    roots = reading.roots(row.person_id for row in rows)
    items = [
        MembershipOut(
            id=row.pk, segment=row.segment_id, person=reading.whose(roots, row.person_id), from_at=row.from_at,
            until_at=row.until_at,
        )
        for row in rows
    ]  # fmt: skip
    return Page(items=items, next=following)


@router.post("/segments", auth=needs("segments:write"), response=answers(SegmentDone, writes=True, found=False))
def create_segment(request: HttpRequest, body: SegmentIn, key: acting.IdempotencyKey = None) -> SegmentDone:
    """Make a segment. Everybody is looked at at once, and from then on with every event and as time passes."""
    done = acting.act(request, "Segment Created", body.model_dump(exclude_none=True), subject="segment", key=key).out()
    return _warned(done, body.rule)


@router.patch("/segments/{segment}", auth=needs("segments:write"), response=answers(SegmentDone, writes=True))
def edit_segment(request: HttpRequest, segment: PathId, body: SegmentEdit, key: acting.IdempotencyKey = None) -> SegmentDone:
    """Change its name, strategy or rule. Another rule is a new version, and everybody is looked at again."""
    done = _act(request, "Segment Edited", segment, key, **body.model_dump(exclude_none=True))
    return _warned(done, reading.one(Segment.objects.filter(pk=segment)).rule)


def _warned(done: Done, rule: dict[str, Any]) -> SegmentDone:
    return SegmentDone(**done.model_dump(), contradictions=_contradictions(rule))


@router.post("/segments/{segment}/archive", auth=needs("segments:write"), response=answers(Done, writes=True))
def archive_segment(request: HttpRequest, segment: PathId, key: acting.IdempotencyKey = None) -> Done:
    """Keep it no longer: everybody leaves, its history stays."""
    return _act(request, "Segment Archived", segment, key)


@router.post("/segments/{segment}/restore", auth=needs("segments:write"), response=answers(Done, writes=True))
def restore_segment(request: HttpRequest, segment: PathId, key: acting.IdempotencyKey = None) -> Done:
    """Keep an archived segment again."""
    return _act(request, "Segment Restored", segment, key)


@router.post("/segments/{segment}/pins", auth=needs("segments:write"), response=answers(Done, writes=True))
def pin_person(request: HttpRequest, segment: PathId, body: PinIn, key: acting.IdempotencyKey = None) -> Done:
    """Put somebody in or out by hand, whatever the rule says; it survives every new look."""
    reading.root(body.person)
    return _act(request, "Segment Pinned", segment, key, **body.model_dump(exclude_none=True))


def _act(request: HttpRequest, name: str, segment: int, key: str | None, **values: Any) -> Done:
    reading.one(Segment.objects.filter(pk=segment))
    return acting.act(request, name, {"segment": segment, **values}, subject=f"segment:{segment}", key=key).out()
