"""What is known about everybody: a list of traits, each defined once, counted alike in the store and in the engine."""

from passaparola.segments.traits.definitions import SOURCES, TRAITS, Trait, by_name
from passaparola.segments.traits.own import OwnTrait, in_force
from passaparola.segments.traits.store import kinds_of, parameters, refresh, relation, values

__all__ = [
    "SOURCES", "TRAITS", "OwnTrait", "Trait", "by_name", "in_force", "kinds_of", "parameters", "refresh", "relation", "values",
]  # fmt: skip
