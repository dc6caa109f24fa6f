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
_SPACES = re.compile(r"\s+")


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


def searchable(*parts: str) -> str:
    """Lower case without accents, for searching."""
    text = unicodedata.normalize("NFKD", " ".join(part for part in parts if part))
    return _SPACES.sub(" ", "".join(c for c in text if not unicodedata.combining(c)).lower()).strip()[:1000]


def uid(fingerprint: bytes, salt: int = 0) -> str:
    """A public id of 16 letters and digits, the same in every replay: it follows from the event that made the row."""
    digest = hashlib.blake2b(fingerprint + salt.to_bytes(4, "big"), digest_size=10).digest()
    number = int.from_bytes(digest, "big")
    return "".join("0123456789abcdefghjkmnpqrstvwxyz"[(number >> shift) & 31] for shift in range(75, -5, -5))
