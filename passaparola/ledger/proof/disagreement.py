"""One place where the rows contradict each other."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A row that is not what it should be. No personal data: ids, numbers and states only."""

    table: str
    id: int | str
    what: str
    expected: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.table} {self.id}: {self.what} Expected {self.expected}, found {self.found}."
