"""The duties that commonly follow from country and kind of reward: a list to go through with a lawyer, never advice.

Sources: LSSI art. 21 and LOPDGDD art. 23 (Spain); Codice Privacy art. 130 and DPR 430/2001 (Italy); GDPR art. 6, 7, 13,
21; Directive 2005/29/EC on unfair commercial practices.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from passaparola.kernel import money, words


@dataclass(frozen=True)
class Duty:
    """One thing to see to, the rule it comes from, and whether the software already sees to it."""

    code: str
    text: str
    basis: str
    kept_by_us: bool


# (code, countries or None for all, kinds of reward or None for all, text, basis, kept by the software)
_DUTIES: tuple[tuple[str, tuple[str, ...] | None, tuple[str, ...] | None, str, str, bool], ...] = (
    ("no_friend_address", None, None,
     _("Advocates share from their own apps; nobody types in a friend’s address."),
     "GDPR 6 · LSSI 21 · Codice Privacy 130", True),
    ("double_opt_in", None, None,
     _("Friends are written to only after they signed up themselves and confirmed by mail; the wording shown is kept."),
     "GDPR 7", True),
    ("advocate_rewarded", None, None,
     _("The landing page says that whoever recommends is rewarded too."),
     "2005/29/EC", True),
    ("rights", None, None,
     _("Have a privacy notice: who is responsible, what for, how long data is kept, which rights people have."),
     "GDPR 13", False),
    ("stop", None, None,
     _("Each message offers a way to stop, by one click and without signing in."),
     "GDPR 21 · RFC 8058", True),
    ("minors", ("ES", "IT"), None,
     _("Nobody known to be under 14 is written to."),
     "GDPR 8 · LOPDGDD 7 · D.Lgs. 101/2018", True),
    ("robinson", ("ES",), None,
     _("Check the Robinson list before you write to customers who did not consent."),
     "LOPDGDD 23.4", False),
    ("lssi_contact", ("ES",), None,
     _("Each commercial mail carries a valid address at which to object."),
     "LSSI 21.2", False),
    ("soft_spam", ("IT",), None,
     _("Without consent, only customers may be written to, only by e-mail and about similar products of your own."),
     "Codice Privacy 130(4)", False),
    ("dpr_430", ("IT",), ("points", "money", "gift"),
     _("Rewarding whoever brings a friend is usually a prize operation: rules document with self-certification, and a "
       "deposit of a share of the prizes’ value, before it starts."),
     "DPR 430/2001 art. 3", False),
    ("dpr_430_exclusion", ("IT",), ("points", "money"),
     _("A voucher to be spent later in the same shop may be excluded: check before you count on it."),
     "DPR 430/2001 art. 6(1)(c-bis)", False),
    ("dpr_430_stocks", ("IT",), ("budget",),
     _("A prize operation may not be limited “while stocks last”: your budget limit may amount to that."),
     "DPR 430/2001", False),
    ("tax_money", None, ("money",),
     _("Money given for recommending may be income for whoever gets it: ask how to report it."),
     "", False),
    ("other_country", ("other",), None,
     _("Ask which rules on direct marketing and on prizes hold in the country where your customers live."),
     "", False),
)  # fmt: skip


def reward_kinds(terms: Mapping[str, Any]) -> set[str]:
    """Which kinds of reward the terms promise: points, money; and "budget" where they limit them."""
    units = {prize["unit"] for side in ("advocate", "friend") if (prize := terms.get(side)) and prize.get("unit")}
    kinds = {"points" if unit == money.POINTS else "money" for unit in units}
    if any(limit is not None for limit in (terms.get("budget") or {}).values()):
        kinds.add("budget")
    return kinds


@words.spoken
def legal_checklist(language: str, country: str, kinds: set[str]) -> list[Duty]:
    """What to see to for a country ("ES", "IT", else other) and kinds of reward; the last line says what it is not."""
    place = country if country in ("ES", "IT") else "other"
    duties = [
        Duty(code, gettext(text), basis, kept)
        for code, countries, rewards, text, basis, kept in _DUTIES
        if (countries is None or place in countries) and (rewards is None or kinds & set(rewards))
    ]
    closing = gettext("This list is no legal advice: it says what businesses usually look at, not what you must do.")
    return [*duties, Duty("no_advice", closing, "", False)]
