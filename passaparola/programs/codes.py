"""Personal codes: unguessable, readable, forgiving of look-alikes, and telling a typing error from an unknown code. Pure.

Seven letters of Crockford's 32 (35 bits) drawn by a keyed hash from the programme's recorded seed, and one check
letter (Luhn over the same alphabet: every single slip and 99.8 % of swapped neighbours are noticed).
"""

import hashlib
import hmac

from stdnum import luhn

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
_LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})
# Roots of words nobody wants on a card, in the three languages, as they read in this alphabet.
_UNWANTED = (
    "CACA", "CAC0", "C0Ñ0", "PVTA", "PVT0", "P0RN", "SEX", "FVCK", "SH1T", "MERD", "CVM", "TETA", "CVL0", "P1P1", "NAZ1",
    "H1T1ER", "KKK", "FAG", "D1CK", "C0CK", "TWAT", "CAZZ", "F1CA", "TR01A", "P1RLA", "M1ERDA", "ZORRA", "MAR1C", "BASTARD",
)  # fmt: skip


def normalise(text: str) -> str:
    """A code as it is stored: upper case, look-alikes folded, no hyphens or blanks."""
    return "".join(text.upper().split()).replace("-", "").translate(_LOOK_ALIKES)[:40]


def is_well_formed(text: str) -> bool:
    """Whether it can be a code of ours; False means a typing error, not an unknown code."""
    code = normalise(text)
    return len(code) == LENGTH and all(c in ALPHABET for c in code) and luhn.is_valid(code, ALPHABET)


def show(code: str) -> str:
    """As people read it: in two groups of four."""
    return f"{code[:4]}-{code[4:]}" if len(code) == LENGTH else code


def mint(seed: str, person_uid: str, attempt: int) -> str:
    """The `attempt`-th candidate for a person in a programme; the caller takes the first that is free.

    Follows from the programme's recorded seed alone, so a replay mints the same code. Nobody without the seed can
    tell the next one.
    """
    for turn in range(64):
        digest = hmac.digest(seed.encode(), f"code:{person_uid}:{attempt}:{turn}".encode(), hashlib.sha256)
        number = int.from_bytes(digest[:8], "big")
        body = "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(LENGTH - 1))
        code = body + luhn.calc_check_digit(body, ALPHABET)
        if not any(word in code for word in _UNWANTED):
            return code
    raise AssertionError("64 unwanted words in a row do not happen")
