"""People who might make a group: by shared places and interests, by the shop they buy at, by who knows whom.

A look at everybody, bounded in memory and ties; it writes nothing. What it finds goes in as an act (passaparola/suggest.py).
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from passaparola.kernel import database
from passaparola.measure import communities
from passaparola.people import names
from passaparola.people.actions.suggestions import MEMBERS_MAX, SUGGESTIONS_MAX

# Fields of the profile by which people may belong together, and as what.
FIELDS = {
    "city": "place", "town": "place", "village": "place", "district": "place", "neighbourhood": "place",
    "neighborhood": "place", "postal_code": "place", "address.city": "place", "workplace": "place", "school": "place",
    "interest": "interest", "interests": "interest", "hobby": "interest", "hobbies": "interest", "club": "interest",
    "team": "interest", "sport": "interest", "sports": "interest", "association": "interest",
}  # fmt: skip
MEMBERS_MIN = 5
TIES_MAX = 300_000
_VALUES_MAX, _EACH_MAX = 200_000, 15
# Who buys so often, and mostly by one channel, belongs to it.
_ORDERS_MIN, _MOSTLY = 3, 0.6
# Communities so alike are the same one, found again.
_ALIKE = 0.5
# What a tie of each kind weighs.
WEIGHTS = {"friend": 1.0, "family": 1.0, "household": 1.0, "colleague": 0.5, "knows": 0.5}


@dataclass
class Found:
    """What a look came to; `cut` says that there were more ties than are looked at."""

    suggestions: list[dict[str, Any]] = field(default_factory=list)
    people: int = 0
    ties: int = 0
    cut: bool = False


def look() -> Found:
    """Everything that might be a group and is none yet, the best of each kind first."""
    found = Found()
    shared = _by_profile(found)
    for kind in ("place", "interest"):
        found.suggestions += [one for one in shared if one["kind"] == kind][:_EACH_MAX]
    found.suggestions += _by_shop()[:_EACH_MAX]
    found.suggestions += _by_friends(found)[:_EACH_MAX]
    known = _known()
    found.suggestions = [one for one in found.suggestions if not _is_known(one, known)][:SUGGESTIONS_MAX]
    return found


# --- places and interests -----------------------------------------------------------------------------


def _by_profile(found: Found) -> list[dict[str, Any]]:
    """Values that between MEMBERS_MIN and MEMBERS_MAX people share: first counted, then gathered, so that memory is bounded."""
    counts: Counter[tuple[str, str]] = Counter()
    for _person, profile in _profiles():
        found.people += 1
        for one in _values(profile):
            if one[:2] in counts or len(counts) < _VALUES_MAX:
                counts[one[:2]] += 1
    wanted = {key for key, count in counts.items() if MEMBERS_MIN <= count <= MEMBERS_MAX}
    members: dict[tuple[str, str], list[int]] = {}
    words: dict[tuple[str, str], str] = {}
    for person, profile in _profiles() if wanted else ():
        for name, value, word in _values(profile):
            if (name, value) in wanted:
                members.setdefault((name, value), []).append(person)
                words.setdefault((name, value), word)
    ranked = sorted(members, key=lambda key: (-len(members[key]), key))
    return [
        {"key": f"trait:{name}:{value}"[:120], "kind": FIELDS[name], "members": sorted(members[name, value]),
         "reason": {"field": name, "value": words[name, value], "people": len(members[name, value])}}
        for name, value in ranked
    ]  # fmt: skip


def _profiles() -> Iterator[tuple[int, dict[str, Any]]]:
    with database.snapshot():
        sql = "SELECT id, profile FROM person WHERE root_id = id AND forgotten_at IS NULL ORDER BY id"
        for person, profile in database.stream(sql):
            yield person, json.loads(profile) if isinstance(profile, str) else profile


def _values(profile: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Field, value as compared, and as written, of everything in a profile by which people may belong together."""
    for name in FIELDS:
        head, _, tail = name.partition(".")
        value = profile.get(head)
        if tail:
            value = value.get(tail) if isinstance(value, dict) else None
        for one in value if isinstance(value, list) else (value,):
            if isinstance(one, str) and 1 < len(one.strip()) <= 60:
                yield name, names.searchable(one), one.strip()


# --- the shop ----------------------------------------------------------------------------------------


