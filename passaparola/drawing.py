"""Makes the pictures that pages wait for (measure/pictures.py). `python -m passaparola.drawing`.

A process of its own, politely: a look at everybody may take a minute and must hold up neither events nor pages. The worker
sends it off when somebody waits, and it is gone when done.
"""

import os
import sys

NICE = 15


def main() -> int:
    """The process: 0 when it has made what was asked for."""
    from passaparola.kernel import lifeline

    lifeline.hold(os.getppid())
    os.nice(NICE)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "passaparola.settings")
    import django

    django.setup()
    from passaparola.kernel import database, log
    from passaparola.measure import pictures

    try:
        pictures.draw_asked()
    except Exception as problem:
        if not database.is_gone(problem):
            raise
        log.get().warning("picture.store_away", error=type(problem).__name__)
    return 0


if __name__ == "__main__":
    sys.exit(main())
