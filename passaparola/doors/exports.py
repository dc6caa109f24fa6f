"""Everything out again: events, people, referrals, transfers and messages as JSON lines, CSV or Parquet, streamed."""

import csv
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

from django.db.models import QuerySet

from passaparola.events.models import Event
from passaparola.kernel.errors import Refusal
from passaparola.ledger.models import Account, Transfer
from passaparola.messages.models import Message
from passaparola.people.models import Consent, Identity, Person
from passaparola.programs.models import Code, Program, Referral
from passaparola.segments.models import Membership, Segment, Traits

CHUNK_ROWS = 2_000
FORMATS = ("jsonl", "csv", "parquet")
# What a spreadsheet takes for a formula; a bare signed number is none.
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_NUMBER = re.compile(r"^[+-]?[\d .,()]+$")

Row = dict[str, Any]


class ParquetNeedsFile(Refusal):
    """Parquet cannot be written to the screen: give a file with --out."""

    code = "parquet_needs_file"


@dataclass(frozen=True)
class Export:
    """A thing that can be exported: its columns with their Parquet types, and its rows in order."""

    columns: Mapping[str, str]
    rows: Callable[[], Iterator[Row]]


def _chunks(found: QuerySet[Any]) -> Iterator[list[Any]]:
    """Rows by ascending id, a chunk at a time, without holding a transaction or cursor open for long."""
    last = None
    while chunk := list((found.filter(pk__gt=last) if last is not None else found).order_by("pk")[:CHUNK_ROWS]):
        yield chunk
        last = chunk[-1].pk


def _events() -> Iterator[Row]:
    for chunk in _chunks(Event.objects.all()):
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
    for chunk in _chunks(Person.objects.all()):
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
    for chunk in _chunks(Referral.objects.all()):
        uids = _uids([r.advocate_id for r in chunk] + [r.friend_id for r in chunk])
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
    for chunk in _chunks(Transfer.objects.all()):
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
    for chunk in _chunks(Message.objects.all()):
        uids = _uids([one.person_id for one in chunk])
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
    for chunk in _chunks(Membership.objects.all()):
        uids = _uids([one.person_id for one in chunk])
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


def _uids(ids: Iterable[int]) -> dict[int, str]:
    return dict(Person.objects.filter(id__in=set(ids)).values_list("id", "uid"))


def _json(text: str | None) -> Any:
    return json.loads(text) if text else {}


_TEXT, _INT, _TIME, _DAY, _JSON = "VARCHAR", "BIGINT", "TIMESTAMPTZ", "DATE", "JSON"
EXPORTS: dict[str, Export] = {
    "events": Export(
        {
            "message_id": _TEXT, "type": _TEXT, "event": _TEXT, "user_id": _TEXT, "anonymous_id": _TEXT,
            "group_id": _TEXT, "previous_id": _TEXT, "timestamp": _TIME, "received_at": _TIME, "properties": _JSON,
            "traits": _JSON, "context": _JSON, "source": _TEXT,
        },
        _events,
    ),
    "people": Export(
        {
            "id": _INT, "uid": _TEXT, "same_as_id": _INT, "created_at": _TIME, "forgotten_at": _TIME, "name": _TEXT,
            "given_name": _TEXT, "birth_on": _DAY, "sex": _TEXT, "language": _TEXT, "time_zone": _TEXT,
            "profile": _JSON, "identities": _JSON, "consents": _JSON, "stage": _TEXT, "visits_period": _INT,
            "visits_ever": _INT, "orders": _INT, "first_order_at": _TIME, "last_order_at": _TIME, "spent_minor": _INT,
        },
        _people,
    ),
    "referrals": Export(
        {
            "id": _INT, "program_id": _INT, "program": _TEXT, "version": _INT, "advocate": _TEXT, "friend": _TEXT,
            "code": _TEXT, "state": _TEXT, "reason": _TEXT, "evidence": _JSON, "opened_at": _TIME, "changed_at": _TIME,
        },
        _referrals,
    ),
    "transfers": Export(
        {
            "id": _INT, "key": _TEXT, "kind": _TEXT, "from_account": _TEXT, "to_account": _TEXT, "amount": _INT,
            "unit": _TEXT, "resolves_id": _INT, "reward_id": _INT, "at": _TIME, "event_id": _INT,
        },
        _transfers,
    ),
    "messages": Export(
        {
            "id": _INT, "key": _TEXT, "person": _TEXT, "channel": _TEXT, "purpose": _TEXT, "template": _TEXT,
            "program_id": _INT, "state": _TEXT, "reason": _TEXT, "planned_at": _TIME, "due_at": _TIME,
            "changed_at": _TIME,
        },
        _messages,
    ),
    "memberships": Export(
        {
            "id": _INT, "segment": _TEXT, "person": _TEXT, "from_at": _TIME, "until_at": _TIME, "event_id": _INT,
            "end_event_id": _INT,
        },
        _memberships,
    ),
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
        writer.writerow([_cell(row[name]) for name in export.columns])
    return count


def _write_parquet(export: Export, path: Path) -> int:
    """By way of JSON lines on disk, so that a large log needs no memory."""
    import duckdb

    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8", dir=path.parent) as file:
        count = _write_jsonl(export, file)
        file.flush()
        # JSON columns are kept as text: every reader of Parquet knows text.
        shape = {name: "JSON" if kind == _JSON else kind for name, kind in export.columns.items()}
        picks = ", ".join(
            f'"{name}"::VARCHAR AS "{name}"' if kind == _JSON else f'"{name}"' for name, kind in export.columns.items()
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


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else ""
    if isinstance(value, (datetime, date)):
        return _plain(value)
    text = str(value).replace("\0", "")
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.match(text) else text
