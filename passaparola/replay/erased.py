"""Names for people who were forgotten, so that their events find the same persons again.

Erasure blanks who an event came from, but not whose it was found to be. A replay gives each such person one made-up
name: a user id, or an anonymous id for somebody who had none and was later joined to another. Addresses are made up
too where an event cannot do without. Nothing of this leaves the replayed store.
"""

from typing import Any

from passaparola.kernel import database

Record = dict[str, Any]
_ANONYMOUS = "anonymous became known"


class Names:
    """Who was joined to whom by events that no longer say so."""

    def __init__(self, alias: str) -> None:
        self.joined: dict[int, int] = {}
        self.guests: set[int] = set()
        sql = (
            "SELECT m.event_id, m.merged_id, m.reason FROM merge m JOIN person p ON p.id = m.merged_id "
            "WHERE p.forgotten_at IS NOT NULL"
        )
        for event_id, merged_id, reason in database.rows(sql, alias=alias):
            self.joined[event_id] = merged_id
            if reason != "alias":
                self.guests.add(merged_id)

    def give(self, row: Record) -> Record:
        """The row of an erased event with made-up names; any other as it is."""
        person = row["person_id"]
        if person is None or not self._is_erased(row):
            return row
        name, other = f"forgotten-{person}", self.joined.get(row["id"])
        given = {"anonymous_id": name} if person in self.guests else {"user_id": name, "anonymous_id": name}
        if row["type"] == "alias":
            given = {"user_id": name, "previous_id": f"forgotten-{other or 'nobody'}"}
        elif other is not None:
            given["anonymous_id"] = f"forgotten-{other}"
        if row["type"] == "group":
            given["group_id"] = "forgotten"
        if row["type"] == "act":
            given = {"anonymous_id": name}
        if row["type"] in ("act", "identify"):
            given["traits"] = f'{{"email": "{name}@example.test"}}'
        return {**row, **given}

    def _is_erased(self, row: Record) -> bool:
        named = any(row[key] for key in ("user_id", "anonymous_id", "traits"))
        return not named and (row["type"] != "act" or row["name"] == "Friend Signed Up")
