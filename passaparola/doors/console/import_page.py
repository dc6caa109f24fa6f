"""What the page of one import shows: how the file is read, before → after, what would come of it, how far it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext

from passaparola.doors import look
from passaparola.doors.console import import_form, lead_card
from passaparola.doors.console import import_words as words
from passaparola.doors.imports import convert, files, prepare, preview, reasons, suggest, withdrawing, wizard
from passaparola.doors.imports.orders import Fact
from passaparola.doors.imports.suggest import Looked
from passaparola.kernel.errors import Refusal
from passaparola.kernel.models import AuditEntry, FileImport

_STEPS = ("B", "kB", "MB", "GB")


@dataclass
class Line:
    """One event that the first rows would make, in words."""

    line: int
    who: str = ""
    what: str = ""
    at: datetime | None = None
    amount: str = ""
    more: str = ""
    reason: str = ""


def line(row: FileImport) -> dict[str, Any]:
    """An import in the list of all."""
    return {"row": row, "state": words.STATES[row.state], "size": size(row.size_bytes), **totals(row.summary)}


def size(bytes_: int) -> str:
    """228 kB, in the reader's way."""
    value, step = float(bytes_), 0
    while value >= 1000 and step < len(_STEPS) - 1:
        value, step = value / 1000, step + 1
    return f"{look.number(round(value, 1 if value < 10 and step else 0))} {_STEPS[step]}".replace(".0 ", " ")


def sentence(refusal: Refusal) -> str:
    """A refusal in the page's own words where the command line's would send the reader to a mapping file."""
    if refusal.code not in words.PROBLEMS:
        return refusal.message
    missing = ", ".join(words.field(name.strip()) for name in str(refusal.values.get("missing", "")).split(","))
    return str(words.PROBLEMS[refusal.code]) % {"missing": missing}


def progress(row: FileImport) -> dict[str, Any]:
    """While it is at work."""
    whole = row.survey.get("bytes") or row.size_bytes or 1
    return {
        "row": row,
        "state": words.STATES[row.state],
        "busy": True,
        "share": min(1.0, row.done_bytes / whole),
        "size": size(row.size_bytes),
        **totals(row.summary),
    }


def whole(row: FileImport, problems: list[str] | None = None) -> dict[str, Any]:
    """The page at rest: ready to be described, stopped, done or failed."""
    context: dict[str, Any] = {
        "row": row,
        "state": words.STATES[row.state],
        "size": size(row.size_bytes),
        "problems": list(problems or []),
        "failure": _failure(row),
        **totals(row.summary),
        "has_rejected": files.rejected(row).exists(),
        "can_withdraw": row.state in withdrawing.FROM and row.started_at is not None,
        "withdrawn": withdrawing.result(row),
        "history": _history(row),
    }
    if row.state == "ready" and row.survey.get("bytes") is not None:
        context |= _ready(row, context["problems"])
    elif row.state in ("stopped", "failed"):
        context["can_resume"] = row.started_at is not None and files.original(row).exists()
        context["can_discard"] = row.started_at is None
    return context


def _history(row: FileImport) -> list[dict[str, Any]]:
    """Who did what with it, the newest first."""
    entries = AuditEntry.objects.filter(subject=f"import:{row.pk}", act__in=words.HISTORY).order_by("-id")[:10]
    return [{"what": words.HISTORY[entry.act], "at": entry.at, "who": lead_card.taker(entry.actor)} for entry in entries]


def withdrawal(row: FileImport, found: withdrawing.Preview) -> dict[str, Any]:
    """What goes, what stays and what cannot be taken back, before anything is done."""
    return {
        "row": row,
        "state": words.STATES[row.state],
        "size": size(row.size_bytes),
        "found": found,
        "kept": found.people_kept,
        "sums": [look.money(total, unit) for unit, total in sorted(found.sums.items())],
    }


def _failure(row: FileImport) -> str:
    if not row.failure:
        return ""
    return row.failure.get("sentence") or gettext("It could not be done, even after several tries: the log says why.")


def _ready(row: FileImport, problems: list[str]) -> dict[str, Any]:
    """Everything that can be chosen, and what would come of it."""
    looked = wizard.looked_at(row)
    context: dict[str, Any] = {"is_json": looked.is_json, "like": _like(row)}
    if not looked.is_json:
        context |= choices(row, looked)
    try:
        plan = wizard.plan_of(row)
        context |= outcome(row, looked, plan)
        if not wizard.is_checked(row) and row.survey["bytes"] <= wizard.CHECK_AT_ONCE_BYTES_MAX:
            wizard.check(row)
        if wizard.is_checked(row):
            context["checked"] = totals(row.checked["summary"])
            context["has_rejected"] = files.checked(row).exists()
    except Refusal as refusal:
        problems.append(sentence(refusal))
    context["can_start"] = not problems
    return context


def _like(row: FileImport) -> FileImport | None:
    return FileImport.objects.filter(pk=row.survey["like"]).first() if row.survey.get("like") else None


