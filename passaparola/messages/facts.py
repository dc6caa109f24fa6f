"""What is known about the recipients of a few messages at this moment: a handful of set-based reads."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from passaparola.kernel import database
from passaparola.messages import suppression
from passaparola.messages.guard import Facts
from passaparola.programs.models import ProgramVersion

Row = dict[str, Any]


def gather(messages: Sequence[Row]) -> dict[int, Facts]:
    """Facts for each message, by its id."""
    groups = _groups({m["person_id"] for m in messages})
    members = {person["id"] for group in groups.values() for person in group}
    addresses, consents = _addresses(members), _consents(members)
    promises = _promises(messages)
    programs = _programs({p[0] for p in promises.values() if p[0]})
    terms = _terms({p[:2] for p in promises.values()})
    found: dict[int, Facts] = {}
    for message in messages:
        group = groups.get(message["person_id"], [])
        ids = [person["id"] for person in group]
        program, version, code = promises[message["id"]]
        name, state = programs.get(program or 0, ("", ""))
        found[message["id"]] = Facts(
            root_id=group[0]["root_id"] if group else message["person_id"],
            address=_best(addresses, ids),
            language=_first(group, "language") or "",
            given_name=_first(group, "given_name") or "",
            birth_on=_first(group, "birth_on"),
            # An erased person is not written to; nor is one who was found to be her.
            is_forgotten=not group or any(person["forgotten_at"] is not None for person in group),
            consents=_newest(consents, ids),
            program_state=state,
            program_name=name,
            terms=terms.get((program, version), {}),
            version=(program, version) if program and version else None,
            code=code,
        )
    return _with_suppressions(found)


def edited_texts() -> dict[tuple[str, str], tuple[str, str]]:
    """The operator's own texts: subject and body by key and language."""
    return {(key, language): (subject, body) for key, language, subject, body in database.rows(
        "SELECT key, language, subject, body FROM template"
    )}  # fmt: skip


def _groups(people: Iterable[int]) -> dict[int, list[Row]]:
    """For each person asked about, all rows that are she today, the root first."""
    sql = f"""
        SELECT asked.id, one.id, one.root_id, one.given_name, one.language, one.birth_on, one.forgotten_at
        FROM person AS asked JOIN person AS one ON one.root_id = asked.root_id
        WHERE {database.any_of("asked.id")} ORDER BY asked.id, (one.id = one.root_id) DESC, one.id"""
    groups: dict[int, list[Row]] = defaultdict(list)
    names = ("id", "root_id", "given_name", "language", "birth_on", "forgotten_at")
    for asked, *values in database.rows(sql, [list(people)]):
        one = dict(zip(names, values, strict=True))
        if one["birth_on"]:
            one["birth_on"] = database.as_day(one["birth_on"])
        groups[asked].append(one)
    return groups


def _addresses(people: Iterable[int]) -> dict[int, list[tuple[Any, ...]]]:
    """Addresses by person, each as (verified, when, id, value)."""
    sql = f"""SELECT person_id, id, value, verified_at, created_at FROM identity
        WHERE kind = 'email' AND {database.any_of("person_id")}"""
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for person, id_, value, verified_at, created_at in database.rows(sql, [list(people)]):
        found[person].append((verified_at is not None, verified_at or created_at, id_, value))
    return found


def _best(addresses: dict[int, list[tuple[Any, ...]]], people: Sequence[int]) -> str:
    """The address last verified, else the newest."""
    known = [address for person in people for address in addresses.get(person, ())]
    if len(known) < 2:
        return str(known[0][3]) if known else ""
    return str(max(known, key=lambda address: (address[0], database.as_time(address[1]), address[2]))[3])


def _consents(people: Iterable[int]) -> dict[int, list[tuple[int, str, str]]]:
    sql = f"""SELECT person_id, id, purpose, state FROM consent
        WHERE channel = 'email' AND {database.any_of("person_id")} ORDER BY id"""
    found: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    for person, id_, purpose, state in database.rows(sql, [list(people)]):
        found[person].append((id_, purpose, state))
    return found


def _newest(consents: dict[int, list[tuple[int, str, str]]], people: Sequence[int]) -> dict[str, str]:
    """The state in force per purpose: the newest row of all that are she."""
    rows = [row for person in people for row in consents.get(person, ())]
    return {purpose: state for _, purpose, state in (sorted(rows) if len(people) > 1 else rows)}


def _promises(messages: Sequence[Row]) -> dict[int, tuple[int | None, int | None, str]]:
    """Which programme, version and code each message is about, by its id."""
    referrals = _referrals({r for m in messages if (r := m["context"].get("referral"))})
    codes = _codes({c for m in messages if (c := m["context"].get("code"))})
    found: dict[int, tuple[int | None, int | None, str]] = {}
    for message in messages:
        context = message["context"]
        program, version, code = referrals.get(context.get("referral"), (None, None, ""))
        if code_given := context.get("code"):
            code = code_given
            program, version = codes.get(code_given, (program, version))
        found[message["id"]] = (message["program_id"] or program, context.get("version") or version, code)
    return found


def _referrals(ids: Iterable[int]) -> dict[int | None, tuple[int | None, int | None, str]]:
    sql = f"""SELECT referral.id, referral.program_id, referral.version, code.value
        FROM referral LEFT JOIN code ON code.id = referral.code_id WHERE {database.any_of("referral.id")}"""
    wanted = list(ids)
    return {id_: (program, version, code or "") for id_, program, version, code in database.rows(sql, [wanted])} if wanted else {}


def _codes(values: Iterable[str]) -> dict[str, tuple[int, int]]:
    wanted = list(values)
    sql = f"SELECT value, program_id, version FROM code WHERE {database.any_of('value', 'text')}"
    return {value: (program, version) for value, program, version in database.rows(sql, [wanted])} if wanted else {}


def _programs(ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    wanted = list(ids)
    sql = f"SELECT id, name, state FROM program WHERE {database.any_of('id')}"
    return {id_: (name, state) for id_, name, state in database.rows(sql, [wanted])} if wanted else {}


# Published versions are frozen, so what was read once stays true.
_frozen: dict[tuple[int | None, int | None], Any] = {}


def _terms(versions: Iterable[tuple[int | None, int | None]]) -> dict[tuple[int | None, int | None], Any]:
    wanted = {v for v in versions if v[0] and v[1]}
    missing = wanted - _frozen.keys()
    if missing:
        rows = database.select(ProgramVersion, database.any_of("program_id"), [sorted({v[0] for v in missing})])
        _frozen.update({(row["program_id"], row["number"]): row["terms"] for row in rows if row["number"] > 0})
    return {version: _frozen[version] for version in wanted if version in _frozen}


def _with_suppressions(found: dict[int, Facts]) -> dict[int, Facts]:
    digests = {facts.address: suppression.digest(facts.address) for facts in found.values() if facts.address}
    sql = f"SELECT digest FROM suppression WHERE channel = 'email' AND {database.any_of('digest', 'text')}"
    known = {row[0] for row in database.rows(sql, [list(digests.values())])} if digests else set()
    if not known:
        return found
    return {i: replace(f, is_suppressed=True) if digests.get(f.address) in known else f for i, f in found.items()}


def _first(group: Sequence[Row], column: str) -> Any:
    """The first value that is known, the root's if it has one."""
    return next((person[column] for person in group if person[column]), None)
