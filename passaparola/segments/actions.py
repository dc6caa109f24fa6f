"""What is known about each person from what they did, kept up with every event, and the stage that follows."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from passaparola.events import intake
from passaparola.events.actions import Events, worth
from passaparola.events.intake import Happening
from passaparola.kernel import database
from passaparola.kernel.batch import Batch, Record
from passaparola.kernel.errors import Refusal
from passaparola.kernel.models import Setting
from passaparola.people.actions import People
from passaparola.segments import keeping, pyramid, stages
from passaparola.segments.models import StageChange, Traits, Visit
from passaparola.segments.traits import own

SWEEP_PEOPLE_MAX = 500
STAGES_SETTING = "stages"
VISITS = ("Order Completed", "Visit Recorded")
# What staff decide that concerns no person.
_ORDERS = {"Trait Defined": own.define, "Trait Retired": own.retire, **keeping.ORDERS}
# A score from 0 to 6, or a review of 1 or 2 stars, is a bad experience until a better one comes.
_BAD_SCORE_MAX, _BAD_RATING_MAX = 6, 2
# Reasons for which somebody's stage is read from the visits alone.
_AFRESH = ("ranges changed", "merge", "import withdrawn")
_MOODS = ("Complaint Opened", "Complaint Closed", "Score Given", "Review Given")
# When somebody was last seen is kept to the hour: a page view must not cost a row.
_SEEN_STEP = timedelta(hours=1)


class BadRanges(Refusal):
    """The stage ranges cannot be used: {why}."""

    code, status = "bad_ranges", 422


class BadPyramid(Refusal):
    """The pyramid cannot be set so: {why}."""

    code, status = "bad_pyramid", 422


def ranges_in_force() -> stages.Ranges:
    """The ranges the operator set, or the defaults."""
    found = Setting.objects.filter(name=STAGES_SETTING).first()
    return stages.Ranges.read(found.value) if found else stages.Ranges()


def ranges_changed_at() -> datetime | None:
    """When the operator set the ranges; None: never."""
    found = Setting.objects.filter(name=STAGES_SETTING).first()
    return found.changed_at if found else None


def is_restaging() -> bool:
    """Whether everybody is still being looked at under ranges that changed."""
    return bool(database.rows("SELECT 1 FROM timer WHERE kind = 'restage' LIMIT 1"))


class Segments:
    """The room that keeps traits and stages."""

    def __init__(self, batch: Batch, people: People, events: Events, zone: str) -> None:
        self.batch, self.people, self.events, self.zone = batch, people, events, zone
        self.traits, self.visits = batch.table(Traits), batch.table(Visit)
        self.changes, self.settings = batch.table(StageChange), batch.table(Setting)
        self._days: dict[int, list[int]] = {}
        # (person, day) as recorded: after an unmerge each self keeps the days on which it came.
        self._recorded: set[tuple[int, int]] = set()
        self.ranges = stages.Ranges()

    def load(self, happenings: Sequence[Happening], person_ids: Iterable[int]) -> None:
        """Read the traits of the batch's people and the days on which those who came now came before."""
        for row in self.settings.take("name = ?", [STAGES_SETTING]):
            self.ranges = stages.Ranges.read(row["value"])
        # Of other selves too: an unmerge gives them theirs back.
        roots = {self.people.root(i) for i in person_ids}
        self.traits.take_any("person_id", roots | set(person_ids))
        coming = {root for h in happenings if h.name in VISITS and (root := self.people.peek(h))}
        coming |= {subject for h in happenings if (subject := ring_person(h, "stage"))}
        coming |= {i for h in happenings if h.name == "Timer Rang" and h.props.get("kind") == "restage" for i in roots}
        self._read_days(coming)

    def _read_days(self, roots: Iterable[int]) -> None:
        wanted = {root for root in map(self.people.root, roots) if root not in self._days}
        for root in [root for root in wanted if self.people.is_new(root) and len(self.people.members(root)) == 1]:
            # Made by this batch: all their visits are here.
            wanted.discard(root)
            self._days[root] = sorted(row["day"] for row in self.visits.fresh if row["person_id"] == root)
        if not wanted:
            return
        owner = {member: root for root in wanted for member in self.people.members(root)}
        found: dict[int, set[int]] = {root: set() for root in wanted}
        sql = f"SELECT person_id, day FROM visit WHERE {database.any_of('person_id')}"
        for person, day in database.rows(sql, [sorted(owner)]):
            found[owner[person]].add(day)
            self._recorded.add((person, day))
        for row in self.visits.fresh:
            if row["person_id"] in owner:
                found[owner[row["person_id"]]].add(row["day"])
        for root, days in found.items():
            self._days[root] = sorted(days)

    def days(self, root: int) -> list[int]:
        """The local days on which somebody came, sorted."""
        if root not in self._days:
            self._read_days([root])
        return self._days[root]

    def keep_days(self, days: dict[int, set[int]], recorded: set[tuple[int, int]]) -> None:
        """The days of these roots are so from now on, whatever the store still says."""
        self._days |= {root: sorted(some) for root, some in days.items()}
        self._recorded |= recorded

    # --- one event ----------------------------------------------------------------------------

    def step(self, happening: Happening) -> None:
        """Keep the traits of whoever the event is about, then their stage."""
        if happening.notes:
            for note in (*happening.told("merged"), *happening.told("unmerged")):
                self._join(note, happening)
        if happening.type == "act":
            self._act(happening)
        elif happening.person_id is not None:
            self._fold(happening)

    def _act(self, happening: Happening) -> None:
        if happening.name in _ORDERS:
            _ORDERS[happening.name](self.batch, happening)
        elif happening.name == "Stages Changed":
            self._change_ranges(happening)
        elif happening.name in pyramid.ACTS:
            self._set(happening)
        elif happening.name == "Timer Rang" and happening.props.get("kind") == "restage":
            self._restage(happening)
        elif subject := ring_person(happening, "stage"):
            self.place(subject, happening, "time passed")
        elif happening.name == "Friend Signed Up" and happening.person_id is not None:
            self._fold(happening)

    def of(self, person_id: int) -> Record | None:
        """The traits row of somebody, if anything is known."""
        return self.traits.rows.get(self.people.root(person_id))

    def _fold(self, happening: Happening) -> None:
        root = self.people.root(happening.person_id or 0)
        row, at = self._row(root, happening.occurred_at), happening.occurred_at
        happening.before = (row["orders"], row["last_order_at"])
        values: Record = {}
        if at < row["first_seen_at"]:
            values["first_seen_at"] = at
        if at - row["last_seen_at"] >= _SEEN_STEP:
            values["last_seen_at"] = at
        if happening.type == "track":
            for note in happening.told("order"):
                values |= self._order(row, note["row"], happening)
            if happening.name in _MOODS:
                values |= self.mood(row, happening)
        if values:
            self.traits.change(row, **values)
        if happening.notes:
            for note in happening.told("refund"):
                self._refund(note, happening)
        # A repeated report of an order is no visit.
        if happening.name in VISITS and "repeated_order" not in happening.result:
            self._visit(root, happening)

    def _row(self, root: int, at: datetime) -> Record:
        row = self.traits.rows.get(root)
        return row if row is not None else self.traits.add(person_id=root, first_seen_at=at, last_seen_at=at)

    def _order(self, row: Record, order: Record, happening: Happening) -> Record:
        at = happening.occurred_at
        return {
            "orders": row["orders"] + 1,
            "first_order_at": min(row["first_order_at"] or at, at),
            "last_order_at": max(row["last_order_at"] or at, at),
            "spent_minor": row["spent_minor"] + worth(order),
        }

    def _refund(self, note: Record, happening: Happening) -> None:
        """What was given back is taken off whoever bought, also where somebody else reports it."""
        row = self._row(self.people.root(note["row"]["person_id"]), happening.occurred_at)
        given_back = note["given_back"] if note["row"]["unit"] == settings.CURRENCY else 0
        self.traits.change(row, spent_minor=row["spent_minor"] - given_back, refunds=row["refunds"] + 1)

    def mood(self, row: Record, happening: Happening) -> Record:
        """A bad experience suppresses asks until it is mended (complaint closed, a good score)."""
        if happening.name not in _MOODS:
            return {}
        if happening.name == "Complaint Opened":
            return {"complaints_open": row["complaints_open"] + 1}
        if happening.name == "Complaint Closed":
            return {"complaints_open": max(0, row["complaints_open"] - 1)}
        score, rating = happening.props.get("score"), happening.props.get("rating")
        if happening.name == "Score Given" and isinstance(score, int):
            return {"unhappy": score <= _BAD_SCORE_MAX}
        if happening.name == "Review Given" and isinstance(rating, int):
            return {"unhappy": rating <= _BAD_RATING_MAX}
        return {}

    def _visit(self, root: int, happening: Happening) -> None:
        days = self.days(root)
        if (root, happening.day) not in self._recorded:
            self._recorded.add((root, happening.day))
            self.visits.add(person_id=root, day=happening.day)
        spot = bisect_left(days, happening.day)
        if spot < len(days) and days[spot] == happening.day:
            return
        insort(days, happening.day)
        self.place(root, happening, "visit")

    # --- stages -------------------------------------------------------------------------------

    def place(self, root: int, happening: Happening, because: str) -> None:
        """Compute the stage as of the event's arrival; note a change; set the timer for its fall."""
        root = self.people.root(root)
        row, days = self._row(root, happening.occurred_at), self.days(root)
        today, _ = intake.local(happening.received_at, self.zone)
        visits, before = stages.in_period(days, today, self.ranges), row["stage"]
        after = self._reached(row, visits, today, because)
        values: Record = {
            "visits_period": visits,
            "visits_ever": len(days),
            "first_visit_day": days[0] if days else None,
            "last_visit_day": days[-1] if days else None,
        }
        if after != before:
            values |= {"stage": after, "stage_since_at": _moment(happening)}
            self._note(root, before, after, visits, happening, because)
        self.traits.change(row, **values)
        falls = stages.falls_on(days, today, self.ranges, after, self._day(row["stage_since_at"]))
        if falls is None:
            self.batch.clear_timer("stage", f"person:{root}")
        else:
            self.batch.set_timer("stage", f"person:{root}", self._midnight(falls))

    def _reached(self, row: Record, visits: int, today: int, because: str) -> str:
        """The stage so many visits come to: up at once; down below the floor, when the minimum stay is over.

        Where the ranges changed or rows were joined everybody is placed afresh: what was held before was another scale.
        """
        if because in _AFRESH:
            return stages.stage_of(visits, self.ranges)
        return stages.hold(row["stage"], self._day(row["stage_since_at"]), visits, today, self.ranges)

    def _day(self, at: datetime | None) -> int | None:
        """The local day of a moment."""
        return None if at is None else intake.local(at, self.zone)[0]

    def _note(self, root: int, before: str, after: str, visits: int, happening: Happening, because: str) -> None:
        range_ = [self.ranges.start(after), self.ranges.end(after)]
        reason = {"visits": visits, "range": range_, "period_days": self.ranges.period_days, "because": because}
        if self.ranges.margin or self.ranges.stay_days:
            reason |= {"margin": self.ranges.margin, "stay_days": self.ranges.stay_days}
        self.changes.add(
            person_id=root, before=before, after=after, at=_moment(happening), reason=reason, event_id=happening.id
        )
        happening.tell("stage", person_id=root, before=before, after=after)

    def _midnight(self, day: int) -> datetime:
        """When a local day begins."""
        there = datetime.combine(intake.EPOCH + timedelta(days=day), time.min, ZoneInfo(self.zone))
        return there.astimezone(UTC)

    def _change_ranges(self, happening: Happening) -> None:
        try:
            ranges = stages.Ranges.read(happening.props)
        except (ValueError, TypeError) as problem:
            raise BadRanges(why=str(problem)) from problem
        self.ranges = ranges
        keeping.keep(self.batch, STAGES_SETTING, ranges.as_json(), happening)
        self.batch.set_timer("restage", "everybody", happening.received_at, {"after": 0})

    def _set(self, happening: Happening) -> None:
        """Pyramid and market: what the operator typed, checked and kept."""
        name, kind = pyramid.ACTS[happening.name]
        try:
            value = kind.read(happening.props).as_json()
        except ValueError as problem:
            raise BadPyramid(why=str(problem)) from problem
        keeping.keep(self.batch, name, value, happening)

    def _restage(self, happening: Happening) -> None:
        """One slice of everybody under new ranges; the next slice rings again."""
        after = happening.props["payload"].get("after", 0)
        # The batch may have read others besides; the slice is the first so many.
        slice_ = sorted(i for i in self.traits.rows if i > after)[:SWEEP_PEOPLE_MAX]
        for person in slice_:
            if self.people.root(person) == person:
                self.place(person, happening, "ranges changed")
        if slice_:
            due = happening.received_at + timedelta(microseconds=1)
            self.batch.set_timer("restage", "everybody", due, {"after": slice_[-1]})

    # --- merging ------------------------------------------------------------------------------

    def _join(self, note: Record, happening: Happening) -> None:
        """After a merge or its undoing: count again from the rows of all selves."""
        for root in {note["kept"], note.get("gone", note.get("back"))}:
            self._days.pop(root, None)
            if self.people.root(root) != root:
                self._empty(root)
            elif self._worth_counting(note, root):
                self._recount(root, happening)

    def _worth_counting(self, note: Record, root: int) -> bool:
        """Joining somebody who never came changes no figure (the usual case: an anonymous browser)."""
        gone = self.traits.rows.get(note.get("gone", 0))
        return "back" in note or (gone is not None) or root not in self.traits.rows

    def _empty(self, root: int) -> None:
        row = self.traits.rows.get(root)
        if row is not None and row["stage"] != "none":
            self.traits.change(row, stage="none", stage_since_at=None)
            self.batch.clear_timer("stage", f"person:{root}")

    def _recount(self, root: int, happening: Happening) -> None:
        members = self.people.members(root)
        self.events.take_orders(self.events.orders.take_any("person_id", members))
        orders = [o for o in self.events.orders.rows.values() if o["person_id"] in members and o["completed"]]
        selves = [row for member in members if (row := self.traits.rows.get(member))]
        row = self._row(root, happening.occurred_at)
        times = sorted(order["occurred_at"] for order in orders)
        opened = self.events.times(members, "Complaint Opened") - self.events.times(members, "Complaint Closed")
        self.traits.change(
            row,
            orders=len(orders),
            first_order_at=times[0] if times else None,
            last_order_at=times[-1] if times else None,
            spent_minor=sum(worth(order) for order in orders),
            refunds=sum(1 for order in orders if order["refunded_minor"]),
            complaints_open=max(0, opened),
            first_seen_at=min(s["first_seen_at"] for s in (row, *selves)),
            last_seen_at=max(s["last_seen_at"] for s in (row, *selves)),
        )
        self.place(root, happening, "merge")


def ring_person(happening: Happening, kind: str) -> int | None:
    """The person a timer of that kind rings for, from its subject "person:17"."""
    if happening.name != "Timer Rang" or happening.type != "act" or happening.props.get("kind") != kind:
        return None
    return int(happening.props["subject"].split(":")[1])


def restage_people(happenings: Sequence[Happening]) -> set[int]:
    """The slice of people that a restage ring is about."""
    found: set[int] = set()
    for happening in happenings:
        if happening.name == "Timer Rang" and happening.props.get("kind") == "restage":
            sql = "SELECT person_id FROM traits WHERE person_id > ? ORDER BY person_id LIMIT ?"
            found |= {
                row[0] for row in database.rows(sql, [happening.props["payload"].get("after", 0), SWEEP_PEOPLE_MAX])
            }
    return found


def _moment(happening: Happening) -> datetime:
    """When a stage was reached: an imported purchase reached it on its own day, not on the day of the import."""
    return happening.occurred_at if happening.history else happening.received_at
