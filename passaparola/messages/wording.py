"""Why a message was not sent, or did not arrive, and what is wrong with a text: sentences for staff in es/it/en."""

from collections.abc import Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from passaparola.kernel import words

# What guard.py, the dispatcher and the channels say. Codes of mail servers follow their step: "rcpt 550 5.1.1".
REASONS: Mapping[str, str] = {
    "too_late": _("It was no longer worth sending when its turn came."),
    "forgotten": _("The person asked to be forgotten."),
    "withdrawn": _("What it was about was taken back with its import."),
    "no_address": _("We know no address."),
    "address": _("The address is not one that mail servers understand."),
    "suppressed": _("The address bounced, complained or asked us to stop."),
    "under_age": _("Below the age of consent."),
    "no_consent": _("There is no consent for it."),
    "program_not_active": _("The programme was not active."),
    "text_broken": _("The text could not be filled with this person’s values."),
    "interrupted": _("The program stopped while it was being handed over: it may have arrived, or not."),
    "fault": _("Something went wrong while it was being handed over: it may have arrived, or not."),
    "gave_up": _("The mail server put us off until it was too late."),
    "mail": _("The mail server did not take mail from us."),
    "rcpt": _("The mail server did not take mail for this address."),
    "data": _("The mail server did not take the mail."),
    "text": _("The mail server refused the mail because of what it says."),
}


@words.spoken
def reason(language: str, code: str) -> str:
    """A message's reason as a sentence, with the mail server's code where there is one; unknown codes as they are."""
    first, _, rest = code.partition(" ")
    if first not in REASONS:
        return code
    return f"{gettext(REASONS[first])} ({rest})" if rest else gettext(REASONS[first])
