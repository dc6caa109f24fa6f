"""A rule as a sentence in es, it or en: what stands under every builder. Pure.

    sentence("es", tree, Names(…))  →  "Personas que compraron al menos 2 veces en los últimos 60 días …"
"""

from typing import Any

from django.utils.translation import gettext

from passaparola.kernel import words
from passaparola.segments.rules.tree import Group
from passaparola.segments.sentence.clauses import clause
from passaparola.segments.sentence.names import Names, TraitName

__all__ = ["Names", "TraitName", "phrase", "sentence"]


@words.spoken
def sentence(language: str, tree: Group, names: Names) -> str:
    """The whole rule as one sentence with its full stop."""
    if not tree.rules:
        return gettext("Nobody.")
    return gettext("People who %(clauses)s.") % {"clauses": clause(language, tree, names, outer=True)}


@words.spoken
def phrase(language: str, node: Any, names: Names) -> str:
    """One condition or group as it stands after "people who", without full stop."""
    return clause(language, node, names, outer=True)
