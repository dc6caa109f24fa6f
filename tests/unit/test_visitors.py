"""Who is a person: real user agents of browsers, apps, crawlers and messengers."""

import json
from importlib.resources import files

import pytest

from passaparola.kernel.visitors import Kind, is_prefetch, judge

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 14; {}) AppleWebKit/537.36 (KHTML, like Gecko)"
PEOPLE = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36": "Chrome",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36 Edg/131.0": "Edge",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0": "Firefox",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 "
    "Safari/605.1.15": "Safari",
    f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1": "Safari mobile",
    f"{IPHONE} CriOS/130.0 Mobile/15E148 Safari/604.1": "Chrome mobile",
    f"{IPHONE} GSA/300 Mobile/15E148 Safari/604.1": "Safari mobile",
    f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/460.0;FBDV/iPhone14,5;FBMD/iPhone]": "Facebook mobile",
    f"{IPHONE} Mobile/15E148 Instagram 330.0 (iPhone14,5; iOS 17_5)": "Instagram mobile",
    f"{IPHONE} Mobile/15E148 [LinkedInApp]/9.29": "LinkedIn mobile",
    f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1 [Pinterest/iOS]": "Safari mobile",
    f"{IPHONE} Mobile/15E148 Viber/21.0": "other mobile",
    f"{IPHONE} Mobile/15E148 musical_ly_34.0 BytedanceWebview/d8a21c6": "other mobile",
    f"{ANDROID.format('SM-S918B')} SamsungBrowser/25.0 Chrome/121.0 Mobile Safari/537.36": "Samsung mobile",
    f"{ANDROID.format('CUBOT NOTE 20')} Chrome/119.0 Mobile Safari/537.36": "Chrome mobile",
    f"{ANDROID.format('Pixel 8')} Version/4.0 Chrome/125.0 Mobile Safari/537.36 Snapchat/12.80": "Chrome mobile",
    "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1/28.3590; U; es) Presto/2.8.119 Version/11.10": "other",
}


@pytest.mark.parametrize(("agent", "family"), PEOPLE.items())
def test_people(agent: str, family: str) -> None:
    assert judge(agent.encode()) == (Kind.PERSON, family)


def test_no_crawler_of_the_public_list_is_a_person() -> None:
    known = json.loads(files("crawleruseragents").joinpath("crawler-user-agents.json").read_text("utf-8"))
    missed = [a for entry in known for a in entry.get("instances", ()) if judge(a.encode()).kind is Kind.PERSON]
    assert missed == []


@pytest.mark.parametrize("value", [b"prefetch", b"Prefetch;prerender", b"preview"])
def test_prefetching(value: bytes) -> None:
    assert is_prefetch(value) and not is_prefetch(b"navigate")


@pytest.mark.parametrize("agent", [b"", b"-", b"\xff\xfe\xfd", b"x" * 7])
def test_without_a_name_nobody_is_a_person(agent: bytes) -> None:
    assert judge(agent).kind is Kind.ROBOT
