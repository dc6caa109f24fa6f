"""The demo's shop: its history in as files, its programme, and its event API as an SDK would call it."""

import base64
import csv
import gzip
import json
import random
import urllib.request
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

SOURCE = "shop"
SEED = 20_170_101
PROGRAM = "Bring a friend"
# A real programme draws its own; the demo's is fixed, so that the same people are in the holdout every time.
PROGRAM_SEED = "5eed0000000000000000000000002017"
HOLD_DAYS = 14
PERIOD_DAYS = 365
_ORDERS = {
    "kind": "orders",
    "columns": {
        "user_id": "household_id", "order_id": "basket_id", "amount": "total", "occurred_at": "purchased_at",
        "number:items": "items", "property:categories": "categories", "property:store": "store_id",
    },
    "constants": {"currency": "USD"},
}  # fmt: skip
_PEOPLE = {
    "kind": "people",
    "columns": {"user_id": "household_id", "consent.email.referral": "writes"},
    "constants": {"consent_wording": "Simulated for the demo: may we write to you about recommending us?"},
    "simulated": True,
}
# A name is data and shows as it is in every language: it is written as its bearer would.
_HOUSEHOLDS = {"en": "of household", "es": "del hogar", "it": "della famiglia"}
_LANGUAGES = tuple(_HOUSEHOLDS)
_NAMES = (
    "Alma", "Bianca", "Clara", "Diego", "Emma", "Franco", "Giulia", "Héctor", "Inés", "Julia", "Luca", "Lucía",
    "Marco", "Noa", "Oliver", "Paola", "Raúl", "Silvia", "Teo", "Valeria",
)  # fmt: skip


@dataclass(frozen=True)
class History:
    """The purchases moved to today, and what the shop can tell from them."""

    purchases: Path
    people: Path
    weeks: int
    households: int
    baskets: int
    ranges: dict[str, Any]


def history(sample: Path, folder: Path, now: datetime, zone: ZoneInfo) -> History:
    """Move all dates by one number of whole weeks so that the log ends this week, and write both files."""
    with gzip.open(sample, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    last = max(datetime.fromisoformat(row["purchased_at"]).replace(tzinfo=zone) for row in rows)
    weeks = (now - last).days // 7
    first_days: dict[str, datetime] = {}
    days: dict[str, set[Any]] = defaultdict(set)
    since = (now.astimezone(zone) - timedelta(days=PERIOD_DAYS)).date()
    for row in rows:
        at = datetime.fromisoformat(row["purchased_at"]) + timedelta(weeks=weeks)
        row["purchased_at"] = str(at)
        first_days.setdefault(row["household_id"], at)
        if at.date() > since:
            days[row["household_id"]].add(at.date())
    purchases, people = folder / "purchases.csv", folder / "people.csv"
    with purchases.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    _write_people(people, first_days)
    counts = sorted(len(days[household]) for household in first_days)
    return History(purchases, people, weeks, len(first_days), len(rows), _ranges(counts))


def _write_people(path: Path, first_days: dict[str, datetime]) -> None:
    """Simulated names, addresses and consents: the households themselves are only numbers in the source."""
    dice = random.Random(SEED)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["household_id", "name", "email", "language", "writes", "date"])
        for household, first in sorted(first_days.items(), key=lambda pair: int(pair[0])):
            writes = dice.choices(("yes", "no", ""), (90, 6, 4))[0]
            first_name, language = dice.choice(_NAMES), dice.choice(_LANGUAGES)
            name = f"{first_name} {_HOUSEHOLDS[language]} {household} (simulated)"
            writer.writerow([household, name, f"household-{household}@example.test", language, writes, first])


def _ranges(counts: list[int]) -> dict[str, Any]:
    """Stage ranges that fit this shop: a third of its customers in each."""
    some = max(2, counts[len(counts) // 3])
    many = max(some + 1, counts[2 * len(counts) // 3])
    return {"period_days": PERIOD_DAYS, "few": [1, some - 1], "some": [some, many - 1], "many": [many, None]}


def bring_in(path: Path, plan: dict[str, Any], folder: Path) -> int:
    """Import one file through the front door; how many events it made."""
    from django.conf import settings

    from passaparola.doors.imports import actions, mapping, prepare
    from passaparola.doors.imports.inbox import Front

    found = mapping.read(json.dumps(plan).encode(), path="demo")
    job = actions.Job(path=path, label=path.name, mapping=found, source=SOURCE)
    business = prepare.Business(
        settings.CURRENCY, settings.BUSINESS_TIME_ZONE, settings.EARLIEST_YEAR, datetime.now(UTC) + timedelta(hours=1)
    )
    return actions.Importer(job, door=Front(), business=business, folder=folder / "imports").run().events


def bring_in_all(made: History, folder: Path) -> int:
    """Purchases and people; how many events."""
    return bring_in(made.people, _PEOPLE, folder) + bring_in(made.purchases, _ORDERS, folder)


def act(act_name: str, /, **properties: Any) -> dict[str, Any]:
    """An act of the shop's staff, as the console does it; what it made. Raises the refusal."""
    from passaparola import corridor

    now = datetime.now(UTC)
    outcome = corridor.submit(
        [corridor.act(act_name, source="console", properties=properties, actor="demo", now=now)], now=now
    )[0]
    if outcome.refused:
        raise outcome.refused
    return outcome.result


def terms(hold_days: int, now: datetime) -> dict[str, Any]:
    """The programme for the stage *many*: ten dollars for the friend, points for who recommends, a tenth never asked."""
    from passaparola.programs import terms as shipped

    made = shipped.default("USD")
    made["country"] = "other"
    made["goal"] = {
        "kind": "acquisition",
        "metric": "new_customers",
        "baseline": 0,
        "target": 60,
        "deadline": (now + timedelta(days=90)).date().isoformat(),
    }
    made["hold_days"] = hold_days
    made["budget"] = {"USD": 100_000, "PTS": None}
    made["texts"] = {
        "headline": {
            "en": "A friend recommends Corner Grocery: $10 off your first shop",
            "es": "Te recomiendan Corner Grocery: 10\u00a0US$ en tu primera compra",
            "it": "Ti consigliano Corner Grocery: 10\u00a0USD sulla prima spesa",
        },
        "message": {},
    }
    return made


class Api:
    """The shop's program, sending events with its key like any SDK."""

    def __init__(self, base: str, key: str) -> None:
        self.base, self.key = base, key
        self.sent = 0

    def send(self, *items: dict[str, Any]) -> None:
        """One /v1/batch; each event marked as simulated. Raises urllib.error.HTTPError."""
        now = datetime.now(UTC).isoformat()
        batch = []
        for item in items:
            self.sent += 1
            batch.append(
                {"messageId": f"demo-{self.sent:05}", "timestamp": now, "context": {"simulated": True}, **item}
            )
        body = json.dumps({"batch": batch, "sentAt": now}).encode()
        credentials = base64.b64encode(f"{self.key}:".encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {credentials}"}
        request = urllib.request.Request(f"{self.base}/v1/batch", data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            answer.read()
