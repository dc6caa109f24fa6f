"""A figure, its yardstick, and how both are shown."""

import json
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value beside what it is held against in the same run."""

    bench: str
    name: str
    value: float
    unit: str
    yardstick: str
    yardstick_value: float
    higher_is_better: bool
    # CPU microseconds per operation, where that says more than wall time on a shared machine.
    cpu_us: float | None = None

    @property
    def ratio(self) -> float:
        """Value over yardstick; 0 where there is none."""
        return self.value / self.yardstick_value if self.yardstick_value else 0.0

    def line(self) -> str:
        """For people: value, yardstick, ratio."""
        cpu = f"  cpu {self.cpu_us:,.0f} µs" if self.cpu_us is not None else ""
        beside = (
            f"  {self.yardstick}: {self.yardstick_value:,.1f}  ratio {self.ratio:.2f}" if self.yardstick_value else ""
        )
        return f"{self.bench:9} {self.name:24} {self.value:>12,.1f} {self.unit:10}{cpu}{beside}"

    def as_json(self) -> str:
        """For programs: one object a line, in the shape docs/reference/performance.md names."""
        return json.dumps({**asdict(self), "ratio": self.ratio})


def median(of: Callable[[], float], times: int) -> float:
    """The median of so many runs, after one that does not count."""
    of()
    return statistics.median(of() for _ in range(times))
