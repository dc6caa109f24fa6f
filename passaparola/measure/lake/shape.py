"""What stands in the lake: the columns of facts, and the states with the statements that read them from the store. Pure."""

from collections.abc import Mapping

# In the order of the files. self_id is the person as recorded; who she was found to be stands in the state `person`.
FACT: Mapping[str, str] = {
    "self_id": "BIGINT",
    "event_id": "BIGINT",
    "line": "SMALLINT",
    "at_us": "BIGINT",
    "day": "INTEGER",
    "hour": "SMALLINT",
    "name": "VARCHAR",
    "product": "VARCHAR",
    "category": "VARCHAR",
    "quantity_milli": "BIGINT",
    "amount_minor": "BIGINT",
    "margin_minor": "BIGINT",
    "offer_minor": "BIGINT",
    "company": "SMALLINT",
    "channel": "VARCHAR",
    "order_key": "BIGINT",
    "score": "SMALLINT",
    "props": "VARCHAR",
}

_SQLITE_US = "CAST(strftime('%s', substr({0}, 1, 19)) AS INTEGER) * 1000000 + CAST(substr({0} || '.000000', 21, 6) AS INTEGER)"
_POSTGRES_US = "CAST(EXTRACT(EPOCH FROM {0}) * 1000000 AS BIGINT)"


def microseconds(column: str, vendor: str) -> str:
    """SQL for a time column in microseconds since 1970 UTC."""
    return (_SQLITE_US if vendor == "sqlite" else _POSTGRES_US).format(column)


def born(vendor: str) -> str:
    """SQL for a birth date as year * 10000 + month * 100 + day."""
    if vendor == "sqlite":
        return "CAST(REPLACE(birth_on, '-', '') AS INTEGER)"
    return "CAST(TO_CHAR(birth_on, 'YYYYMMDD') AS INTEGER)"


class State:
    """A table of states: its columns with their types, and how to read it from the store, whole.

    `{us:column}` in the statement stands for that time in microseconds, `{born}` for the birth date as a number, `{currency}`
    for the installation's.
    """

    def __init__(self, columns: Mapping[str, str], sql: str) -> None:
        self.columns, self._sql = columns, sql

    def sql(self, vendor: str, currency: str) -> str:
        """The statement in the store's words; `currency`: the installation's, as a text of SQL."""
        made = self._sql.replace("{born}", born(vendor)).replace("{currency}", currency)
        while "{us:" in made:
            head, _, rest = made.partition("{us:")
            column, _, tail = rest.partition("}")
            made = head + microseconds(column, vendor) + tail
        return made


_ID, _N, _TEXT = "BIGINT", "INTEGER", "VARCHAR"
STATES: Mapping[str, State] = {
    "person": State(
        {
            "id": _ID,
            "root_id": _ID,
            "created_us": _ID,
            "forgotten": _N,
            "born_ymd": _N,
            "sex": _TEXT,
            "language": _TEXT,
        },
        "SELECT id, root_id, {us:created_at} AS created_us, CASE WHEN forgotten_at IS NULL THEN 0 ELSE 1 END, "
        "{born}, sex, language FROM person WHERE id > ? ORDER BY id LIMIT ?",
    ),
    "refund": State(
        {"id": _ID, "self_id": _ID, "back_minor": _ID},
        "SELECT id, person_id, CASE WHEN cancelled OR refunded_minor > amount_minor THEN amount_minor ELSE refunded_minor END "
        "FROM purchase_order WHERE id > ? AND completed AND unit = {currency} AND (cancelled OR refunded_minor > 0) "
        "AND person_id IS NOT NULL "
        "ORDER BY id LIMIT ?",
    ),
    "stage_change": State(
        {"id": _ID, "self_id": _ID, "before": _TEXT, "after": _TEXT, "at_us": _ID},
        "SELECT id, person_id, before, after, {us:at} FROM stage_change WHERE id > ? ORDER BY id LIMIT ?",
    ),
    "consent": State(
        {"id": _ID, "self_id": _ID, "channel": _TEXT, "purpose": _TEXT, "state": _TEXT, "at_us": _ID},
        "SELECT id, person_id, channel, purpose, state, {us:at} FROM consent WHERE id > ? ORDER BY id LIMIT ?",
    ),
    "referral": State(
        {"id": _ID, "program_id": _ID, "advocate_id": _ID, "friend_id": _ID, "state": _TEXT, "opened_us": _ID},
        "SELECT id, program_id, advocate_id, friend_id, state, {us:opened_at} FROM referral WHERE id > ? ORDER BY id LIMIT ?",
    ),
    "relationship": State(
        {"id": _ID, "self_id": _ID, "other_id": _ID, "kind": _TEXT, "at_us": _ID, "until_us": _ID},
        "SELECT id, person_id, other_id, kind, {us:at}, {us:until_at} FROM relationship WHERE id > ? ORDER BY id LIMIT ?",
    ),
    "group_member": State(
        {"id": _ID, "group_id": _ID, "self_id": _ID, "from_us": _ID, "until_us": _ID},
        "SELECT id, group_id, person_id, {us:from_at}, {us:until_at} FROM group_member WHERE id > ? ORDER BY id LIMIT ?",
    ),
    "lead": State(
        {"id": _ID, "temperature": _TEXT},
        "SELECT person_id, temperature FROM lead WHERE person_id > ? ORDER BY person_id LIMIT ?",
    ),
    # Who has a name with us, not which.
    "named": State(
        {"id": _ID},
        "SELECT DISTINCT person_id FROM identity WHERE person_id > ? AND kind <> 'anonymous_id' ORDER BY person_id LIMIT ?",
    ),
    "membership": State(
        {"id": _ID, "segment_id": _ID, "self_id": _ID, "from_us": _ID, "until_us": _ID},
        "SELECT id, segment_id, person_id, {us:from_at}, {us:until_at} FROM membership WHERE id > ? ORDER BY id LIMIT ?",
    ),
}
