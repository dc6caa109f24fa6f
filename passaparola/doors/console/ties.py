"""Whom somebody knows and where she belongs, as her page shows it."""

from typing import Any

from django.db.models import Q
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from passaparola.doors import look as looks
from passaparola.doors.console import happenings
from passaparola.people.models import Group, GroupMember, GroupSuggestion, Relationship

SHOWN = 50
KINDS = {
    "friend": _("Friend"),
    "family": _("Family"),
    "household": _("Household"),
    "colleague": _("Colleague"),
    "knows": _("Knows"),
}
GROUP_KINDS = {
    "collective": _("Collective"),
    "company": _("Company"),
    "household": _("Household"),
    "club": _("Club"),
}
ROLES = {"member": _("Member"), "contact": _("Contact"), "owner": _("Owner")}
SOURCES = {
    "code": _("by code"),
    "list": _("by list"),
    "console": _("by staff"),
    "api": _("by a program"),
    "call": _("by a program"),
    "suggestion": _("by a suggestion"),
}


def name(group: Group) -> str:
    """A group's name in the viewer's language, else in any it has."""
    return pick(group.names) or group.key


def pick(words: dict[str, str]) -> str:
    """What is said in the viewer's language, else in any."""
    language = (get_language() or "en")[:2]
    return words.get(language) or next((text for text in words.values() if text), "")


def groups(ids: list[int]) -> list[tuple[Group, str, Any]]:
    """The groups somebody is in now, once each: group, its name, her role in words."""
    rows = GroupMember.objects.filter(person_id__in=ids, until_at=None).order_by("id")[:SHOWN]
    roles = {row.group_id: ROLES.get(row.role, row.role) for row in rows}
    found = Group.objects.in_bulk(list(roles))
    return [(found[number], name(found[number]), role) for number, role in roles.items()]


def relationships(ids: list[int]) -> list[dict[str, Any]]:
    """Whom she knows and who knows her, in force, the newest first."""
    mine = Q(person_id__in=ids) | Q(other_id__in=ids)
    rows = list(Relationship.objects.filter(mine, until_at=None).order_by("-at", "-id")[:SHOWN])
    who = happenings.everybody([number for row in rows for number in (row.person_id, row.other_id)])
    found = []
    for row in rows:
        outward = row.person_id in ids
        other = who.get(row.other_id if outward else row.person_id)
        # Two selves of one person know each other no more than anybody knows herself.
        if other is not None and other.id not in ids:
            found.append({"row": row, "other": other, "outward": outward, "kind": KINDS.get(row.kind, row.kind)})
    return found


def suggestion_title(row: GroupSuggestion) -> str:
    """What a suggested group might be called."""
    said = row.reason
    if row.kind == "friends":
        return gettext("%(n)s people who know each other") % {"n": looks.number(len(row.members))}
    return str(said.get("value") or said.get("shop") or row.key)


def suggestion_reason(row: GroupSuggestion) -> str:
    """Why these people, in a sentence."""
    said, people = row.reason, len(row.members)
    if row.kind == "friends":
        return gettext("%(ties)s of them know each other; %(outside)s ties lead to others.") % {
            "ties": looks.number(said.get("ties", 0)), "outside": looks.number(said.get("outside", 0)),
        }  # fmt: skip
    if row.kind == "shop":
        return gettext("%(n)s people make most of their purchases at %(shop)s.") % {
            "n": looks.number(people), "shop": said.get("shop", ""),
        }  # fmt: skip
    sentence = ngettext(
        "%(n)s person has “%(value)s” as %(field)s.", "%(n)s people have “%(value)s” as %(field)s.", people
    )
    return sentence % {"n": looks.number(people), "value": said.get("value", ""), "field": said.get("field", "")}
