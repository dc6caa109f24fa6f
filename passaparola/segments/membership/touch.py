"""Which segments an event, or a row it changed, may have changed: told from what their rules mention. Pure."""

from collections.abc import Mapping

from passaparola.events.intake import Happening
from passaparola.segments import rules, traits

# The moves of other segments are facts only for rules that mention a segment or these names.
MOVES = ("Segment Entered", "Segment Left")
# What the kept traits are counted from: these touch a person even where no segment looks.
_COUNTED = frozenset(traits.SOURCES)
_VIEWS = {"page": "Page Viewed", "screen": "Screen Viewed"}
# Relations a built-in trait is made from → the rows by which it may change without an event of the person's own.
_ROWS = {"friend.": "referral", "person.": "person", "base.": "order", "period.": "order"}


class Watch:
    """What the live segments look at: by the names of events, and by kinds of rows (consent, stage, referral, …)."""

    def __init__(self, trees: Mapping[int, rules.Group], own: Mapping[str, traits.OwnTrait]) -> None:
        self.by_event: dict[str, set[int]] = {}
        self.by_kind: dict[str, set[int]] = {}
        self.by_segment: set[int] = set()
        # Whose answer may change by time alone.
        self.timed: set[int] = set()
        for id_, tree in trees.items():
            self._add(id_, rules.mentions(tree), own)

    def _add(self, id_: int, mention: rules.Mentions, own: Mapping[str, traits.OwnTrait]) -> None:
        names, kinds = set(mention.events), set(mention.states) | ({"group"} if mention.groups else set())
        moves = mention.clock or "pyramid" in mention.states
        for name in mention.traits:
            trait = traits.by_name().get(name)
            if trait is not None:
                names.update(trait.sources)
                kinds.update(kind for relation, kind in _ROWS.items() if relation in trait.sql)
                moves = moves or trait.moves
                kinds |= {"period"} if "period." in trait.sql else set()
            elif name in own:
                names.add(own[name].event)
                moves = moves or own[name].window_days is not None
        if "pyramid" in kinds:
            names.add("Order Completed")
            kinds |= {"order", "person"}
        if "Product Bought" in names:
            names.add("Order Completed")
        for name in names:
            self.by_event.setdefault(name, set()).add(id_)
        for kind in kinds:
            self.by_kind.setdefault(kind, set()).add(id_)
        if mention.segments:
            self.by_segment.add(id_)
        if moves:
            self.timed.add(id_)

    def counts(self, happening: Happening) -> bool:
        """Whether what is kept of the person's traits follows from this event."""
        return happening.name in _COUNTED

    def concerns(self, happening: Happening) -> set[int]:
        """The segments that the event may have changed for the person it is about."""
        found = self.by_event.get(_VIEWS.get(happening.type, happening.name), set())
        return found | self.by_segment if happening.name in MOVES else found
