"""The language of the command line, known before any setting is read."""

import gettext as standard
import os
from functools import cache
from pathlib import Path

_LOCALE = Path(__file__).resolve().parents[1] / "locale"
# Ours first; a sentence that another catalogue has already stands only there.
_CATALOGUES = ("cli", "rooms", "console", "portal", "api")
_LANGUAGES = ("es", "it", "en")


@cache
def language() -> str:
    """es, it or en: PASSAPAROLA_LANGUAGE, else what the shell speaks, else English."""
    for name in ("PASSAPAROLA_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        wish = os.environ.get(name, "")[:2].lower()
        if wish in _LANGUAGES:
            return wish
        if wish:
            break
    return "en"


@cache
def _catalogue() -> standard.NullTranslations:
    first, *others = (
        standard.translation("django", localedir=_LOCALE / name, languages=[language()], fallback=True)
        for name in _CATALOGUES
    )
    for one in others:
        first.add_fallback(one)
    return first


def gettext(text: str) -> str:
    """The sentence in the operator's language."""
    return _catalogue().gettext(text)
