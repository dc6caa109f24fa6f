"""Handing a segment on, regularly: started, stopped, due as a job, and what became of it (docs/howto/sync-segments.md)."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from passaparola.events.intake import Happening
from passaparola.kernel.batch import Record
from passaparola.kernel.models import Job
from passaparola.segments.membership.orders import BadSegment
from passaparola.segments.models import Sync

if TYPE_CHECKING:
    from passaparola.segments.membership.room import Memberships

SYNCS_MAX = 200
HOURS_MAX = 24 * 31
JOB = "sync"


def start(room: "Memberships", happening: Happening) -> None:
    """From now on, every so many hours; for the first time at once."""
    row, props = room.segment(happening.props.get("segment")), happening.props
    kind, content, hours = props.get("kind"), props.get("content", "everybody"), props.get("every_hours")
    if kind not in Sync.KINDS or content not in Sync.CONTENTS:
        raise BadSegment(why="a sync is a webhook or a file, of everybody or of moves")
    if isinstance(hours, bool) or not isinstance(hours, int) or not 1 <= hours <= HOURS_MAX:
        raise BadSegment(why=f"every_hours is a whole number from 1 to {HOURS_MAX}")
    target = str(props.get("target") or "")
    if (kind == "webhook") != bool(target) or len(target) > 500:
        raise BadSegment(why="a webhook needs its address, a file none")
    if len(room.syncs.take("stopped_at IS NULL")) >= SYNCS_MAX:
        raise BadSegment(why=f"there can be {SYNCS_MAX} syncs")
    made = room.syncs.add(
        segment_id=row["id"], kind=kind, content=content, target=target, every_hours=hours,
        created_at=happening.received_at,
    )  # fmt: skip
    room.batch.set_timer("sync", f"sync:{made['id']}", happening.received_at)
    happening.result["sync_id"] = made["id"]


def stop(room: "Memberships", happening: Happening) -> None:
    """No more; what was handed on stays where it is."""
    row = _row(room, happening.props.get("sync"))
    room.batch.clear_timer("sync", f"sync:{row['id']}")
    room.syncs.change(row, stopped_at=row["stopped_at"] or happening.received_at)


def ring(room: "Memberships", happening: Happening) -> None:
    """It is due: a job for the dispatcher, and the next time."""
    row = _row(room, int(happening.props["subject"].split(":")[1]))
    if row["stopped_at"] is not None:
        return
    # The ring's own number says which moves belong to this run and which to the next.
    payload: dict[str, Any] = {"sync": row["id"], "until": happening.id}
    key = f"sync:{row['id']}:{happening.id}"
    room.batch.table(Job).add(kind=JOB, key=key, payload=payload, due_at=happening.received_at)
    due = happening.received_at + timedelta(hours=row["every_hours"])
    room.batch.set_timer("sync", f"sync:{row['id']}", due)


def done(room: "Memberships", happening: Happening) -> None:
    """What became of a run, as whoever ran it says."""
    row, props = _row(room, happening.props.get("sync")), happening.props
    failure = str(props.get("failure") or "")[:200]
    if failure:
        room.syncs.change(row, failure=failure)
        return
    position = max(row["position"], int(props.get("until", 0)))
    lines = int(props.get("lines", 0))
    room.syncs.change(row, position=position, lines=lines, done_at=happening.received_at, failure="")


def _row(room: "Memberships", number: object) -> Record:
    found = room.syncs.take("id = ?", [number]) if isinstance(number, int) and number > 0 else []
    if not found:
        raise BadSegment(why="there is no such sync")
    return found[0]
