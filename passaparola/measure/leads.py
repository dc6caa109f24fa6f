"""Leads in figures: how many of each temperature, what became of each source, why somebody is warm, what rules would do."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from passaparola.kernel.database import as_time, rows
from passaparola.measure import intervals
from passaparola.people.models import Person
from passaparola.segments import lead_actions, leads
from passaparola.segments.leads import Own, Rules
from passaparola.segments.models import Lead

# A simulation looks at the newest so many leads.
SIMULATED_MAX = 2_000
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Reason:
    """What somebody did, how often it counted, and how many points of it are left."""

    name: str
    times: int
    points: float
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Explained:
    """One lead as of a moment: both halves with their reasons, the score, and until when she stays so warm."""

    row: Lead
    score: int
    engagement: int
    fit: int
    conditions: list[tuple[leads.Condition, bool]]
    reasons: list[Reason]
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Source:
    """What became of the leads of one source: of how many, how many bought, with the interval; who confirmed."""

    name: str
    leads: int
    customers: int
    confirmed: int
    days: float | None
    low: float = field(default=0.0)
    high: float = field(default=1.0)

    @property
    def share(self) -> float | None:
        """How many of them bought."""
        return self.customers / self.leads if self.leads else None


def counts() -> dict[str, int]:
    """People by temperature."""
    found = dict(rows("SELECT temperature, COUNT(*) FROM lead WHERE temperature <> '' GROUP BY temperature"))
    return {name: found.get(name, 0) for name in reversed(leads.TEMPERATURES)}


def by_source() -> list[Source]:
    """Every source; people who had bought before they showed interest are not among them."""
    sql = "SELECT source, since_at, became_customer_at, confirmed_at FROM lead WHERE source <> ''"
    total, bought, confirmed = Counter[str](), Counter[str](), Counter[str]()
    days: dict[str, list[float]] = {}
    for source, since, became, confirms in rows(sql):
        after = as_time(became) - as_time(since) if became is not None else None
        if after is not None and after < timedelta(0):
            continue
        total[source] += 1
        confirmed[source] += confirms is not None
        if after is not None:
            bought[source] += 1
            days.setdefault(source, []).append(after.total_seconds() / 86_400)
    return [
        Source(
            name, total[name], bought[name], confirmed[name], _middle(days.get(name, [])),
            *intervals.wilson(bought[name], total[name]),
        )
        for name in leads.SOURCES
    ]  # fmt: skip


def _middle(values: list[float]) -> float | None:
    """The median."""
    if not values:
        return None
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


def explain(found: Sequence[Lead], now: datetime, rules: Rules) -> list[Explained]:
    """Why each of these stands where she stands; a handful of reads for all of them."""
    owns, profiles = _selves([row.person_id for row in found])
    deeds = dict(lead_actions.read_deeds({m: own for some in owns.values() for m, own in some.items()}, rules))
    return [_explain(row, owns[row.person_id], deeds, profiles[row.person_id], now, rules) for row in found]


def _explain(
    row: Lead, owns: dict[int, Own], deeds: dict[int, list[leads.Deed]], profile: list[Any], now: datetime, rules: Rules
) -> Explained:
    micros = (now - lead_actions.EPOCH) // _MICROSECOND
    counted: dict[str, tuple[int, int, int]] = {}
    for member, own in owns.items():
        for deed, points in leads.recount(own, deeds.get(member, []), rules):
            if points:
                left = leads.halved(points * leads.MICRO, max(0, micros - deed.at_us), rules.half_life_days)
                times, total, last = counted.get(deed.name, (0, 0, 0))
                counted[deed.name] = (times + 1, total + left, max(last, deed.at_us))
    whole = leads.together(owns.values(), rules)
    fit, conditions = leads.fit_of(lead_actions.profile_facts(profile), rules)
    left = leads.halved(whole.sum_micro, max(0, micros - whole.at_us), rules.half_life_days)
    engaged, until = leads.engagement(left, rules), leads.temperature(fit, whole, micros, rules)[1]
    reasons = [
        Reason(name, times, round(total / leads.MICRO, 1), lead_actions.EPOCH + timedelta(microseconds=last))
        for name, (times, total, last) in sorted(counted.items(), key=lambda item: -abs(item[1][1]))
    ]
    ends = lead_actions.EPOCH + timedelta(microseconds=until) if until and row.temperature else None
    return Explained(row, round(leads.score(fit, engaged)), round(engaged), fit, conditions, reasons, ends)


def _selves(roots: Iterable[int]) -> tuple[dict[int, dict[int, Own]], dict[int, list[Any]]]:
    """For each person what was recorded under each of their numbers, and the profiles, the root's last."""
    wanted = list(roots)
    owns: dict[int, dict[int, Own]] = {root: {} for root in wanted}
    profiles: dict[int, list[Any]] = {root: [] for root in wanted}
    columns = ("id", "root_id", "profile", "language", "sex", "time_zone", "birth_on")
    people = list(Person.objects.filter(root_id__in=wanted).values(*columns))
    kept = dict(Lead.objects.filter(person_id__in=[p["id"] for p in people]).values_list("person_id", "own"))
    for person in sorted(people, key=lambda p: (p["id"] == p["root_id"], p["id"])):
        profiles[person["root_id"]].append(person)
        if person["id"] in kept:
            owns[person["root_id"]][person["id"]] = Own.read(kept[person["id"]])
    return owns, profiles


@dataclass(frozen=True, slots=True)
class Simulation:
    """What other rules would make of the newest leads: how many of each temperature now and then."""

    looked_at: int
    of: int
    before: dict[str, int]
    after: dict[str, int]
    warmer: int
    colder: int


def simulate(rules: Rules, now: datetime) -> Simulation:
    """Count the newest leads anew under `rules`, from the log; nothing is written."""
    open_ = Lead.objects.exclude(temperature="")
    found = list(open_.order_by("-since_at", "-person_id")[:SIMULATED_MAX])
    micros = (now - lead_actions.EPOCH) // _MICROSECOND
    owns, profiles = _selves([row.person_id for row in found])
    deeds = dict(lead_actions.read_deeds({m: own for some in owns.values() for m, own in some.items()}, rules))
    before, after, moves = Counter[str](), Counter[str](), Counter[int]()
    for row in found:
        mine = owns[row.person_id]
        for member, own in mine.items():
            list(leads.recount(own, deeds.get(member, []), rules))
        fit = leads.fit_of(lead_actions.profile_facts(profiles[row.person_id]), rules)[0]
        then = leads.temperature(fit, leads.together(mine.values(), rules), micros, rules)[0]
        before[row.temperature] += 1
        after[then] += 1
        step = leads.TEMPERATURES.index(then) - leads.TEMPERATURES.index(row.temperature)
        moves[(step > 0) - (step < 0)] += 1
    order = tuple(reversed(leads.TEMPERATURES))
    return Simulation(
        len(found), open_.count(), {n: before[n] for n in order}, {n: after[n] for n in order}, moves[1], moves[-1]
    )


def fields_seen(limit: int = 500) -> list[str]:
    """What profiles of leads hold, most often first: what conditions can ask for."""
    found: Counter[str] = Counter()
    ids = Lead.objects.exclude(temperature="").order_by("-since_at").values_list("person_id", flat=True)[:limit]
    for profile in Person.objects.filter(id__in=list(ids)).values_list("profile", flat=True):
        found.update(key for key, value in profile.items() if isinstance(value, (str, int, float, bool, list)))
    return ["language", "sex", "birth_year", *[name for name, _ in found.most_common(30)]]
