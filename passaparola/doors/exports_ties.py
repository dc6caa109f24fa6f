"""Leads, groups, who is in them, who knows whom, and the playbooks of the stages, as exports."""

from collections.abc import Iterator

from passaparola.doors.exports_base import INT, JSON, TEXT, TIME, Export, Row, chunks, uids_of
from passaparola.people.models import Group, GroupMember, Relationship
from passaparola.segments.keeping import playbooks_in_force
from passaparola.segments.models import Lead

_LEAD = (
    "source", "since_at", "temperature", "score", "fit", "at", "confirmed_at", "became_customer_at", "taken_by", "taken_at",
)  # fmt: skip
_GROUP = ("key", "names", "kind", "code", "offers", "products", "places", "interests", "created_at", "closed_at")


def _leads() -> Iterator[Row]:
    for chunk in chunks(Lead.objects.exclude(source="")):
        uids = uids_of([one.person_id for one in chunk])
        for one in chunk:
            yield {"person": uids.get(one.person_id), **{name: getattr(one, name) for name in _LEAD}}


def _groups() -> Iterator[Row]:
    for chunk in chunks(Group.objects.all()):
        for one in chunk:
            yield {"id": one.pk, **{name: getattr(one, name) for name in _GROUP}}


def _members() -> Iterator[Row]:
    keys = dict(Group.objects.values_list("id", "key"))
    for chunk in chunks(GroupMember.objects.all()):
        uids = uids_of([one.person_id for one in chunk])
        for one in chunk:
            yield {
                "id": one.pk, "group": keys.get(one.group_id), "person": uids.get(one.person_id), "role": one.role,
                "source": one.source, "from_at": one.from_at, "until_at": one.until_at,
            }  # fmt: skip


def _relationships() -> Iterator[Row]:
    for chunk in chunks(Relationship.objects.all()):
        uids = uids_of([number for one in chunk for number in (one.person_id, one.other_id)])
        for one in chunk:
            yield {
                "id": one.pk, "person": uids.get(one.person_id), "other": uids.get(one.other_id), "kind": one.kind,
                "source": one.source, "at": one.at, "until_at": one.until_at,
            }  # fmt: skip


def _playbooks() -> Iterator[Row]:
    for stage, (book, row) in playbooks_in_force().items():
        said = book.as_json()
        yield {
            "stage": stage, "origin": "own" if row else "shipped", "changed_at": row.changed_at if row else None,
            "aim": said["aim"], "advice": said["advice"],
        }  # fmt: skip


TIES: dict[str, Export] = {
    "playbooks": Export({"stage": TEXT, "origin": TEXT, "changed_at": TIME, "aim": JSON, "advice": JSON}, _playbooks),
    "leads": Export(
        {
            "person": TEXT, "source": TEXT, "since_at": TIME, "temperature": TEXT, "score": INT, "fit": INT, "at": TIME,
            "confirmed_at": TIME, "became_customer_at": TIME, "taken_by": TEXT, "taken_at": TIME,
        },
        _leads,
    ),
    "groups": Export(
        {
            "id": INT, "key": TEXT, "names": JSON, "kind": TEXT, "code": TEXT, "offers": JSON, "products": JSON,
            "places": JSON, "interests": JSON, "created_at": TIME, "closed_at": TIME,
        },
        _groups,
    ),
    "group-members": Export(
        {"id": INT, "group": TEXT, "person": TEXT, "role": TEXT, "source": TEXT, "from_at": TIME, "until_at": TIME},
        _members,
    ),
    "relationships": Export(
        {"id": INT, "person": TEXT, "other": TEXT, "kind": TEXT, "source": TEXT, "at": TIME, "until_at": TIME},
        _relationships,
    ),
}  # fmt: skip
