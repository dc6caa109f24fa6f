"""The words with which people agree: shown on the page, and kept with the consent as its proof."""

from django.utils.translation import gettext

from passaparola.kernel import words

# What people may agree to, in the order in which pages show it. "service" needs no consent but may be stopped.
PURPOSES = ("offers", "referral")


@words.spoken
def consent_wording(language: str, purpose: str, *, business: str) -> str:
    """The sentence beside the box for a purpose: "offers", "referral" or "service"."""
    sentences = {
        "offers": gettext("{business} may write to me by e-mail with offers and news."),
        "referral": gettext("{business} may ask me by e-mail whether I would recommend it."),
        "service": gettext("{business} may write to me by e-mail about my own recommendations and rewards."),
    }
    return sentences[purpose].format(business=business)


@words.spoken
def stop_wording(language: str, purpose: str, *, business: str) -> str:
    """The sentence with which a withdrawal is kept."""
    sentences = {
        "offers": gettext("{business} must not write to me with offers any more."),
        "referral": gettext("{business} must not ask me for recommendations any more."),
        "service": gettext("{business} must not write to me at all any more."),
    }
    return sentences[purpose].format(business=business)
