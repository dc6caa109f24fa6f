"""The index people are searched by: for each person of a batch, what they were found by before and are found by now."""

from collections.abc import Iterable

from passaparola.kernel import database
from passaparola.kernel.batch import Batch, Record
from passaparola.people import names
from passaparola.people.models import PersonWord, Word


class Words:
    """In the batch in the place of the tables of words; what did not change is neither read nor written."""

    # Comes and goes in one write: nothing has to make room for it.
    gone = ()

    def __init__(self) -> None:
        self._texts: dict[int, tuple[str, str]] = {}

    @classmethod
    def of(cls, batch: Batch) -> "Words":
        """A new one, written with the batch."""
        made = cls()
        batch.keep(PersonWord, made)
        return made

    def say(self, person: Record, search: str) -> None:
        """From now on somebody is found by another text; called before the row has it."""
        before = self._texts.get(person["id"], (person["search"], ""))[0]
        self._texts[person["id"]] = (before, search)

    def erase(self) -> None:
        """Done by `write`."""

    def write(self) -> None:
        """The difference, word by word. A word that nobody has any more is forgotten with whoever had it."""
        lost: dict[str, list[int]] = {}
        come: set[tuple[str, int]] = set()
        for person, (before, now) in self._texts.items():
            had, has = set(names.words(before)), set(names.words(now))
            come.update((word, person) for word in has - had)
            for word in had - has:
                lost.setdefault(word, []).append(person)
        add(come)
        for word, people in sorted(lost.items()):
            database.run(f"DELETE FROM person_word WHERE word = ? AND {database.any_of('person_id')}", [word, people])
        if lost:
            held = "EXISTS (SELECT 1 FROM person_word p WHERE p.word = word.word)"
            database.run(f"DELETE FROM word WHERE {database.any_of('word', 'text')} AND NOT {held}", [sorted(lost)])


def add(pairs: Iterable[tuple[str, int]]) -> None:
    """Let people (by number) be found by words."""
    ordered = sorted(pairs)
    database.add_missing(
        Word, [{"word": word, "backwards": word[::-1]} for word in sorted({word for word, _ in ordered})]
    )
    database.add_missing(PersonWord, [{"word": word, "person_id": person} for word, person in ordered])
