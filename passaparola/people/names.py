"""How names of people are written the one way we compare them. Pure."""

import hashlib
import re
import unicodedata
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

# Providers that ignore dots or treat one domain as another; for all, what follows "+" (Yahoo: "-") is a tag.
_DOTLESS = {"gmail.com", "googlemail.com"}
_SAME_DOMAIN = {"googlemail.com": "gmail.com"}
_DASH_TAGS = {"yahoo.com", "yahoo.es", "yahoo.it", "ymail.com", "rocketmail.com"}
_NATIONAL = re.compile(r"[0-9\s()./-]+")
_SPACES = re.compile(r"\s+")
_LETTERS = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")
WORD_CHARACTERS_MAX = 32
# So many words of one person are looked for by, and so many of one question.
WORDS_MAX = 40
ASKED_MAX = 6
# com, es, it, net: nobody is looked for by these.
_ENDING_CHARACTERS_MAX = 3


def email(text: object) -> str | None:
    """An e-mail address as it is stored (lower case), or None if it is none."""
    return _email(text) if isinstance(text, str) and 3 <= len(text) <= 254 else None


@lru_cache(8192)
def _email(text: str) -> str | None:
    try:
        # "example.test" is what the demo and every test write to; it can never be delivered.
        found = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return found.normalized.lower()


def mailbox(address: str) -> str:
    """The mailbox behind an address: the same for aliases. For comparing only, never shown or written to."""
    local, _, domain = address.rpartition("@")
    local = local.split("+", 1)[0]
    if domain in _DASH_TAGS:
        local = local.split("-", 1)[0]
    if domain in _DOTLESS:
        local = local.replace(".", "")
    return f"{local}@{_SAME_DOMAIN.get(domain, domain)}"


def phone(text: object, country: str) -> str | None:
    """A phone number in E.164, or None; numbers without country code are of `country` (ISO, e.g. "ES")."""
    if not isinstance(text, str) or not 5 <= len(text) <= 40:
        return None
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phones(text: str) -> list[str]:
    """Every number in E.164 that one typed without country code may be, whatever the country; empty if it is none."""
    digits = "".join(mark for mark in text if mark.isdecimal())
    if not _NATIONAL.fullmatch(text.strip()) or not 6 <= len(digits) <= 14:
        return []
    # Most countries drop the leading zero behind their code; Italy keeps it.
    return [f"+{code}{n}" for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE for n in sorted({digits, digits.lstrip("0")})]


def likeness(kind: str, value: str) -> str:
    """What is kept beside an identity to find it by: an address's mailbox, a number's digits backwards, else nothing."""
    return mailbox(value) if kind == "email" else backwards(value) if kind == "phone" else ""


def backwards(number: str) -> str:
    """Its digits from the last to the first: its end is where an index can begin."""
    return "".join(mark for mark in reversed(number) if mark.isdecimal())


def spaced(query: str) -> str:
    """The digits of a question that is nothing but one number, however it is spaced ("56 78"); else empty."""
    return "".join(mark for mark in query if mark.isdecimal()) if _NATIONAL.fullmatch(query.strip()) else ""


def searchable(*parts: str) -> str:
    """Lower case without accents, for searching."""
    text = unicodedata.normalize("NFKD", " ".join(part for part in parts if part))
    return _SPACES.sub(" ", "".join(c for c in text if not unicodedata.combining(c)).lower()).strip()[:1000]


def words(search: str) -> list[str]:
    """The words somebody is looked for by, out of `searchable` text: letters only, without what is found by number.

    Of a name its parts, and the whole where it is written with marks (O'Brien: obrien, brien); of an address the parts
    before the @ and the domain without a short ending.
    """
    found: dict[str, None] = {}
    for token in search.split():
        pieces = _pieces(token)
        found.update(dict.fromkeys(piece for piece in pieces if len(piece) > 1 or len(pieces) == 1))
        if len(pieces) > 1 and "@" not in token:
            found["".join(pieces)[:WORD_CHARACTERS_MAX]] = None
    return list(found)[:WORDS_MAX]


def asked(query: str) -> list[str]:
    """The words of `words` that whoever is meant by a `searchable` question has, if nothing is typed wrongly."""
    found: dict[str, None] = {}
    for token in query.split():
        pieces = _pieces(token)
        whole = any(len(piece) < 2 for piece in pieces) and "@" not in token
        found.update(dict.fromkeys(["".join(pieces)[:WORD_CHARACTERS_MAX]] if whole else pieces))
    return [word for word in found if word and (len(word) > 1 or len(query) < 3)][:ASKED_MAX]


def _pieces(token: str) -> list[str]:
    """Runs of letters. A token with digits that is no address is a number or an id, which has an index of its own."""
    local, at, domain = token.partition("@")
    if not at and _DIGIT.search(token):
        return []
    pieces = _LETTERS.findall(local)
    end = _LETTERS.findall(domain) if at else pieces if "." in token else []
    if len(end) > 1 and len(end[-1]) <= _ENDING_CHARACTERS_MAX:
        end.pop()
    return [piece[:WORD_CHARACTERS_MAX] for piece in (pieces + end if at else pieces)]


def uid(fingerprint: bytes, salt: int = 0) -> str:
    """A public id of 16 letters and digits, the same in every replay: it follows from the event that made the row."""
    digest = hashlib.blake2b(fingerprint + salt.to_bytes(4, "big"), digest_size=10).digest()
    number = int.from_bytes(digest, "big")
    return "".join("0123456789abcdefghjkmnpqrstvwxyz"[(number >> shift) & 31] for shift in range(75, -5, -5))
