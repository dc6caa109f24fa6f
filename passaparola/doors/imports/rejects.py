"""The file of rows that were not taken: line number, code and reason before the row as it was."""

import csv
from pathlib import Path

from passaparola.doors.imports import reasons


class Rejects:
    """Writes the file as far as it is durable; what came after the last durable step is cut off on resuming."""

    def __init__(self, path: Path, names: tuple[str, ...]) -> None:
        self.path, self.names = path, names

    def add(self, line: int, code: str, row: list[str]) -> int:
        """One row with its reason; how many bytes the file has now."""
        fresh = not self.path.exists()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            if fresh:
                out.writerow(["line", "code", "reason", *self.names])
            out.writerow([line, code, reasons.sentence(code), *row])
            file.flush()
            return file.tell()

    def cut(self, bytes_kept: int) -> None:
        """Keep so many bytes; with none the file goes."""
        if not bytes_kept:
            self.path.unlink(missing_ok=True)
        elif self.path.exists() and self.path.stat().st_size > bytes_kept:
            with self.path.open("r+b") as file:
                file.truncate(bytes_kept)
