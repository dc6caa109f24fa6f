"""Rules → sentences: whatever people read about a programme is made from its terms, so it cannot disagree with them.

    from passaparola.programs import wording
    wording.how_it_works("it", terms, business="Bottega", currency="EUR")

Every function takes the reader's language first ("es", "it" or "en") and works in any process. `terms` has the shape of
programs/terms.py; amounts are minor units of a currency, or points ("PTS").
"""

from passaparola.programs.wording.amounts import amount
from passaparola.programs.wording.consent import PURPOSES, consent_wording, stop_wording
from passaparola.programs.wording.decisions import decision, decision_reason, decision_reasons, stage
from passaparola.programs.wording.law import Duty, legal_checklist, reward_kinds
from passaparola.programs.wording.promise import (
    Step,
    advocate_gets,
    friend_gets,
    give_and_get,
    how_it_is_tracked,
    how_it_works,
    invitation,
    summary,
    when_it_comes,
)
from passaparola.programs.wording.share import ShareText, share_text
from passaparola.programs.wording.states import (
    referral_reason,
    referral_state,
    reward_reason,
    reward_state,
)

__all__ = [
    "PURPOSES",
    "Duty",
    "ShareText",
    "Step",
    "advocate_gets",
    "amount",
    "consent_wording",
    "decision",
    "decision_reason",
    "decision_reasons",
    "friend_gets",
    "give_and_get",
    "how_it_is_tracked",
    "how_it_works",
    "invitation",
    "legal_checklist",
    "referral_reason",
    "referral_state",
    "reward_kinds",
    "reward_reason",
    "reward_state",
    "share_text",
    "stage",
    "stop_wording",
    "summary",
    "when_it_comes",
]
