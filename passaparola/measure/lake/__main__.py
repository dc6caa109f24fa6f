"""One run for the worker: what is new into the lake, then what there is to tidy. `python -m passaparola.measure.lake`."""

import os
import sys

from passaparola.kernel import lifeline


def main() -> int:
    """0 also where another process is at it already: there is nothing to do then."""
    lifeline.hold(os.getppid())
    os.nice(19)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "passaparola.settings")
    import django

    django.setup()
    from passaparola.kernel import database, log
    from passaparola.measure import lake

    try:
        known = lake.write()
        lake.compact()
    except lake.Busy:
        return 0
    except Exception as problem:
        if not database.is_gone(problem):
            raise
        log.get().warning("lake.store_away", error=type(problem).__name__)
        return 0
    log.get().info("lake.written", watermark=known.watermark, facts=known.rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
