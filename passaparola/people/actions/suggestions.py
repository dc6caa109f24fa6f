"""Suggested groups: found elsewhere and brought in as an act, so that a replay need not look again; nobody joins by them.

Whoever accepts one makes the group and takes its people in; what was dismissed is not suggested again.
"""

from typing import TYPE_CHECKING, Any

from passaparola.events.intake import Happening
from passaparola.kernel.batch import Record
from passaparola.kernel.errors import Refusal
from passaparola.people.actions.desk import is_id
from passaparola.people.actions.text import text

if TYPE_CHECKING:
    from passaparola.people.actions.groups import Groups

KINDS = ("place", "interest", "shop", "friends")
SUGGESTIONS_MAX, MEMBERS_MAX = 60, 500


class NoSuggestion(Refusal):
    """There is no such suggestion that is still open."""

    code, status = "no_suggestion", 404


def take_in(groups: "Groups", happening: Happening) -> None:
    """What a search found: new ones are opened, known ones renewed, the rest is stale. Never what was dismissed."""
    given = happening.props.get("suggestions")
    found = {one["key"]: one for item in (given if isinstance(given, list) else ())[:SUGGESTIONS_MAX] if (one := _fit(item))}
    groups.suggestions.take("id > 0")
    rows = list(groups.suggestions.rows.values())
    settled = {row["key"] for row in rows if row["state"] in ("dismissed", "accepted")}
    now, opened = happening.received_at, {row["key"]: row for row in rows if row["state"] == "open"}
    for key, row in opened.items():
        if key in found:
            groups.suggestions.change(row, **found[key], changed_at=now)
        else:
            groups.suggestions.change(row, state="stale", changed_at=now)
    new = [one for key, one in found.items() if key not in opened and key not in settled]
    for one in new:
        groups.suggestions.add(**one, state="open", at=now, changed_at=now, event_id=happening.id)
    happening.result["suggested"] = len(new)


def _fit(item: Any) -> Record | None:
    """One suggestion as it is kept, or nothing if it is none."""
    if not isinstance(item, dict) or item.get("kind") not in KINDS or not isinstance(item.get("members"), list):
        return None
    key, members = text(item.get("key"), 120), [n for n in item["members"][:MEMBERS_MAX] if is_id(n)]
    if not key or not members or not isinstance(item.get("reason"), dict):
        return None
    return {"key": key, "kind": item["kind"], "reason": item["reason"], "members": members}


def accept(groups: "Groups", happening: Happening) -> None:
    """Make the group and take in everybody of the suggestion who is still somebody."""
    row = _open(groups, happening)
    group = groups.create(happening)
    joined, people = 0, sorted({groups.people.root(number) for number in row["members"]})
    groups.read_members(people)
    for person in people:
        if groups.people.row(person)["forgotten_at"] is None:
            joined += groups.join(group, person, "suggestion", happening)
    groups.suggestions.change(row, state="accepted", group_id=group["id"], changed_at=happening.received_at)
    happening.result["joined"] = joined


def dismiss(groups: "Groups", happening: Happening) -> None:
    """Not a group; it is not suggested again."""
    groups.suggestions.change(_open(groups, happening), state="dismissed", changed_at=happening.received_at)


def _open(groups: "Groups", happening: Happening) -> Record:
    number = happening.props.get("suggestion")
    row = groups.suggestions.rows.get(number) if is_id(number) else None
    if row is None or row["state"] != "open":
        raise NoSuggestion()
    return row
