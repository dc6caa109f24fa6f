"""`python -m bench [NAME …] [--quick] [--json]`: run the benches named, or all."""

import argparse
import importlib
import sys

# Each is a module here with `run(quick) -> Iterable[Figure]`; adding one is adding a line.
BENCHES = ("edge", "corridor", "latency", "send", "segments", "pages", "footprint")

# These know larger data yet.
WITH_FULL = ("segments", "pages")


def main() -> int:
    """Print each figure as it is found."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"one or more of: {', '.join(BENCHES)}")
    parser.add_argument("--quick", action="store_true", help="small data, few repeats: to see that it runs")
    parser.add_argument("--full", action="store_true", help="the largest data too: hours, and much disk")
    parser.add_argument("--json", action="store_true", help="one object a line")
    given = parser.parse_args()
    for name in given.name or BENCHES:
        if name not in BENCHES:
            parser.error(f"there is no bench {name!r}: choose from {', '.join(BENCHES)}")
        more = {"full": True} if given.full and name in WITH_FULL else {}
        for figure in importlib.import_module(f"bench.{name}").run(quick=given.quick, **more):
            print(figure.as_json() if given.json else figure.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
