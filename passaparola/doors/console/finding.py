"""Finding people although the name was typed wrongly: a cheap sieve in SQL, then likeness in memory."""

import re
import unicodedata
from functools import reduce
from operator import and_, or_

from django.conf import settings
from django.db.models import Q
from rapidfuzz import fuzz

from passaparola.events.models import Order
from passaparola.kernel.models import Key
from passaparola.people import names
from passaparola.people.models import Identity, Person
from passaparola.programs.models import Code

QUERY_CHARACTERS_MAX = 80
# How many the sieve may let through to be compared one by one.
SIEVE_ROWS_MAX = 3_000
LIKENESS_MIN = 72


def plain(text: str) -> str:
    """Lower case without accents, as `Person.search` is kept."""
    flat = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in flat if not unicodedata.combining(c)).split())[:QUERY_CHARACTERS_MAX]


def people(query: str, limit: int) -> list[Person]:
    """The people most like the query, best first: by exact identity, by every word, then with typing errors."""
    words = plain(query).split()
    if not words:
        return []
    ids = dict.fromkeys(_by_name_or_number(query.strip()))
    if not (ids and any(mark.isdigit() or mark == "@" for mark in query)):
        # An address or number that hits needs no guessing: among a million people guessing takes a moment.
        for root_id in _alike(words, limit):
            ids.setdefault(root_id)
            if len(ids) >= limit:
                break
    roots = Person.objects.in_bulk(list(ids)[:limit])
    return [roots[i] for i in list(ids)[:limit] if i in roots]


def _alike(words: list[str], limit: int) -> list[int]:
    """Roots of whoever is like the words, best first."""
    everyone = Person.objects.filter(forgotten_at=None).order_by("id").values_list("id", "root_id", "search")
    whole = reduce(and_, (Q(search__contains=word) for word in words))
    found = set(everyone.filter(whole)[:SIEVE_ROWS_MAX])
    if len(found) < limit:
        found.update(everyone.filter(_halves(words))[:SIEVE_ROWS_MAX])
    scored = sorted((-likeness(words, search), person_id, root_id) for person_id, root_id, search in found)
    return [root_id for score, _id, root_id in scored if -score >= LIKENESS_MIN]


def _by_name_or_number(query: str) -> list[int]:
    """Roots of whoever has exactly this e-mail, id, card, phone (however it is written), code or order."""
    values = {query, query.lower()}
    if number := names.phone(query, settings.LANGUAGE_CODE[:2].upper()):
        values.add(number)
    found = list(Identity.objects.filter(value__in=values).values_list("person_id", flat=True)[:10])
    found += Code.objects.filter(value=query.upper()).values_list("person_id", flat=True)[:10]
    # By source as well: so the database can use its index of orders.
    sources = [*Key.objects.values_list("source", flat=True).distinct(), "shop", "console"]
    orders = Order.objects.filter(source__in=set(sources), order_id=query)
    found += [whose for whose in orders.values_list("person_id", flat=True)[:10] if whose is not None]
    return list(Person.objects.filter(id__in=found, forgotten_at=None).values_list("root_id", flat=True))


def _halves(words: list[str]) -> Q:
    """With one typing error in a word, one of its halves is still right, unless the error swaps two letters at its middle."""
    return reduce(and_, (reduce(or_, (Q(search__contains=piece) for piece in _pieces(word))) for word in words))


def _pieces(word: str) -> list[str]:
    middle = len(word) // 2
    if len(word) < 4:
        return [word]
    swapped = word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]
    return [word[:middle], word[middle:], swapped]


def likeness(words: list[str], text: str) -> float:
    """0 to 100: each word against its best counterpart, whole or as a beginning; the mean of them."""
    tokens = re.split(r"[\s@.]+", text)
    best = (
        max((max(fuzz.ratio(word, t), fuzz.ratio(word, t[: len(word)]) - 2) for t in tokens if t), default=0)
        for word in words
    )
    return sum(best) / len(words)
