"""The little HTML a message may hold: what is allowed in it, and how it reads as plain text. Pure."""

import html
import re
from dataclasses import dataclass
from html.parser import HTMLParser

TAGS = frozenset(
    ("p", "br", "h1", "h2", "strong", "b", "em", "i", "u", "a", "ul", "ol", "li", "blockquote", "hr", "span", "div", "img", "small")
)
ATTRIBUTES = {"a": {"href", "class", "title"}, "img": {"src", "alt", "width", "height"}, "p": {"class"}, "div": {"class"}}
_VOID = frozenset({"br", "hr", "img"})
_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
# {{ address | link }}, whatever filters come before.
_LINKED = re.compile(r"\{\{-?\s*[^{}|]+(\|[^{}]*)?\|\s*link\s*-?\}\}")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something the markup may not hold: a code and what it was."""

    code: str
    what: str = ""


def faults(source: str) -> list[Fault]:
    """What is wrong with the HTML of a template: unknown tags, handlers, addresses that skip the `link` filter."""
    reader = _Faults(source)
    reader.feed(_veiled(source))
    reader.close()
    return reader.finish()


def _veiled(source: str) -> str:
    """The source with each Liquid expression replaced by a token of letters, so that HTML can be read around it."""
    return _LIQUID.sub(lambda match: f"liquid{match.start()}x{match.end()}e", source)


def _unveiled(text: str, source: str) -> str:
    return re.sub(r"liquid(\d+)x(\d+)e", lambda match: source[int(match[1]) : int(match[2])], text)


class _Faults(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.found: list[Fault] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.found.append(Fault("tag", tag))
        for name, value in attrs:
            self._attribute(tag, name, value or "")
        raw = self.get_starttag_text() or ""
        if re.search(r"=\s*liquid\d", raw):
            self.found.append(Fault("unquoted", tag))
        if tag not in _VOID:
            self.open.append(tag)

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name not in ATTRIBUTES.get(tag, set()):
            self.found.append(Fault("attribute", f"{tag} {name}"))
        if name in ("href", "src"):
            address = _unveiled(value, self.source).strip()
            if "{{" in address or "{%" in address:
                if not _LINKED.fullmatch(address):
                    self.found.append(Fault("address_without_link", address))
            elif not address.lower().startswith(("https://", "http://", "mailto:", "tel:")):
                self.found.append(Fault("address", address))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open and self.open.pop() != tag:
                pass
        elif tag not in _VOID:
            self.found.append(Fault("closed_without_open", tag))

    def handle_comment(self, data: str) -> None:
        self.found.append(Fault("comment"))

    def handle_decl(self, decl: str) -> None:
        self.found.append(Fault("tag", "!doctype"))

    def finish(self) -> list[Fault]:
        """All faults, an unclosed link last: it would swallow the rest of the message."""
        return self.found + [Fault("not_closed", tag) for tag in self.open if tag in ("a", "div", "span")]


# Where a tag starts or ends a block, and what that looks like without it.
_OPENS = {"p": "\n\n", "h1": "\n\n", "h2": "\n\n", "ul": "\n\n", "ol": "\n\n", "blockquote": "\n\n", "div": "\n\n",
          "li": "\n- ", "br": "\n", "hr": "\n\n--\n\n"}  # fmt: skip
_CLOSES = {"p": "\n\n", "h1": "\n\n", "h2": "\n\n", "ul": "\n\n", "ol": "\n\n", "blockquote": "\n\n", "div": "\n\n"}
_SPACE = re.compile(r"\s+")
_LINK = re.compile(r'<a\b([^>]*)>(.*?)</a>', re.DOTALL)
_HREF = re.compile(r'href="([^"]*)"')
_TAG = re.compile(r"<(/?)(\w+)[^>]*>")
_HOLES = re.compile(r" *\n *")
_BLANK_LINES = re.compile(r"\n{3,}")


def as_text(rendered: str) -> str:
    """The plain text of a rendered message: no tags, addresses written out behind their words."""
    text = _SPACE.sub(" ", rendered)
    text = _LINK.sub(_link_as_text, text)
    text = _TAG.sub(lambda tag: (_CLOSES if tag[1] else _OPENS).get(tag[2], ""), text)
    text = _BLANK_LINES.sub("\n\n", _HOLES.sub("\n", text))
    return html.unescape(text.strip())


def _link_as_text(link: re.Match[str]) -> str:
    href = _HREF.search(link[1])
    address, said = (href[1] if href else ""), link[2].strip()
    if not address or address == said:
        return said
    return f"{said}:\n{address}" if "button" in link[1] else f"{said} ({address})"
