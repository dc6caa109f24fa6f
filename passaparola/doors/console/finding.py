"""Finding people although the name was typed wrongly: candidates by the index of words, then likeness in memory."""

import re
import unicodedata

import phonenumbers
from django.conf import settings
from rapidfuzz import fuzz

from passaparola.events.models import Order
from passaparola.kernel.models import Key
from passaparola.people import finding, names
from passaparola.people.models import Identity, Person
from passaparola.programs.models import Code

QUERY_CHARACTERS_MAX = 80
LIKENESS_MIN = 72
_BREAKS = re.compile(r"[\s@.]+")


def plain(text: str) -> str:
    """Lower case without accents, as `Person.search` is kept."""
    flat = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in flat if not unicodedata.combining(c)).split())[:QUERY_CHARACTERS_MAX]


def people(query: str, limit: int) -> list[Person]:
    """The people most like the query, best first: by exact identity, by every word, then with typing errors."""
    asked = plain(query)
    if not asked:
        return []
    ids = dict.fromkeys(_by_name_or_number(query.strip()))
    if not (ids and any(mark.isdigit() or mark == "@" for mark in query)):
        # An address or number that hits needs no guessing.
        for root_id in _alike(asked, limit):
            ids.setdefault(root_id)
            if len(ids) >= limit:
                break
    roots = Person.objects.in_bulk(list(ids)[:limit])
    return [roots[i] for i in list(ids)[:limit] if i in roots]


def _alike(asked: str, limit: int) -> list[int]:
    """Roots of whoever is like the words, best first."""
    # A number is one word however it is spaced.
    words = [number] if (number := names.spaced(asked)) else [word for word in _BREAKS.split(asked) if word]
    code = phonenumbers.country_code_for_region(settings.LANGUAGE_CODE[:2].upper())
    found = finding.candidates(asked, limit, str(code or ""))
    scored = sorted((-likeness(words, search), person_id, root_id) for person_id, root_id, search in found)
    return [root_id for score, _id, root_id in scored if -score >= LIKENESS_MIN]


def _by_name_or_number(query: str) -> list[int]:
    """Roots of whoever has exactly this e-mail, id, card, phone (however it is written), code or order."""
    values = {query, query.lower(), *names.phones(query)}
    if number := names.phone(query, settings.LANGUAGE_CODE[:2].upper()):
        values.add(number)
    found = list(
        Identity.objects.filter(kind__in=Identity.KINDS, value__in=values).values_list("person_id", flat=True)[:10]
    )
    found += Code.objects.filter(value=query.upper()).values_list("person_id", flat=True)[:10]
    # By source as well: so the database can use its index of orders.
    sources = [*Key.objects.values_list("source", flat=True).distinct(), "shop", "console"]
    orders = Order.objects.filter(source__in=set(sources), order_id=query)
    found += [whose for whose in orders.values_list("person_id", flat=True)[:10] if whose is not None]
    return list(Person.objects.filter(id__in=found, forgotten_at=None).values_list("root_id", flat=True))


def likeness(words: list[str], text: str) -> float:
    """0 to 100: each word against its best counterpart, whole or as a beginning; the mean of them."""
    tokens = [token for token in _BREAKS.split(text) if token]
    return sum(max((_likeness(word, token) for token in tokens), default=0) for word in words) / len(words)


def _likeness(word: str, token: str) -> float:
    if word == token:
        return 100
    if word in token and not word.isalpha():
        # Part of a number: without the country's code, or not typed to its end.
        return 96
    return max(fuzz.ratio(word, token), fuzz.ratio(word, token[: len(word)]) - 2)
