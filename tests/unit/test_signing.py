"""Signed tokens: the MAC is HMAC-SHA256, whatever the key, and every id comes back."""

import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passaparola.kernel import signing

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@given(key=st.binary(min_size=1, max_size=130), prefix=st.binary(max_size=80), message=st.binary(max_size=200))
def test_the_mac_is_hmac_sha256(key: bytes, prefix: bytes, message: bytes) -> None:
    for _ in range(2):  # The second time from the halves that were kept.
        assert signing.mac(key, prefix, message) == hmac.digest(key, prefix + message, hashlib.sha256)


@given(st.lists(st.integers(0, 2**62), min_size=1, max_size=4))
def test_ids_come_back_for_their_purpose_only(ids: list[int]) -> None:
    token = signing.sign("advocate", ids)
    assert signing.open_token("advocate", token, now=NOW) == ids
    with pytest.raises(signing.Forged):
        signing.open_token("preferences", token, now=NOW)
