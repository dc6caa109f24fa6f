"""The texts that ship with Passaparola, one file a key and language; and which of them, or the operator's, is in force."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
LANGUAGES = ("es", "it", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """What a message says in one language, as Liquid; `body` is HTML."""

    key: str
    language: str
    subject: str
    body: str
    # Shown beside the subject in the mailbox; only shipped texts have one.
    preview: str
    # Why the person gets this: shown below every message, not editable.
    why: str
    is_edited: bool = False


@cache
def shipped(key: str, language: str) -> Text:
    """The text that ships with us. KeyError for an unknown key or language."""
    path = HERE / language / f"{key}.liquid"
    if language not in LANGUAGES or not path.exists():
        raise KeyError(f"{key} in {language}")
    head, body = path.read_text(encoding="utf-8").split("---\n", 1)
    fields = dict(line.split(": ", 1) for line in head.strip().splitlines())
    return Text(key, language, fields["subject"], body.strip(), fields["preview"], fields["why"])


def in_force(key: str, language: str, edited: Mapping[tuple[str, str], tuple[str, str]]) -> Text:
    """The operator's text (`edited`: subject and body by key and language) where there is one, else the shipped one."""
    text = shipped(key, language)
    subject, body = edited.get((key, language), ("", ""))
    if not subject.strip() or not body.strip():
        return text
    # A preview line written for another text would mislead.
    return Text(key, language, subject, body, "", text.why, is_edited=True)


@cache
def frame(language: str) -> tuple[str, ...]:
    """What surrounds every message in a language: pieces of HTML, each second one the name of what belongs between.

    Names: language, subject, preview, business, body, why, unsubscribe_link, preferences_link.
    """
    foot = (HERE / language / "foot.html").read_text(encoding="utf-8").strip()
    foot = re.sub(r"\{(\w+)\}", r"[[\1]]", foot)
    whole = (HERE / "frame.html").read_text(encoding="utf-8").replace("[[foot]]", foot)
    return tuple(re.split(r"\[\[(\w+)\]\]", whole))
