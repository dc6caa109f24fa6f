"""Every state and reason of referrals and rewards, said to the advocate, to the friend and to staff."""

from collections.abc import Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from passaparola.kernel import words

AUDIENCES = ("advocate", "friend", "staff")

REFERRAL_STATES = {
    "registered": _("Signed up"),
    "qualified": _("Sign-up confirmed"),
    "converted": _("Has bought"),
    "rewarded": _("Reward given"),
    "refused": _("Not counted"),
    "expired": _("Too late"),
    "reversed": _("Taken back"),
}

REWARD_STATES = {
    "held": _("Set aside"),
    "confirmed": _("Yours"),
    "released": _("Lapsed"),
    "reversed": _("Taken back"),
}

# Reason → what the advocate, the friend and staff read. The advocate learns nothing about the friend but the step.
REFERRAL_REASONS: Mapping[str, tuple[str, str, str]] = {
    "waiting_confirmation": (
        _("Waiting for your friend to confirm the sign-up by mail."),
        _("Please confirm your sign-up: the link is in the mail we sent you."),
        _("The friend has not confirmed the sign-up yet."),
    ),
    "waiting_purchase": (
        _("Waiting for the first order."),
        _("Your offer is waiting for your first order."),
        _("Waiting for the friend’s first order."),
    ),
    "order_too_small": (
        _("There was an order, but below the minimum. A later one may still count."),
        _("Your order was below the minimum. A later one may still count."),
        _("The order was below the programme’s minimum."),
    ),
    "order_in_other_currency": (
        _("There was an order, but in another currency than the programme’s minimum. A later one may still count."),
        _("Your order was in another currency than the minimum. A later one may still count."),
        _("The order was in another currency than the programme’s minimum."),
    ),
    "waiting_return_window": (
        _("Waiting for the return window."),
        _("Waiting for the return window of your order."),
        _("The order may still be returned."),
    ),
    "waiting_return_window_until": (
        _("Waiting for the return window until {until}."),
        _("Waiting for the return window of your order until {until}."),
        _("The order may be returned until {until}."),
    ),
    "paid": (
        _("Done: your reward is in your balance."),
        _("Done: your reward is in your balance."),
        _("The rewards were paid."),
    ),
    "no_reward": (
        _("Done. This programme has no reward for you."),
        _("Done. This programme has no reward for you."),
        _("Nothing to pay: the programme has no reward for this side."),
    ),
    "budget_exhausted": (
        _("It counted, but the programme’s budget was used up."),
        _("Your order counted, but the programme’s budget was used up."),
        _("The budget was used up: no reward was promised."),
    ),
    "cap_reached": (
        _("It counted, but you have reached the most rewards in 12 months."),
        _("Your order counted."),
        _("The advocate has reached the yearly limit of rewards."),
    ),
    "self_referral": (
        _("This sign-up looks like your own, and nobody can recommend themselves."),
        _("This recommendation looks like your own, and nobody can recommend themselves."),
        _("Advocate and friend are the same person."),
    ),
    "existing_customer": (
        _("Your friend was already a customer."),
        _("The offer is for new customers, and you already are one."),
        _("The friend was already a customer."),
    ),
    "already_referred": (
        _("Somebody else had recommended us to this friend before."),
        _("Somebody else had recommended us to you before: that recommendation counts."),
        _("Another referral of the same friend is active in this programme."),
    ),
    "program_not_active": (
        _("The programme was not running at that moment."),
        _("The offer was not running at that moment."),
        _("The programme was not active."),
    ),
    "window_over": (
        _("Too much time passed between the recommendation and an order."),
        _("Too much time passed between the recommendation and your order."),
        _("The attribution window was over."),
    ),
    "refunded": (
        _("The order was returned or cancelled."),
        _("Your order was returned or cancelled, and the reward with it."),
        _("The order was returned or cancelled."),
    ),
    "withdrawn": (
        _("The order had been brought in by mistake and was taken back."),
        _("Your order had been brought in by mistake and was taken back, and the reward with it."),
        _("The import that had brought the order was taken back."),
    ),
    "merged_same_person": (
        _("The friend turned out to be yourself, under another name or address."),
        _("We found out that you and whoever recommended us are the same person."),
        _("Advocate and friend were merged: they are the same person."),
    ),
    "forgotten": (
        _("Your friend’s data was deleted on request."),
        _("Your data was deleted at your request."),
        _("One of the two asked to be forgotten."),
    ),
}

REWARD_REASONS: Mapping[str, str] = {
    "waiting_return_window": _("Set aside until the order can no longer be returned."),
    "waiting_return_window_until": _("Set aside; yours on {until}, when the order can no longer be returned."),
    "paid": _("Added to the balance."),
    "paid_on": _("Added to the balance on {until}."),
    "refunded": _("The order was returned or cancelled."),
    "withdrawn": _("The order had been brought in by mistake and was taken back."),
    "budget_exhausted": _("The programme’s budget was used up."),
    "merged_same_person": _("Whoever recommended and whoever bought are the same person."),
    "cap_reached": _("The most rewards in 12 months had been reached."),
    "forgotten": _("Data was deleted on request."),
}


@words.spoken
def referral_state(language: str, state: str) -> str:
    """The name of a referral's state."""
    return _known(REFERRAL_STATES, state)


@words.spoken
def reward_state(language: str, state: str) -> str:
    """The name of a reward's state."""
    return _known(REWARD_STATES, state)


@words.spoken
def referral_reason(language: str, reason: str, audience: str, *, until: str = "") -> str:
    """Why a referral is where it is, for "advocate", "friend" or "staff"; `until` is a day already in words."""
    sentences = REFERRAL_REASONS.get(f"{reason}_until" if until else reason) or REFERRAL_REASONS.get(reason)
    if not sentences:
        return readable(reason)
    return gettext(sentences[AUDIENCES.index(audience)]).format(until=until)


@words.spoken
def reward_reason(language: str, reason: str, *, until: str = "") -> str:
    """Why a reward is where it is; `until` is the day on which it is or was settled, already in words."""
    dated = {"waiting_return_window": "waiting_return_window_until", "paid": "paid_on"}.get(reason, reason)
    sentence = REWARD_REASONS.get(dated if until else reason)
    return gettext(sentence).format(until=until) if sentence else readable(reason)


def _known(names: Mapping[str, str], key: str) -> str:
    return gettext(names[key]) if key in names else readable(key)


def readable(code: str) -> str:
    """A code nobody has put into words yet, at least without underscores."""
    return code.replace("_", " ")
