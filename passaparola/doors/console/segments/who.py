"""Who of the team ordered something: the account behind the events that changed a segment."""

import json
from collections.abc import Iterable

from django.contrib.auth.models import User

from passaparola.events.models import Event


def behind(events: Iterable[int]) -> dict[int, str]:
    """Event → the name of the account that ordered it; those without one are left out."""
    contexts = dict(Event.objects.filter(id__in=list(events)).values_list("id", "context"))
    actors = {number: json.loads(context or "{}").get("actor", "") for number, context in contexts.items()}
    return named(actors)


def named(actors: dict[int, str]) -> dict[int, str]:
    """The same keys with the accounts' names for "user:1"."""
    numbers = {
        key: int(actor.removeprefix("user:"))
        for key, actor in actors.items()
        if actor.removeprefix("user:").isdecimal()
    }
    names = dict(User.objects.filter(id__in=set(numbers.values())).values_list("id", "username"))
    return {key: names[number] for key, number in numbers.items() if number in names}
