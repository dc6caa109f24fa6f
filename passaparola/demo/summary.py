"""What came of it, read from the books: the same figures as the console's."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.db.models import Count, Sum

from passaparola.cli.speech import language
from passaparola.kernel import money
from passaparola.ledger import proof
from passaparola.ledger.models import Account, Reward, Transfer
from passaparola.messages.models import Message
from passaparola.programs import wording
from passaparola.programs.models import Assignment, Click, Decision, Referral, Share


def lines(folder: Path) -> Iterator[str]:
    """The summary, line by line."""
    yield "Real: purchases of 300 households (CC0, see demo/LICENCE.md). Simulated: names, addresses, consents, friends."
    asked = Message.objects.filter(template="ask", state="sent").count()
    yield f"told        {asked} by mail (into {folder / 'mail'}, nobody got one)"
    yield f"never asked {Assignment.objects.filter(arm='holdout').count()} in the holdout"
    yield from _not_asked()
    yield f"shared      {Share.objects.count()} times"
    yield f"clicked     {Click.objects.count()} times (link previews and robots not counted)"
    yield f"registered  {Referral.objects.exclude(state='refused').count()} friends"
    yield f"bought      {Referral.objects.exclude(order_id=None).count()} friends"
    yield from _rewards()
    yield from _refused()
    yield from _balances()
    found = proof.prove(now=datetime.now(UTC))
    yield "prove       the books agree with the rows" if not found else f"prove       {len(found)} DISAGREEMENTS"
    for one in found[:10]:
        yield f"            {one}"


def _not_asked() -> Iterator[str]:
    found = Decision.objects.filter(kind="ask", outcome__in=("not_now", "never")).values_list("reasons", flat=True)
    why = Counter(
        wording.decision_reason(language(), reason)
        for reasons in found
        for reason in reasons
        if reason["code"] != "because"
    )
    for sentence, count in why.most_common(5):
        yield f"not asked   {count} {sentence}"


def _rewards() -> Iterator[str]:
    found = (
        Reward.objects.values("state", "unit")
        .annotate(count=Count("pk"), total=Sum("amount"))
        .order_by("state", "unit")
    )
    for row in found:
        state = wording.reward_state(language(), row["state"])
        yield f"rewards     {row['count']:>3} {state}: {money.show(row['total'], row['unit'], language())}"


def _refused() -> Iterator[str]:
    found = (
        Referral.objects.filter(state__in=("refused", "reversed"))
        .values_list("state", "reason")
        .annotate(count=Count("pk"))
    )
    for state, reason, count in found.order_by("state", "reason"):
        name = wording.referral_state(language(), state)
        label = "refused " if state == "refused" else "refunded"
        yield f"{label}    {count:>3} {name}: {wording.referral_reason(language(), reason, 'staff')}"


def _balances() -> Iterator[str]:
    own = dict(Account.objects.filter(kind="own").values_list("pk", "unit"))
    totals: dict[str, int] = {}
    for field, sign in (("target_id", 1), ("source_id", -1)):
        for account, total in (
            Transfer.objects.filter(**{f"{field}__in": own}).values_list(field).annotate(Sum("amount"))
        ):
            totals[own[account]] = totals.get(own[account], 0) + sign * total
    for unit, total in sorted(totals.items()):
        yield f"balances    {money.show(total, unit, language())} in people's own accounts"
