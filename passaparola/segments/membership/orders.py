"""What marketers order about segments: make, edit, archive and restore one, pin somebody in or out."""

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from passaparola.events.intake import Happening
from passaparola.kernel.batch import Record
from passaparola.kernel.errors import Refusal
from passaparola.segments import rules

if TYPE_CHECKING:
    from passaparola.segments.membership.room import Memberships

LANGUAGES = ("es", "it", "en")
SEGMENTS_MAX = 500
NAME_LENGTH_MAX, TEXT_LENGTH_MAX, KEY_LENGTH_MAX = 120, 2000, 60
PINS = ("in", "out", "")
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


class UnknownSegment(Refusal):
    """There is no segment {segment}."""

    code, status = "unknown_segment", 404


class BadRule(Refusal):
    """The rule cannot be used: {why}"""

    code, status = "bad_rule", 422


class BadSegment(Refusal):
    """The segment cannot be kept like this: {why}"""

    code, status = "bad_segment", 422


class KeyTaken(Refusal):
    """There is a segment with the key {key} already."""

    code, status = "key_taken", 409


class StillMentioned(Refusal):
    """The segment is part of the rule of {others}: change that first."""

    code, status = "still_mentioned", 409


def create(room: "Memberships", happening: Happening) -> None:
    """A new segment, gathered at once."""
    props = happening.props
    if len(room.segments.rows) >= SEGMENTS_MAX:
        raise BadSegment(why=f"there can be {SEGMENTS_MAX} segments")
    names = _texts(props.get("names"), NAME_LENGTH_MAX, "names")
    if not any(names.values()):
        raise BadSegment(why="it needs a name")
    key = props.get("key") or _free_key(room, names)
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise BadSegment(why="a key is made of small letters, digits and hyphens")
    if any(row["key"] == key for row in room.segments.rows.values()):
        raise KeyTaken(key=key)
    row = room.segments.add(
        key=key, names=names, rule={}, version=0, state="live", strategy=_texts(props.get("strategy")),
        created_at=happening.received_at, changed_at=happening.received_at,
    )  # fmt: skip
    _rule(room, row, props.get("rule"), happening)
    happening.result.update(segment_id=row["id"], key=key)


def edit(room: "Memberships", happening: Happening) -> None:
    """Other words, another strategy or another rule; the rule before stays in the history."""
    row, props = room.segment(happening.props.get("segment")), happening.props
    values: Record = {"changed_at": happening.received_at}
    if "names" in props:
        values["names"] = {**row["names"], **_texts(props["names"], NAME_LENGTH_MAX, "names")}
        if not any(values["names"].values()):
            raise BadSegment(why="it needs a name")
    if "strategy" in props:
        values["strategy"] = _texts(props["strategy"])
    room.segments.change(row, **values)
    if "rule" in props:
        _rule(room, row, props["rule"], happening)
    happening.result.update(segment_id=row["id"], version=row["version"])


def archive(room: "Memberships", happening: Happening) -> None:
    """Nobody is in it any more; its history stays. Not while another rule mentions it."""
    row = room.segment(happening.props.get("segment"))
    others = sorted(
        other["key"]
        for other in room.segments.rows.values()
        if other["state"] == "live"
        and other["id"] != row["id"]
        and row["id"] in rules.mentions(room.tree(other)).segments
    )
    if others:
        raise StillMentioned(others=", ".join(others))
    room.segments.change(row, state="archived", changed_at=happening.received_at)
    room.gather(row, happening)


def restore(room: "Memberships", happening: Happening) -> None:
    """The rule is asked again."""
    row = room.segment(happening.props.get("segment"))
    room.segments.change(row, state="live", changed_at=happening.received_at)
    room.gather(row, happening)


def pin(room: "Memberships", happening: Happening) -> None:
    """In or out by hand, whatever the rule says, until it is let go (state "")."""
    row, state = room.segment(happening.props.get("segment")), happening.props.get("state")
    if state not in PINS or happening.person_id is None:
        raise BadSegment(why='a pin is "in", "out" or "", for one person')
    root = room.people.root(happening.person_id)
    reason = happening.props.get("reason")
    room.pins.add(
        segment_id=row["id"], person_id=root, state=state, at=happening.received_at, event_id=happening.id,
        reason=reason[:200] if isinstance(reason, str) else "",
        actor=_actor(happening),
    )  # fmt: skip
    room.touch(root, {row["id"]})


def _actor(happening: Happening) -> str:
    """Who did it, as the door wrote it: "user:1"."""
    return str(json.loads(happening.context).get("actor", ""))[:60] if happening.context else ""


def _rule(room: "Memberships", row: Record, rule: Any, happening: Happening) -> None:
    """Check a rule, make it the one in force, and look at everybody again."""
    tree = rules.read(rule if isinstance(rule, dict) else {})
    problems = rules.check(tree, room.known(), segment=row["id"])
    if problems:
        raise BadRule(why=" ".join(f"{problem.path}: {problem.message}" for problem in problems))
    if row["version"] and rules.as_json(tree) == row["rule"]:
        return
    number = row["version"] + 1
    room.versions.add(
        segment_id=row["id"], number=number, rule=rules.as_json(tree), at=happening.received_at, event_id=happening.id
    )
    room.segments.change(row, rule=rules.as_json(tree), version=number, changed_at=happening.received_at)
    room.gather(row, happening)


def _texts(value: Any, length_max: int = TEXT_LENGTH_MAX, what: str = "strategy") -> dict[str, str]:
    """One text in up to three languages; anything else is refused."""
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(k in LANGUAGES and isinstance(v, str) for k, v in value.items()):
        raise BadSegment(why=f"{what} is an object of es, it and en")
    texts = {k: v.strip() for k, v in value.items()}
    if any(len(text) > length_max for text in texts.values()):
        raise BadSegment(why=f"{what} may have {length_max} characters")
    return texts


def _free_key(room: "Memberships", names: dict[str, str]) -> str:
    name = next(text for code in ("en", "es", "it") if (text := names.get(code)))
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub("[^a-z0-9]+", "-", plain).strip("-")[: KEY_LENGTH_MAX - 4] or "segment"
    taken = {row["key"] for row in room.segments.rows.values()}
    return next(key for n in range(1, SEGMENTS_MAX + 2) if (key := stem if n == 1 else f"{stem}-{n}") not in taken)
