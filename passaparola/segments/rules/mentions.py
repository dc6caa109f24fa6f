"""What a tree reads: the index by which an event finds the segments it may change. Pure."""

import msgspec

from passaparola.segments.rules import tree
from passaparola.segments.rules.tree import Before, Event, Group, Sequence, Since, Within


class Mentions(msgspec.Struct, frozen=True):
    """Everything an answer may depend on. `states` holds the kinds of state leaves: stage, consent, referral, …"""

    events: frozenset[str] = frozenset()
    traits: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    segments: frozenset[int] = frozenset()
    groups: frozenset[int] = frozenset()
    # Whether an answer may change by time alone. Traits that move by themselves are the caller's knowledge.
    clock: bool = False


_STATES = {
    tree.Stage: "stage",
    tree.Tier: "tier",
    tree.Pyramid: "pyramid",
    tree.Lead: "lead",
    tree.Consent: "consent",
    tree.Referral: "referral",
    tree.Relationship: "relationship",
}
MOVING = ("inLast", "beforeLast", "inNext", "anniversaryWithin")


def mentions(root: Group) -> Mentions:
    """What the tree reads, itself only: the segments it names are not followed."""
    found = [leaf for _, leaf in tree.leaves(root)]
    return Mentions(
        events=frozenset(name for leaf in found for name in _events(leaf)),
        traits=frozenset(leaf.trait for leaf in found if isinstance(leaf, tree.Trait)),
        states=frozenset(_STATES[type(leaf)] for leaf in found if type(leaf) in _STATES),
        segments=frozenset(leaf.segment for leaf in found if isinstance(leaf, tree.InSegment)),
        groups=frozenset(leaf.group for leaf in found if isinstance(leaf, tree.InGroup)),
        clock=any(_moves(leaf) for leaf in found),
    )


def _events(leaf: tree.Leaf) -> list[str]:
    if isinstance(leaf, Event):
        return [leaf.event, *([leaf.window.event] if isinstance(leaf.window, Since) else [])]
    return [step.event for step in leaf.steps] if isinstance(leaf, Sequence) else []


def _moves(leaf: tree.Leaf) -> bool:
    if isinstance(leaf, Event):
        return isinstance(leaf.window, (Within, Before)) or leaf.measure in ("first", "last")
    if isinstance(leaf, Sequence):
        return isinstance(leaf.window, (Within, Before)) or any(step.absent for step in leaf.steps)
    return isinstance(leaf, tree.Trait) and leaf.operator in MOVING
