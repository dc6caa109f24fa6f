"""Text and values in, subject, HTML and plain text out, in the recipient's language; and what is wrong with a text. Pure."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from markupsafe import escape

from passaparola.messages import kinds, liquid, markup, texts
from passaparola.messages.texts import Text

SUBJECT_CHARACTERS_MAX = 200
BODY_CHARACTERS_MAX = 200_000
# A control character that no text holds: Liquid lets it pass and nobody can type it.
_BETWEEN = "\x1e"
@dataclass(frozen=True, slots=True)
class Composed:
    """A message as the person will see it."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """What keeps a text from being published: `field` is subject or body, `code` a key of messages/wording.py."""

    field: str
    code: str
    what: str = ""


class Broken(Exception):
    """The text could not be filled with these values (a limit was hit, or a value is missing in a preview)."""


def compose(text: Text, values: dict[str, Any], *, is_strict: bool = False) -> Composed:
    """Fill a text. `values` holds what kinds.py lists for its key, and unsubscribe_link, preferences_link.

    `is_strict` (previews, test sends) raises Broken where a value without a default is missing; otherwise it stays empty.
    """
    lines, html, plain = parts(text, values, is_strict=is_strict)
    return Composed(two_lines(lines)[0], html, plain)


def parts(
    text: Text, values: dict[str, Any], *, shown_as: tuple[str, str] | None = None, is_strict: bool = False
) -> tuple[str, str, str]:
    """Subject and preview as rendered (see two_lines), the whole HTML, the whole plain text. Raises Broken.

    `shown_as` stands for subject and preview within the HTML, where they are to be filled in later.
    """
    given = {**values, "language": text.language}
    lines = _render(_lines(text), given, is_html=False, is_strict=is_strict)
    subject, preview = shown_as or two_lines(lines)
    body = _render(text.body, given, is_html=True, is_strict=is_strict)
    if len(body) > BODY_CHARACTERS_MAX:
        raise Broken(f"longer than {BODY_CHARACTERS_MAX} characters")
    # Why she gets this is ours and names nothing but the business.
    why = text.why.replace("{{ business }}", str(values["business"]))
    around = {**given, "subject": subject, "preview": preview, "why": why}
    return lines, _framed(text.language, body, around), _plain(text.language, body, around)


def two_lines(rendered: str) -> tuple[str, str]:
    """Subject and preview, each one line."""
    subject, _, preview = rendered.partition(_BETWEEN)
    return _line(subject), _line(preview)


def _lines(text: Text) -> str:
    """Subject and preview in one go: setting up a rendering costs as much as doing it."""
    return f"{text.subject}{_BETWEEN}{text.preview}" if text.preview else text.subject


def _render(source: str, values: dict[str, Any], *, is_html: bool, is_strict: bool) -> str:
    try:
        return liquid.render(source, _with_nothing(values), is_html=is_html, is_strict=is_strict)
    except liquid.Problem as problem:
        raise Broken(str(problem)) from problem


def _with_nothing(values: dict[str, Any]) -> dict[str, Any]:
    """Empty texts and lists as nil: in Liquid an empty text is true, and `{% if person.given_name %}` would go wrong."""
    return {k: _with_nothing(v) if isinstance(v, dict) else (None if v in ("", []) else v) for k, v in values.items()}


def _framed(language: str, body: str, values: dict[str, Any]) -> str:
    """The whole HTML message. Every value is escaped but the body, which Liquid has escaped."""
    pieces = list(texts.frame(language))
    for position in range(1, len(pieces), 2):
        pieces[position] = body if pieces[position] == "body" else str(escape(values[pieces[position]]))
    return "".join(pieces)


def _plain(language: str, body: str, values: dict[str, Any]) -> str:
    """The whole plain-text message: body, then what stands below."""
    pieces = list(_plain_foot(language))
    for position in range(1, len(pieces), 2):
        pieces[position] = values[pieces[position]]
    return f"{markup.as_text(body)}\n\n--\n{''.join(pieces)}\n"


@cache
def _plain_foot(language: str) -> tuple[str, ...]:
    """What stands below, in pieces like texts.frame: made from the same HTML."""
    pieces = texts.frame(language)
    start = pieces.index("why") - 1
    html = "".join(f"[[{piece}]]" if n % 2 else piece for n, piece in enumerate(pieces[start:], start))
    text = markup.as_text(html.partition('class="foot">')[2])
    return tuple(re.split(r"\[\[(\w+)\]\]", text))


def flaws(key: str, subject: str, body: str) -> list[Flaw]:
    """Everything wrong with an operator's text for that key; empty if it may be published."""
    if key not in kinds.BY_KEY:
        return [Flaw("subject", "unknown_key", key)]
    found = [flaw for field, source in (("subject", subject), ("body", body)) for flaw in _liquid_flaws(key, field, source)]
    if not subject.strip():
        found.append(Flaw("subject", "empty"))
    if len(subject) > SUBJECT_CHARACTERS_MAX:
        found.append(Flaw("subject", "too_long", str(SUBJECT_CHARACTERS_MAX)))
    if not body.strip():
        found.append(Flaw("body", "empty"))
    found += [Flaw("body", f"html_{fault.code}", fault.what) for fault in markup.faults(body)]
    if key == "opt_in" and "confirm_link" not in body:
        found.append(Flaw("body", "needs", "confirm_link"))
    return found


def _liquid_flaws(key: str, field: str, source: str) -> list[Flaw]:
    try:
        used, foreign = liquid.variables(source), liquid.unknown_filters(source)
    except liquid.Problem as problem:
        return [Flaw(field, "not_liquid", str(problem).splitlines()[0][:200])]
    known = kinds.BY_KEY[key].paths
    return [Flaw(field, "unknown_variable", path) for path in sorted(used) if not _is_known(path, known)] + [
        Flaw(field, "unknown_filter", name) for name in sorted(foreign)
    ]


def _is_known(path: str, known: frozenset[str]) -> bool:
    """A path of the list, or a property of what it holds: person.given_name.size, steps.first."""
    return path in known or any(path.startswith((f"{one}.", f"{one}[")) for one in known)


def _line(text: str) -> str:
    """One line: whatever a value holds, it cannot break out of a header."""
    return " ".join(text.split())[: SUBJECT_CHARACTERS_MAX * 2]
