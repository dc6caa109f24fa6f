"""Two persons who are one, and the way back; and forgetting.

A merge moves one pointer (`root_id`); every other row stays where it was recorded, so undoing loses nothing.
"""

from functools import partial

from passaparola.events import erasing, parking, telling
from passaparola.events.intake import Happening
from passaparola.kernel import database
from passaparola.kernel.batch import Record
from passaparola.kernel.errors import Refusal
from passaparola.kernel.models import Job
from passaparola.people.actions import relating
from passaparola.people.actions.desk import Desk, UnknownPerson, is_id
from passaparola.people.actions.text import text

# The kind of the job that takes somebody out of our files.
ERASE = "erase"
# Why a merge was made, where nobody wrote it in their own words.
_OWN_REASONS = ("alias", "anonymous became known", "same e-mail address", "by hand", "staff")


class SamePerson(Refusal):
    """These two are one person already."""

    code, status = "same_person", 409


class UnknownMerge(Refusal):
    """There is no merge {merge} to undo."""

    code, status = "unknown_merge", 404


def merge_act(desk: Desk, happening: Happening) -> None:
    """Staff says two persons are one."""
    keep, other = happening.props.get("keep"), happening.props.get("other")
    if not (is_id(keep) and is_id(other)):
        raise UnknownPerson(person=other if is_id(keep) else keep)
    if desk.root(keep) == desk.root(other):
        raise SamePerson()
    happening.person_id = desk.root(keep)
    merge(desk, keep, other, text(happening.props.get("reason"), 60) or "by hand", happening)


def merge(desk: Desk, keep: int, other: int, reason: str, happening: Happening) -> None:
    """`other` and all their selves become `keep`."""
    kept, gone = desk.root(keep), desk.root(other)
    moved = sorted(desk.selves.pop(gone))
    for member in moved:
        desk.persons.change(desk.persons.rows[member], root_id=kept)
    desk.selves[kept].update(moved)
    merge = desk.merges.add(
        kept_id=kept, merged_id=gone, moved=moved, reason=reason, event_id=happening.id, at=happening.received_at
    )
    fill_blanks(desk, kept, gone)
    desk.index(kept)
    happening.result["merge_id"] = merge["id"]
    happening.tell("merged", kept=kept, gone=gone, moved=moved)
    happening.tell("decided", kind="merge", outcome="merged", person_id=kept, subject=f"merge:{merge['id']}",
                   reasons=[{"code": "same_person", "because": reason}])  # fmt: skip


def fill_blanks(desk: Desk, kept: int, gone: int) -> None:
    """What is not known of one is taken over from the other."""
    row, lost = desk.persons.rows[kept], desk.persons.rows[gone]
    blanks = {
        k: lost[k] for k in ("name", "given_name", "birth_on", "sex", "language", "time_zone") if lost[k] and not row[k]
    }
    if blanks:
        desk.persons.change(row, **blanks)


def unmerge_act(desk: Desk, happening: Happening) -> None:
    """A merge was wrong: everybody it moved is who they were before."""
    merge = desk.merges.rows.get(happening.props.get("merge", 0))
    if merge is None or merge["undone_at"] is not None or desk.root(merge["merged_id"]) == merge["merged_id"]:
        raise UnknownMerge(merge=happening.props.get("merge"))
    happening.person_id = desk.root(merge["kept_id"])
    unmerge(desk, merge, happening)
    happening.tell("decided", kind="merge", outcome="undone", person_id=happening.person_id, subject=f"merge:{merge['id']}",
                   reasons=[{"code": "undone_by_hand"}])  # fmt: skip


def unmerge(desk: Desk, merge: Record, happening: Happening) -> None:
    """Everybody a merge moved is who they were before."""
    kept, back = desk.root(merge["kept_id"]), merge["merged_id"]
    for member in merge["moved"]:
        desk.persons.change(desk.persons.rows[member], root_id=back)
    desk.selves[kept] -= set(merge["moved"])
    desk.selves[back] = set(merge["moved"])
    desk.merges.change(merge, undone_at=happening.received_at)
    for person in (kept, back):
        desk.index(person)
    happening.tell("unmerged", kept=kept, back=back)


def forget(desk: Desk, happening: Happening) -> None:
    """Blank everything personal; figures and the books stay. The act itself is the record."""
    assert happening.person_id is not None
    members = sorted(desk.members(happening.person_id))
    known: list[str] = []
    called: list[str] = []
    for member in members:
        row = desk.persons.rows[member]
        called += [row["name"], row["given_name"], *row["name"].split(" ")]
        desk.words.say(row, "")
        desk.persons.change(
            row, name="", given_name="", birth_on=None, sex="", profile={}, search="", shows_name=False,
            forgotten_at=happening.received_at,
        )  # fmt: skip
        for kind, value in desk.forget_names(member, happening.received_at):
            known.append(value)
            happening.tell("forgot_name", kind=kind, value=value)
    desk.batch.at_end(partial(erasing.erase, members, names=known, called=called, at=happening.received_at))
    desk.batch.at_end(partial(_unsay, members))
    marks = sorted(parking.keyed({form for name in known for form in telling.forms(name)}))
    # Our files name her too (doors/erasing.py): those are read outside this transaction.
    desk.batch.table(Job).add(kind=ERASE, key=f"{ERASE}:{happening.id}", payload={"marks": marks}, due_at=happening.received_at)
    relating.forget(desk, set(members), happening)
    happening.tell("forgotten", members=members)


def _unsay(members: list[int]) -> None:
    """What others wrote about somebody forgotten, in their own words: why two are one, what proves a consent."""
    database.run(f"UPDATE consent SET evidence = '{{}}' WHERE {database.any_of('person_id')}", [members])
    for column in ("kept_id", "merged_id"):
        sql = f"UPDATE merge SET reason = 'by hand' WHERE {database.any_of(column)} AND NOT {database.any_of('reason', 'text')}"
        database.run(sql, [members, sorted(_OWN_REASONS)])
