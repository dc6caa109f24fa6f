"""What a batch has to do with of programmes: read once, found by key, changed in one place."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from passaparola.events.actions import Events
from passaparola.events.intake import Happening
from passaparola.kernel import database
from passaparola.kernel.batch import Batch, Readings, Record
from passaparola.kernel.errors import Refusal
from passaparola.people.actions import People
from passaparola.programs import codes
from passaparola.programs.models import (
    Assignment,
    Budget,
    Click,
    Code,
    Decision,
    Program,
    ProgramVersion,
    Referral,
    Share,
)
from passaparola.segments.actions import Segments, ring_person

SWEEP_PEOPLE_MAX = 500
_TOKEN_IN_URL = re.compile(r"[?&]pp=([A-Za-z0-9_-]{16,32})")
# How long an advocate's caps look back, and asks are remembered.
YEAR = timedelta(days=365)


class UnknownProgram(Refusal):
    """There is no programme with the number {program}."""

    code, status = "unknown_program", 404


class UnknownCode(Refusal):
    """Nobody has the code {value}."""

    code, status = "unknown_code", 404


class Desk:
    """Programmes, versions, codes, clicks, referrals and decisions of one batch."""

    def __init__(self, batch: Batch, people: People, events: Events, segments: Segments) -> None:
        self.batch, self.people, self.events, self.segments = batch, people, events, segments
        self.programs, self.versions = batch.table(Program), batch.table(ProgramVersion)
        self.codes, self.clicks, self.shares = batch.table(Code), batch.table(Click), batch.table(Share)
        self.referrals, self.assignments = batch.table(Referral), batch.table(Assignment)
        self.decisions, self.budgets = batch.table(Decision), batch.table(Budget)
        self._code_of: dict[str, Record] = {}
        self._click_of: dict[str, Record] = {}
        # Person → every decision about asking them; whose have been read: few events ask anybody.
        self._asks: dict[int, list[Record]] = {}
        self._asked = Readings()
        self._moments: tuple[bool, set[str]] | None = None
        self._rewarded_of: dict[tuple[int, frozenset[int]], dict[int, datetime]] = {}

    # --- reading ------------------------------------------------------------------------------

    def find(self, happenings: Sequence[Happening]) -> set[int]:
        """First reading, before people are known by root: codes, clicks, referrals by number. Whose they are."""
        self.programs.take("id > 0")
        self.versions.take(
            "number > 0 AND number = (SELECT version FROM program p WHERE p.id = program_version.program_id)"
        )
        self.budgets.take("id > 0")
        wanted = {
            codes.normalise(v) for h in happenings for k in ("code", "coupon") if isinstance(v := h.props.get(k), str)
        }
        self._take_codes(self.codes.take_any("value", wanted, "text"))
        tokens = {token for happening in happenings for token in click_tokens(happening)}
        self._take_clicks(self.clicks.take_any("token", tokens, "text"))
        self._take_codes(self.codes.take_any("id", {row["code_id"] for row in self.clicks.rows.values()}))
        rings = {ring_number(h, kind, "referral") for h in happenings for kind in ("hold", "window")}
        self.referrals.take_any("id", rings - {None})
        people = {row["person_id"] for row in self.codes.rows.values()}
        return people | {i for row in self.referrals.rows.values() for i in (row["advocate_id"], row["friend_id"])}

    def load(self, happenings: Sequence[Happening]) -> set[int]:
        """Second reading, by person: referrals, clicks, codes, assignments. Further people to read."""
        persons = sorted(self.people.everybody())
        if not self.programs.rows or not persons:
            return set()
        orders = [row["id"] for row in self.events.orders.rows.values()]
        self.referrals.take_any("friend_id", persons)
        self.referrals.take_any("order_id", orders)
        self._take_clicks(self.clicks.take_any("person_id", persons))
        self._take_codes(self.codes.take_any("person_id", persons))
        self._take_codes(
            self.codes.take_any("id", {r["code_id"] for r in self.clicks.rows.values()} - set(self.codes.rows))
        )
        self.assignments.take_any("person_id", persons)
        owners = {row["person_id"] for row in self.codes.rows.values()}
        return owners | {i for row in self.referrals.rows.values() for i in (row["advocate_id"], row["friend_id"])}

    def _take_codes(self, rows: Iterable[Record]) -> None:
        for row in rows:
            self._code_of[row["value"]] = row

    def _take_clicks(self, rows: Iterable[Record]) -> None:
        for row in rows:
            self._click_of[row["token"]] = row

    def moments(self) -> tuple[bool, set[str]]:
        """Whether any active programme waits for a stage, and the events that others wait for."""
        if self._moments is None:
            found = [self.terms(p)["moment"] for p in self.programs.rows.values() if p["state"] == "active"]
            self._moments = (
                any(m["kind"] == "stage" for m in found),
                {m["event"] for m in found if m["kind"] == "event"},
            )
        return self._moments

    def look_again(self) -> None:
        """Programmes changed: what moments they wait for may have, too."""
        self._moments = None

    # --- finding ------------------------------------------------------------------------------

    def program(self, number: Any) -> Record:
        """A programme by number. Raises UnknownProgram."""
        row = self.programs.rows.get(number) if isinstance(number, int) else None
        if row is None:
            raise UnknownProgram(program=number)
        return row

    def terms(self, program: Record, version: int | None = None) -> Record:
        """The terms of a programme's current version, or of the version somebody accepted."""
        number = program["version"] if version is None else version
        for row in self.versions.rows.values():
            if row["program_id"] == program["id"] and row["number"] == number:
                return row["terms"]  # type: ignore[no-any-return]
        found = self.versions.take("program_id = ? AND number = ?", [program["id"], number])
        if not found:
            raise UnknownProgram(program=program["id"])
        return found[0]["terms"]  # type: ignore[no-any-return]

    def code(self, text: object) -> Record | None:
        """The code a text means, if anybody has it."""
        return self._code_of.get(codes.normalise(text)) if isinstance(text, str) and text else None

    def click(self, token: object) -> Record | None:
        """The click of a token."""
        return self._click_of.get(token) if isinstance(token, str) else None

    def clicks_of(self, person_id: int) -> list[Record]:
        """Clicks that turned out to be somebody's, under any of their selves."""
        members = self.people.members(person_id)
        return [click for click in self.clicks.rows.values() if click["person_id"] in members]

    def code_for(self, program: Record, person_id: int) -> Record | None:
        """Somebody's code in a programme, under any of their selves; the oldest."""
        members = self.people.members(person_id)
        found = [r for r in self._code_of.values() if r["program_id"] == program["id"] and r["person_id"] in members]
        return min(found, key=lambda row: row["id"]) if found else None

    def asks_of(self, person_id: int) -> list[Record]:
        """Every ask somebody got, oldest first."""
        return [row for row in self.considered(person_id) if row["outcome"] == "asked"]

    def considered(self, person_id: int) -> list[Record]:
        """Every decision about asking somebody, oldest first."""
        members = self.people.members(person_id)
        stored = [member for member in members if not self.people.is_new(member)]
        if missing := self._asked.missing(stored, self.people.everybody):
            for row in self.decisions.take(f"kind = 'ask' AND {database.any_of('person_id')}", [sorted(missing)]):
                if not self.decisions.is_fresh(row["id"]):
                    self._asks.setdefault(row["person_id"], []).append(row)
        return sorted((row for member in members for row in self._asks.get(member, ())), key=lambda row: row["id"])

    def assignment(self, program: Record, person_id: int) -> Record | None:
        """The holdout arm somebody was drawn into; the earliest if two selves were drawn."""
        members = self.people.members(person_id)
        rows = self.assignments.rows.values()
        found = [r for r in rows if r["program_id"] == program["id"] and r["person_id"] in members]
        return min(found, key=lambda row: row["id"]) if found else None

    def referral(self, program_id: int, friend_id: int) -> Record | None:
        """The active referral of a friend in a programme."""
        members = self.people.members(friend_id)
        for row in self.referrals.rows.values():
            if row["program_id"] == program_id and row["friend_id"] in members and row["state"] in Referral.ACTIVE:
                return row
        return None

    def decided(self, subject: str, person_id: int) -> bool:
        """Whether a decision about this subject was made of somebody already, in this batch or ever before."""
        members = sorted(self.people.members(person_id))
        self.decisions.take(f"{database.any_of('person_id')} AND subject = ?", [members, subject])
        return any(row["subject"] == subject for row in self.decisions.rows.values())

    # --- writing ------------------------------------------------------------------------------

    def decide(
        self, happening: Happening, *, kind: str, outcome: str, person_id: int, reasons: list[Record],
        program_id: int | None = None, subject: str = "",
    ) -> None:  # fmt: skip
        """Write a decision down, with its reasons."""
        row = self.decisions.add(
            kind=kind, person_id=person_id, program_id=program_id, outcome=outcome, reasons=reasons, subject=subject,
            at=happening.received_at, event_id=happening.id,
        )  # fmt: skip
        if kind == "ask":
            self._asks.setdefault(person_id, []).append(row)

    def issue(self, program: Record, person_id: int, happening: Happening) -> Record:
        """Somebody's code in a programme, minted at first need."""
        existing = self.code_for(program, person_id)
        if existing:
            return existing
        person = self.people.row(person_id)
        for attempt in range(20):
            value = codes.mint(program["seed"], person["uid"], attempt)
            if value in self._code_of or self._take_existing(value):
                continue
            row = self.codes.add(
                value=value, program_id=program["id"], version=program["version"], person_id=person["id"],
                destination=self.terms(program).get("destination") or "", created_at=happening.received_at,
            )  # fmt: skip
            self._code_of[value] = row
            return row
        raise RuntimeError("twenty codes in a row were taken: the seed is broken")

    def _take_existing(self, value: str) -> bool:
        rows = self.codes.take("value = ?", [value])
        self._take_codes(rows)
        return bool(rows)

    def reserve(self, program_id: int, unit: str, amount: int) -> bool:
        """Promise an amount from a programme's budget; False if that would overspend it."""
        row = self._budget(program_id, unit)
        if row["limit_amount"] is not None and row["promised"] + amount > row["limit_amount"]:
            return False
        self.budgets.change(row, promised=row["promised"] + amount)
        return True

    def give_back(self, program_id: int, unit: str, amount: int) -> None:
        """Take back a promise that will not be kept."""
        row = self._budget(program_id, unit)
        self.budgets.change(row, promised=row["promised"] - amount)

    def set_budget(self, program_id: int, unit: str, limit: int | None) -> Record:
        """Limit what may be promised (None: no limit)."""
        return self.budgets.change(self._budget(program_id, unit), limit_amount=limit)

    def _budget(self, program_id: int, unit: str) -> Record:
        for row in self.budgets.rows.values():
            if row["program_id"] == program_id and row["unit"] == unit:
                return row
        return self.budgets.add(program_id=program_id, unit=unit, limit_amount=None, promised=0)

    def rewarded_in_year(self, program_id: int, advocate_id: int, now: datetime) -> int:
        """How many friends an advocate has been (or is being) rewarded for within a year."""
        members = self.people.members(advocate_id)
        here = sum(
            1
            for row in self.referrals.rows.values()
            if row["program_id"] == program_id
            and row["advocate_id"] in members
            and row["state"] in ("converted", "rewarded")
            and now - row["changed_at"] < YEAR
            and any(promise["rule"] == "advocate" for promise in row["promised"])
        )
        elsewhere = self._rewarded(program_id, frozenset(members)).items()
        return here + sum(1 for id_, at in elsewhere if now - at < YEAR and id_ not in self.referrals.rows)

    def _rewarded(self, program_id: int, members: frozenset[int]) -> dict[int, datetime]:
        """When each rewarded referral of an advocate changed last, as stored: nothing is written while the batch is folded.

        Only these two columns: somebody with thousands of friends must not cost thousands of rows an event.
        """
        found = self._rewarded_of.get((program_id, members))
        if found is None:
            sql = f"""SELECT id, changed_at FROM referral WHERE {database.any_of("advocate_id")} AND program_id = ?
                AND state IN ('converted', 'rewarded') AND CAST(promised AS TEXT) LIKE '%"advocate"%'"""
            rows = database.rows(sql, [sorted(members), program_id])
            found = self._rewarded_of[program_id, members] = {id_: database.as_time(at) for id_, at in rows}
        return found


    def cause(self, program_id: int, promised: Sequence[Record], name: str) -> str:
        """What a reward is for, unique for whoever gets it: an order taken back and brought in anew is another cause.

        Only rewards closed with an order that is gone count; any other of the same cause the database refuses.
        """
        sql = (
            "SELECT COUNT(*) FROM reward w JOIN referral r ON r.id = w.referral_id "
            "WHERE w.program_id = ? AND w.rule = ? AND w.person_id = ? AND (w.cause = ? OR substr(w.cause, 1, ?) = ?) "
            "AND w.state IN ('released', 'reversed') "
            "AND (w.reason = 'withdrawn' OR NOT EXISTS (SELECT 1 FROM purchase_order o WHERE o.id = r.order_id))"
        )
        again = f"{name}#"
        whose = {(one["rule"], one["person_id"]) for one in promised}
        before = max((database.rows(sql, [program_id, *who, name, len(again), again])[0][0] for who in whose), default=0)
        return f"{again}{before + 1}" if before else name


