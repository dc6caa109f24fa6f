"""Everything out again: events, people, referrals, transfers and messages as JSON lines, CSV or Parquet, streamed."""

import csv
import json
import os
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

from passaparola.doors.exports_base import DAY, INT, JSON, TEXT, TIME, Export, Row, chunks, uids_of
from passaparola.doors.exports_ties import TIES
from passaparola.events.models import Event
from passaparola.kernel.errors import Refusal
from passaparola.ledger.models import Account, Transfer
from passaparola.messages.models import Message
from passaparola.people.models import Consent, Identity, Person
from passaparola.programs.models import Code, Program, Referral
from passaparola.segments.models import Membership, Segment, Traits

FORMATS = ("jsonl", "csv", "parquet")
# What a spreadsheet takes for a formula; a bare signed number is none.
# Also as East Asian keyboards write them.
_FORMULA = re.compile(r"^[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"^[+-]?[\d .,()]+$")


class ParquetNeedsFile(Refusal):
    """Parquet cannot be written to the screen: give a file with --out."""

    code = "parquet_needs_file"


def _events() -> Iterator[Row]:
    for chunk in chunks(Event.objects.all()):
        for event in chunk:
            yield {
                "message_id": event.message_id,
                "type": event.type,
                "event": event.name,
                "user_id": event.user_id,
                "anonymous_id": event.anonymous_id,
                "group_id": event.group_id,
                "previous_id": event.previous_id,
                "timestamp": event.occurred_at,
                "received_at": event.received_at,
                "properties": _json(event.properties),
                "traits": _json(event.traits),
                "context": _json(event.context),
                "source": event.source,
            }


def _people() -> Iterator[Row]:
    for chunk in chunks(Person.objects.all()):
        ids = [person.pk for person in chunk]
        traits = Traits.objects.in_bulk(ids)
        names = _names(ids)
        consents = _consents(ids)
        for person in chunk:
            known = traits.get(person.pk)
            yield {
                "id": person.pk,
                "uid": person.uid,
                "same_as_id": None if person.root_id == person.pk else person.root_id,
                "created_at": person.created_at,
                "forgotten_at": person.forgotten_at,
                "name": person.name,
                "given_name": person.given_name,
                "birth_on": person.birth_on,
                "sex": person.sex,
                "language": person.language,
                "time_zone": person.time_zone,
                "profile": person.profile,
                "identities": names.get(person.pk, {}),
                "consents": consents.get(person.pk, {}),
                "stage": known.stage if known else None,
                "visits_period": known.visits_period if known else None,
                "visits_ever": known.visits_ever if known else None,
                "orders": known.orders if known else None,
                "first_order_at": known.first_order_at if known else None,
                "last_order_at": known.last_order_at if known else None,
                "spent_minor": known.spent_minor if known else None,
            }


def _names(ids: list[int]) -> dict[int, dict[str, list[str]]]:
    found: dict[int, dict[str, list[str]]] = {}
    for one in Identity.objects.filter(person_id__in=ids).order_by("id"):
        found.setdefault(one.person_id, {}).setdefault(one.kind, []).append(one.value)
    return found


def _consents(ids: list[int]) -> dict[int, dict[str, str]]:
    """The newest answer for each channel and purpose."""
    found: dict[int, dict[str, str]] = {}
    for one in Consent.objects.filter(person_id__in=ids).order_by("id"):
        found.setdefault(one.person_id, {})[f"{one.channel}.{one.purpose}"] = one.state
    return found


def _referrals() -> Iterator[Row]:
    programs = dict(Program.objects.values_list("id", "name"))
    for chunk in chunks(Referral.objects.all()):
        uids = uids_of([r.advocate_id for r in chunk] + [r.friend_id for r in chunk])
        codes = dict(Code.objects.filter(id__in=[r.code_id for r in chunk]).values_list("id", "value"))
        for one in chunk:
            yield {
                "id": one.pk,
                "program_id": one.program_id,
                "program": programs.get(one.program_id),
                "version": one.version,
                "advocate": uids.get(one.advocate_id),
                "friend": uids.get(one.friend_id),
                "code": codes.get(one.code_id),
                "state": one.state,
                "reason": one.reason,
                "evidence": one.evidence,
                "opened_at": one.opened_at,
                "changed_at": one.changed_at,
            }


def _transfers() -> Iterator[Row]:
    accounts = {account.pk: account for account in Account.objects.all()}
    for chunk in chunks(Transfer.objects.all()):
        for one in chunk:
            source, target = accounts[one.source_id], accounts[one.target_id]
            yield {
                "id": one.pk,
                "key": one.key,
                "kind": one.kind,
                "from_account": f"{source.kind}:{source.owner_id}",
                "to_account": f"{target.kind}:{target.owner_id}",
                "amount": one.amount,
                "unit": one.unit,
                "resolves_id": one.resolves_id,
                "reward_id": one.reward_id,
                "at": one.at,
                "event_id": one.event_id,
            }


def _messages() -> Iterator[Row]:
    for chunk in chunks(Message.objects.all()):
        uids = uids_of([one.person_id for one in chunk])
        for one in chunk:
            yield {
                "id": one.pk,
                "key": one.key,
                "person": uids.get(one.person_id),
                "channel": one.channel,
                "purpose": one.purpose,
                "template": one.template,
                "program_id": one.program_id,
                "state": one.state,
                "reason": one.reason,
                "planned_at": one.planned_at,
                "due_at": one.due_at,
                "changed_at": one.changed_at,
            }


def _memberships() -> Iterator[Row]:
    keys = dict(Segment.objects.values_list("id", "key"))
    for chunk in chunks(Membership.objects.all()):
        uids = uids_of([one.person_id for one in chunk])
        for one in chunk:
            yield {
                "id": one.pk,
                "segment": keys.get(one.segment_id),
                "person": uids.get(one.person_id),
                "from_at": one.from_at,
                "until_at": one.until_at,
                "event_id": one.event_id,
                "end_event_id": one.end_event_id,
            }


def _json(text: str | None) -> Any:
    return json.loads(text) if text else {}


EXPORTS: dict[str, Export] = {
    "events": Export(
        {
            "message_id": TEXT, "type": TEXT, "event": TEXT, "user_id": TEXT, "anonymous_id": TEXT,
            "group_id": TEXT, "previous_id": TEXT, "timestamp": TIME, "received_at": TIME, "properties": JSON,
            "traits": JSON, "context": JSON, "source": TEXT,
        },
        _events,
    ),
    "people": Export(
        {
            "id": INT, "uid": TEXT, "same_as_id": INT, "created_at": TIME, "forgotten_at": TIME, "name": TEXT,
            "given_name": TEXT, "birth_on": DAY, "sex": TEXT, "language": TEXT, "time_zone": TEXT,
            "profile": JSON, "identities": JSON, "consents": JSON, "stage": TEXT, "visits_period": INT,
            "visits_ever": INT, "orders": INT, "first_order_at": TIME, "last_order_at": TIME, "spent_minor": INT,
        },
        _people,
    ),
    "referrals": Export(
        {
            "id": INT, "program_id": INT, "program": TEXT, "version": INT, "advocate": TEXT, "friend": TEXT,
            "code": TEXT, "state": TEXT, "reason": TEXT, "evidence": JSON, "opened_at": TIME, "changed_at": TIME,
        },
        _referrals,
    ),
    "transfers": Export(
        {
            "id": INT, "key": TEXT, "kind": TEXT, "from_account": TEXT, "to_account": TEXT, "amount": INT,
            "unit": TEXT, "resolves_id": INT, "reward_id": INT, "at": TIME, "event_id": INT,
        },
        _transfers,
    ),
    "messages": Export(
        {
            "id": INT, "key": TEXT, "person": TEXT, "channel": TEXT, "purpose": TEXT, "template": TEXT,
            "program_id": INT, "state": TEXT, "reason": TEXT, "planned_at": TIME, "due_at": TIME,
            "changed_at": TIME,
        },
        _messages,
    ),
    "memberships": Export(
        {
            "id": INT, "segment": TEXT, "person": TEXT, "from_at": TIME, "until_at": TIME, "event_id": INT,
            "end_event_id": INT,
        },
        _memberships,
    ),
    **TIES,
}  # fmt: skip


def write(what: str, form: str, out: IO[str]) -> int:
    """Write `what` as "jsonl" or "csv"; how many rows."""
    export = EXPORTS[what]
    return _write_csv(export, out) if form == "csv" else _write_jsonl(export, out)


def write_file(what: str, form: str, path: Path) -> int:
    """Write a file, whole or not at all: it gets its name when it is complete. How many rows."""
    part = path.with_name(path.name + ".part")
    try:
        if form == "parquet":
            count = _write_parquet(EXPORTS[what], part)
        else:
            with part.open("w", encoding="utf-8", newline="") as file:
                count = write(what, form, file)
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


def _write_jsonl(export: Export, out: IO[str]) -> int:
    count = 0
    for row in export.rows():
        count += 1
        out.write(json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=_plain) + "\n")
    return count


