"""The same message for many people: filled once with gaps where each person's own values go, then only the gaps. Pure.

Rendering Liquid costs two hundred microseconds; filling gaps costs ten. It is only done where it cannot be told apart
from rendering (compose.py): where a text does nothing with personal values but print them, or ask whether they are there.
A property test holds both against each other.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from markupsafe import escape

from passaparola.messages import compose, liquid
from passaparola.messages.compose import Composed
from passaparola.messages.texts import Text

# Values that differ from person to person; all others are the same for everybody in a programme and language.
_LINKS = ("share_link", "advocate_link", "preferences_link", "unsubscribe_link", "confirm_link")
_NAMES = {"given_name": "person.given_name"} | {name: name for name in ("code", *_LINKS)}
_MOLDS_MAX = 300
# Characters for private use mark the gaps; a link's gap begins like an address, so that the filter lets it through.
_OPEN, _OPEN_LINK, _CLOSE = "\ue000", "https://\ue001", "\ue002"
_MARKS = re.compile(f"[{_OPEN}-{_CLOSE}]")
_GAP = re.compile(f"(?:{_OPEN_LINK}|{_OPEN})(\\w+){_CLOSE}")
_SEGMENT = re.compile(r"\{\{-?(.*?)-?\}\}|\{%-?(.*?)-?%\}", re.DOTALL)
_PERSONAL = re.compile(r"\b(person|code|" + "|".join(_LINKS) + r")\b")
_PRINTED = re.compile(r"person\.given_name|code|(" + "|".join(_LINKS) + r")(\s*\|\s*link)?")
_ASKED = re.compile(r"(if|elsif|unless)\s+(person\.given_name|code|" + "|".join(_LINKS) + ")")
_SPECIAL = re.compile(r"[&<>\"']")


@dataclass(frozen=True, slots=True)
class Mold:
    """Subject with preview, HTML and plain text, each in pieces: every second one names the value that goes there."""

    lines: tuple[str, ...]
    html: tuple[str, ...]
    plain: tuple[str, ...]
    # The person's own links that are in any of them.
    links: tuple[str, ...] = ()


def composed(text: Text, values: Mapping[str, Any]) -> Composed:
    """What compose.compose gives, sooner. Raises compose.Broken."""
    mold, own = of(text, values)
    return fill(mold, own) if mold else compose.compose(text, dict(values))


def of(text: Text, values: Mapping[str, Any]) -> tuple[Mold | None, dict[str, str]]:
    """The mold for a text and the impersonal values, and the personal ones to fill in; None where it must be rendered.

    It is the right one for everybody with the same impersonal values who has and lacks the same personal ones, if is_plain.
    """
    own = _own(values)
    if own is None or not _is_simple(text):
        return None, {}
    key = _key(text, values, own)
    mold = _molds.get(key)
    if mold is None:
        if any(_MARKS.search(str(values.get(name))) for name in _used(text)):
            return None, {}
        mold = _molds[key] = _cast(text, values, own)
        if len(_molds) > _MOLDS_MAX:
            _molds.popitem(last=False)
    return mold, own


_molds: "OrderedDict[Any, Mold]" = OrderedDict()


def is_plain(value: str) -> bool:
    """Whether a personal value may be filled in as it is: plain text would gather other blanks."""
    return " ".join(value.split()) == value


@lru_cache(maxsize=256)
def _is_simple(text: Text) -> bool:
    """Whether the text only prints personal values or asks whether they are there."""
    source = f"{text.subject}{text.preview}{text.body}"
    # What is captured may be worked on later; raw Liquid is not Liquid.
    if re.search(r"\{%-?\s*(capture|raw|comment)\b", source) or _GAP.search(source):
        return False
    return all(_is_harmless(printed or "", asked or "") for printed, asked in _SEGMENT.findall(source))


def _is_harmless(printed: str, asked: str) -> bool:
    inner = (printed or asked).strip()
    return not _PERSONAL.search(inner) or bool((_PRINTED if printed else _ASKED).fullmatch(inner))


def _own(values: Mapping[str, Any]) -> dict[str, str] | None:
    """The person's own values; None if one is not what gaps are made for."""
    own = {name: str(values.get(name) or "") for name in ("code", *_LINKS)}
    own["given_name"] = str(values["person"].get("given_name") or "")
    for name, value in own.items():
        # An address that the filter would change, or blanks that plain text would gather, are left to rendering.
        if value and (not is_plain(value) or (name in _LINKS and not _is_link(value))):
            return None
    return own


def _is_link(value: str) -> bool:
    return value.startswith(("https://", "http://")) or liquid.link(value) == value


def _key(text: Text, values: Mapping[str, Any], own: Mapping[str, str]) -> Any:
    """All that the mold depends on: the text, what is the same for everybody, and which personal values there are."""
    shared = tuple([_spelled(values.get(name)) for name in _used(text)])
    return text, shared, tuple([name for name, value in own.items() if value])


def _spelled(value: Any) -> Any:
    """A value as part of a key. Lists of sentences are the same object each time (values.py), so they are spelled out once."""
    if type(value) is str:
        return value
    found = _spellings.get(id(value))
    if found is None or found[0] is not value:
        if len(_spellings) > _MOLDS_MAX:
            _spellings.clear()
        found = _spellings[id(value)] = (value, (repr(value),))
    return found[1]


# With the value itself, so that nobody else gets its number meanwhile.
_spellings: dict[int, tuple[Any, tuple[str]]] = {}


@lru_cache(maxsize=256)
def _used(text: Text) -> tuple[str, ...]:
    """The impersonal values the text uses, by their first name."""
    source = f"{text.subject}{text.preview}{text.body}"
    roots = {path.partition(".")[0].partition("[")[0] for path in liquid.variables(source)}
    return tuple(sorted((roots | {"business"}) - {"person", "code", *_LINKS}))


def _cast(text: Text, values: Mapping[str, Any], own: Mapping[str, str]) -> Mold:
    gaps = {name: _gap(name) if value else "" for name, value in own.items()}
    given = {**values, **gaps, "person": {"given_name": gaps["given_name"]}}
    lines, html, plain = compose.parts(text, given, shown_as=(_gap("subject"), _gap("preview")))
    pieces = (tuple(_GAP.split(lines)), tuple(_GAP.split(html)), tuple(_GAP.split(plain)))
    return Mold(*pieces, tuple(sorted({name for part in pieces for name in part[1::2] if name in _LINKS})))


def _gap(name: str) -> str:
    return f"{_OPEN_LINK if name in _LINKS else _OPEN}{name}{_CLOSE}"


def fill(mold: Mold, own: dict[str, str]) -> Composed:
    """The text with somebody's own values: code, given_name, and the links that mold.links names."""
    subject, preview = compose.two_lines(_join(mold.lines, own))
    own["subject"], own["preview"] = subject, preview
    escaped = {name: str(escape(value)) if _SPECIAL.search(value) else value for name, value in own.items()}
    return Composed(subject, _join(mold.html, escaped), _join(mold.plain, own))


def _join(pieces: tuple[str, ...], values: Mapping[str, str]) -> str:
    filled = list(pieces)
    filled[1::2] = [values[name] for name in pieces[1::2]]
    return "".join(filled)