def click_tokens(happening: Happening) -> list[str]:
    """Click tokens an event carries: as a property, or in the address of the page that was seen (?pp=…)."""
    text = happening.properties
    # What the JSON text must hold before it is worth looking closer.
    if '"click' not in text and '"token"' not in text and "pp=" not in text:
        return []
    found = [v for k in ("token", "click", "click_id") if isinstance(v := happening.props.get(k), str)]
    if "pp=" in happening.properties:
        found += _TOKEN_IN_URL.findall(happening.properties)
    return found


def ring_number(happening: Happening, kind: str, noun: str) -> int | None:
    """The number in a ring's subject, e.g. 7 of "referral:7" for kind "hold"."""
    if happening.name != "Timer Rang" or happening.type != "act" or happening.props.get("kind") != kind:
        return None
    what, _, number = happening.props["subject"].partition(":")
    return int(number) if what == noun else None


def sweep_people(happenings: Sequence[Happening]) -> set[int]:
    """The slice of people that a programme's launch sweep, or a retry of an ask, is about."""
    found: set[int] = set()
    for happening in happenings:
        if ring_number(happening, "sweep", "program"):
            payload = happening.props["payload"]
            sql = (
                f"SELECT person_id FROM traits WHERE person_id > ? AND {database.any_of('stage', 'text')} "
                "ORDER BY person_id LIMIT ?"
            )
            found |= {row[0] for row in database.rows(sql, [payload["after"], payload["stages"], SWEEP_PEOPLE_MAX])}
        elif person := ring_person(happening, "stage") or _ask_person(happening):
            found.add(person)
    return found


def _ask_person(happening: Happening) -> int | None:
    """The person of a ring of kind "ask", whose subject is "program:3:person:17"."""
    if happening.name != "Timer Rang" or happening.type != "act" or happening.props.get("kind") != "ask":
        return None
    return int(happening.props["subject"].split(":")[3])
