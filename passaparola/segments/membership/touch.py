"""Which segments an event may have changed, told from what their rules mention. Pure."""

from passaparola.events.intake import Happening
from passaparola.segments import rules, traits

# The moves of other segments are facts only for rules that mention a segment or these names.
MOVES = ("Segment Entered", "Segment Left")
# What the kept traits are counted from: these touch a person even where no segment looks.
_COUNTED = frozenset(traits.SOURCES)
# Calls and acts that can change what is known about somebody beyond being a fact themselves.
_SILENT = ("page", "screen")


class Watch:
    """What the live segments look at: which of them an event's name or a changed state concerns."""

    def __init__(self, trees: dict[int, rules.Group]) -> None:
        mentions = {id_: rules.mentions(tree) for id_, tree in trees.items()}
        self.by_event: dict[str, set[int]] = {}
        for id_, mention in mentions.items():
            for name in mention.events:
                self.by_event.setdefault(name, set()).add(id_)
        # Reading a state (a trait, a stage, a consent, …) means that nearly every event may matter.
        self.by_state = {id_ for id_, m in mentions.items() if m.states or m.traits or m.groups}
        self.by_segment = {id_ for id_, mention in mentions.items() if mention.segments}
        # Many traits move with the days (recency, age): whoever reads one may be due by time alone.
        self.timed = {id_ for id_, mention in mentions.items() if mention.clock or mention.traits}

    def counts(self, happening: Happening) -> bool:
        """Whether what is kept of the person's traits follows from this event."""
        return happening.name in _COUNTED

    def concerns(self, happening: Happening) -> set[int]:
        """The segments that the event may have changed for the person it is about."""
        found = set(self.by_event.get(happening.name, ()))
        if happening.name == "Order Completed":
            found |= self.by_event.get("Product Bought", set())
        if happening.name in MOVES:
            return found | self.by_segment
        if happening.type in _SILENT:
            kind = "Page Viewed" if happening.type == "page" else "Screen Viewed"
            return found | self.by_event.get(kind, set())
        return found | self.by_state
