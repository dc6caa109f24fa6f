"""Codes: readable, unguessable, telling a slip from an unknown code."""

from hypothesis import given
from hypothesis import strategies as st

from passaparola.programs import codes

uids = st.text(codes.ALPHABET, min_size=16, max_size=16)


def test_a_thousand_codes_are_well_formed_and_different() -> None:
    minted = {codes.mint("seed", f"person{n}", 0) for n in range(1000)}
    assert len(minted) == 1000
    assert all(codes.is_well_formed(code) for code in minted)


def test_the_code_follows_from_seed_person_and_attempt_alone() -> None:
    assert codes.mint("a", "p", 0) == codes.mint("a", "p", 0)
    assert (
        len({codes.mint("a", "p", 0), codes.mint("b", "p", 0), codes.mint("a", "q", 0), codes.mint("a", "p", 1)}) == 4
    )


@given(uid=uids, place=st.integers(0, 7), other=st.sampled_from(codes.ALPHABET))
def test_every_single_slip_is_noticed(uid: str, place: int, other: str) -> None:
    code = codes.mint("seed", uid, 0)
    slipped = code[:place] + other + code[place + 1 :]
    assert codes.is_well_formed(slipped) == (slipped == code)


@given(uid=uids)
def test_look_alikes_hyphens_blanks_and_small_letters_are_forgiven(uid: str) -> None:
    code = codes.mint("seed", uid, 0)
    typed = codes.show(code).lower().replace("0", "o").replace("1", "l").replace("-", " - ")
    assert codes.normalise(typed) == code


def test_unwanted_words_never_stand_in_a_code() -> None:
    assert not any(word in codes.mint("s", str(n), 0) for n in range(3000) for word in ("SEX", "CACA", "KKK"))
