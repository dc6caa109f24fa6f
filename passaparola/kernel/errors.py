"""Refusals: what we say when something asked for cannot be done."""

from typing import Any, ClassVar

from django.utils.translation import gettext


class Refusal(Exception):
    """Something asked for cannot be done, and here is why.

    Subclass it where it is raised. The docstring's first line is the sentence shown to people (English; es and it
    come from the catalogues) and may hold {placeholders}; `code` is stable for programs; `status` is the HTTP answer.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    # Which values are sentences of ours themselves, to be said in the reader's language too.
    sentences: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **values: Any) -> None:
        self.values = values
        super().__init__(self.english)

    @property
    def english(self) -> str:
        """The sentence in English, for logs and the command line."""
        return self._first_line().format(**self.values)

    @property
    def message(self) -> str:
        """The sentence in the reader's language."""
        said = {name: gettext(str(self.values[name])) for name in self.sentences if name in self.values}
        return gettext(self._first_line()).format(**{**self.values, **said})

    @classmethod
    def _first_line(cls) -> str:
        return (cls.__doc__ or cls.__name__).strip().splitlines()[0]
