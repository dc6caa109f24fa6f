"""A secret key carries the scopes it was made with; groups are short for several."""

from datetime import UTC, datetime

import pytest

from passaparola.kernel import keys

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_groups_are_written_out() -> None:
    key, text = keys.make(name="books", source="books", now=NOW, public=False, scopes=["read"])
    held = keys.find(text, now=NOW)
    assert held is not None and held.may("people:read") and held.may("ledger:read")
    # Addresses are never in a group: whoever needs them says so.
    assert not held.may("identities:read") and not held.may("people:write") and not held.may("read")
    assert "read" not in key.scopes


def test_a_public_key_only_sends() -> None:
    key, _ = keys.make(name="web", source="web", now=NOW, public=True, scopes=["read"])
    assert key.scopes == ["events:write"]


def test_an_unknown_scope_is_refused() -> None:
    with pytest.raises(keys.UnknownScope):
        keys.make(name="x", source="x", now=NOW, public=False, scopes=["people:eat"])
