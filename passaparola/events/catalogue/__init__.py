"""The known events: what each means, which properties it has and of which type; an unknown event is kept all the same.

`KNOWN` holds what has a name ("Order Completed"), `CALLS` the five Segment calls without one (identify, alias, …).
The lists are read aloud by the corridor, the API's schema, the console and docs/reference/events.md.
"""

from collections.abc import Mapping
from typing import Any

from passaparola.events.catalogue.acts import ACTS
from passaparola.events.catalogue.customers import CALLS_WITHOUT_NAME, CUSTOMERS
from passaparola.events.catalogue.shape import TYPES, Definition, Doubt, Property

__all__ = ["ACTS", "CALLS", "CUSTOMERS", "KNOWN", "TYPES", "Definition", "Doubt", "Property", "doubts"]

KNOWN: dict[str, Definition] = {definition.name: definition for definition in (*CUSTOMERS, *ACTS)}
CALLS: dict[str, Definition] = {definition.name: definition for definition in CALLS_WITHOUT_NAME}


def doubts(name: str, properties: Mapping[str, Any]) -> list[Doubt]:
    """What in `properties` is missing or not of the type that the catalogue gives; empty for an unknown event.

    An event with doubts is still kept: a doubt is what the debugger and the API tell the sender.
    """
    definition = KNOWN.get(name) or CALLS.get(name)
    if definition is None:
        return []
    found = []
    for wanted in definition.properties:
        value = properties.get(wanted.name)
        if value is None:
            if wanted.required and not any(properties.get(other) is not None for other in wanted.instead):
                found.append(Doubt(wanted.name, "missing", wanted.type))
        elif not TYPES[wanted.type].holds(value):
            found.append(Doubt(wanted.name, "type", wanted.type))
    return found