def _by_shop() -> list[dict[str, Any]]:
    """Who buys nearly always by the same channel or in the same shop."""
    sql = (
        "SELECT p.root_id, o.channel, COUNT(*) FROM purchase_order o JOIN person p ON p.id = o.person_id "
        "JOIN person r ON r.id = p.root_id AND r.forgotten_at IS NULL WHERE o.completed AND o.channel IS NOT NULL "
        "GROUP BY p.root_id, o.channel ORDER BY p.root_id, o.channel"
    )
    orders: dict[int, dict[str, int]] = {}
    with database.snapshot():
        for person, channel, count in database.stream(sql):
            orders.setdefault(person, {})[channel] = count
    inside: dict[str, list[int]] = {}
    for person, by in orders.items():
        most = max(sorted(by), key=lambda channel: by[channel])
        if sum(by.values()) >= _ORDERS_MIN and by[most] >= _MOSTLY * sum(by.values()):
            inside.setdefault(most, []).append(person)
    # One channel for everybody tells nobody apart.
    fitting = {shop: people for shop, people in inside.items() if MEMBERS_MIN <= len(people) <= MEMBERS_MAX}
    if len(inside) < 2:
        return []
    return [
        {"key": f"shop:{shop}"[:120], "kind": "shop", "members": sorted(people),
         "reason": {"shop": shop, "people": len(people), "share": round(_MOSTLY * 100)}}
        for shop, people in sorted(fitting.items(), key=lambda item: (-len(item[1]), item[0]))
    ]  # fmt: skip


# --- who knows whom ----------------------------------------------------------------------------------


def _by_friends(found: Found) -> list[dict[str, Any]]:
    """Connected communities of relationships and recommendations; the closest-knit first."""
    ties = list(_ties())
    found.ties, found.cut = len(ties), len(ties) >= TIES_MAX
    whole = communities.graph(ties)
    suggestions = []
    for members in communities.communities(whole):
        if MEMBERS_MIN <= len(members) <= MEMBERS_MAX:
            within, out = communities.ties_within(whole, members)
            reason = {"people": len(members), "ties": within, "outside": out}
            mark = hashlib.blake2b(repr(members).encode(), digest_size=6).hexdigest()
            suggestions.append({"key": f"friends:{mark}", "kind": "friends", "members": members, "reason": reason})
    return sorted(suggestions, key=lambda one: -(one["reason"]["ties"] / (one["reason"]["ties"] + one["reason"]["outside"])))


def _ties() -> Iterator[tuple[int, int, float]]:
    """The newest ties between people of today: relationships in force, and recommendations that were not refused."""
    sql = (
        "SELECT a.root_id, b.root_id, kind FROM ("
        "SELECT person_id AS one, other_id AS other, kind, at FROM relationship WHERE until_at IS NULL UNION ALL "
        "SELECT advocate_id, friend_id, 'friend', opened_at FROM referral WHERE state NOT IN ('refused', 'reversed')"
        ") t JOIN person a ON a.id = t.one JOIN person b ON b.id = t.other "
        "WHERE a.root_id <> b.root_id ORDER BY t.at DESC, t.one, t.other LIMIT ?"
    )
    with database.snapshot():
        for one, other, kind in database.stream(sql, [TIES_MAX]):
            yield one, other, WEIGHTS.get(kind, 0.5)


# --- what is known already -----------------------------------------------------------------------------


def _known() -> list[set[int]]:
    """The people of each open group, and of each suggestion that was dismissed or accepted."""
    inside: dict[int, set[int]] = {}
    sql = "SELECT m.group_id, p.root_id FROM group_member m JOIN person p ON p.id = m.person_id WHERE m.until_at IS NULL"
    for group, person in database.rows(sql):
        inside.setdefault(group, set()).add(person)
    settled = database.rows("SELECT members FROM group_suggestion WHERE state IN ('dismissed', 'accepted')")
    return [*inside.values(), *({*(json.loads(m) if isinstance(m, str) else m)} for (m,) in settled)]


def _is_known(one: dict[str, Any], known: list[set[int]]) -> bool:
    """Whether nearly the same people are a group already, or were looked at before."""
    members = set(one["members"])
    return any(len(members & other) >= _ALIKE * len(members | other) for other in known if other)
