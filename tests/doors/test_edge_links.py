"""GET /r/CODE: durable before the redirect, never refused, never counting robots, nothing personal in the address."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from passaparola.doors import click
from tests.edge import PERSON, Edge

ROBOTS = [
    "", "curl/8.4.0", "python-requests/2.32", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Mozilla/5.0 (compatible; Barracuda Sentinel)", "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/130.0",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0)",
]  # fmt: skip
PREVIEWS = [
    "WhatsApp/2.23.20.0", "TelegramBot (like TwitterBot)", "LinkedInBot/1.0 (compatible; Mozilla/5.0)", "Twitterbot/1.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
]  # fmt: skip


def landed(edge: Edge, location: str) -> str:
    """The code whose landing page the address is."""
    assert location.startswith(f"{edge.base}/f/")
    return urlsplit(location).path.removeprefix("/f/")


def test_a_person_is_counted_and_sent_on(edge: Edge) -> None:
    before = len(edge.clicks())
    answer = edge.visit("/r/A1MA7K00/wa")
    assert answer.status == 302 and answer.headers["cache-control"] == "no-store"
    (made,) = edge.clicks()[before:]
    assert made["code"] == "A1MA7K00" and made["channel"] == "wa" and made["bot"] is False
    assert made["ua_family"] == "Safari mobile"
    query = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert landed(edge, answer.headers["location"]) == "A1MA7K00"
    assert query == {"pp": made["token"]}
    assert set(made) == {"code", "token", "channel", "ua_family", "bot", "at"}, "nothing that knows anybody again"


def test_the_cookie_is_signed_and_first_party(edge: Edge) -> None:
    header = edge.visit("/r/A1MA7K00").headers["set-cookie"]
    name, _, rest = header.partition("=")
    value, *attributes = rest.split("; ")
    assert name == "pp_click"
    assert set(attributes) == {"Path=/", "Max-Age=7776000", "HttpOnly", "SameSite=Lax"}
    assert click.read_cookie(value) == edge.clicks()[-1]["token"]


def test_the_cookie_is_secure_where_the_address_is(new_edge) -> None:  # type: ignore[no-untyped-def]
    edge = new_edge(PASSAPAROLA_BASE_URL="https://friends.example")
    answer = edge.visit("/r/A1MA7K00")
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["location"].startswith("https://friends.example/f/A1MA7K00?pp=")


@pytest.mark.parametrize("typed", ["A1MA7K00", "a1ma7k00", "ALMA-7K00", "alma-7koo", "AiMa7kOo", "a-l-m-a-7-k-0-0", "A1MA7K00/"])
def test_codes_are_read_as_people_type_them(edge: Edge, typed: str) -> None:
    assert landed(edge, edge.visit(f"/r/{typed}").headers["location"]) == "A1MA7K00"
    assert edge.clicks()[-1]["code"] == "A1MA7K00"


@pytest.mark.parametrize(("path", "channel"), [("/zz", ""), ("/qr", "qr"), ("", ""), ("/wa/x", "")])
def test_an_unknown_channel_is_no_reason_to_refuse(edge: Edge, path: str, channel: str) -> None:
    assert edge.visit(f"/r/A1MA7K00{path}").status == 302
    assert edge.clicks()[-1]["channel"] == channel


def test_an_allowed_destination_keeps_its_query_and_fragment(edge: Edge) -> None:
    location = edge.visit("/r/B0B00000/em?utm_source=x%26y&pp=forged&a=2&%70p=forged").headers["location"]
    parts = urlsplit(location)
    token = edge.clicks()[-1]["token"]
    assert (parts.netloc, parts.path, parts.fragment) == ("shop.example", "/hello%20you", "top")
    assert parse_qsl(parts.query) == [("a", "1"), ("b", "é"), ("utm_source", "x&y"), ("a", "2"), ("pp", token)]
    assert urlsplit(edge.visit("/r/SVB00000").headers["location"]).netloc == "www.partner.example"


def test_a_foreign_destination_is_not_gone_to(edge: Edge) -> None:
    assert landed(edge, edge.visit("/r/EV1100000").headers["location"]) == "EV1100000"


@pytest.mark.parametrize("agent", ROBOTS)
def test_robots_are_sent_on_uncounted(edge: Edge, agent: str) -> None:
    before = len(edge.clicks())
    answer = edge.visit("/r/B0B00000?x=1", agent)
    assert answer.status == 302
    assert "set-cookie" not in answer.headers and "pp=" not in answer.headers["location"]
    assert len(edge.clicks()) == before


@pytest.mark.parametrize("agent", PREVIEWS)
def test_messengers_get_a_page_with_a_title_uncounted(edge: Edge, agent: str) -> None:
    before = len(edge.clicks())
    answer = edge.visit("/r/A1MA7K00/wa", agent)
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/html")
    page = answer.body.decode()
    assert 'property="og:title"' in page and "Ten euros off your first order" in page
    assert len(answer.body) < 2_000
    assert len(edge.clicks()) == before and "set-cookie" not in answer.headers


@pytest.mark.parametrize("header", ["Purpose", "Sec-Purpose", "X-Purpose", "X-Moz"])
def test_prefetching_is_not_clicking(edge: Edge, header: str) -> None:
    before = len(edge.clicks())
    answer = edge.ask("GET", "/r/A1MA7K00", headers={"User-Agent": PERSON, header: "prefetch;prerender"})
    assert answer.status == 302 and "set-cookie" not in answer.headers
    assert len(edge.clicks()) == before


def test_head_is_not_clicking(edge: Edge) -> None:
    before = len(edge.clicks())
    answer = edge.ask("HEAD", "/r/A1MA7K00", headers={"User-Agent": PERSON})
    assert answer.status == 302 and answer.body == b"" and len(edge.clicks()) == before
    assert edge.ask("POST", "/r/A1MA7K00", b"").status == 405


@pytest.mark.parametrize(("code", "shown"), [("N0NE0000", "N0NE0000"), ("RET1RED0", "RET1RED0"), ("ENDED000", "ENDED000")])
def test_codes_that_lead_nowhere_lead_to_an_explanation(edge: Edge, code: str, shown: str) -> None:
    before = len(edge.clicks())
    answer = edge.visit(f"/r/{code}")
    assert answer.status == 302 and landed(edge, answer.headers["location"]) == shown
    assert "set-cookie" not in answer.headers and len(edge.clicks()) == before


def test_a_paused_programme_still_lands_and_counts(edge: Edge) -> None:
    assert landed(edge, edge.visit("/r/PAVSED00").headers["location"]) == "PAVSED00"
    assert edge.clicks()[-1]["code"] == "PAVSED00"


@pytest.mark.parametrize(
    "path",
    ["/r/", "/r", "/r//", "/r/%00", "/r/..%2f..%2fetc", "/r/%ff%fe", "/r/" + "A" * 3000, "/r/%0d%0aSet-Cookie:x",
     "/r/%C3%B1and%C3%BA"],  # fmt: skip
)
def test_nonsense_lands_people_on_the_front_page(edge: Edge, path: str) -> None:
    answer = edge.visit(path)
    if path == "/r":
        assert answer.status == 404
        return
    assert answer.status == 302 and answer.headers["location"] == f"{edge.base}/"


def test_a_hostile_query_splits_no_header(edge: Edge) -> None:
    location = edge.visit("/r/A1MA7K00?a=%0d%0aX:1&b=%22%3E&c='%3C").headers["location"]
    assert "\r" not in location and "\n" not in location
    assert parse_qsl(urlsplit(location).query)[:3] == [("a", "\r\nX:1"), ("b", '">'), ("c", "'<")]
    longest = edge.visit("/r/A1MA7K00?a=" + "x" * 3000)
    assert longest.status == 302 and "xxx" not in longest.headers["location"]


def test_links_are_never_rate_limited(edge: Edge) -> None:
    """The nearest open-source engine answers 429 after a hundred redirects from one address."""
    before = len(edge.clicks())
    assert {edge.visit("/r/A1MA7K00").status for _ in range(150)} == {302}
    assert len(edge.clicks()) == before + 150