def _write_csv(export: Export, out: IO[str]) -> int:
    """RFC 4180 in UTF-8; a text that a spreadsheet would run as a formula gets an apostrophe in front."""
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(export.columns)
    count = 0
    for row in export.rows():
        count += 1
        writer.writerow([safe_cell(row[name]) for name in export.columns])
    return count


def _write_parquet(export: Export, path: Path) -> int:
    """By way of JSON lines on disk, so that a large log needs no memory."""
    import duckdb

    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8", dir=path.parent) as file:
        count = _write_jsonl(export, file)
        file.flush()
        # JSON columns are kept as text: every reader of Parquet knows text.
        shape = {name: "JSON" if kind == JSON else kind for name, kind in export.columns.items()}
        picks = ", ".join(
            f'"{name}"::VARCHAR AS "{name}"' if kind == JSON else f'"{name}"' for name, kind in export.columns.items()
        )
        with duckdb.connect() as engine:
            engine.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = true")
            engine.execute(
                f"COPY (SELECT {picks} FROM read_json($file, format = 'newline_delimited', columns = $shape))"
                f" TO '{str(path).replace(chr(39), chr(39) * 2)}' (FORMAT parquet, COMPRESSION zstd)",
                {"file": file.name, "shape": shape},
            )
    return count


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def safe_cell(value: Any) -> Any:
    """A value as a spreadsheet may take it: text that it would run as a formula gets an apostrophe in front."""
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else ""
    if isinstance(value, (datetime, date)):
        return _plain(value)
    text = str(value).replace("\0", "")
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.match(text) else text
