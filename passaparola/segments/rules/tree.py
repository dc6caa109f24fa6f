"""The nodes of a rule tree, in react-querybuilder's shape: groups {combinator, not, rules}, and leaves told by `type`.

What each leaf means, to the microsecond and to the unknown, is in docs/reference/rules.md.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

MINUTE_US = 60_000_000
UNITS_US = {"minutes": MINUTE_US, "hours": 60 * MINUTE_US, "days": 1440 * MINUTE_US, "weeks": 10080 * MINUTE_US}
DAY_US = UNITS_US["days"]

# Referrals that count as inviting, and as converted.
INVITED = ("registered", "qualified", "converted", "rewarded", "expired", "reversed")
CONVERTED = ("converted", "rewarded")
# Multipliers of the lasting random draw; every product stays below 2⁶³.
BUCKET = (2654435761, 1597334677, 12345)

Unit = Literal["minutes", "hours", "days", "weeks"]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A node: immutable, no unknown keys, JSON without what is left at its default."""


class Duration(Struct, frozen=True):
    """So many minutes, hours, days of 24 hours or weeks of seven such days."""

    n: int
    unit: Unit

    @property
    def us(self) -> int:
        """In microseconds."""
        return self.n * UNITS_US[self.unit]


class Within(Duration, frozen=True, tag_field="kind", tag="within"):
    """At moment T: T - n < at ≤ T - skip. Without `skip` the last n units, with it "between n and skip units ago"."""

    skip: int = 0

    @property
    def skip_us(self) -> int:
        """The part left out at the near end, in microseconds."""
        return self.skip * UNITS_US[self.unit]


class Before(Duration, frozen=True, tag_field="kind", tag="before"):
    """At moment T: at ≤ T - n, longer ago than n units."""


class Since(Struct, frozen=True, tag_field="kind", tag="since"):
    """After the last event of this name: at > its moment. Unknown where that event never happened."""

    event: str


class Between(Struct, frozen=True, tag_field="kind", tag="between"):
    """From one moment until before another: from ≤ at < until; either end may be left open."""

    from_at: Moment | None = msgspec.field(default=None, name="from")
    until_at: Moment | None = msgspec.field(default=None, name="until")


Window = Within | Before | Since | Between


class Condition(Struct, frozen=True):
    """Inside `where`: something about one fact. `field` is a column ("category") or a property ("properties.size")."""

    field: str
    operator: str
    value: Any = None


class Group(Struct, frozen=True, omit_defaults=False):
    """Several nodes under one word. Empty: false, whatever else it says."""

    rules: tuple[Any, ...] = ()
    combinator: Literal["and", "or"] = "and"
    negated: bool = msgspec.field(default=False, name="not")


class Trait(Struct, frozen=True, tag_field="type", tag="trait"):
    """What is known about the person, by name; unknown as long as it is not known."""

    trait: str
    operator: str
    value: Any = None


class Event(Struct, frozen=True, tag_field="type", tag="event"):
    """What she did: a measure over her facts of one name, compared with a value. Count is 1 or more where left out."""

    event: str
    where: Group | None = None
    window: Window | None = None
    measure: Literal["count", "days", "orders", "sum", "distinct", "min", "max", "first", "last"] = "count"
    # What sum, distinct, min and max are taken of: a field as in `where`.
    of: str = ""
    operator: str = ">="
    value: Any = 1


class Step(Struct, frozen=True):
    """One step of a sequence; the last may be `absent`: it did not happen `within` so long after the one before."""

    event: str
    where: Group | None = None
    absent: bool = False
    within: Duration | None = None


class Sequence(Struct, frozen=True, tag_field="type", tag="sequence"):
    """Steps each strictly later than the one before; `window` holds for the first, `within` from first to last.

    `same`: a field that must have the same known value in all steps, such as the cart that was begun and not paid.
    """

    steps: tuple[Step, ...]
    window: Within | Before | Between | None = None
    within: Duration | None = None
    same: str = ""


