"""What one may choose from in the builder: traits, events and their properties, products, segments, groups; as seen here.

Only the latest rows of the log are looked at, so that the page opens at once however long the log is.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from passaparola.doors.console.segments.spelling import Kinds
from passaparola.doors.look import in_language
from passaparola.events.catalogue import ACTS, CUSTOMERS, KNOWN
from passaparola.events.models import Event, Order, OrderLine
from passaparola.kernel import money
from passaparola.people.models import Group
from passaparola.programs.models import Program
from passaparola.segments import rules, traits
from passaparola.segments.models import Segment
from passaparola.segments.rules import TraitKind

ROWS_LOOKED_AT = 2_000
OFFERED_MAX = 150
# Acts about a person that are worth a condition; the others are the console's own housekeeping.
ACTS_OFFERED = (
    "Friend Signed Up", "Opt-in Confirmed", "Code Shared", "Link Clicked", "Segment Entered", "Segment Left",
    "Message Delivered", "Consent Recorded",
)  # fmt: skip
_TYPES = {"number": "number", "money": "number", "integer": "number", "boolean": "boolean"}


@dataclass(frozen=True)
class TraitWord:
    """A trait as one chooses it."""

    name: str
    sentence: str
    unit: str
    type: str
    moves: bool = False


@dataclass
class Vocabulary:
    """Read piece by piece, each at most once for a page."""

    language: str
    segment_id: int | None = None
    _seen: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def traits(self) -> dict[str, TraitWord]:
        """All traits, ours first, then those defined from properties."""
        ours = {t.name: TraitWord(t.name, _(t.sentence), t.unit, t.type, t.moves) for t in traits.TRAITS}
        own = {
            name: TraitWord(name, f"{name} · {t.event}", "", t.kind, t.window_days is not None)
            for name, t in traits.in_force().items()
        }
        return ours | own

    @cached_property
    def kinds(self) -> Kinds:
        """What typing needs to know."""
        return Kinds(
            {name: word.type for name, word in self.traits.items()},
            {name: word.unit for name, word in self.traits.items()},
            settings.BUSINESS_TIME_ZONE,
            money.digits(settings.CURRENCY),
        )

    @cached_property
    def segments(self) -> dict[int, str]:
        """Live segments by their names, without the one being edited."""
        rows = Segment.objects.filter(state="live").exclude(id=self.segment_id or 0).values_list("id", "names")
        return dict(sorted(((i, in_language(n, self.language)) for i, n in rows), key=lambda row: row[1].casefold()))

    @cached_property
    def groups(self) -> dict[int, str]:
        """Groups that are not closed."""
        rows = Group.objects.filter(closed_at=None).order_by("-id").values_list("id", "names")[:500]
        return dict(sorted(((i, in_language(n, self.language)) for i, n in rows), key=lambda row: row[1].casefold()))

    @cached_property
    def programs(self) -> dict[int, str]:
        """Programmes, drafts too."""
        return dict(Program.objects.order_by("name").values_list("id", "name")[:500])

    @cached_property
    def tiers(self) -> list[str]:
        """Tiers of the points programme; free text until there is one."""
        return []

    @cached_property
    def _latest(self) -> list[tuple[str, dict[str, Any]]]:
        rows = Event.objects.filter(type__in=("track", "page", "screen")).order_by("-id")
        found = []
        for kind, name, properties in rows.values_list("type", "name", "properties")[:ROWS_LOOKED_AT]:
            name = {"page": "Page Viewed", "screen": "Screen Viewed"}.get(kind, name)
            found.append((name, json.loads(properties or "{}")))
        return found

    @cached_property
    def events(self) -> list[str]:
        """Names of events: bought products, what came lately by frequency, then what we know without having seen it."""
        seen = Counter(name for name, _properties in self._latest)
        known = [d.name for d in CUSTOMERS if d.type == "track"]
        acts = [d.name for d in ACTS if d.name in ACTS_OFFERED]
        names = ["Product Bought", *(name for name, _n in seen.most_common(OFFERED_MAX)), *known, *acts]
        return list(dict.fromkeys(names))

    def properties(self, event: str) -> dict[str, str]:
        """An event's own properties with what they are (number, text, boolean): as known, and as seen lately."""
        known = KNOWN.get(event)
        found = {
            p.name: _TYPES.get(p.type, "text")
            for p in (known.properties if known else ())
            if p.type not in ("object", "list")
        }
        for name, properties in self._latest:
            if name == event:
                found |= {k: _type(v) for k, v in properties.items() if isinstance(v, (str, int, float, bool))}
        return dict(list(found.items())[:OFFERED_MAX])

    def values(self, event: str, name: str) -> list[str]:
        """What a property was lately, most frequent first."""
        found = Counter(
            str(p[name]) for e, p in self._latest if e == event and isinstance(p.get(name), (str, int, float))
        )
        return [value for value, _n in found.most_common(OFFERED_MAX)]

    @cached_property
    def products(self) -> list[str]:
        """Products of the latest lines, most frequent first."""
        return self._lines("product")

    @cached_property
    def categories(self) -> list[str]:
        """Categories of the latest lines."""
        return self._lines("category")

    @cached_property
    def channels(self) -> list[str]:
        """Where was bought lately."""
        return _frequent(Order.objects.order_by("-id").values_list("channel", flat=True)[:ROWS_LOOKED_AT])

    def _lines(self, column: str) -> list[str]:
        return _frequent(OrderLine.objects.order_by("-id").values_list(column, flat=True)[:ROWS_LOOKED_AT])

    def known(self) -> rules.Known:
        """For checking a rule. Events are not listed: one may come for the first time tomorrow."""
        stored = Segment.objects.filter(state="live").values_list("id", "rule")
        return rules.Known(
            traits={name: TraitKind(word.type, word.moves) for name, word in self.traits.items()},
            segments={i: rules.read(rule) if rule else None for i, rule in stored},
            groups=frozenset(self.groups),
        )


def _type(value: Any) -> str:
    return "boolean" if isinstance(value, bool) else "number" if isinstance(value, (int, float)) else "text"


def _frequent(values: Iterable[str | None]) -> list[str]:
    found = Counter(value for value in values if value)
    return [value for value, _n in found.most_common(OFFERED_MAX)]
