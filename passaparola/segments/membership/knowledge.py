"""What a rule may speak of in this installation: its traits, segments and groups."""

from collections.abc import Mapping

from passaparola.kernel import database
from passaparola.segments import rules


def known(segments: Mapping[int, rules.Group | None]) -> rules.Known:
    """For checking a rule. Events are not listed: one may come for the first time tomorrow."""
    groups = frozenset(row[0] for row in database.rows("SELECT id FROM people_group"))
    return rules.Known(traits=None, segments=segments, groups=groups, tiers=frozenset())
