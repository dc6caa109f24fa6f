"""Something counted of each person's days: once for each root, fast where nobody was merged, right where somebody was.

Almost everybody's days stand under one number, in the order of the index: those are counted as they are read. Only where
a self that was merged has days of its own the days of all selves are put together first, each once.
"""

_JOINED = """(
    SELECT self.root_id FROM person AS self
    WHERE self.root_id <> self.id AND EXISTS (SELECT 1 FROM visit WHERE visit.person_id = self.id)
)"""


def per_person(pick: str, where: str = "1 = 1", *, having: str = "") -> str:
    """SQL of a relation (person_id = the root, then what `pick` counts of `day`), for people with a day that meets `where`.

    Both may speak of the column `day` only, and hold numbers rather than parameters: they occur twice.
    """
    last = f" HAVING {having}" if having else ""
    return (
        f"SELECT person_id, {pick} FROM visit WHERE {where} AND person_id NOT IN "
        f"(SELECT person.id FROM person WHERE person.root_id IN {_JOINED}) GROUP BY person_id{last} "
        f"UNION ALL SELECT root_id AS person_id, {pick} FROM ("
        "SELECT DISTINCT person.root_id, visit.day FROM visit JOIN person ON person.id = visit.person_id "
        f"WHERE person.root_id IN {_JOINED}) AS joined WHERE {where} GROUP BY root_id{last}"
    )
