"""A visitor's browser, small: follows links, keeps cookies, fills in forms."""

import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from http.cookiejar import CookieJar

# What a person's browser says; a program that says it is one is not counted as a click.
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
PREVIEW_AGENT = "WhatsApp/2.23.20.0"
_SECONDS_MAX = 20


class Unexpected(RuntimeError):
    """A page answered something else than the story needs."""


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:  # type: ignore[override]
        return None


class Page:
    """An answer: status, headers, text."""

    def __init__(self, status: int, headers: dict[str, str], text: str, url: str) -> None:
        self.status, self.headers, self.text, self.url = status, headers, text, url

    @property
    def leads_to(self) -> str:
        """Where a redirect leads, as a full address; empty for none."""
        place = self.headers.get("location", "")
        return urllib.parse.urljoin(self.url, place) if place else ""


class Browser:
    """One visitor with cookies of their own."""

    def __init__(self, base: str, *, agent: str = AGENT, language: str = "en") -> None:
        self.base = base
        self.headers = {"User-Agent": agent, "Accept-Language": language, "Accept": "text/html"}
        self.opener = urllib.request.build_opener(_Stay, urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, address: str) -> Page:
        """GET, without following a redirect."""
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.base, address), headers=self.headers))

    def post(self, address: str, fields: dict[str, str]) -> Page:
        """POST a form, without following a redirect."""
        data = urllib.parse.urlencode(fields).encode()
        headers = {**self.headers, "Referer": self.base + "/", "Origin": self.base}
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.base, address), data=data, headers=headers))

    def submit(self, page: Page, action: str = "", **fields: str) -> Page:
        """Fill in the page's form (the one with that action, else the first) and send it. Raises Unexpected."""
        found = forms(page.text)
        chosen = next((form for form in found if form[0].endswith(action)), None) if action else next(iter(found), None)
        if chosen is None:
            raise Unexpected(f"no form on {page.url} ({page.status})")
        return self.post(urllib.parse.urljoin(page.url, chosen[0]), {**chosen[1], **fields})

    def _open(self, request: urllib.request.Request) -> Page:
        try:
            answer = self.opener.open(request, timeout=_SECONDS_MAX)
        except urllib.error.HTTPError as problem:
            answer = problem
        with answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Page(answer.status, headers, answer.read().decode("utf-8", "replace"), request.full_url)


def expect(page: Page, *statuses: int) -> Page:
    """The page, if it answered as it should. Raises Unexpected."""
    if page.status not in statuses:
        raise Unexpected(f"{page.url} answered {page.status}")
    return page


def forms(text: str) -> list[tuple[str, dict[str, str]]]:
    """Every POST form of a page: its action and its fields as they stand."""
    reader = _Forms()
    reader.feed(text)
    return reader.found


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        had = {name: value or "" for name, value in attrs}
        if tag == "form" and had.get("method", "").lower() == "post":
            self.found.append((had.get("action", ""), {}))
            self.inside = True
        elif tag == "input" and self.inside and had.get("name"):
            ticked = had.get("type") not in ("checkbox", "radio", "submit") or "checked" in had
            self.found[-1][1].update({had["name"]: had.get("value", "")} if ticked else {})

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
