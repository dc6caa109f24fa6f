"""Questions about everybody: the lake's facts under the same definitions as the books, in DuckDB or on a Spark cluster."""

from passaparola.measure.engine.connect import UnknownEngine, connect
from passaparola.measure.engine.population import Population
from passaparola.measure.engine.recompute import Recomputed, evaluate, recompute

__all__ = ["Population", "Recomputed", "UnknownEngine", "connect", "evaluate", "recompute"]
