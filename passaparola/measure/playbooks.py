"""One person beside the playbook of her stage: what is known of her that each piece of advice is about. Nothing is sent."""

from collections.abc import Sequence
from typing import Any

import msgspec

from passaparola.kernel import database
from passaparola.measure import metrics
from passaparola.people.models import Consent
from passaparola.programs.models import Code
from passaparola.segments import keeping
from passaparola.segments.actions import ranges_in_force
from passaparola.segments.models import PersonTrait, Traits
from passaparola.segments.playbooks import Advice, Playbook
from passaparola.segments.stages import STAGES, Ranges

PRODUCTS_MAX = 3


class Known(msgspec.Struct, frozen=True):
    """What the facts of playbooks are told from; None where it is not known. Days are whole local days."""

    products: tuple[tuple[str, int], ...] = ()
    interval_days: int | None = None
    since_days: int | None = None
    next_stage: str | None = None
    visits_missing: int = 0
    period_days: int = 0
    points: int = 0
    has_code: bool = False
    may_ask: bool = False
    friends: int = 0
    complaints_open: int = 0
    unhappy: bool = False


class Suggestion(msgspec.Struct, frozen=True):
    """The playbook of somebody's stage and what is known of her. `mend_first`: nothing is asked before that."""

    playbook: Playbook
    known: Known

    @property
    def mend_first(self) -> bool:
        """Whether an open complaint or a bad score comes before everything else."""
        return bool(self.known.complaints_open or self.known.unhappy)

    @property
    def advice(self) -> list[Advice]:
        """What applies, listening first where something is to be mended."""
        lines = list(self.playbook.advice)
        return sorted(lines, key=lambda one: one.fact != "mood") if self.mend_first else lines


def suggestion(root: int, selves: Sequence[int], today: int) -> Suggestion | None:
    """For a person (the root and all her numbers) on a local day; None for a stage without a playbook."""
    kept = Traits.objects.filter(person_id=root).first()
    found = keeping.playbooks_in_force().get(kept.stage) if kept else None
    if kept is None or found is None:
        return None
    return Suggestion(found[0], _known(kept, list(selves), today, ranges_in_force()))


def _known(kept: Traits, selves: list[int], today: int, ranges: Ranges) -> Known:
    counted = PersonTrait.objects.filter(person_id=kept.person_id).first()
    last = counted.last_visit_day if counted else kept.last_visit_day
    above = next((s for s in STAGES[1:] if ranges.start(s) > kept.visits_period and s != kept.stage), None)
    return Known(
        products=products(selves),
        interval_days=counted.interval_days if counted else None,
        since_days=None if last is None else max(today - last, 0),
        next_stage=above,
        visits_missing=ranges.start(above) - kept.visits_period if above else 0,
        period_days=ranges.period_days,
        points=_points(selves),
        has_code=Code.objects.filter(person_id__in=selves, retired_at=None).exists(),
        may_ask=_may_ask(selves),
        friends=sum(metrics.friends(selves).values()),
        complaints_open=kept.complaints_open,
        unhappy=kept.unhappy,
    )


def products(selves: Sequence[int]) -> tuple[tuple[str, int], ...]:
    """What she bought most often and how many times, by the measure of the trait favourite_product."""
    sql = (
        f"SELECT product, COUNT(*) FROM order_line WHERE {database.any_of('person_id')} AND product IS NOT NULL "
        f"GROUP BY product ORDER BY COUNT(*) DESC, MAX(occurred_at) DESC, product LIMIT {PRODUCTS_MAX}"
    )
    return tuple((str(product), int(times)) for product, times in database.rows(sql, [list(selves)]))


def _points(selves: Sequence[int]) -> int:
    """Points at her disposal, from the transfers themselves."""
    sql = (
        "SELECT COALESCE(SUM(CASE WHEN transfer.target_id = account.id THEN transfer.amount ELSE -transfer.amount END), 0) "
        "FROM account JOIN transfer ON transfer.source_id = account.id OR transfer.target_id = account.id "
        f"WHERE account.kind = 'own' AND account.unit = 'PTS' AND {database.any_of('account.owner_id')}"
    )
    return int(database.rows(sql, [list(selves)])[0][0])


def _may_ask(selves: Sequence[int]) -> bool:
    """Whether she agreed, at last, to be asked by some channel to recommend."""
    last: dict[str, Any] = {}
    rows = Consent.objects.filter(person_id__in=selves, purpose="referral").order_by("id")
    for channel, state in rows.values_list("channel", "state"):
        last[channel] = state
    return "given" in last.values()
