"""The rule tree: whom a segment, a moment or a reward is for, as data. Pure.

`read` a tree from JSON, `check` it against what the installation knows, write it `as_json`, ask what it `mentions`;
`exchange` speaks with react-querybuilder. docs/reference/rules.md lists each leaf with an example.
"""

from passaparola.segments.rules.checking import Known, Problem, TraitKind, check
from passaparola.segments.rules.clock import Clock
from passaparola.segments.rules.contradicting import Contradiction, contradictions
from passaparola.segments.rules.exchange import from_rqb, to_rqb
from passaparola.segments.rules.mentions import Mentions, mentions
from passaparola.segments.rules.reading import Malformed, as_json, read
from passaparola.segments.rules.tree import (
    Before,
    Between,
    Bucket,
    Condition,
    Consent,
    Duration,
    Event,
    Group,
    InGroup,
    InSegment,
    Leaf,
    Level,
    Node,
    Referral,
    Relationship,
    Sequence,
    Since,
    Step,
    Trait,
    Window,
    Within,
    leaves,
    walk,
)
from passaparola.segments.rules.turning import read_turn, turns

__all__ = [
    "Before", "Between", "Bucket", "Clock", "Condition", "Consent", "Contradiction", "Duration", "Event", "Group", "InGroup",
    "InSegment", "Known", "Leaf", "Level", "Malformed", "Mentions", "Node", "Problem", "Referral", "Relationship", "Sequence",
    "Since", "Step", "Trait", "TraitKind", "Window", "Within", "as_json", "check", "contradictions", "from_rqb", "leaves",
    "mentions", "read", "read_turn", "to_rqb", "turns", "walk",
]  # fmt: skip