class Level(Struct, frozen=True):
    """A person's place on one scale: see the four below."""

    operator: Literal["in", "notIn"] = "in"
    value: tuple[str, ...] = ()


class Stage(Level, frozen=True, tag_field="type", tag="stage"):
    """Loyalty stage; none for who never came."""


class Tier(Level, frozen=True, tag_field="type", tag="tier"):
    """Tier of the points programme; unknown where there is none."""


class Pyramid(Level, frozen=True, tag_field="type", tag="pyramid"):
    """Level of the customer pyramid among people with a name."""


class Lead(Level, frozen=True, tag_field="type", tag="lead"):
    """How warm a lead is; unknown where the person is not scored."""


class InSegment(Struct, frozen=True, tag_field="type", tag="segment"):
    """In another segment now, or not."""

    segment: int
    operator: Literal["in", "notIn"] = "in"


class InGroup(Struct, frozen=True, tag_field="type", tag="group"):
    """A member of a group now, or not."""

    group: int
    operator: Literal["in", "notIn"] = "in"


class Consent(Struct, frozen=True, tag_field="type", tag="consent"):
    """The newest word on a channel and purpose; "none" where nobody ever said anything."""

    channel: str
    purpose: str
    state: Literal["given", "refused", "withdrawn", "requested", "none"] = "given"
    operator: Literal["=", "!="] = "="


class Referral(Struct, frozen=True, tag_field="type", tag="referral"):
    """How many friends she invited or who converted, whether she was invited (1 or 0), or how far from the first."""

    what: Literal["invited", "was_invited", "converted", "generation"]
    operator: str = ">="
    value: Any = 1
    program: int | None = None


class Relationship(Struct, frozen=True, tag_field="type", tag="relationship"):
    """How many people she is related to, of one kind or of any."""

    kind: str = ""
    operator: str = ">="
    value: Any = 1


class Bucket(Struct, frozen=True, tag_field="type", tag="bucket"):
    """A lasting random hundredth of the people: from ≤ bucket < until, drawn by the person's number and the seed."""

    until: int
    from_: int = msgspec.field(default=0, name="from")
    seed: int = 0


Leaf = (
    Trait | Event | Sequence | Stage | Tier | Pyramid | Lead | InSegment | InGroup | Consent | Referral | Relationship | Bucket
)
Node = Group | Leaf
LEAVES: dict[str, type[Any]] = {
    str(kind.__struct_config__.tag): kind
    for kind in (
        Trait, Event, Sequence, Stage, Tier, Pyramid, Lead, InSegment, InGroup, Consent, Referral, Relationship, Bucket
    )
}  # fmt: skip


def bucket_of(person: int, seed: int) -> int:
    """The hundredth, from 0 to 99, that a person belongs to under a seed."""
    first, second, plus = BUCKET
    mixed = (person % 2**31 * first + seed) % 2**32
    return int((mixed * second + plus) % 2**32 % 100003 % 100)


def walk(node: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, int, Any]]:
    """Every node below and including this one, in reading order: (path, depth, node).

    Paths read "rules[1].rules[0]"; conditions on facts "rules[1].where.rules[0]" and "rules[2].steps[0].where".
    """
    yield path, depth, node
    dot = "." if path else ""
    if isinstance(node, Group):
        for i, rule in enumerate(node.rules):
            yield from walk(rule, f"{path}{dot}rules[{i}]", depth + 1)
    elif isinstance(node, Event) and node.where is not None:
        yield from walk(node.where, f"{path}{dot}where", depth + 1)
    elif isinstance(node, Sequence):
        for i, step in enumerate(node.steps):
            if step.where is not None:
                yield from walk(step.where, f"{path}{dot}steps[{i}].where", depth + 1)


def leaves(node: Node) -> Iterator[tuple[str, Leaf]]:
    """The leaves of a tree with their paths, without conditions on facts."""
    for path, _, found in walk(node):
        if not isinstance(found, (Group, Condition)):
            yield path, found
