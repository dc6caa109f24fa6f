"""Whom a programme would ask if it were launched now: counted by the same conditions that decide about each person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from passaparola.kernel.database import rows

_SQL = """
SELECT COUNT(*),
       SUM(CASE WHEN traits.first_order_at <= ? THEN 1 ELSE 0 END),
       SUM(CASE WHEN traits.first_order_at <= ? AND {consent} AND {address} THEN 1 ELSE 0 END),
       SUM(CASE WHEN traits.first_order_at <= ? AND {consent} AND {address}
                 AND traits.complaints_open = 0 AND NOT traits.unhappy THEN 1 ELSE 0 END)
FROM traits WHERE traits.stage IN ({stages})
"""
# In force is the newest row of whoever the person is.
_CONSENT = """(SELECT consent.state FROM consent JOIN person ON person.id = consent.person_id
WHERE person.root_id = traits.person_id AND consent.channel = ? AND consent.purpose = 'referral'
ORDER BY consent.id DESC LIMIT 1) = 'given'"""
_ADDRESS = """EXISTS (SELECT 1 FROM identity JOIN person ON person.id = identity.person_id
WHERE person.root_id = traits.person_id AND identity.kind = 'email')"""


@dataclass(frozen=True, slots=True)
class Reach:
    """How many people each condition leaves."""

    in_stage: int
    long_enough: int
    reachable: int
    ready: int
    holdout_percent: int

    @property
    def never_asked(self) -> int:
        """About how many the draw will keep aside."""
        return round(self.ready * self.holdout_percent / 100)

    @property
    def asked(self) -> int:
        """About how many would be asked."""
        return self.ready - self.never_asked


def reach(terms: dict[str, Any], now: datetime) -> Reach:
    """Count for these terms. Pressure (asked lately by another programme) and age are judged at the ask only."""
    wanted = list(terms["audience"]["stages"])
    if not wanted:
        return Reach(0, 0, 0, 0, terms["holdout_percent"])
    since = now - timedelta(days=terms["audience"]["tenure_days_min"])
    channel = terms["ask"]["channel"]
    sql = _SQL.format(consent=_CONSENT, address=_ADDRESS, stages=", ".join("?" * len(wanted)))
    found = rows(sql, [since, since, channel, since, channel, *wanted])[0]
    in_stage, long_enough, reachable, ready = (int(count or 0) for count in found)
    return Reach(in_stage, long_enough, reachable, ready, terms["holdout_percent"])
