"""What came of it, read from the books: the same figures as the console's."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.db.models import Count, Sum

from passaparola.cli.speech import gettext as _
from passaparola.cli.speech import language
from passaparola.kernel import money
from passaparola.ledger import proof
from passaparola.ledger.models import Account, Reward, Transfer
from passaparola.messages.models import Message
from passaparola.programs import wording
from passaparola.programs.models import Assignment, Click, Decision, Referral, Share
from passaparola.segments.models import Membership, Segment


def lines(folder: Path) -> Iterator[str]:
    """The summary, line by line."""
    yield _("Real: purchases of 300 households (CC0, demo/LICENCE.md). Simulated: names, addresses, consents, friends.")
    asked = Message.objects.filter(template="ask", state="sent").count()
    yield _row(
        _("told"), _("{count} by mail (into {folder}, nobody got one)").format(count=asked, folder=folder / "mail")
    )
    yield _row(_("holdout"), _("{count} never asked").format(count=Assignment.objects.filter(arm="holdout").count()))
    yield from _not_asked()
    yield _row(_("shared"), _("{count} times").format(count=Share.objects.count()))
    words = _("{count} times (link previews and robots not counted)")
    yield _row(_("clicked"), words.format(count=Click.objects.count()))
    registered = Referral.objects.exclude(state="refused").count()
    yield _row(_("registered"), _("{count} friends").format(count=registered))
    bought = Referral.objects.exclude(order_id=None).count()
    yield _row(_("bought"), _("{count} friends").format(count=bought))
    yield from _rewards()
    yield from _refused()
    yield from _balances()
    yield from _segments()
    found = proof.prove(now=datetime.now(UTC))
    agree = _("the rows agree with each other") if not found else _("{count} DISAGREEMENTS").format(count=len(found))
    yield _row("prove", agree)
    for one in found[:10]:
        yield _row("", str(one))


def _segments() -> Iterator[str]:
    inside = dict(Membership.objects.filter(until_at=None).values_list("segment_id").annotate(n=Count("id")))
    for segment in Segment.objects.order_by("id"):
        name = segment.names.get(language()) or segment.key
        yield _row(_("segment"), _("{name}: {count} people").format(name=name, count=inside.get(segment.pk, 0)))


def _row(label: str, text: str) -> str:
    return f"{label:<12} {text}"


def _not_asked() -> Iterator[str]:
    found = Decision.objects.filter(kind="ask", outcome__in=("not_now", "never")).values_list("reasons", flat=True)
    why = Counter(
        wording.decision_reason(language(), reason)
        for reasons in found
        for reason in reasons
        if reason["code"] != "because"
    )
    for sentence, count in why.most_common(5):
        yield _row(_("not asked"), f"{count:>3} × {sentence}")


def _rewards() -> Iterator[str]:
    found = (
        Reward.objects.values("state", "unit")
        .annotate(count=Count("pk"), total=Sum("amount"))
        .order_by("state", "unit")
    )
    for row in found:
        state = wording.reward_state(language(), row["state"])
        yield _row(_("rewards"), f"{row['count']:>3} × {state}: {money.show(row['total'], row['unit'], language())}")


def _refused() -> Iterator[str]:
    found = (
        Referral.objects.filter(state__in=("refused", "reversed"))
        .values_list("state", "reason")
        .annotate(count=Count("pk"))
    )
    for state, reason, count in found.order_by("state", "reason"):
        name = wording.referral_state(language(), state)
        label = _("refused") if state == "refused" else _("refunded")
        why = wording.referral_reason(language(), reason, "staff")
        yield _row(label, f"{count:>3} × {name}: {why}")


def _balances() -> Iterator[str]:
    own = dict(Account.objects.filter(kind="own").values_list("pk", "unit"))
    totals: dict[str, int] = {}
    for field, sign in (("target_id", 1), ("source_id", -1)):
        for account, total in (
            Transfer.objects.filter(**{f"{field}__in": own}).values_list(field).annotate(Sum("amount"))
        ):
            totals[own[account]] = totals.get(own[account], 0) + sign * total
    for unit, total in sorted(totals.items()):
        amount = money.show(total, unit, language())
        yield _row(_("balances"), _("{amount} in people's own accounts").format(amount=amount))
