"""The lake: facts and states as Parquet, beside the books, for questions about everybody. docs/why/lake.md.

Exactly what the log has, up to a watermark: one row for each fact and each line of an order, no more and no fewer. Nothing
personal: numbers of persons, codes, amounts. Any process may read while one writes.
"""

from passaparola.measure.lake.compacting import compact
from passaparola.measure.lake.manifest import Busy, Manifest, NoLake, load
from passaparola.measure.lake.verifying import Verdict, verify
from passaparola.measure.lake.writing import write

__all__ = ["Busy", "Manifest", "NoLake", "Verdict", "compact", "load", "verify", "write"]