def choices(row: FileImport, looked: Looked) -> dict[str, Any]:
    """The form: what stands in the mapping now, and what else could."""
    wanted = looked.mapping
    kind = wanted.kind or "orders"
    mark = wanted.format.delimiter or ","
    dates = dict(words.DATES)
    if wanted.format.dates and wanted.format.dates not in dates:
        dates[wanted.format.dates] = wanted.format.dates
    return {
        "mapping": wanted,
        "kinds": words.KINDS,
        "columns": import_form.columns(looked),
        "fields": import_form.fields(kind),
        "delimiters": words.DELIMITERS,
        "delimiter": preview.delimiters(mark),
        "cuts": mark.partition(":")[2],
        "encodings": words.ENCODINGS,
        "decimals": words.DECIMALS,
        "dates": dates,
        "zones": sorted({*words.ZONES, settings.BUSINESS_TIME_ZONE, wanted.format.time_zone or "UTC"}),
        "zone": wanted.format.time_zone or settings.BUSINESS_TIME_ZONE,
        "sheets": convert.sheets(files.original(row)),
        "currency_chosen": wanted.constants.get("currency", settings.CURRENCY),
        "types": [(text, wanted.types.get(text, "")) for text in suggest.types(looked)],
        "line_types": words.LINE_TYPES,
        "negatives": words.NEGATIVE,
        "negative": wanted.negative or "refuse",
        "guests": words.GUESTS,
        "has_consent": any(name.startswith("consent.") for name in wanted.columns),
        "wording": wanted.constants.get("consent_wording", ""),
        "list": _list(row, wanted.lookup),
        "list_fields": words.LIST_FIELDS,
    }


def _list(row: FileImport, lookup: Any) -> dict[str, Any] | None:
    """The second file: its columns and what each fills."""
    if lookup is None:
        return None
    told = row.survey.get("list", {"name": lookup.file, "columns": [lookup.on, *lookup.columns.values()]})
    filled = {column: name for name, column in lookup.columns.items()}
    columns = [
        (heading, "product:" if filled.get(heading, "").startswith("product:") else filled.get(heading, ""))
        for heading in told["columns"]
    ]
    return {"name": told["name"], "on": lookup.on, "columns": columns}


def outcome(row: FileImport, looked: Looked, plan: prepare.Plan) -> dict[str, Any]:
    """What the first rows would become, and the cells that are most easily misread. Raises a Refusal."""
    grouped = bool(looked.mapping.group_by)
    found = preview.events(files.text(row), plan, grouped=grouped)
    lines = [one for shown in found for one in _lines(shown)][: preview.SHOWN_MAX]
    reading = plan.reading
    samples = {}
    if reading is not None:
        samples = {
            "amounts": preview.amounts(reading, looked.rows),
            "moments": preview.moments(reading, looked.rows),
        }
    return {"preview": lines, "reading": reading, **samples}


def _lines(shown: preview.Shown) -> list[Line]:
    if shown.reason:
        return [Line(shown.line, reason=reasons.sentence(shown.reason), more=shown.raw[:80])]
    return [_line(shown.line, fact) for fact in shown.facts]


def _line(number: int, fact: Fact) -> Line:
    item = fact.item
    said = item.get("properties") or item.get("traits") or {}
    name = item.get("event") or item["type"]
    minor = fact.sold_minor if fact.sold_minor is not None else fact.refunded_minor
    return Line(
        number,
        who=str(item.get("userId") or item.get("anonymousId") or ""),
        what=str(words.EFFECTS.get(name, name)),
        at=datetime.fromisoformat(item["timestamp"]) if item.get("timestamp") else None,
        amount="" if minor is None else look.money(minor, fact.unit),
        more=_more(said),
    )


def _more(said: dict[str, Any]) -> str:
    """What else the event holds, shortly: products by name, own properties, traits."""
    parts = []
    for name, value in said.items():
        if name == "products":
            parts.append(", ".join(str(one.get("name") or one.get("product_id") or one.get("category")) for one in value[:4]))
        elif name not in ("total", "currency", "products_count", "evidence", "order_id") and value not in ("", None):
            parts.append(f"{name}: {value}")
    return " · ".join(parts)[:160]


def totals(summary: dict[str, Any]) -> dict[str, Any]:
    """Counts and sums in words; nothing where there is no summary yet."""
    if not summary:
        return {"totals": None}
    units = sorted({*summary.get("total_minor", {}), *summary.get("refunded_minor", {})})
    rejected = summary.get("rejected", {})
    return {
        "totals": summary,
        "sums": [
            (look.money(summary.get("total_minor", {}).get(unit, 0), unit), look.money(back, unit) if back else "")
            for unit in units
            if (back := summary.get("refunded_minor", {}).get(unit, 0)) or unit in summary.get("total_minor", {})
        ],
        "foreign": ", ".join(unit for unit in units if unit not in ("", settings.CURRENCY)),
        "currency": settings.CURRENCY,
        "rejected_count": sum(rejected.values()),
        "reasons": [(count, reasons.sentence(code)) for code, count in sorted(rejected.items(), key=lambda p: -p[1])],
        "first": _moment(summary.get("first_at")),
        "last": _moment(summary.get("last_at")),
    }


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


