"""Which facts, and what of them, somebody is going to ask about, so that a bucket is fetched once and not more of it. Pure."""

import re
from collections.abc import Iterable

import msgspec

from passaparola.measure.lake import shape
from passaparola.segments.traits.definitions import SOURCES

# What the kept columns are counted from: the events they read, and the lines of purchases.
COUNTED = frozenset((*SOURCES, "Product Bought"))
_WORD = re.compile(r"\w+")


class Reads(msgspec.Struct, frozen=True):
    """The events, and the statements that read them: a column that no statement says is not fetched."""

    events: frozenset[str] = frozenset()
    statements: tuple[str, ...] = ()

    def __or__(self, other: "Reads") -> "Reads":
        return Reads(self.events | other.events, self.statements + other.statements)

    def columns(self) -> list[str]:
        """The columns of facts that the statements name, in the order of the lake; one at least."""
        said = words(self.statements) | {"at_us"}
        return [name for name in shape.FACT if name in said]


def words(texts: Iterable[str]) -> set[str]:
    """Every word of some texts."""
    return {word for text in texts for word in _WORD.findall(text)}
