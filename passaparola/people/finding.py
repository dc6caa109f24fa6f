"""Who may be meant by a few words, typed right or wrong: from what is typed to words that people have, and from those to people.

Only words are compared with errors, never people: among a million there are far fewer words than people.
"""

from collections.abc import Callable
from typing import NamedTuple

from rapidfuzz import fuzz, process

from passaparola.kernel import database
from passaparola.people import names

# How many people one way of looking may bring, to be compared one by one.
FOUND_MAX = 1_000
# Whoever finds so many by what was typed has typed it right.
GUESSED_BELOW = 20
# Words that a word typed wrongly may stand for: so many are compared at each end, so many are taken.
_COMPARED_MAX = 20_000
_NEAR_MAX = 40
_NEAR_LIKENESS_MIN = 60
# Shorter ones are looked for as they are; of longer ones one end is right, whatever happened to the other.
_ERRORS_CHARACTERS_MIN, _END_CHARACTERS = 3, 2
# By so much a word may be shorter than what was typed, or longer, of which only the beginning was typed.
_SHORTER_MAX, _LONGER_MAX = 2, 4
# Beyond that, that a word is common is all that matters.
_COUNTED_MAX = 20_000
_NUMBER_CHARACTERS_MIN = 3
# Fewer last digits of a number are too many people's.
_END_DIGITS_MIN = 4
_LAST = chr(0x10FFFF)
# The kind is compared as an expression, so that SQLite takes the index of likeness and not the one that begins with kinds.
_ENDS = f"SELECT person_id FROM identity WHERE {{begins}} AND kind || '' = 'phone' LIMIT {FOUND_MAX}"
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_KINDS = ("user_id", "email", "phone", "card")

Found = tuple[int, int, str]


class Condition(NamedTuple):
    """What one word of a person must be: for the index, and for a word in hand."""

    sql: str
    values: list[object]
    holds: Callable[[str], bool]


def candidates(query: str, enough: int, calling_code: str = "") -> list[Found]:
    """Number, root and search text of people who may be meant by a `searchable` question, none of them forgotten.

    By id or number first; then with every word as it is, as a beginning, and with typing errors, until there are enough.
    calling_code: of the business's country ("34"), for numbers typed without one.
    """
    whole = names.spaced(query)
    numbers = [token for token in query.split() if is_number(token)]
    if len(whole) >= _END_DIGITS_MIN and (found := by_number([whole], calling_code)):
        return _people(f"SELECT id AS person_id FROM person WHERE {database.any_of('id')}", [sorted(found)])
    if numbers and numbers != [whole] and (found := by_number(numbers, calling_code)):
        return _people(f"SELECT id AS person_id FROM person WHERE {database.any_of('id')}", [sorted(found)])
    words = names.asked(query)
    people: dict[int, Found] = {}
    for way, wanted in ((_is, enough), (_begins, min(enough, GUESSED_BELOW)), (_resembles, enough)) if words else ():
        people |= {one[0]: one for one in _having([way(word) for word in words])}
        if len(people) >= wanted:
            break
    return list(people.values())


def is_number(token: str) -> bool:
    """Whether it is looked for among ids, addresses and numbers."""
    return len(token) >= _NUMBER_CHARACTERS_MIN and ("@" in token or any(mark.isdigit() for mark in token))


def by_number(numbers: list[str], calling_code: str = "") -> set[int]:
    """Whoever has, for each of these, an id, address or number that begins with it, or a telephone number that ends so.

    At most FOUND_MAX of each kind.
    """
    begins = _starts("value") if database.vendor() == "sqlite" else "value ~>=~ ? AND value ~<~ ?"
    left: set[int] | None = None
    for number in numbers:
        some: set[int] = set()
        for start in dict.fromkeys((number, f"+{calling_code}{number}")):
            # The kinds are named for the sake of SQLite, whose index begins with them.
            sql = f"SELECT person_id FROM identity WHERE kind = ? AND {begins} LIMIT {FOUND_MAX}"
            for kind in _KINDS:
                some.update(row[0] for row in database.rows(sql, [kind, start, start + _LAST]))
        if national := names.phones(number):
            sql = f"SELECT person_id FROM identity WHERE kind = 'phone' AND {database.any_of('value', 'text')}"
            some.update(row[0] for row in database.rows(sql, [national]))
        if number.isdecimal() and len(number) >= _END_DIGITS_MIN:
            sql, end = _ENDS.format(begins=begins.replace("value", "likeness")), number[::-1]
            some.update(row[0] for row in database.rows(sql, [end, end + _LAST]))
        left = some if left is None else left & some
    return left or set()


