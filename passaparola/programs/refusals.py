"""The latest decisions that refused something."""

from passaparola.kernel.database import rows
from passaparola.programs.models import Decision

# Spelled out, so that the index of refusals alone is seen to be enough: of a placeholder SQLite cannot know.
_LATEST = "SELECT id FROM decision WHERE outcome = 'refused' AND kind = ? ORDER BY id DESC LIMIT ?"


def refused(kind: str, limit: int) -> list[Decision]:
    """At most so many, the newest first."""
    ids = [row[0] for row in rows(_LATEST, [kind, limit])]
    found = Decision.objects.in_bulk(ids)
    return [found[number] for number in ids]