# --- words ----------------------------------------------------------------------------------------


def _is(word: str) -> Condition:
    return Condition("word = ?", [word], word.__eq__)


def _begins(word: str) -> Condition:
    return Condition(_starts("word"), [word, word + _LAST], lambda other: other.startswith(word))


def _resembles(word: str) -> Condition:
    words = near(word)
    return Condition(database.any_of("word", "text"), [words], frozenset(words).__contains__)


def _starts(column: str) -> str:
    return f"{column} >= ? AND {column} < ?"


def near(word: str) -> list[str]:
    """Words that people have and that this one may stand for, the likeliest first."""
    length = len(word)
    if length < _ERRORS_CHARACTERS_MIN:
        return [word]
    known = {
        text
        for (text,) in database.rows(f"SELECT word FROM word WHERE {database.any_of('word', 'text')}", [_slips(word)])
    }
    for column, end in (("word", word[:_END_CHARACTERS]), ("backwards", word[: -_END_CHARACTERS - 1 : -1])):
        sql = f"SELECT word FROM word WHERE {_starts(column)} AND LENGTH(word) BETWEEN ? AND ? LIMIT {_COMPARED_MAX}"
        reach = [length - _SHORTER_MAX, length + _LONGER_MAX]
        known.update(text for (text,) in database.rows(sql, [end, end + _LAST, *reach]))
    best: dict[str, float] = {}
    for choices in ({text: text for text in known}, {text: text[:length] for text in known if len(text) > length}):
        said = process.extract(word, choices, scorer=fuzz.ratio, limit=_NEAR_MAX, score_cutoff=_NEAR_LIKENESS_MIN)
        for _, score, text in said:
            best[text] = max(score, best.get(text, 0))
    return sorted(best, key=lambda text: (-best[text], text))[:_NEAR_MAX]


def _slips(word: str) -> list[str]:
    """The word, and every word that is one slip of the finger away: a letter too many, too few, another, or two swapped."""
    letters = sorted({*_ALPHABET, *word})
    cuts = [(word[:n], word[n:]) for n in range(len(word) + 1)]
    made = {word}
    made.update(a + b[1:] for a, b in cuts if b)
    made.update(a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1)
    made.update(a + c + b[1:] for a, b in cuts if b for c in letters)
    made.update(a + c + b for a, b in cuts for c in letters)
    return sorted(made)


# --- people ---------------------------------------------------------------------------------------


def _having(conditions: list[Condition]) -> list[Found]:
    """People who have a word for each condition.

    Where the rarest is rare its people are read and asked about the others; else the database looks for who has them all.
    """
    count, _, rarest = min((_frequency(one), place, one) for place, one in enumerate(conditions))
    sql, parameters = _some(rarest)
    if count <= FOUND_MAX:
        found = _people(f"SELECT DISTINCT person_id FROM ({sql}) AS few", parameters)
        return [one for one in found if _has_all(names.words(one[2]), conditions)]
    for one in conditions:
        if one is not rarest:
            sql = f"SELECT person_id FROM person_word WHERE {one.sql} AND person_id IN ({sql})"
            parameters = [*one.values, *parameters]
    return _people(f"SELECT DISTINCT person_id FROM ({sql}) AS meant LIMIT {FOUND_MAX}", parameters)


def _has_all(words: list[str], conditions: list[Condition]) -> bool:
    return all(any(map(one.holds, words)) for one in conditions)


def _some(condition: Condition) -> tuple[str, list[object]]:
    return f"SELECT person_id FROM person_word WHERE {condition.sql}", condition.values


def _frequency(condition: Condition) -> int:
    sql, parameters = _some(condition)
    return int(database.rows(f"SELECT COUNT(*) FROM ({sql} LIMIT {_COUNTED_MAX}) AS counted", parameters)[0][0])


def _people(ids: str, parameters: list[object]) -> list[Found]:
    sql = f"SELECT p.id, p.root_id, p.search FROM ({ids}) AS f JOIN person p ON p.id = f.person_id WHERE p.forgotten_at IS NULL"
    return [(int(a), int(b), str(c)) for a, b, c in database.rows(sql, parameters)]
